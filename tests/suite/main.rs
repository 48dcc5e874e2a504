//! Every integration test, in one crate so that a change links one binary.

mod floors;
