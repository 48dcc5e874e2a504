//! Every integration test, in one crate so that a change links one binary.

mod converter;
mod corpus;
mod engine;
mod dataset;
mod floors;
mod groove;
mod midi_file;
mod midi_write;
mod oracle;
mod real_audio;
mod kit;
mod spectrum;
mod prepare;
#[allow(dead_code)]
mod support;
mod tfrecord;
