//! The desk, from which the rest of the program runs the engine: its handle, what can be asked of
//! it and what it says, the threads that it starts, and writing or rendering what plays to a file. Nothing in here is
//! real time but the clock thread's turn, which is the core's; it may open, load, wait and free, so
//! that the core need not. Uses every other room of the engine.

mod clock;
mod control;
mod handle;
mod listing;
mod options;
mod pitched;
pub mod render;
mod request;
pub(crate) mod sender;
mod song;
mod status;
pub mod stderr;

pub use handle::Engine;
pub use listing::{audio_outputs, midi_inputs, midi_outputs};
pub use options::EngineOptions;
pub use request::{ChainLink, Request, Setup};
pub use song::Song;
pub use status::{AudioState, MidiState, Status, Sync};
