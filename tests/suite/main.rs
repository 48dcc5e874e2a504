//! Every integration test, in one crate so that a change links one binary.

mod catalogue;
mod checkpoint;
mod floors;
mod magenta;
#[cfg(target_os = "linux")]
mod scarcity;
#[allow(dead_code)]
mod support;
