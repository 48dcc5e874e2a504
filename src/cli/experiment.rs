//! `experiment`: claims of MusicVAE's paper, tested again.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::compute::DeviceArgs;
use super::corpus;
use super::figures::Pictures;
use super::grooves::seed;
use super::output::{note, say};
use super::settings::Settings;
use super::signals;
use super::target::Force;
use super::train::{amount, factors, part, share, warn_of_slow_factors};
use musicvae::chart::{Line, LineChart, Style};
use musicvae::data::Split;
use musicvae::model::Factors;
use musicvae::training::evaluate::Interval;
use musicvae::training::experiment::{
    Comparison, Design, Hierarchy, Measured, Music, Proportions, Returned, Rival, Sizes,
};
use musicvae::training::{Event, Record};

/// Test a claim of MusicVAE's paper again.
#[derive(Args)]
pub struct Experiment {
    #[command(subcommand)]
    claim: Claim,
}

#[derive(Subcommand)]
enum Claim {
    Hierarchy(HierarchyArgs),
}

/// Whether a decoder with a conductor reconstructs long music better than a flat one.
///
/// Trains both for the same number of steps on the same batches, and measures the reconstruction of
/// the validation split with the best weights of each. Several values of --free-bits or --beta are all
/// tried. Ctrl-C saves and stops; the same command continues.
#[derive(Args)]
struct HierarchyArgs {
    /// A folder or zip of MIDI files with an info.csv, or a TFRecord of NoteSequences.
    #[arg(long, value_name = "PATH", value_parser = corpus::place())]
    data: PathBuf,
    /// Folder for the runs and the pictures of their curves.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// What both models learn.
    #[arg(long, value_enum, default_value = "drums")]
    music: Of,
    /// Size of the flat decoder: equal (as many parameters as the other) or reference (three layers of
    /// twice the units, as in the reference's configurations).
    #[arg(long, value_enum, default_value = "equal")]
    flat: Size,
    /// Optimizer steps of each model.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Examples a step.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Seed of every random number.
    #[arg(long, default_value_t = 0, value_parser = seed)]
    seed: u64,
    /// Bars of a window.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=64))]
    bars: u32,
    /// Units of the encoder in each direction.
    #[arg(long, default_value_t = 256, value_name = "UNITS", value_parser = size())]
    encoder: u32,
    /// Units of each of the two layers of the hierarchical decoder and of its conductor; the flat
    /// decoder's follow from it.
    #[arg(long, default_value_t = 256, value_name = "UNITS", value_parser = size())]
    decoder: u32,
    /// Size of the latent vector.
    #[arg(long, default_value_t = 256, value_name = "SIZE", value_parser = size())]
    z: u32,
    /// Bits of divergence from the prior that cost nothing; several, with commas between them, are all
    /// tried.
    #[arg(long, value_name = "BITS", default_value = "256", value_delimiter = ',', value_parser = amount)]
    free_bits: Vec<f64>,
    /// Weight of the divergence in the loss; several are all tried.
    #[arg(long, value_name = "BETA", default_value = "0.2", value_delimiter = ',', value_parser = amount)]
    beta: Vec<f64>,
    /// Probability that in training a decoder hears its own output instead of the truth.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = part)]
    sampling: f64,
    /// Learning rate at the start.
    #[arg(long, value_name = "RATE", default_value_t = 1e-3, value_parser = amount)]
    learning_rate: f64,
    /// Factor by which the learning rate falls at each step.
    #[arg(long, value_name = "FACTOR", default_value_t = 0.9999, value_parser = share)]
    decay: f64,
    /// Steps between two evaluations on the validation split, each with a save.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    validate_every: u64,
    /// Factors of the matrix products: float32, or bfloat16, which is faster on AMD's
    /// processors with AVX-512 BF16.
    #[arg(long, value_name = "FORMAT", default_value = "float32", value_parser = factors)]
    factors: Factors,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    force: Force,
}

#[derive(Clone, Copy, ValueEnum)]
enum Of {
    Drums,
    Melody,
}

#[derive(Clone, Copy, ValueEnum)]
enum Size {
    Equal,
    Reference,
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
        warn_of_slow_factors(self.factors);
        let control = signals::control()?;
        let mut found = Vec::new();
        for experiment in self.experiments(settings) {
            let inputs = [Some(self.data.clone()), settings.file.clone()];
            let rule = self.force.reading(inputs.into_iter().flatten());
            let rule = match experiment.has_begun() {
                true => rule.renewing(),
                false => rule,
            };
            let pictures = Pictures::new(&experiment.out, rule, &[CURVES])?;
            let Some(comparison) = experiment.run(&control, &mut tell)? else {
                note!("stopped and saved; run the same command again to continue");
                return Ok(());
            };
            pictures.write(&[(CURVES, curves(&comparison))])?;
            found.push(comparison);
        }
        match (self.json, &found[..]) {
            (true, [one]) => say!("{}", serde_json::to_string_pretty(one)?),
            (true, all) => say!("{}", serde_json::to_string_pretty(all)?),
            (false, all) => {
                let tables: Vec<String> = all.iter().map(table).collect();
                say!("{}", tables.join("\n").trim_end())
            }
        }
    }

    /// One, or one for each choice of free bits and beta, each in a folder of its own.
    fn experiments(&self, settings: &Settings) -> Vec<Hierarchy> {
        let several = self.free_bits.len() * self.beta.len() > 1;
        let with = |free_bits: f64, beta: f64| Hierarchy {
            data: self.data.clone(),
            out: match several {
                true => self.out.join(format!("{free_bits}-bits-beta-{beta}")),
                false => self.out.clone(),
            },
            steps: self.steps,
            batch: self.batch as usize,
            seed: self.seed,
            design: Design {
                music: match self.music {
                    Of::Drums => Music::Drums,
                    Of::Melody => Music::Melody,
                },
                bars: self.bars as usize,
                sizes: Sizes {
                    encoder: self.encoder as usize,
                    z: self.z as usize,
                    decoder: self.decoder as usize,
                },
                proportions: match self.flat {
                    Size::Equal => Proportions::Equal,
                    Size::Reference => Proportions::Reference,
                },
                free_bits,
                beta,
                sampling: self.sampling,
                learning_rate: self.learning_rate,
                decay: self.decay,
            },
            validate_every: self.validate_every,
            device: self.device.choice(settings),
            factors: self.factors,
        };
        let betas = self.beta.iter();
        betas
            .flat_map(|beta| self.free_bits.iter().map(|bits| with(*bits, *beta)))
            .collect()
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
    let Design { music, bars, .. } = comparison.design;
    LineChart {
        title: format!("{bars} bars of {}: validation", music.name()),
        x_label: "optimizer steps".into(),
        y_label: "reconstruction, nats a window".into(),
        lines: comparison.rivals.iter().map(line).collect(),
        ..LineChart::default()
    }
    .svg()
}

fn table(it: &Comparison) -> String {
    let Comparison {
        design,
        batch,
        seed,
        windows,
        files,
        silent,
        resamples,
        ..
    } = it;
    let Design {
        bars,
        sizes,
        free_bits,
        beta,
        ..
    } = design;
    let mut text = format!(
        "validation: {windows} windows of {bars} bars, of {files} files; nothing is played at {:.1} % of \
         their steps; F1 of their second halves against their first {}\n\
         both: encoder 2 x {}, latent {}, {free_bits} bits free, beta {beta}, batch {batch}, seed {seed}, \
         factors {}\n\
         in brackets: 95 % of {resamples} data sets drawn by file\n\n",
        100.0 * silent,
        figure(it.halves, 3),
        sizes.encoder,
        sizes.z,
        it.factors.name(),
    );
    // Writing into a string cannot fail.
    let _ = write_rows(&mut text, &it.rivals);
    text
}

fn figure(Interval { value, low, high }: Interval, decimals: usize) -> String {
    format!("{value:.decimals$} [{low:.decimals$} {high:.decimals$}]")
}

fn write_rows(text: &mut String, rivals: &[Measured]) -> std::fmt::Result {
    let mut row = |name: &str, of: &dyn Fn(&Measured) -> String| {
        write!(text, "{name:<50}")?;
        for rival in rivals {
            write!(text, "{:>26}", of(rival))?;
        }
        writeln!(text)
    };
    row("", &|it| it.rival.name().into())?;
    row("decoder layers", &|it| format!("{:?}", it.decoder))?;
    row("parameters of the decoder", &|it| {
        it.decoder_parameters.to_string()
    })?;
    row("parameters in all", &|it| it.parameters.to_string())?;
    row("optimizer steps of the best weights", &|it| {
        it.step.to_string()
    })?;
    row("reconstruction, nats a window", &|it| {
        figure(it.reconstruction, 1)
    })?;
    row("divergence, bits a window", &|it| figure(it.kl_bits, 1))?;
    type Way = (&'static str, fn(&Measured) -> &Returned);
    let ways: [Way; 5] = [
        ("told the past", |it| &it.means.told),
        ("hearing itself, likeliest", |it| &it.means.likeliest),
        ("hearing itself, drawn", |it| &it.means.drawn),
        ("latent drawn, told the past", |it| &it.draws.told),
        ("latent drawn, hearing itself, drawn", |it| &it.draws.drawn),
    ];
    for (way, of) in ways {
        row(&format!("{way}: accuracy"), &|it| {
            figure(of(it).accuracy, 3)
        })?;
        row("  where something is played", &|it| {
            figure(of(it).sounding, 3)
        })?;
        row("  F1 of notes", &|it| figure(of(it).f1, 3))?;
        row("  second half against the first", &|it| {
            figure(of(it).halves, 3)
        })?;
    }
    for (way, of) in &ways[..3] {
        for quarter in 0..4 {
            let bars = |it: &Measured| {
                let all = &of(it).by_bar;
                let some = &all[all.len() * quarter / 4..all.len() * (quarter + 1) / 4];
                some.iter().sum::<f64>() / some.len().max(1) as f64
            };
            let name = format!("{way}: accuracy, quarter {}", quarter + 1);
            row(&name, &|it| format!("{:.3}", bars(it)))?;
        }
    }
    Ok(())
}
