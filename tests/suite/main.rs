//! Every integration test, in one crate so that a change links one binary.

mod bringing;
mod cases;
mod catalogue;
mod classes;
mod cli;
#[allow(dead_code)]
mod devices;
mod editing;
mod engine;
mod experiment;
mod exporting;
mod faults;
mod fills;
mod flows;
mod headless;
mod house;
mod keeping;
mod kit;
mod link;
mod long;
mod looks;
mod machines;
mod midi_in;
mod monkey;
mod mouse;
mod movements;
mod mutations;
#[allow(dead_code)]
#[path = "../../crates/musicvae/tests/suite/naive.rs"]
mod naive;
mod newcomer;
mod playing;
mod prepare;
mod pty;
mod real_audio;
mod recording;
mod rehearsing;
mod reworking;
mod runs;
#[allow(dead_code)]
mod session;
mod shell;
mod songs;
mod spectrum;
mod studio;
#[allow(dead_code)]
#[path = "../../crates/musicvae/tests/suite/support.rs"]
mod support;
mod tour;
mod transport;
mod triplets;
mod tui;
mod varying;
mod wait;
mod workbench;
