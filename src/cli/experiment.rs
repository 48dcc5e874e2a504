//! `experiment`: claims of the seed paper, tried again.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::compute::DeviceArgs;
use super::corpus;
use super::figures::Pictures;
use super::output::{note, say};
use super::settings::Settings;
use super::signals;
use super::target::Force;
use super::train::{factors, warn_of_slow_factors};
use musicvae::chart::{Line, LineChart, Style};
use musicvae::data::Split;
use musicvae::model::Factors;
use musicvae::training::evaluate::Interval;
use musicvae::training::experiment::{Comparison, Hierarchy, Measured, Returned, Rival, Sizes};
use musicvae::training::{Event, Record};

/// Try a claim of the seed paper again.
#[derive(Args)]
pub struct Experiment {
    #[command(subcommand)]
    claim: Claim,
}

#[derive(Subcommand)]
enum Claim {
    Hierarchy(HierarchyArgs),
}

/// Whether a decoder with a conductor reconstructs long drum tracks better than a flat one.
///
/// Trains both, with as many weights, for as many steps on the same batches, and measures what comes
/// back of the validation split. Ctrl-C saves and stops; the same command goes on.
#[derive(Args)]
struct HierarchyArgs {
    /// A folder or zip of MIDI files with an info.csv, or a TFRecord of NoteSequences.
    #[arg(long, value_name = "PATH", value_parser = corpus::place())]
    data: PathBuf,
    /// Folder for both runs and the picture of their curves.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Optimizer steps of each model.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Examples a step.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Seed of every random number.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Bars of a window.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=64))]
    bars: u32,
    /// Units a direction of the encoder.
    #[arg(long, default_value_t = 256, value_name = "UNITS", value_parser = size())]
    encoder: u32,
    /// Units of each of the two layers of the hierarchical decoder and of its conductor; the flat
    /// decoder's follow from it.
    #[arg(long, default_value_t = 256, value_name = "UNITS", value_parser = size())]
    decoder: u32,
    /// Size of the latent vector.
    #[arg(long, default_value_t = 256, value_name = "SIZE", value_parser = size())]
    z: u32,
    /// Steps from one look at the validation split (and save) to the next.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    validate_every: u64,
    /// Factors of the matrix products: float32, or bfloat16, which is faster on AMD's
    /// processors with AVX-512 BF16.
    #[arg(long, value_name = "FORMAT", default_value = "float32", value_parser = factors)]
    factors: Factors,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    force: Force,
}

/// The picture's name.
const CURVES: &str = "curves";

fn size() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=4096)
}

impl Experiment {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self.claim {
            Claim::Hierarchy(hierarchy) => hierarchy.run(settings),
        }
    }
}

impl HierarchyArgs {
    fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let inputs = [Some(self.data.clone()), settings.file.clone()];
        let rule = self.force.reading(inputs.into_iter().flatten());
        let experiment = Hierarchy {
            data: self.data,
            out: self.out,
            steps: self.steps,
            batch: self.batch as usize,
            seed: self.seed,
            bars: self.bars as usize,
            sizes: Sizes {
                encoder: self.encoder as usize,
                z: self.z as usize,
                decoder: self.decoder as usize,
            },
            validate_every: self.validate_every,
            device: self.device.choice(settings),
            factors: self.factors,
        };
        let rule = match experiment.has_begun() {
            true => rule.renewing(),
            false => rule,
        };
        let pictures = Pictures::new(&experiment.out, rule, &[CURVES])?;
        warn_of_slow_factors(experiment.factors);
        let control = signals::control()?;
        let outcome = experiment.run(&control, &mut tell)?;
        let Some(comparison) = outcome else {
            note!("stopped and saved; the same command goes on");
            return Ok(());
        };
        pictures.write(&[(CURVES, curves(&comparison))])?;
        if self.json {
            say!("{}", serde_json::to_string_pretty(&comparison)?)
        } else {
            say!("{}", table(&comparison).trim_end())
        }
    }
}

/// What happens, on standard error: the result alone goes to standard output.
fn tell(rival: Rival, event: Event) {
    let name = rival.name();
    if let Event::Record(_) = event {
        // Before the first step there is nothing to save.
        signals::end_in_order();
    }
    match event {
        Event::Notice(text) | Event::Failed(text) => note!("{name}: {text}"),
        Event::Record(Record {
            step,
            split: Split::Validation,
            reconstruction,
            kl_bits,
            seconds,
            ..
        }) => note!(
            "{name}, step {step}: reconstruction {reconstruction:.2} nats, KL {kl_bits:.1} bits; \
             {:.1} s a step",
            seconds / step.max(1) as f64
        ),
        Event::Corpus(split, report) => {
            for line in report.lines(false) {
                note!("{name}, {split}: {line}");
            }
        }
        Event::Saved(_) => signals::end_at_once(),
        Event::Began { .. } | Event::Record(_) | Event::Finished(_) => {}
    }
}

/// Reconstruction on the validation split against steps.
fn curves(comparison: &Comparison) -> String {
    let line = |it: &Measured| Line {
        name: it.rival.name().into(),
        points: (it.curve.iter())
            .map(|look| (look.step as f64, look.reconstruction))
            .collect(),
        style: Style::Solid,
    };
    LineChart {
        title: format!("Drums of {} bars: validation", comparison.bars),
        x_label: "optimizer steps".into(),
        y_label: "reconstruction, nats a window".into(),
        lines: comparison.rivals.iter().map(line).collect(),
        ..LineChart::default()
    }
    .svg()
}

fn table(it: &Comparison) -> String {
    let Comparison {
        bars,
        sizes,
        batch,
        seed,
        windows,
        files,
        silent,
        resamples,
        ..
    } = it;
    let mut text = format!(
        "validation: {windows} windows of {bars} bars, of {files} files; {:.1} % of their steps are \
         silent\n\
         both: encoder 2 x {}, latent {}, batch {batch}, seed {seed}, factors {}\n\
         in brackets: 95 % of {resamples} data sets drawn by file\n\n",
        100.0 * silent,
        sizes.encoder,
        sizes.z,
        it.factors.name(),
    );
    // Writing into a string cannot fail.
    let _ = write_rows(&mut text, &it.rivals);
    text
}

fn write_rows(text: &mut String, rivals: &[Measured]) -> std::fmt::Result {
    let mut row = |name: &str, of: &dyn Fn(&Measured) -> String| {
        write!(text, "{name:<42}")?;
        for rival in rivals {
            write!(text, "{:>26}", of(rival))?;
        }
        writeln!(text)
    };
    let figure = |Interval { value, low, high }: Interval, decimals: usize| {
        format!("{value:.decimals$} [{low:.decimals$} {high:.decimals$}]")
    };
    row("", &|it| it.rival.name().into())?;
    row("decoder layers", &|it| format!("{:?}", it.decoder))?;
    row("parameters of the decoder", &|it| {
        it.decoder_parameters.to_string()
    })?;
    row("parameters in all", &|it| it.parameters.to_string())?;
    row("optimizer steps", &|it| it.step.to_string())?;
    row("reconstruction, nats a window", &|it| {
        figure(it.reconstruction, 1)
    })?;
    row("divergence, bits a window", &|it| figure(it.kl_bits, 1))?;
    type Way = (&'static str, fn(&Measured) -> Returned);
    let ways: [Way; 3] = [
        ("told the past", |it| it.told),
        ("hearing itself, likeliest", |it| it.likeliest),
        ("hearing itself, drawn", |it| it.drawn),
    ];
    for (way, of) in ways {
        row(&format!("{way}: accuracy"), &|it| {
            figure(of(it).accuracy, 3)
        })?;
        row("  where not silent", &|it| figure(of(it).sounding, 3))?;
        row("  F1 of strokes", &|it| figure(of(it).f1, 3))?;
    }
    Ok(())
}
