//! Every integration test, in one crate so that a change links one binary.

mod floors;
mod kit;
mod spectrum;
#[allow(dead_code)]
mod support;
