//! `eval`: how good a model is on a split.

mod figure;
mod human;
mod pictures;
mod table;
mod temperature;

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;

use super::UsageError;
use super::compute::DeviceArgs;
use super::corpus::{self, CorpusArgs};
use super::figures::PicturesArgs;
use super::grooves::{ModelArgs, StrokesArgs, seed};
use super::output::{note, say};
use super::settings::Settings;
use musicvae::checkpoint::Checkpoint;
use musicvae::data::{DataError, GrooveConverter, Split, Windows};
use musicvae::model::Compute;
use musicvae::training::evaluate::{
    Evaluation, Material, Part, Questions, Unit, evaluate, evaluate_losses,
};

/// Measure how good a model is on a split of a corpus, by the published protocols.
///
/// What is measured depends on what the model does: losses, reconstruction, samples of the prior
/// and interpolation for a model that is shown whole grooves; humanization and accompaniment for models
/// that are shown less. Every figure has bounds that hold 95 % of resampled data sets, and simple
/// predictions learned from the training split are printed beside it.
///
/// The part `human` trains a classifier to tell what the model plays from what drummers play. The
/// part `temperature` shows what the temperature does to samples.
#[derive(Args)]
pub struct Eval {
    /// A folder or zip of MIDI files (info.csv gives the split), or a TFRecord of NoteSequences.
    ///
    /// Only whole windows count. A loop that is shorter than a window (one or two bars of four) is
    /// repeated to fill it, unless info.csv calls it a fill. Tempo changes are followed; bars that are
    /// not in 4/4 are left out. The command says what it left out.
    #[arg(long, value_name = "PATH", value_parser = corpus::place())]
    data: PathBuf,
    #[command(flatten)]
    corpus: CorpusArgs,
    /// train, validation or test.
    #[arg(long, default_value = "validation")]
    split: Split,
    /// Only these parts, separated by commas: losses, baselines, reconstruction, humanization, prior,
    /// interpolation, accompaniment, human, temperature [default: all that fit the model, without the
    /// last two, which take longest].
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    parts: Vec<Part>,
    /// Grooves drawn from the prior at each temperature.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    samples: u32,
    /// Other grooves to compare with the drummers' as well: a folder or zip of MIDI files, or a
    /// TFRecord. Implies the part `human`.
    #[arg(long, value_name = "PATH")]
    grooves: Option<PathBuf>,
    /// Pairs of windows that are interpolated.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    /// What is resampled for the bounds: file (windows of one performance are alike) or window (gives
    /// narrower bounds).
    #[arg(long, value_name = "UNIT", default_value = "file", value_parser = unit)]
    by: Unit,
    /// Number of data sets resampled for the bounds.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    resamples: u32,
    /// Seed of samples, pairs and resampling.
    #[arg(long, default_value_t = 0, value_parser = seed)]
    seed: u64,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pictures: PicturesArgs,
    #[command(flatten)]
    strokes: StrokesArgs,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

fn unit(text: &str) -> Result<Unit, String> {
    match text {
        "file" => Ok(Unit::File),
        "window" => Ok(Unit::Window),
        _ => Err("bounds are drawn by file or by window".into()),
    }
}

impl Eval {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let chosen = self.strokes.of(self.model.open(settings)?);
        let inputs = chosen.files().into_iter().chain([self.data.clone()]);
        let inputs = inputs.chain(self.grooves.clone());
        let inputs = inputs.chain(settings.file.clone());
        let checkpoint = chosen.checkpoint;
        let fitting = Part::of_model(&checkpoint);
        let asked = self.asked(&fitting);
        for part in &asked {
            if let Some(objection) = part.objection(&checkpoint) {
                return Err(
                    UsageError(format!("there is no {part} to measure: {objection}")).into(),
                );
            }
        }
        let questions = Questions {
            samples: self.samples as usize,
            pairs: self.pairs as usize,
            unit: self.by,
            resamples: self.resamples as usize,
            seed: self.seed,
            parts: asked,
        };
        let names: Vec<String> = questions.parts.iter().map(Part::to_string).collect();
        let names = names.iter().map(String::as_str).chain(["timing"]);
        let pictures = self.pictures.folder(inputs, &names.collect::<Vec<_>>())?;
        let compute = self.device.open_and_tell(settings)?;
        let evaluation = match fitting[..] {
            [Part::Losses] => {
                let reading = self.corpus.reading.reading();
                let tell = &mut |report| self.corpus.tell(Some(self.split), &report);
                evaluate_losses(
                    &checkpoint,
                    &compute,
                    &self.data,
                    self.split,
                    reading,
                    &questions,
                    tell,
                )?
            }
            _ => self.evaluate(&checkpoint, &compute, &questions)?,
        };
        if let Some(folder) = &pictures {
            folder.write(&pictures::pictures(&evaluation))?;
        }
        if self.json {
            say!("{}", serde_json::to_string_pretty(&evaluation)?)
        } else {
            say!("{}", table::table(&evaluation).trim_end())
        }
    }

    /// What is asked, of a model that `fitting` parts fit.
    fn asked(&self, fitting: &[Part]) -> Vec<Part> {
        let mut parts = match (self.parts.is_empty(), &self.grooves) {
            (true, None) => fitting.to_vec(),
            _ => self.parts.clone(),
        };
        if self.grooves.is_some() && !parts.contains(&Part::Human) {
            parts.push(Part::Human);
        }
        parts
    }

    /// The grooves that are held against the drummers' besides the model's.
    fn others(&self, converter: GrooveConverter) -> anyhow::Result<Option<(String, Windows)>> {
        let Some(path) = &self.grooves else {
            return Ok(None);
        };
        let windows = self.corpus.grooves(path, None, converter)?;
        self.corpus.tell(None, &windows.report());
        Ok(Some((path.display().to_string(), windows)))
    }

    /// Measures a model of performed grooves.
    fn evaluate(
        &self,
        checkpoint: &Checkpoint,
        compute: &Compute,
        questions: &Questions,
    ) -> anyhow::Result<Evaluation> {
        let bars = checkpoint.preset.bars;
        let grooves = |split, hop| {
            let converter = GrooveConverter { bars, hop };
            self.corpus.grooves(&self.data, Some(split), converter)
        };
        let windows = grooves(self.split, None)?;
        self.corpus.tell(Some(self.split), &windows.report());
        // Without a training split there is nothing to learn simple predictions from.
        let train = match grooves(Split::Train, Some(1)) {
            Ok(train) => {
                if self.split != Split::Train {
                    self.corpus.tell(Some(Split::Train), &train.report());
                }
                Some(train)
            }
            Err(DataError::NoWindows { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let others = self.others(GrooveConverter { bars, hop: None })?;
        let material = Material {
            split: self.split,
            windows: &windows,
            train: train.as_ref(),
            others: others.as_ref().map(|(name, windows)| (&name[..], windows)),
        };
        let watched = std::io::stderr().is_terminal();
        let tell = &mut |part| {
            if watched {
                note!("{part} ...");
            }
        };
        Ok(evaluate(checkpoint, compute, material, questions, tell)?)
    }
}
