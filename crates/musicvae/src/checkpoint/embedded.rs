//! Checkpoints inside a program, which hands them in.

use std::fmt;

/// A checkpoint inside a program, with the log and attributes that would be beside its file.
/// Nothing is read before it is needed.
pub struct Embedded {
    /// What the catalogue calls it, and what stands for it where a file is asked for.
    pub name: &'static str,
    /// The file.
    pub bytes: &'static [u8],
    /// The log of the run that made it; empty where it is not kept.
    pub log: &'static str,
    /// Its attribute vectors, where it has some.
    pub attributes: Option<&'static str>,
}

impl Embedded {
    /// What messages call its file.
    pub(super) fn title(&self) -> String {
        format!("the checkpoint `{}` inside the program", self.name)
    }
}

/// Told apart by their names.
impl PartialEq for Embedded {
    fn eq(&self, other: &Embedded) -> bool {
        self.name == other.name
    }
}

impl Eq for Embedded {}

impl fmt::Debug for Embedded {
    /// The name: the bytes are many.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Embedded({})", self.name)
    }
}
