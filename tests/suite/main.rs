//! Every integration test, in one crate so that a change links one binary.

mod catalogue;
mod checkpoint;
mod converter;
mod corpus;
mod dataset;
mod floors;
mod magenta;
mod oracle;
mod tfrecord;
mod training;
#[cfg(target_os = "linux")]
mod scarcity;
mod groove;
mod midi_file;
mod midi_write;
mod oracle;
mod prepare;
mod kit;
mod spectrum;
#[allow(dead_code)]
mod support;
