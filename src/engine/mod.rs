//! Time and sound: one transport that drives the synthesizer in the audio callback and the notes
//! and clock that leave by MIDI.
//!
//! An [`Engine`] is started once and never fails: without a sound card the same clock runs
//! silently, without a MIDI port nothing leaves, and [`Status`] says why in one sentence.
//! Everything is asked of it by [`Command`]s, which never block.

mod command;
mod drum_map;
mod handle;
mod pattern;
mod player;
mod status;
mod transport;

pub use command::{Command, SoundFontSource, Takeover};
pub use drum_map::{DrumMap, LaneNote};
pub use handle::{Engine, EngineOptions};
pub use status::{AudioOutput, AudioState, Devices, Kit, MidiPort, MidiState, Position, Status};
pub use status::{audio_outputs, midi_outputs};
//! (floor under construction)

pub mod kit;
