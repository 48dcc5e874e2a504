//! What passes between the real-time side and the rest.

use super::Takeover;
use super::clock::Nanos;
use super::midi_in::InputEvent;
use super::mixer::Mixer;
use super::pattern::Pattern;
use crate::music::Lane;

/// What the core is asked to do.
pub(crate) enum CoreCommand {
    Play,
    Stop,
    Continue,
    Tempo(f64),
    Pattern(Box<Pattern>, Takeover),
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
    Pattern(#[expect(dead_code, reason = "only dropped")] Box<Pattern>),
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
