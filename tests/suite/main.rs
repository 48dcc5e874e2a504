//! Every integration test, in one crate so that a change links one binary.

mod checkpoint;
mod floors;
#[allow(dead_code)]
mod support;
