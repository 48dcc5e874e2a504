//! What the workers, the engine and the clock report to the studio.

use std::path::PathBuf;
use std::time::Duration;

use super::bring::{Listing, Piece};
use super::export;
use super::ground::{Device, Entry, Heard, Kind, ModelInfo, Named, Points, Purpose};
use super::library::Row;
use super::midi::Binding;
use super::session::Opened;
use crate::engine::{DrumMap, Received, Status};
use musicvae::checkpoint::catalogue::Source;
use musicvae::music::Groove;
use musicvae::training;

/// An event from a worker, the engine or the clock.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Time since the start, for the age of messages.
    Tick(Duration),
    Transport(Status),
    /// What came in by MIDI, in order.
    Midi(Vec<Received>),
    /// What the file of bindings has.
    Bindings(Vec<Binding>),
    Loaded(ModelInfo),
    LoadFailed {
        source: Source,
        reason: String,
    },
    /// In the order of the request's latents.
    Decoded {
        ticket: u64,
        grooves: Vec<Groove>,
    },
    Encoded {
        ticket: u64,
        z: Points,
    },
    Reworked {
        ticket: u64,
        groove: Groove,
    },
    /// Relatives of a groove, one for each seed that was asked for.
    Related {
        ticket: u64,
        grooves: Vec<Groove>,
    },
    InferenceFailed {
        ticket: u64,
        reason: String,
    },
    /// The checkpoints, and what stood in the way of listing more.
    Catalogue(Vec<Entry>, Vec<String>),
    /// How the run of a checkpoint went: validation losses, the first to the last.
    StoryRead(Source, Vec<f64>),
    Listed {
        kind: Kind,
        items: Vec<String>,
        note: String,
    },
    /// A device runs the models from now on; what it does, in one sentence.
    DeviceOpened(Device, String),
    /// What is at a path that was checked, or why it can't be used.
    Seen(Named, PathBuf, Result<String, String>),
    /// A drum map was chosen and read.
    MapOpened(DrumMap),
    /// What is in a folder.
    Files(Listing),
    /// Files that were read.
    Music {
        pieces: Vec<(PathBuf, Result<Piece, String>)>,
        purpose: Purpose,
    },
    /// What the library holds, and what of it can't be read.
    LibraryRead {
        rows: Vec<Row>,
        remark: Option<String>,
    },
    /// A groove came into the library.
    Remembered(Box<Row>),
    /// A groove of the library that was asked for.
    Fetched {
        id: u64,
        heard: Box<Heard>,
    },
    /// A session was opened, or begun.
    SessionOpened(Box<Opened>),
    /// No session can be kept, and why.
    NothingKept(String),
    /// The session goes on under this name.
    SessionNamed(String),
    /// Files were written, and what they hold.
    Exported {
        file: export::Written,
        about: String,
    },
    /// How far sound that is written is rendered, 0 to 1.
    Rendering(f32),
    /// It was written, with what it holds, or could not be.
    Rendered(Result<(export::Written, String), String>),
    /// News from the trainer.
    Training(training::Event),
    /// What a model in training played after a step, or why it plays nothing.
    Rehearsed(Result<(u64, Groove), String>),
    /// Something went well and is worth a sentence.
    Notice(String),
    /// Something went wrong; one sentence.
    Trouble(String),
}
