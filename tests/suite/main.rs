//! Every integration test, in one crate so that a change links one binary.

mod catalogue;
mod checkpoint;
mod converter;
mod corpus;
mod floors;
mod magenta;
mod oracle;
mod tfrecord;
#[cfg(target_os = "linux")]
mod scarcity;
#[allow(dead_code)]
mod support;
