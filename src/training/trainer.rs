//! A training run: from data and options to checkpoints and a log.

use std::path::{Path, PathBuf};
use std::time::Instant;

use candle_core::Device;

use super::average::Average;
use super::examples::converter;
use super::{Adam, Control, Event, Examples, Log, Record, Variation, evaluate_terms, gradients};
use crate::checkpoint::{Checkpoint, CheckpointError, Metadata, Precision};
use crate::data::{Converter, DataError, NotConvertible, Split, load_windows};
use crate::fault::{self, Place};
use crate::model::lstm::Factors;
use crate::model::network::Network;
use crate::model::{ModelError, Preset, Tensors, init};

/// What to train, on what, and where to.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    pub preset: Preset,
    /// A folder, zip or TFRecord of performances.
    pub data: PathBuf,
    /// Folder for `latest.safetensors`, `best.safetensors` and `log.csv`.
    pub out: PathBuf,
    /// Optimizer steps in all, those of earlier sessions included.
    pub steps: u64,
    /// Examples a step.
    pub batch: usize,
    pub seed: u64,
    /// Bars between the starts of neighbouring windows.
    pub hop_bars: usize,
    /// Learn from every window of a long piece, also where the reference takes five.
    pub every_window: bool,
    pub variation: Variation,
    /// Decay a step of the average of the weights that is measured and kept as the best; `None` for
    /// the weights as they are.
    pub average: Option<f64>,
    /// Steps between two looks at the validation split; each also saves.
    pub validate_every: u64,
    /// Go on from `out/latest.safetensors`.
    pub resume: bool,
    /// Start from these weights instead of random ones.
    pub from: Option<Checkpoint>,
    pub device: Device,
    /// Of the factors of the recurrent layers' products; the CPU alone knows another than float32.
    pub factors: Factors,
}

/// What a run keeps from its first step to its last.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSettings {
    pub preset: Preset,
    pub batch: usize,
    pub seed: u64,
    pub hop_bars: usize,
    pub variation: Variation,
    pub average: Option<f64>,
    pub factors: Factors,
}

impl RunSettings {
    /// The settings of a run that starts anew: the preset's own batch, a window at every bar.
    pub fn new(preset: Preset) -> RunSettings {
        RunSettings {
            batch: preset.batch_size,
            preset,
            seed: 0,
            hop_bars: 1,
            variation: Variation::NONE,
            average: None,
            factors: Factors::Float32,
        }
    }

    /// The settings of the run that the folder `out` holds.
    ///
    /// # Errors
    /// When its latest checkpoint can't be read.
    pub fn of_run(out: &Path) -> Result<RunSettings, CheckpointError> {
        let Checkpoint {
            preset, metadata, ..
        } = Checkpoint::load(&latest(out))?;
        let fraction = |key| metadata.notes.get(key)?.as_f64();
        let number = |key| fraction(key).map(|number| number as usize);
        let factors = metadata.notes.get(FACTORS).cloned();
        let factors = factors.and_then(|name| serde_json::from_value(name).ok());
        let fresh = RunSettings::new(preset);
        Ok(RunSettings {
            factors: factors.unwrap_or(fresh.factors),
            batch: number(BATCH).unwrap_or(fresh.batch),
            seed: metadata.seed.unwrap_or(fresh.seed),
            hop_bars: number(HOP_BARS).unwrap_or(fresh.hop_bars),
            variation: Variation {
                augment: fraction(AUGMENT).unwrap_or(fresh.variation.augment),
                told: fraction(TOLD).unwrap_or(fresh.variation.told),
            },
            average: fraction(AVERAGE),
            ..fresh
        })
    }
}

/// Why a run can't start or go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error("no examples can be made for preset {preset}: {reason}")]
    NoConverter {
        preset: String,
        reason: NotConvertible,
    },
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Checkpoint(Box<CheckpointError>),
    #[error("the training log {} can't be written: {reason}", path.display())]
    Log {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("the training log {} can't be read: {reason}", path.display())]
    LogUnread {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("{} was trained as preset {found}, not {wanted}: choose another folder", path.display())]
    OtherPreset {
        path: PathBuf,
        found: String,
        wanted: String,
    },
    #[error(
        "{} was trained with {difference}: resume it with that, or choose another folder",
        path.display()
    )]
    OtherSetting { path: PathBuf, difference: String },
    #[error("{} holds no optimizer state to resume from: start anew from it instead", path.display())]
    NoOptimizer { path: PathBuf },
    #[error("{} already holds a run: resume it, or choose another folder", path.display())]
    Occupied { path: PathBuf },
    #[error("preset {0} makes no performed grooves step by step, so only its losses are measured")]
    NotMeasured(String),
    #[error(
        "the loss or gradient of step {step} is not a finite number; the weights of the step \
         before are kept: try a smaller learning rate or look at the data"
    )]
    NotFinite { step: u64 },
}

impl From<CheckpointError> for TrainingError {
    fn from(error: CheckpointError) -> Self {
        TrainingError::Checkpoint(Box::new(error))
    }
}

impl From<candle_core::Error> for TrainingError {
    fn from(error: candle_core::Error) -> Self {
        TrainingError::Model(error.into())
    }
}

/// Runs a whole training, telling `tell` what happens. Returns the last step.
///
/// # Errors
/// See [`TrainingError`]; whatever was trained until then is saved where that is possible.
pub fn train(
    options: TrainOptions,
    control: &Control,
    tell: &mut dyn FnMut(Event),
) -> Result<u64, TrainingError> {
    let mut trainer = Trainer::new(options, tell)?;
    let outcome = trainer.run(control, tell);
    if outcome.is_err() && trainer.saved != Some(trainer.step) {
        // The first error is the one to report; this one often has the same cause.
        if let Err(error) = trainer.save(tell) {
            tell(Event::Notice(format!(
                "the last steps could not be saved: {error}"
            )));
        }
    }
    outcome.map(|()| trainer.step)
}

/// A run between two steps.
pub struct Trainer {
    options: TrainOptions,
    network: Network,
    adam: Adam,
    average: Option<Average>,
    step: u64,
    train: Examples,
    validation: Option<Examples>,
    log: Log,
    best_validation: Option<f64>,
    /// Of the weights as they are now, if it was measured.
    validation_loss: Option<f64>,
    /// Seconds of training, over all sessions of the run.
    seconds: f64,
    /// The step that `latest.safetensors` holds.
    saved: Option<u64>,
}

impl Trainer {
    /// Reads the data and the state to start from.
    pub fn new(
        options: TrainOptions,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Trainer, TrainingError> {
        let latest = latest(&options.out);
        let start = if options.resume {
            let checkpoint = Checkpoint::load(&latest)?;
            check_same(&checkpoint.preset, &options.preset, &latest)?;
            Some(checkpoint)
        } else if latest.exists() {
            return Err(TrainingError::Occupied { path: options.out });
        } else {
            None
        };
        let (train, validation) = load_examples(&options, tell)?;
        if let Some(start) = &start {
            for (what, found, wanted) in differences(&start.metadata, &options, &train) {
                tell(Event::Notice(format!(
                    "the run was made with {what} {found} so far and goes on with {wanted}"
                )));
            }
        }
        let weights = match (&start, &options.from) {
            (Some(start), _) => start.tensors.clone(),
            (None, Some(from)) => from.tensors.clone(),
            (None, None) => init::random_weights(&options.preset, options.seed)?,
        };
        let network = Network::new(options.preset.clone(), &weights, &options.device)?
            .with_factors(options.factors);
        let adam = match &start {
            None => Adam::new(&network)?,
            Some(start) => Adam::from_tensors(&network, &start.optimizer)?
                .ok_or(TrainingError::NoOptimizer { path: latest })?,
        };
        let slots = start.as_ref().map(|start| &start.optimizer);
        let none = Tensors::new();
        let average = options
            .average
            .map(|decay| Average::from_tensors(&network, decay, slots.unwrap_or(&none)));
        let note = |key| {
            start
                .as_ref()
                .and_then(|start| start.metadata.notes.get(key)?.as_f64())
        };
        let step = start.as_ref().map_or(0, |start| start.metadata.step);
        let log_path = options.out.join("log.csv");
        let log = std::fs::create_dir_all(&options.out)
            .and_then(|()| Log::open(&log_path, start.as_ref().map(|_| step)))
            .map_err(|reason| TrainingError::Log {
                path: log_path,
                reason,
            })?;
        Ok(Trainer {
            best_validation: note(BEST_VALIDATION),
            validation_loss: note(Metadata::VALIDATION_LOSS),
            seconds: note(SECONDS).unwrap_or(0.0),
            saved: start.as_ref().map(|_| step),
            options,
            network,
            adam,
            average: average.transpose()?,
            step,
            train,
            validation,
            log,
        })
    }

    /// All steps that are left, with looks at the validation split; what was trained is saved when
    /// this returns without an error.
    fn run(&mut self, control: &Control, tell: &mut dyn FnMut(Event)) -> Result<(), TrainingError> {
        while self.step < self.options.steps && !control.is_stopped() {
            fault::point(Place::Trainer);
            let record = self.step()?;
            tell(Event::Record(record));
            if self.step.is_multiple_of(self.options.validate_every.max(1)) {
                self.validate(tell)?;
                self.save(tell)?;
            }
            control.wait_while_paused();
        }
        if self.saved != Some(self.step) {
            self.validate(tell)?;
            self.save(tell)?;
        }
        Ok(())
    }

    /// One optimizer step; the record is in the log when this returns.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`] leaves the weights as they were before the step.
    pub fn step(&mut self) -> Result<Record, TrainingError> {
        let started = Instant::now();
        let Trainer {
            options, network, ..
        } = self;
        let preset = network.preset();
        let chosen = self.train.draw(options.seed, self.step, options.batch);
        let mut gradients = gradients(network, &self.train, &chosen, options.seed, self.step)?;
        let norm = gradients.global_norm()?;
        if !norm.is_finite() || !gradients.terms.loss.is_finite() {
            return Err(TrainingError::NotFinite {
                step: self.step + 1,
            });
        }
        gradients.clip(norm, preset)?;
        let rate = preset.learning_rate_at(self.step);
        self.adam.update(network, &gradients.tensors, rate)?;
        self.step += 1;
        if let Some(average) = &mut self.average {
            average.update(network, self.step)?;
        }
        self.validation_loss = None;

        let elapsed = started.elapsed().as_secs_f64();
        self.seconds += elapsed;
        let mut record = Record::new(self.step, Split::Train, gradients.terms);
        record.gradient_norm = norm;
        record.examples_per_second = chosen.len() as f64 / elapsed;
        self.write(record)
    }

    /// Measures the validation split, if there is one, and keeps the best weights so far.
    fn validate(&mut self, tell: &mut dyn FnMut(Event)) -> Result<(), TrainingError> {
        /// The same posterior noise at every look, so that looks compare.
        const SEED: u64 = 0;
        let Some(validation) = &self.validation else {
            return Ok(());
        };
        let started = Instant::now();
        let averaged = self.averaged()?;
        let measured = averaged.as_ref().unwrap_or(&self.network);
        let terms = evaluate_terms(measured, validation, SEED, self.step)?;
        let mut record = Record::new(self.step, Split::Validation, terms);
        record.examples_per_second = terms.examples as f64 / started.elapsed().as_secs_f64();
        self.validation_loss = Some(record.loss);
        tell(Event::Record(self.write(record)?));
        if record.loss < self.best_validation.unwrap_or(f64::INFINITY) {
            self.best_validation = Some(record.loss);
            let best = Checkpoint {
                tensors: averaged.as_ref().unwrap_or(&self.network).weights()?,
                optimizer: Tensors::new(),
                ..self.checkpoint()?
            };
            best.save(&self.options.out.join("best.safetensors"), Precision::Full)?;
        }
        Ok(())
    }

    /// The network of the averaged weights, if they are averaged.
    fn averaged(&self) -> Result<Option<Network>, TrainingError> {
        let TrainOptions {
            preset,
            device,
            factors,
            ..
        } = &self.options;
        let network = |average: &Average| {
            let network = Network::new(preset.clone(), average.weights(), device)?;
            Ok(network.with_factors(*factors))
        };
        self.average.as_ref().map(network).transpose()
    }

    fn write(&mut self, mut record: Record) -> Result<Record, TrainingError> {
        record.seconds = self.seconds;
        let path = || self.options.out.join("log.csv");
        self.log
            .write(&record)
            .map_err(|reason| TrainingError::Log {
                path: path(),
                reason,
            })?;
        Ok(record)
    }

    fn save(&mut self, tell: &mut dyn FnMut(Event)) -> Result<(), TrainingError> {
        let path = latest(&self.options.out);
        self.checkpoint()?.save(&path, Precision::Full)?;
        self.saved = Some(self.step);
        tell(Event::Saved(path));
        Ok(())
    }

    /// The run as a checkpoint.
    pub fn checkpoint(&self) -> Result<Checkpoint, TrainingError> {
        let mut metadata = Metadata::of_this_run(self.step);
        metadata.seed = Some(self.options.seed);
        metadata.data_fingerprint = Some(self.train.fingerprint().into());
        let mut note = |key: &str, value: Option<f64>| {
            if let Some(value) = value {
                metadata.notes.insert(key.into(), value.into());
            }
        };
        note(Metadata::VALIDATION_LOSS, self.validation_loss);
        note(BEST_VALIDATION, self.best_validation);
        note(SECONDS, Some(self.seconds));
        note(BATCH, Some(self.options.batch as f64));
        note(HOP_BARS, Some(self.options.hop_bars as f64));
        note(AUGMENT, Some(self.options.variation.augment));
        note(TOLD, Some(self.options.variation.told));
        note(AVERAGE, self.options.average);
        if let Ok(factors) = serde_json::to_value(self.options.factors) {
            metadata.notes.insert(FACTORS.into(), factors);
        }
        let mut optimizer = self.adam.to_tensors()?;
        if let Some(average) = &self.average {
            optimizer.extend(average.to_tensors()?);
        }
        Ok(Checkpoint {
            preset: self.options.preset.clone(),
            tensors: self.network.weights()?,
            optimizer,
            metadata,
        })
    }
}

/// Keys of a checkpoint's notes.
const BEST_VALIDATION: &str = "best_validation_loss";
const SECONDS: &str = "training_seconds";
const BATCH: &str = "batch";
const HOP_BARS: &str = "hop_bars";
const AUGMENT: &str = "augment";
const TOLD: &str = "told";
const AVERAGE: &str = "average";
const FACTORS: &str = "factors";

/// The windows to learn from, and those to watch where the corpus has any.
fn load_examples(
    options: &TrainOptions,
    tell: &mut dyn FnMut(Event),
) -> Result<(Examples, Option<Examples>), TrainingError> {
    let preset = &options.preset;
    let load = |split, converter: &Converter| load_windows(&options.data, Some(split), converter);
    let converter = || {
        let mut converter = converter(preset)?;
        if options.every_window {
            converter.max_windows = None;
        }
        Ok::<_, TrainingError>(converter)
    };
    let mut for_training = converter()?;
    for_training.hop = Some(options.hop_bars);
    for_training.seed = Some(options.seed);
    let train = load(Split::Train, &for_training)?;
    for warning in &train.warnings {
        tell(Event::Notice(warning.clone()));
    }
    let mut for_validation = converter()?;
    for_validation.hop = Some(preset.bars);
    let validation = match load(Split::Validation, &for_validation) {
        Ok(validation) => Some(Examples::new(for_validation, validation.windows)),
        Err(error @ DataError::NoWindows { .. }) => {
            tell(Event::Notice(format!(
                "there is nothing to validate on, so no best checkpoint is kept: {error}"
            )));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let train = Examples::new(for_training, train.windows).varied(options.variation);
    Ok((train, validation))
}

/// A run goes on only as what it was: names the first setting that differs.
fn check_same(found: &Preset, wanted: &Preset, path: &Path) -> Result<(), TrainingError> {
    if found == wanted {
        return Ok(());
    }
    let path = path.to_path_buf();
    if found.name != wanted.name {
        let (found, wanted) = (found.name.clone(), wanted.name.clone());
        return Err(TrainingError::OtherPreset {
            path,
            found,
            wanted,
        });
    }
    let settings = |preset| match serde_json::to_value(preset) {
        Ok(serde_json::Value::Object(settings)) => settings,
        _ => serde_json::Map::new(),
    };
    let wanted = settings(wanted);
    let different = settings(found)
        .into_iter()
        .find(|(name, value)| wanted.get(name) != Some(value));
    let (name, value) = different.unwrap_or_default();
    let other = wanted.get(&name).unwrap_or_default();
    let difference = format!("{} {value}, not {other}", name.replace('_', " "));
    Err(TrainingError::OtherSetting { path, difference })
}

/// What else a resumed run does differently from here on: what, until now, from now.
fn differences(
    before: &Metadata,
    options: &TrainOptions,
    train: &Examples,
) -> Vec<(&'static str, String, String)> {
    let note = |key: &str| before.notes.get(key).and_then(|value| value.as_f64());
    let settings = [
        (
            "seed",
            before.seed.map(|seed| seed.to_string()),
            options.seed.to_string(),
        ),
        (
            BATCH,
            note(BATCH).map(|batch| batch.to_string()),
            options.batch.to_string(),
        ),
        (
            "hop",
            note(HOP_BARS).map(|hop| hop.to_string()),
            options.hop_bars.to_string(),
        ),
        (
            "varied a share of",
            note(AUGMENT).map(|share| share.to_string()),
            options.variation.augment.to_string(),
        ),
        (
            "told a share of",
            note(TOLD).map(|share| share.to_string()),
            options.variation.told.to_string(),
        ),
        (
            "averaging by",
            note(AVERAGE).map(|decay| decay.to_string()),
            options.average.unwrap_or(0.0).to_string(),
        ),
        (
            "data of fingerprint",
            before.data_fingerprint.clone(),
            train.fingerprint().into(),
        ),
    ];
    let differs = |(what, found, wanted): (_, Option<String>, String)| {
        found
            .filter(|found| *found != wanted)
            .map(|found| (what, found, wanted))
    };
    settings.into_iter().filter_map(differs).collect()
}

fn latest(out: &Path) -> PathBuf {
    out.join("latest.safetensors")
}
