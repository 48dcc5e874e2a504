//! MusicVAE (Roberts et al. 2018) and GrooVAE (Gillick et al. 2019) on candle: models that sample,
//! encode, decode, interpolate and rework drums and melodies, and are trained on one's own MIDI.
//!
//! It needs no terminal, sound card or MIDI port. Data flows one way: a MIDI file is read as a
//! [`NoteSequence`], a [`Converter`] cuts it into windows (for drums: [`Groove`]s), and a
//! [`Drummer`], opened from a [`Checkpoint`], takes them to its latent space and back.
//!
//! ```
//! use musicvae::data::{Convert as _, Window};
//! use musicvae::music::{Hit, Lane};
//! use musicvae::{Converter, Groove, Preset, midi_file};
//!
//! // Two bars with a snare on every beat, a little late.
//! let mut groove = Groove::empty(32);
//! for step in (0..32).step_by(4) {
//!     groove.steps[step][Lane::Snare.index()] = Some(Hit::new(0.8, -0.1));
//! }
//! let file = midi_file::write(&groove.to_note_sequence())?;
//!
//! // What a model of two bars would be given of that file.
//! let sequence = midi_file::read(&file)?;
//! let preset = Preset::by_name("groovae_2bar_humanize").ok_or("no such preset")?;
//! let converter = Converter::new(preset.representation, preset.bars)?;
//! let converted = converter.convert(&sequence)?;
//! let Window::Groove(heard) = &converted.windows[0] else { panic!("no groove") };
//! assert_eq!(heard.hits().count(), 8);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | room | holds | may use |
//! | --- | --- | --- |
//! | [`training`] | gradients, optimizer, the run and its log, evaluation | all below |
//! | [`Drummer`] | a model joined with its music | `checkpoint` and below |
//! | [`checkpoint`] | files to models: safetensors, catalogue, folder watch, Magenta import | `model`, `data`, `music` |
//! | [`model`] | rows of numbers to latents and back | `music` |
//! | [`data`] | corpora to windows, windows to rows and back | `music` |
//! | [`music`] | plain values: note sequence, groove, drum lanes, MIDI files | |
//! | [`chart`] | numbers to SVG pictures | |

#![warn(missing_docs)]

pub mod chart;
pub mod checkpoint;
pub mod data;
mod drummer;
#[doc(hidden)]
pub mod fault;
pub mod model;
pub mod music;
pub mod training;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use data::Converter;
pub use drummer::{Drummer, DrummerError, Fill, Rework, Variation};
pub use model::Preset;
pub use music::{Groove, NoteSequence, midi_file};
pub use training::{Session, Trainer};

/// Internals, for this project's own tests and benchmarks. They may change at any time.
#[doc(hidden)]
pub mod internals {
    pub use crate::training::adam::Adam;
    pub use crate::training::examples::Examples;
    pub use crate::training::gradients::{Gradients, gradients};

    pub mod cpu {
        pub use crate::model::cpu::*;
    }

    pub mod init {
        pub use crate::model::init::*;
    }

    pub mod network {
        pub use crate::model::network::*;
    }
}
