//! What the studio asks of the world, and what the world tells the studio.

use std::path::PathBuf;
use std::time::Duration;

use super::{
    Bars, Binding, Chain, Entry, Kind, Quality, Received, Record, Rework, Source, Takeover,
    TrainingEvent, Transport,
};
use crate::engine::{ClockOut, DrumMap, Pads};
use musicvae::model::{Decoding, Latent, Prior};
use musicvae::music::{Groove, Lane};

/// A request that [`super::Studio::apply`] makes and [`super::Backstage`] carries out. The studio
/// itself touches no thread, device or file, so tests read these instead.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Play,
    Stop,
    Continue,
    Panic,
    Tempo(f64),
    Swing(f32),
    Timing(f32),
    Dynamics(f32),
    Level(f32),
    /// Notes and channels of the lanes on MIDI.
    DrumMap(DrumMap),
    /// Writes a drum map into the folder of the player's own.
    SaveMap(DrumMap),
    /// Sounds one stroke now.
    Strike(Lane),
    /// Milliseconds; positive is later than the sound.
    MidiOffset(f32),
    Clock(ClockOut),
    Metronome {
        on: bool,
        level: f32,
    },
    CountIn(u8),
    Loop {
        bars: Option<Bars>,
        takeover: Takeover,
    },
    /// Grooves and how many turns each plays.
    Chain {
        links: Vec<(Groove, u32)>,
        takeover: Takeover,
    },
    /// Writes the slots and the chain, as text, to their file.
    KeepChain(String),
    Record(super::config::Record),
    StopRecording,
    Groove {
        groove: Groove,
        takeover: Takeover,
    },
    Lane {
        lane: Lane,
        level: f32,
        mute: bool,
        solo: bool,
    },
    /// Whether the MIDI clock that comes in is followed.
    Follow(bool),
    Overdub(bool),
    Pads(Pads),
    SaveBindings(Vec<Binding>),
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
    /// Asks for the things that can be chosen, answered by [`Event::Listed`].
    List(Kind),
    /// Opens the chosen thing; the empty name closes it or takes the default.
    Open(Kind, String),
    Export {
        groove: Groove,
        folder: PathBuf,
        name: String,
        /// Lanes of which it has nothing, since they are not heard.
        left_out: Vec<Lane>,
    },
    StartTraining(super::config::Training),
    PauseTraining(bool),
    StopTraining,
}

/// What a loaded checkpoint is.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInfo {
    pub source: Source,
    pub name: String,
    pub preset: String,
    pub step: u64,
    pub z_size: usize,
    /// What its samples are drawn from.
    pub prior: Prior,
    /// Length of its grooves.
    pub steps: usize,
    /// Its training log; empty when none lies beside it.
    pub log: Vec<Record>,
    /// What its grooves can be steered by, or why by nothing, in one sentence.
    pub qualities: Result<Vec<Quality>, String>,
}

/// News from a worker, the engine or the clock.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Time since the start, for the age of messages.
    Tick(Duration),
    Transport(Transport),
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
        z: Latent,
    },
    Reworked {
        ticket: u64,
        groove: Groove,
    },
    InferenceFailed {
        ticket: u64,
        reason: String,
    },
    /// The checkpoints, and what stood in the way of listing more.
    Catalogue(Vec<Entry>, Vec<String>),
    Listed {
        kind: Kind,
        items: Vec<String>,
        note: String,
    },
    /// A drum map was chosen and read.
    MapOpened(DrumMap),
    /// The slots and the chain of the last session.
    Chain(Chain),
    Exported {
        path: PathBuf,
        clamped: usize,
        left_out: Vec<Lane>,
    },
    /// News from the trainer.
    Training(TrainingEvent),
    /// Something went well and is worth a sentence.
    Notice(String),
    /// Something went wrong; one sentence.
    Trouble(String),
}
