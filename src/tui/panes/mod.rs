//! The panes.

pub mod checkpoints;
pub mod grid;
pub mod loss;
pub mod slider;
