//! What passes between the real-time side and the rest.

use std::sync::Arc;

use super::clock::Nanos;
use super::midi_in::InputEvent;
use super::mixer::Mixer;
use super::pattern::Pattern;
use super::player::{Chain, Displaced};
use super::record::Tap;
use super::{LoopRange, Takeover};
use musicvae::music::Lane;

/// What the core is asked to do.
pub(crate) enum CoreCommand {
    Play,
    Stop,
    Continue,
    Tempo(f64),
    Pattern(Arc<Pattern>, Takeover),
    Loop(Option<LoopRange>, Takeover),
    Chain(Option<Box<Chain>>, Takeover),
    CountIn(u8),
    Metronome {
        on: bool,
        level: f32,
    },
    Record(Box<Tap>),
    StopRecording,
    Swing(f32),
    Timing(f32),
    Velocity(f32),
    Lane {
        lane: Lane,
        level: f32,
        mute: bool,
        solo: bool,
    },
    Pan(Lane, f32),
    Master(f32),
    Strike(Lane, f32),
    Panic,
    Mixer(Box<Mixer>),
    Program(u8),
    MidiOffset(Nanos),
    /// Whether an external clock is followed.
    Follow(bool),
}

/// What the core is done with, to be freed elsewhere.
pub(crate) enum Garbage {
    Played(#[expect(dead_code, reason = "only dropped")] Displaced),
    Tap(#[expect(dead_code, reason = "only dropped")] Box<Tap>),
    Mixer(#[expect(dead_code, reason = "only dropped")] Box<Mixer>),
}

/// A message for the MIDI thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MidiMessage {
    Hit {
        lane: Lane,
        velocity: u8,
    },
    /// The clock of this number since the top, 24 a quarter note.
    Clock(i64),
    Start,
    /// Playing goes on; the next clock has this number.
    Continue(i64),
    Stop,
    /// All notes off, at once and not at its time.
    Panic,
}

/// A message and its moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MidiEvent {
    pub time: Nanos,
    pub message: MidiMessage,
}

/// The far ends of the core's queues.
pub(crate) struct Links {
    pub commands: rtrb::Producer<CoreCommand>,
    pub midi: rtrb::Consumer<MidiEvent>,
    pub garbage: rtrb::Consumer<Garbage>,
    pub input: rtrb::Producer<InputEvent>,
}
