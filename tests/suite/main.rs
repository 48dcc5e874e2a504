//! Every integration test, in one crate so that a change links one binary.

mod converter;
mod corpus;
mod floors;
mod oracle;
#[allow(dead_code)]
mod support;
mod tfrecord;
