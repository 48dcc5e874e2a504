//! Recording: what is heard to a WAV file, what is played to a MIDI file.
//!
//! The real-time side writes into two lock-free queues ([`tap`]), and a thread of its own ([`recorder`])
//! takes from them and writes ([`writer`]). The files are called `take-001.wav.part` and so on while they
//! grow, and lose the `.part` when they are closed. All the while they are whole: the WAV header
//! and the MIDI file are brought up to date every few seconds, so that a program that is killed
//! leaves takes that only have to be renamed.
//!
//! Uses the ground and musical time. Only the tap is real time; it knows the core as whoever takes
//! it ([`Tapped`]).

mod files;
mod recorder;
mod tap;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use files::Wav;
#[cfg(test)]
pub(crate) use files::quantized;
pub(crate) use recorder::Recorder;
#[cfg(test)]
pub(crate) use tap::Happening;
pub(crate) use tap::{Tap, Tapped};

/// What is recorded, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RecordOptions {
    /// Folder that receives the files; made when it is not there. Empty in the configuration for
    /// `takes` in the user's music folder.
    pub folder: PathBuf,
    /// What is heard, to a WAV file of 24 bits at the sound card's rate.
    pub sound: bool,
    /// What is played, to a MIDI file of 960 ticks a quarter note, with the General MIDI pitches.
    pub midi: bool,
    /// When a recording begins.
    pub start: RecordStart,
}

impl Default for RecordOptions {
    fn default() -> RecordOptions {
        RecordOptions {
            folder: PathBuf::new(),
            sound: true,
            midi: true,
            start: RecordStart::Bar,
        }
    }
}

/// When a recording begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RecordStart {
    /// With the next bar line (or with play, while nothing plays), so that bars of the files are
    /// bars of the music.
    #[default]
    Bar,
    Now,
}

/// A recording that is being made.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The files' name without its ending.
    pub name: String,
    pub folder: PathBuf,
    pub sound: bool,
    pub midi: bool,
    /// Length so far; `None` while it waits for the bar line or for play.
    pub seconds: Option<f64>,
}

/// How recording goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// The one that is being made.
    pub recording: Option<Recording>,
    /// The files of the last one that ended.
    pub recorded: Arc<[PathBuf]>,
    /// What went wrong with the last one, in one sentence.
    pub error: Option<String>,
}
