//! (floor under construction)

pub mod kit;
