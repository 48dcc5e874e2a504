//! Every integration test, in one crate so that a change links one binary.

mod catalogue;
mod checkpoint;
mod converter;
mod corpus;
mod floors;
mod magenta;
mod oracle;
#[cfg(target_os = "linux")]
mod scarcity;
mod studio;
#[allow(dead_code)]
mod support;
mod tfrecord;
mod tui;
mod workbench;
