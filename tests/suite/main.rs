//! Every integration test, in one crate so that a change links one binary.

mod floors;
#[allow(dead_code)]
mod support;
