//! Every integration test, in one crate so that a change links one binary.

mod converter;
mod corpus;
mod engine;
mod floors;
mod oracle;
mod real_audio;
mod kit;
mod spectrum;
#[allow(dead_code)]
mod support;
mod tfrecord;
