//! What the studio asks of the workers.

use std::path::PathBuf;

use super::config;
use super::keeping::Keeping;
use super::scene::Points;
use super::screen::{Kind, Named};
use crate::engine::{DrumMap, Request, Song, SoundFontSource};
use musicvae::checkpoint::catalogue::Source;
use musicvae::model::{Decoding, DeviceChoice};
use musicvae::music::midi_file::Layout;
use musicvae::music::{Cells, Groove};
use musicvae::training::Earlier;
use musicvae::{Fill, Rework, Variation};

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

/// A groove, and the cells of it that are locked: what else is played has to fit them.
#[derive(Clone, Debug, PartialEq)]
pub struct Locked {
    pub groove: Groove,
    pub cells: Cells,
}

/// A bar of a groove that is a fill in music that is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    pub groove: Groove,
    /// The bar, from 0 on.
    pub bar: usize,
    /// Which of all bars it is that play, from 0 on.
    pub number: u64,
    /// Step of the music that it begins at.
    pub step: i64,
}

/// What music is written as.
#[derive(Clone, Debug, PartialEq)]
pub enum Paper {
    /// A MIDI file for a drum machine.
    Midi(Layout, Box<DrumMap>),
    /// Sound, in one file or in one a lane.
    Sound {
        font: SoundFontSource,
        /// Program of the drum kit within it.
        kit: u8,
        by_lane: bool,
    },
}

/// What relatives of a groove are to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Kin {
    Variation(Variation),
    /// The groove with a fill in a bar.
    Fill(Fill),
    /// The groove and a window more, which has some cells of the last one.
    Extension(Cells),
}

/// A request that a feature makes and the workers carry out. The studio itself touches no thread,
/// device or file, so tests read these instead.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Engine(Request),
    /// Points to grooves; a newer request takes the place of one that still waits.
    Decode {
        ticket: u64,
        /// Of each groove.
        z: Vec<Points>,
        /// Its length.
        steps: usize,
        how: Decoding,
        /// What the first of them has to fit.
        locked: Option<Box<Locked>>,
    },
    /// Points to grooves that are only looked at: when there is nothing else to do.
    Glimpse {
        ticket: u64,
        z: Vec<Points>,
        steps: usize,
        how: Decoding,
    },
    /// A relative of a groove for each seed; a newer request of the kind takes the place of one that
    /// still waits.
    Relate {
        ticket: u64,
        groove: Groove,
        kin: Kin,
        temperature: f32,
        seeds: Vec<u64>,
    },
    /// A groove to its points.
    Encode {
        ticket: u64,
        groove: Groove,
    },
    /// Lets the model of a checkpoint work on a groove; a newer request replaces one that still
    /// waits.
    Rework {
        ticket: u64,
        source: Source,
        rework: Rework,
        groove: Groove,
        how: Decoding,
    },
    LoadCheckpoint(Source),
    /// Tells how the run of a checkpoint went.
    ReadStory(Source),
    /// Moves a file, and those beside it that are named like it.
    MoveFile {
        from: PathBuf,
        to: PathBuf,
    },
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
    /// Writes what is heard, under a name in `folder`.
    Export {
        song: Box<Song>,
        paper: Paper,
        folder: PathBuf,
        name: String,
        /// What the file holds, for the message.
        about: String,
    },
    /// Gives up the sound that is being written.
    StopRendering,
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
    /// Runs the models on another device.
    UseDevice(DeviceChoice),
    /// Checks what is at a path; the result comes as an event.
    Look(Named, PathBuf),
    /// Trains with a device, and with what becomes of a run that the settings' folder holds already.
    StartTraining(config::Training, DeviceChoice, Earlier),
    PauseTraining(bool),
    /// Makes the run save after its present step.
    SaveTraining,
    /// Lets the model that a run wrote play a new groove.
    Rehearse(PathBuf, Decoding),
    StopTraining,
}
