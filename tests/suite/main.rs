//! Every integration test, in one crate so that a change links one binary.

mod converter;
mod corpus;
mod dataset;
mod engine;
mod floors;
mod groove;
mod kit;
mod midi_file;
mod midi_write;
mod oracle;
mod prepare;
mod real_audio;
mod spectrum;
#[allow(dead_code)]
mod support;
mod tfrecord;
