//! What is told from one room to another, each with its moment: plain values that belong to
//! neither.

use musicvae::music::Lane;

/// Nanoseconds since the engine started (a monotonic clock).
pub(crate) type Nanos = i64;

/// A second.
pub(crate) const SECOND: Nanos = 1_000_000_000;

/// What leaves by MIDI.
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

/// What an external clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockMessage {
    Tick,
    /// The next tick is the first one of the song.
    Start,
    /// The next tick is the one where the song is.
    Continue,
    Stop,
    /// Where the song is, in sixteenth notes.
    Position(u16),
    /// The next tick is the one of this number in a bar of four quarter notes; `None` for a clock that
    /// doesn't know its bars, as MIDI's.
    Bar(Option<u16>),
}

/// What comes in by MIDI and is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum InputMessage {
    Clock(ClockMessage),
    Strike {
        lane: Lane,
        /// 1..=127.
        velocity: u8,
        /// The step since play that it falls on.
        step: Option<i64>,
        /// It comes from the computer's keys: it leaves by MIDI, where what came in by MIDI does
        /// only if that is sent on.
        by_key: bool,
    },
}

/// A message and when it came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct InputEvent {
    pub time: Nanos,
    pub message: InputMessage,
}
