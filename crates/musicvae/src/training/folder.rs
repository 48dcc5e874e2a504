//! The files of a run's folder.

/// The newest weights, with what the optimizer needs to go on.
pub const LATEST: &str = "latest.safetensors";

/// The weights that were best on the validation split.
pub const BEST: &str = "best.safetensors";

/// Losses by step: a [`Log`](super::Log).
pub const LOG: &str = "log.csv";
