//! What passes between the real-time side and the rest.

use std::sync::Arc;

use crate::engine::command::{Command, Takeover};
use crate::engine::events::{InputEvent, MidiEvent};
use crate::engine::record::Tap;
use crate::engine::sound::mixer::Mixer;
use crate::engine::time::pattern::Pattern;
use crate::engine::time::player::{Chain, Displaced};

/// What the core receives: a command as it is, or something prepared for it, because the core
/// allocates nothing.
pub(crate) enum Prepared {
    Command(Command),
    Pattern(Arc<Pattern>, Takeover),
    Chain(Option<Box<Chain>>, Takeover),
    Fill(Arc<Pattern>, Takeover),
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

/// The far ends of the core's queues.
pub(crate) struct Links {
    pub commands: rtrb::Producer<Prepared>,
    pub midi: rtrb::Consumer<MidiEvent>,
    pub garbage: rtrb::Consumer<Garbage>,
    pub input: rtrb::Producer<InputEvent>,
}

/// Hands over what has to be freed elsewhere.
pub(super) fn discard(queue: &mut rtrb::Producer<Garbage>, garbage: Garbage) {
    if let Err(rtrb::PushError::Full(garbage)) = queue.push(garbage) {
        // No room, which `Core::take_commands` prevents: better lost than freed here.
        std::mem::forget(garbage);
    }
}

impl From<Displaced> for Garbage {
    fn from(displaced: Displaced) -> Garbage {
        Garbage::Played(displaced)
    }
}
