//! The settings of a run, which of them it keeps, and what a resumed run does differently.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{TrainingError, Variation, folder};
use crate::checkpoint::{Checkpoint, CheckpointError, Metadata};
use crate::model::lstm::Factors;
use crate::model::{DeviceChoice, Preset, Tensors, is_within};
use crate::music::Reading;

/// Keys of a checkpoint's notes.
const BATCH: &str = "batch";
const HOP_BARS: &str = "hop_bars";
const AUGMENT: &str = "augment";
const TOLD: &str = "told";
const BLURRED: &str = "blurred";
const AVERAGE: &str = "average";
const HELD: &str = "held";
const FACTORS: &str = "factors";
const READING: &str = "reading";

/// What messages call the data of a run.
const DATA: &str = "data of fingerprint";

/// What to train, on what, and where to.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// The model to train.
    pub preset: Preset,
    /// A folder, zip or TFRecord of performances.
    pub data: PathBuf,
    /// Folder for `latest.safetensors`, `best.safetensors` and `log.csv`.
    pub out: PathBuf,
    /// Optimizer steps in all, those of earlier sessions included.
    pub steps: u64,
    /// Examples a step.
    pub batch: usize,
    /// Of all random numbers.
    pub seed: u64,
    /// Bars between the starts of neighbouring windows.
    pub hop_bars: usize,
    /// Learn from every window of a long piece, also where the reference takes five.
    pub every_window: bool,
    /// What is done to examples, beyond the reference.
    pub variation: Variation,
    /// How files of notes are understood.
    pub reading: Reading,
    /// Decay a step of the average of the weights that is measured and kept as the best; `None` for
    /// the weights as they are.
    pub average: Option<f64>,
    /// Scopes whose weights stay as they are.
    pub held: Vec<String>,
    /// Steps between two looks at the validation split; each also saves.
    pub validate_every: u64,
    /// What happens to a run that `out` already holds.
    pub earlier: Earlier,
    /// Start from these weights instead of random ones.
    pub from: Option<Checkpoint>,
    /// What trains; the CPU with all its cores.
    pub device: DeviceChoice,
    /// Of the factors of the recurrent layers' products; the CPU alone knows another than float32.
    pub factors: Factors,
}

/// What happens to a run that the folder already holds. Nothing is ever overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Earlier {
    /// It is in the way: nothing is trained.
    #[default]
    Refused,
    /// It continues, as the same model; other differences are reported.
    Continued,
    /// It continues if data and settings are the same; otherwise the new run takes the next free
    /// folder.
    ContinuedIfSame,
    /// It stays as it is, and the new run takes the next free folder.
    Kept,
}

/// What a run keeps from its first step to its last.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSettings {
    /// As in [`TrainOptions`].
    pub preset: Preset,
    /// As in [`TrainOptions`].
    pub batch: usize,
    /// As in [`TrainOptions`].
    pub seed: u64,
    /// As in [`TrainOptions`].
    pub hop_bars: usize,
    /// As in [`TrainOptions`].
    pub variation: Variation,
    /// As in [`TrainOptions`].
    pub reading: Reading,
    /// As in [`TrainOptions`].
    pub average: Option<f64>,
    /// As in [`TrainOptions`].
    pub held: Vec<String>,
    /// As in [`TrainOptions`].
    pub factors: Factors,
}

impl RunSettings {
    /// The settings of a new run: the preset's own batch, a window at every bar.
    pub fn new(preset: Preset) -> RunSettings {
        RunSettings {
            batch: preset.batch_size,
            preset,
            seed: 0,
            hop_bars: 1,
            variation: Variation::NONE,
            reading: Reading::Played,
            average: None,
            held: Vec::new(),
            factors: Factors::Float32,
        }
    }

    /// The settings of a run of `preset` (or else of the preset of `from`, or of the first one) that starts
    /// from the weights of `from`, if any. Where these are of the same preset, as it is built in, and of the
    /// same sizes, they are trained on as they were trained: with fewer free bits, say, or with dropout that
    /// it was not used to, a model forgets what it knows.
    pub fn starting(preset: Option<Preset>, from: Option<&Checkpoint>) -> RunSettings {
        let goes_on = |from: &&Checkpoint| {
            let built_in = Preset::by_name(&from.preset.name);
            let sizes = |preset: &Preset| preset.parameter_shapes();
            let same =
                preset == built_in && preset.as_ref().map(sizes) == Some(sizes(&from.preset));
            preset.is_none() || same
        };
        match from.filter(goes_on) {
            Some(from) => RunSettings {
                seed: 0,
                factors: Factors::Float32,
                held: Vec::new(),
                ..RunSettings::of(from)
            },
            None => RunSettings::new(preset.unwrap_or_else(Preset::groovae_4bar)),
        }
    }

    /// The settings of the run that the folder `out` holds.
    ///
    /// # Errors
    /// When its latest checkpoint can't be read.
    pub fn of_run(out: &Path) -> Result<RunSettings, CheckpointError> {
        Ok(RunSettings::of(&Checkpoint::load(&latest(out))?))
    }

    /// What a checkpoint was trained with.
    fn of(checkpoint: &Checkpoint) -> RunSettings {
        let Checkpoint {
            preset, metadata, ..
        } = checkpoint;
        let fraction = |key| metadata.notes.get(key)?.as_f64();
        let number = |key| fraction(key).map(|number| number as usize);
        let text = |key| metadata.notes.get(key)?.as_str();
        let factors = metadata.notes.get(FACTORS).cloned();
        let factors = factors.and_then(|name| serde_json::from_value(name).ok());
        let fresh = RunSettings::new(preset.clone());
        RunSettings {
            factors: factors.unwrap_or(fresh.factors),
            batch: number(BATCH).unwrap_or(fresh.batch),
            seed: metadata.seed.unwrap_or(fresh.seed),
            hop_bars: number(HOP_BARS).unwrap_or(fresh.hop_bars),
            variation: Variation {
                augment: fraction(AUGMENT).unwrap_or(fresh.variation.augment),
                told: fraction(TOLD).unwrap_or(fresh.variation.told),
                blurred: fraction(BLURRED).unwrap_or(fresh.variation.blurred),
            },
            reading: text(READING)
                .and_then(|it| it.parse().ok())
                .unwrap_or_default(),
            average: fraction(AVERAGE),
            held: metadata
                .notes
                .get(HELD)
                .and_then(|scopes| serde_json::from_value(scopes.clone()).ok())
                .unwrap_or_default(),
            ..fresh
        }
    }
}

impl TrainOptions {
    /// A run of these settings on `data` into the folder `out`: 10,000 steps from random weights, on a
    /// GPU where there is one, with a look at the validation split every 100 steps. An earlier run in
    /// that folder is in its way.
    ///
    /// ```
    /// use musicvae::Preset;
    /// use musicvae::training::{RunSettings, TrainOptions};
    ///
    /// let run = RunSettings::new(Preset::groovae_4bar());
    /// let options = TrainOptions { steps: 500, ..TrainOptions::new(run, "my-midi", "run") };
    /// assert_eq!(options.batch, 512);
    /// ```
    pub fn new(
        run: RunSettings,
        data: impl Into<PathBuf>,
        out: impl Into<PathBuf>,
    ) -> TrainOptions {
        TrainOptions {
            preset: run.preset,
            data: data.into(),
            out: out.into(),
            steps: 10_000,
            batch: run.batch,
            seed: run.seed,
            hop_bars: run.hop_bars,
            every_window: false,
            variation: run.variation,
            reading: run.reading,
            average: run.average,
            held: run.held,
            validate_every: 100,
            earlier: Earlier::default(),
            from: None,
            device: DeviceChoice::default(),
            factors: run.factors,
        }
    }

    /// Whether a weight stays as it is.
    pub(super) fn is_held(&self, weight: &str) -> bool {
        self.held.iter().any(|scope| is_within(weight, scope))
    }

    /// Refuses to hold what is not there, which would be trained in silence.
    pub(super) fn check_held(&self, weights: &Tensors) -> Result<(), TrainingError> {
        let is_there = |scope: &&String| weights.keys().any(|weight| is_within(weight, scope));
        let Some(scope) = self.held.iter().find(|scope| !is_there(scope)) else {
            return Ok(());
        };
        let outermost = weights.keys().filter_map(|weight| weight.split('/').next());
        let outermost: BTreeSet<&str> = outermost.collect();
        Err(TrainingError::NotHeld {
            scope: scope.clone(),
            preset: self.preset.name.clone(),
            scopes: Vec::from_iter(outermost).join(", "),
        })
    }

    /// Notes what [`RunSettings::of_run`] reads.
    pub(super) fn note_in(&self, metadata: &mut Metadata) {
        let mut note = |key: &str, value: f64| metadata.notes.insert(key.into(), value.into());
        note(BATCH, self.batch as f64);
        note(HOP_BARS, self.hop_bars as f64);
        note(AUGMENT, self.variation.augment);
        note(TOLD, self.variation.told);
        note(BLURRED, self.variation.blurred);
        if let Some(decay) = self.average {
            note(AVERAGE, decay);
        }
        if !self.held.is_empty() {
            let held = self.held.as_slice();
            metadata.notes.insert(HELD.into(), held.into());
        }
        if self.reading != Reading::Played {
            let reading = self.reading.to_string();
            metadata.notes.insert(READING.into(), reading.into());
        }
        if let Ok(factors) = serde_json::to_value(self.factors) {
            metadata.notes.insert(FACTORS.into(), factors);
        }
    }
}

/// A run goes on only as what it was: names the first setting that differs.
pub(super) fn check_same(
    found: &Preset,
    wanted: &Preset,
    path: &Path,
) -> Result<(), TrainingError> {
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
    let difference = preset_difference(found, wanted);
    Err(TrainingError::OtherSetting { path, difference })
}

/// The first setting in which two presets differ: `free bits 48, not 64`.
fn preset_difference(found: &Preset, wanted: &Preset) -> String {
    if found.name != wanted.name {
        return format!("preset {}, not {}", found.name, wanted.name);
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
    format!("{} {value}, not {other}", name.replace('_', " "))
}

/// How the run of `found` differs from the wanted one, as far as is known; nothing if it is the
/// same.
pub(super) fn difference(
    found: &Checkpoint,
    options: &TrainOptions,
    fingerprint: Option<&str>,
) -> Option<String> {
    if found.preset != options.preset {
        return Some(preset_difference(&found.preset, &options.preset));
    }
    let differences = differences(&found.metadata, options, fingerprint);
    differences
        .into_iter()
        .next()
        .map(|(what, found, wanted)| match what {
            DATA => "other data".into(),
            _ => format!("{what} {found}, not {wanted}"),
        })
}

/// The folder `out`, or `out-2` and so on where that holds a run.
pub(super) fn free_folder(out: &Path) -> PathBuf {
    let numbered = |number: u32| match out.file_name() {
        _ if number == 1 => out.to_path_buf(),
        Some(name) => out.with_file_name(format!("{}-{number}", name.to_string_lossy())),
        None => out.join(format!("run-{number}")),
    };
    let mut folders = (1..).map(numbered);
    let free = folders.find(|folder| file_of_a_run(folder).is_none());
    free.unwrap_or_else(|| out.to_path_buf())
}

/// What else a resumed run does differently from here on: the setting, its old and its new value.
/// Data count if their fingerprint is known.
pub(super) fn differences(
    before: &Metadata,
    options: &TrainOptions,
    fingerprint: Option<&str>,
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
            "blurred a share of",
            note(BLURRED).map(|share| share.to_string()),
            options.variation.blurred.to_string(),
        ),
        (
            "averaging by",
            note(AVERAGE).map(|decay| decay.to_string()),
            options.average.unwrap_or(0.0).to_string(),
        ),
        (
            DATA,
            fingerprint.and(before.data_fingerprint.clone()),
            fingerprint.unwrap_or_default().into(),
        ),
    ];
    let differs = |(what, found, wanted): (_, Option<String>, String)| {
        found
            .filter(|found| *found != wanted)
            .map(|found| (what, found, wanted))
    };
    settings.into_iter().filter_map(differs).collect()
}

/// The file in the folder `out` that a run wrote and another one would replace.
pub(super) fn file_of_a_run(out: &Path) -> Option<&'static str> {
    let holds = |name: &&str| out.join(name).metadata().is_ok_and(|it| it.len() > 0);
    let names = [folder::LATEST, folder::BEST, folder::LOG];
    names.into_iter().find(holds)
}

pub(super) fn latest(out: &Path) -> PathBuf {
    out.join(folder::LATEST)
}
