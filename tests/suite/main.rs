//! Every integration test, in one crate so that a change links one binary.

mod catalogue;
mod checkpoint;
mod cli;
mod converter;
mod converters;
mod corpus;
mod dataset;
#[allow(dead_code)]
mod devices;
mod engine;
mod evaluation;
mod experiment;
mod family;
mod family_shapes;
mod faults;
mod fetch;
mod floors;
mod groove;
mod kit;
mod machines;
mod magenta;
mod midi_file;
mod midi_in;
mod midi_write;
mod model;
mod naive;
mod oracle;
mod playing;
mod prepare;
mod pty;
mod real_audio;
mod recording;
mod reworking;
mod scarcity;
#[allow(dead_code)]
mod session;
mod spectrum;
mod studio;
#[allow(dead_code)]
mod support;
mod tfrecord;
mod trainer;
mod training;
mod transport;
mod tui;
mod workbench;
