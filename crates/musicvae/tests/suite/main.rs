//! Every integration test of the library, in one crate so that a change links one binary.

mod cases;
mod checkpoint;
mod converter;
mod converters;
mod corpus;
mod dataset;
mod evaluation;
mod family;
mod family_shapes;
mod fetch;
mod groove;
mod magenta;
mod midi_file;
mod midi_write;
mod model;
mod mutations;
mod naive;
mod oracle;
mod reading;
mod scarcity;
mod smf;
#[allow(dead_code)]
mod support;
mod tfrecord;
mod trainer;
mod training;
