//! What passes between the real-time side and the rest.

use std::sync::Arc;

use super::clock::Nanos;
use super::midi_in::InputEvent;
use super::mixer::Mixer;
use super::pattern::Pattern;
use super::player::{Chain, Displaced};
use super::record::Tap;
use super::{Command, Takeover};
use musicvae::music::Lane;

/// What the core is given: a command as it is, or what was made ready for it, for nothing is
/// allocated where it runs.
pub(crate) enum Prepared {
    Command(Command),
    Pattern(Arc<Pattern>, Takeover),
    Chain(Option<Box<Chain>>, Takeover),
    Tap(Box<Tap>),
    Mixer(Box<Mixer>),
    /// The kit of the mixer.
    Program(u8),
}

impl From<Command> for Prepared {
    fn from(command: Command) -> Prepared {
        Prepared::Command(command)
    }
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
    pub commands: rtrb::Producer<Prepared>,
    pub midi: rtrb::Consumer<MidiEvent>,
    pub garbage: rtrb::Consumer<Garbage>,
    pub input: rtrb::Producer<InputEvent>,
}
