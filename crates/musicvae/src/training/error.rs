//! Why a run can't start or continue.

use std::path::PathBuf;

use crate::checkpoint::CheckpointError;
use crate::data::{DataError, NotConvertible};
use crate::drummer::DrummerError;
use crate::model::{ModelError, NoDevice};

/// Why a run can't start or continue.
#[derive(Debug, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
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
    NoDevice(#[from] NoDevice),
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
    #[error("training can't start a thread ({0}): close other programs")]
    NoThread(std::io::Error),
    #[error(
        "{} already holds a run ({file}): resume it, or choose another folder",
        path.display()
    )]
    Occupied { path: PathBuf, file: &'static str },
    #[error(
        "{} is being trained in by another program: stop that one, or choose another folder",
        path.display()
    )]
    Held { path: PathBuf },
    #[error(
        "no weight of preset {preset} lies under `{scope}`: its scopes are {scopes}, and what lies in them"
    )]
    NotHeld {
        scope: String,
        preset: String,
        scopes: String,
    },
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

impl From<DrummerError> for TrainingError {
    fn from(error: DrummerError) -> Self {
        match error {
            DrummerError::Checkpoint(error) => error.into(),
            DrummerError::NotConvertible { preset, reason } => {
                TrainingError::NoConverter { preset, reason }
            }
        }
    }
}

impl From<candle_core::Error> for TrainingError {
    fn from(error: candle_core::Error) -> Self {
        TrainingError::Model(error.into())
    }
}
