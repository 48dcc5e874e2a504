//! Every integration test, in one crate so that a change links one binary.

mod converter;
mod corpus;
mod dataset;
mod floors;
mod groove;
mod midi_file;
mod midi_write;
mod oracle;
mod prepare;
#[allow(dead_code)]
mod support;
mod tfrecord;
