//! MusicVAE (Roberts et al. 2018) and GrooVAE (Gillick et al. 2019) on candle: models that sample,
//! encode, decode, interpolate and rework drums and melodies, and are trained on one's own MIDI.
//!
//! It knows no terminal, sound card or MIDI port.

pub mod chart;
pub mod checkpoint;
pub mod data;
mod drummer;
pub mod fault;
pub mod model;
pub mod music;
pub mod training;

pub use drummer::{Drummer, DrummerError, Rework};
