//! The desk, from which the rest of the program runs the engine: its handle, requests and status, the threads that it
//! starts, and writing or rendering the music to a file. Nothing in here is real time, except that the clock thread
//! runs the core. The desk may open, load, wait and free, so that the core need not. It uses every other room of the
//! engine.

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
pub use song::{Motion, Song};
pub use status::{AudioState, MidiState, Status, Sync};
