//! Grooves that are kept in slots and played in turn.

use serde::{Deserialize, Serialize};

use musicvae::music::Groove;

/// A groove that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    pub groove: Groove,
    pub name: String,
}

/// A slot (from 0 on) and how many turns it plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub slot: usize,
    pub repeats: u32,
}

/// A link of the chain that plays, with the groove that the engine was given for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    pub link: Link,
    pub kept: Slot,
}
