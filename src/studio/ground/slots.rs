//! Grooves that are kept in slots and played in turn.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use musicvae::music::Groove;

/// Grooves that can be kept.
pub const SLOTS: usize = 8;

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
    pub kept: Arc<Slot>,
}

/// The slots and their order. Undo brings them back with the rest of the scene, and most scenes have
/// them in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots {
    pub all: [Option<Arc<Slot>>; SLOTS],
    /// The chain as it was typed; without any, every slot that holds a groove plays once.
    pub links: Vec<Link>,
}

impl Slots {
    /// The links that can be played.
    pub fn order(&self) -> Vec<Link> {
        let all = (0..SLOTS).map(|slot| Link { slot, repeats: 1 });
        let links: Vec<Link> = if self.links.is_empty() {
            all.collect()
        } else {
            self.links.clone()
        };
        let filled = |link: &Link| self.all[link.slot].is_some();
        links.into_iter().filter(filled).collect()
    }
}
