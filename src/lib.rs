//! A drummer that lives in your terminal.
//!
//! Each module is a *floor* that may use the floors below it and the library [`musicvae`];
//! `tests/suite/house` reads the sources and holds it to that. How it is built: `docs/design.md`.
//!
//! | floor | what lives there |
//! | --- | --- |
//! | [`cli`] | the subcommands |
//! | [`headless`] | no terminal: OSC and JSON lines |
//! | [`tui`] | the terminal: draws a [`studio::Studio`], turns keys into actions |
//! | [`studio`] | the application without a terminal |
//! | [`engine`] | time and sound: transport, loop player, synthesizer, audio, MIDI |
//! | [`kit`], [`embedded`], [`folders`], [`typed_path`], [`preset_name`] | the built-in drum kit and checkpoints; where files are kept; paths and presets as people name them |

pub mod cli;
pub mod embedded;
pub mod engine;
pub mod folders;
pub mod headless;
pub mod kit;
pub mod preset_name;
pub mod studio;
pub mod tui;
pub mod typed_path;
