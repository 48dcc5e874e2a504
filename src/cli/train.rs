//! `train`: make a model from performances.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::compute::DeviceArgs;
use super::corpus::{self, CorpusArgs};
use super::grooves::seed;
use super::output::{note, say};
use super::preset_of_name;
use super::settings::Settings;
use super::signals;
use musicvae::data::Split;
use musicvae::model::{Factors, Sampling};
use musicvae::training::{Earlier, Event, Record, RunSettings, TrainOptions, Variation, train};

/// Train a model on performances; Ctrl-C saves and stops.
///
/// SIGTERM and SIGHUP do the same; a second signal ends the program at once. `--resume` continues.
#[derive(Args)]
pub struct Train {
    /// What to train: a preset's name (see `presets`) or a TOML file with one of your own [default:
    /// groovae_4bar].
    #[arg(long)]
    preset: Option<String>,
    /// A folder or zip of MIDI files (info.csv gives the split), or a TFRecord of NoteSequences.
    ///
    /// Only whole windows count. A loop that is shorter than a window (one or two bars of four) is
    /// repeated to fill it, unless info.csv calls it a fill. Tempo changes are followed; bars that are
    /// not in 4/4 are left out. The command says what it left out.
    #[arg(long, value_name = "PATH", value_parser = corpus::place())]
    data: PathBuf,
    #[command(flatten)]
    corpus: CorpusArgs,
    /// Folder for the checkpoints and the log. If it already holds a run, only --resume may use it.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Optimizer steps in all.
    #[arg(long, default_value_t = 10_000)]
    steps: u64,
    /// Examples a step [default: the preset's].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    batch: Option<u32>,
    /// Seed of every random number of the run [default: 0].
    #[arg(long, value_parser = seed)]
    seed: Option<u64>,
    /// Bars from the start of a training window to the next one's [default: 1].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    hop: Option<u32>,
    /// Steps between two evaluations on the validation split, each with a save.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    validate_every: u64,
    /// Probability to keep an input of a recurrent layer [default: the preset's].
    #[arg(long, value_name = "P", value_parser = share)]
    keep: Option<f64>,
    /// Share of grooves that are varied each time they are seen (lanes, bars, beats, dynamics,
    /// timing), so that few show the model many patterns [default: 0].
    #[arg(long, value_name = "P", value_parser = part)]
    augment: Option<f64>,
    /// Probability that the decoder is told each number of the step before; the less it is told, the
    /// more it uses the latent [default: 1].
    #[arg(long, value_name = "P", value_parser = share)]
    told: Option<f64>,
    /// Share of grooves whose latent the decoder hears through noise, so that it learns to continue
    /// from a hint [default: 0]. For weights that were whitened.
    #[arg(long, value_name = "P", value_parser = part)]
    blur: Option<f64>,
    /// Probability that the decoder hears its own output instead of the truth (scheduled sampling)
    /// [default: as the preset schedules it].
    #[arg(long, value_name = "P", value_parser = part)]
    sampling: Option<f64>,
    /// Weight of velocities and timing in the loss, relative to the hits [default: the preset's].
    #[arg(long, value_name = "WEIGHT", value_parser = amount)]
    strokes: Option<f64>,
    /// Bits of divergence from the prior that cost nothing [default: the preset's].
    #[arg(long, value_name = "BITS", value_parser = amount)]
    free_bits: Option<f64>,
    /// Weight of the divergence in the loss [default: the preset's].
    #[arg(long, value_name = "BETA", value_parser = amount)]
    max_beta: Option<f64>,
    /// Average the weights over the steps, with this decay per step; the average is evaluated and kept
    /// as the best.
    #[arg(long, value_name = "DECAY", value_parser = share)]
    average: Option<f64>,
    /// Do not train the weights whose names begin like this; separate several with commas.
    /// `core_decoder,encoder/hierarchical_level_0` is the lowest level of a hierarchy, which can come
    /// from a trained model of its segments (`--preset groovae_16bar --from` one of four bars).
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    hold: Vec<String>,
    /// Learning rate at the start [default: the preset's].
    #[arg(long, value_name = "RATE", value_parser = share)]
    learning_rate: Option<f64>,
    /// Factor by which the learning rate falls at each step [default: the preset's].
    #[arg(long, value_name = "FACTOR", value_parser = share)]
    decay: Option<f64>,
    #[command(flatten)]
    device: DeviceArgs,
    /// Factors of the matrix products [default: float32]. bfloat16 rounds them to 8 bits, which is
    /// faster on AMD's processors with AVX-512 BF16.
    #[arg(long, value_name = "FORMAT", value_parser = factors)]
    factors: Option<Factors>,
    /// Continue the run in FOLDER, with the options that it was started with.
    #[arg(long)]
    resume: bool,
    /// Start from the weights of this checkpoint instead of random ones: a file, a run's folder (for
    /// its best one), or a name that `checkpoint list` shows. Options that you leave out are those that
    /// it was trained with, unless --preset names another preset than its own.
    #[arg(long, value_name = "CHECKPOINT", conflicts_with = "resume")]
    from: Option<PathBuf>,
}

/// Parses the format of factors.
pub(super) fn factors(text: &str) -> Result<Factors, String> {
    [Factors::Float32, Factors::Bfloat16]
        .into_iter()
        .find(|factors| factors.name() == text)
        .ok_or_else(|| "it takes float32 or bfloat16".into())
}

pub(super) fn warn_of_slow_factors(factors: Factors) {
    if factors == Factors::Bfloat16 && !factors.pay() {
        note!("note: on this processor bfloat16 is not faster than float32");
    }
}

/// Parses a number of 0 to 1.
pub(super) fn part(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("it takes a number of 0 to 1".into()),
    }
}

/// Parses a number that is not negative.
pub(super) fn amount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("it takes a number, 0 or more".into()),
    }
}

/// Parses a number over 0 up to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1.0 => Ok(value),
        _ => Err("it takes a number over 0, up to 1".into()),
    }
}

impl Train {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        // Better now than after the data was read.
        anyhow::ensure!(
            self.out.is_dir() || !self.out.exists(),
            "`{}` is a file: name a folder for the run",
            self.out.display()
        );
        let from = self.from.as_deref().map(|name| settings.open(name));
        let from = from.transpose()?.map(|(_, checkpoint)| checkpoint);
        let kept = self
            .resume
            .then(|| RunSettings::of_run(&self.out))
            .transpose()?;
        let preset = self.preset.as_deref().map(preset_of_name).transpose()?;
        let is_wanted = |kept: &RunSettings| {
            let wanted = preset.as_ref();
            wanted.is_none_or(|wanted| wanted.name == kept.preset.name)
        };
        let run = match kept.filter(is_wanted) {
            Some(kept) => kept,
            None => RunSettings::starting(preset, from.as_ref()),
        };
        let mut preset = run.preset;
        if let Some(keep) = self.keep {
            preset.dropout_keep = keep;
        }
        if let Some(rate) = self.learning_rate {
            preset.learning_rate = rate;
        }
        if let Some(decay) = self.decay {
            preset.decay_rate = decay;
        }
        if let Some(probability) = self.sampling {
            preset.sampling = Sampling::Constant(probability);
        }
        if let Some(weight) = self.strokes {
            preset.stroke_weight = weight;
        }
        if let Some(bits) = self.free_bits {
            preset.free_bits = bits;
        }
        if let Some(beta) = self.max_beta {
            preset.max_beta = beta;
        }
        let options = TrainOptions {
            batch: self.batch.map_or(run.batch, |batch| batch as usize),
            preset,
            data: self.data,
            out: self.out,
            steps: self.steps,
            seed: self.seed.unwrap_or(run.seed),
            hop_bars: self.hop.map_or(run.hop_bars, |hop| hop as usize),
            every_window: false,
            reading: self.corpus.reading.asked().unwrap_or(run.reading),
            variation: Variation {
                augment: self.augment.unwrap_or(run.variation.augment),
                told: self.told.unwrap_or(run.variation.told),
                blurred: self.blur.unwrap_or(run.variation.blurred),
            },
            average: self.average.or(run.average),
            held: match self.hold.is_empty() {
                true => run.held,
                false => self.hold,
            },
            validate_every: self.validate_every,
            earlier: match self.resume {
                true => Earlier::Continued,
                false => Earlier::Refused,
            },
            from,
            device: self.device.choice(settings),
            factors: self.factors.unwrap_or(run.factors),
        };
        warn_of_slow_factors(options.factors);
        let control = signals::control()?;
        let mut progress = Progress::new(options.steps, self.corpus);
        let step = train(options, &control, &mut |event| progress.tell(event))?;
        progress.finish(step, control.is_stopped());
        Ok(())
    }
}

/// A bar on a terminal, plain lines elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    corpus: CorpusArgs,
}

impl Progress {
    fn new(steps: u64, corpus: CorpusArgs) -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let template = "{wide_bar} {pos}/{len} {msg} (eta {eta})";
            // The template is a constant that a test run would show to be wrong.
            let style = ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(steps).with_style(style)
        });
        Progress { bar, corpus }
    }

    fn tell(&mut self, event: Event) {
        match event {
            Event::Notice(text) | Event::Failed(text) => self.remark(&format!("note: {text}")),
            Event::Corpus(split, report) => {
                for line in self.corpus.lines(&report) {
                    self.remark(&format!("{split}: {line}"));
                }
            }
            Event::Record(record) => {
                // Before the first step there is nothing to save.
                signals::end_in_order();
                self.record(&record);
            }
            // What is saved is not lost.
            Event::Saved(_) => signals::end_at_once(),
            Event::Began { .. } | Event::Finished(_) => {}
        }
    }

    /// A line on standard error that does not disturb the bar.
    fn remark(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => note!("{text}"),
        }
    }

    fn record(&mut self, record: &Record) {
        let Record {
            step,
            loss,
            hits,
            velocities,
            offsets,
            kl_bits,
            ..
        } = record;
        let speed = record.examples_per_second;
        match (&self.bar, record.split) {
            (Some(bar), Split::Train) => {
                bar.set_position(*step);
                bar.set_message(format!("loss {loss:.2}, {speed:.0} examples/s"));
            }
            (_, split) => self.line(&format!(
                "step {step} {split}: loss {loss:.3} = hits {hits:.3} + velocities \
                 {velocities:.3} + offsets {offsets:.3} + KL of {kl_bits:.1} bits; \
                 {speed:.0} examples/s"
            )),
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            // The run matters more than who listens.
            None => drop(say!("{text}")),
        }
    }

    fn finish(&self, step: u64, stopped: bool) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let how = if stopped {
            "stopped and saved at"
        } else {
            "done:"
        };
        drop(say!("{how} step {step}"));
    }
}
