//! Every integration test, in one crate so that a change links one binary.

mod checkpoint;
mod converter;
mod corpus;
mod floors;
mod magenta;
mod oracle;
mod tfrecord;
#[allow(dead_code)]
mod support;
