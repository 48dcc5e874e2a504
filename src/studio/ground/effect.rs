//! What the studio asks of the world.

use std::path::PathBuf;

use super::config;
use super::keeping::Keeping;
use super::screen::Kind;
use crate::engine::{DrumMap, Request};
use musicvae::Rework;
use musicvae::checkpoint::catalogue::Source;
use musicvae::model::{Decoding, Latent};
use musicvae::music::{Groove, Lane};

/// What a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To hear it.
    Listen,
    /// To choose a window of it.
    Open,
    /// To have all of it in the library.
    Collect,
}

/// A request that a feature makes and the workers carry out. The studio itself touches no thread,
/// device or file, so tests read these instead.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Engine(Request),
    /// Latents to grooves; a newer request takes the place of one that still waits.
    Decode {
        ticket: u64,
        z: Vec<Latent>,
        how: Decoding,
    },
    /// A groove to its latent.
    Encode {
        ticket: u64,
        groove: Groove,
    },
    /// Has the model of a checkpoint work on a groove; a newer request takes the place of one that
    /// still waits.
    Rework {
        ticket: u64,
        source: Source,
        rework: Rework,
        groove: Groove,
        how: Decoding,
    },
    LoadCheckpoint(Source),
    /// Asks for the things that can be chosen; the list comes as an event.
    List(Kind),
    /// Reads a drum map by name or file; the empty name is General MIDI.
    OpenMap(String),
    /// Writes a drum map into the folder of the player's own.
    SaveMap(Box<DrumMap>),
    Keep(Keeping),
    /// Reads what the library holds.
    ReadLibrary,
    /// Writes what controllers are bound to, as text, to its file.
    KeepBindings(String),
    Export {
        groove: Groove,
        folder: PathBuf,
        name: String,
        /// Lanes of which it has nothing, since they are not heard.
        left_out: Vec<Lane>,
    },
    /// Lists the folders and MIDI files of a folder; `below`: all files below it.
    ListFiles {
        folder: PathBuf,
        below: bool,
    },
    /// Reads MIDI files, for windows of so many bars.
    ReadMusic {
        paths: Vec<PathBuf>,
        bars: usize,
        purpose: Purpose,
    },
    StartTraining(config::Training),
    PauseTraining(bool),
    StopTraining,
}
