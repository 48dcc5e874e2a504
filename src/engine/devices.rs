//! What a machine has to be opened.

/// A list of devices; when it is empty, `reason` says why in one sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices<T> {
    pub found: Vec<T>,
    pub reason: Option<String>,
}
