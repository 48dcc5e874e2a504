//! What a run is told, what of it the run keeps, and what a resumed one does otherwise.

use std::path::{Path, PathBuf};

use super::{Examples, TrainingError, Variation};
use crate::checkpoint::{Checkpoint, CheckpointError, Metadata};
use crate::model::lstm::Factors;
use crate::model::{DeviceChoice, Preset};
use crate::music::Reading;

/// Keys of a checkpoint's notes.
const BATCH: &str = "batch";
const HOP_BARS: &str = "hop_bars";
const AUGMENT: &str = "augment";
const TOLD: &str = "told";
const BLURRED: &str = "blurred";
const AVERAGE: &str = "average";
const FACTORS: &str = "factors";
const READING: &str = "reading";

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
    /// Steps between two looks at the validation split; each also saves.
    pub validate_every: u64,
    /// Go on from `out/latest.safetensors`.
    pub resume: bool,
    /// Start from these weights instead of random ones.
    pub from: Option<Checkpoint>,
    /// What trains; the CPU with all its cores.
    pub device: DeviceChoice,
    /// Of the factors of the recurrent layers' products; the CPU alone knows another than float32.
    pub factors: Factors,
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
            reading: Reading::Played,
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
        let text = |key| metadata.notes.get(key)?.as_str();
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
                blurred: fraction(BLURRED).unwrap_or(fresh.variation.blurred),
            },
            reading: text(READING)
                .and_then(|it| it.parse().ok())
                .unwrap_or_default(),
            average: fraction(AVERAGE),
            ..fresh
        })
    }
}

impl TrainOptions {
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
pub(super) fn differences(
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

/// The file in the folder `out` that a run wrote and another one would replace.
pub(super) fn file_of_a_run(out: &Path) -> Option<&'static str> {
    let holds = |name: &&str| out.join(name).metadata().is_ok_and(|it| it.len() > 0);
    let names = ["latest.safetensors", "best.safetensors", "log.csv"];
    names.into_iter().find(holds)
}

pub(super) fn latest(out: &Path) -> PathBuf {
    out.join("latest.safetensors")
}
