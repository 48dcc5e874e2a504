//! A drummer that lives in your terminal.
//!
//! Each module is a *floor* that may use only the floors below it (a test in `tests/` reads the
//! `use` lines and holds it to that):
//!
//! | floor | module | what lives there |
//! | --- | --- | --- |
//! | 9 | [`cli`] | the subcommands |
//! | 8 | [`tui`] | the terminal: draws a [`studio::Studio`], turns keys into actions |
//! | 7 | [`studio`] | the application without a terminal |
//! | 6 | [`engine`] | time and sound: transport, loop player, synthesizer, audio, MIDI |
//! | 5 | [`training`] | optimizer, schedules, trainer, metrics, evaluation |
//! | 4 | [`checkpoint`] | files to models and back |
//! | 3 | [`model`] | tensors to tensors: the variational autoencoder |
//! | 2 | [`data`] | corpora to windows |
//! | 1 | [`music`] | plain values: note sequences, grooves, drum lanes |
//! | 0 | [`chart`] | numbers to SVG pictures, for whoever has numbers |
//!
//! The main road, one way: MIDI file → [`music::NoteSequence`] → [`music::Groove`] → tensor →
//! latent `z` → [`music::Groove`] → grid on screen, engine loop, or file.

pub mod cli;
pub mod embedded;
pub mod engine;
pub mod kit;
pub mod studio;
pub mod tui;
pub mod typed_path;
