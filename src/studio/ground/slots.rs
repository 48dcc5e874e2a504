//! Grooves that are kept in slots and played in turn.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::ChainLink;
use musicvae::music::{Groove, LANES, Lane};

/// Grooves that can be kept.
pub const SLOTS: usize = 8;

/// A groove that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    pub groove: Groove,
    pub name: String,
}

/// A slot (from 0 on), how many turns it plays, and which of its lanes are silent in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub slot: usize,
    pub repeats: u32,
    #[serde(default)]
    pub mutes: [bool; LANES],
}

/// A link of the chain that plays, with what its slot held then.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    pub link: Link,
    pub kept: Arc<Slot>,
}

impl Turn {
    /// What the engine is given for it.
    pub fn part(&self) -> ChainLink {
        let Link { repeats, mutes, .. } = self.link;
        let mut groove = self.kept.groove.clone();
        for step in &mut groove.steps {
            for (lane, _) in mutes.iter().enumerate().filter(|(_, mute)| **mute) {
                step[lane] = None;
            }
        }
        ChainLink { groove, repeats }
    }

    /// Whether a lane is silent in it.
    pub fn mutes(&self, lane: Lane) -> bool {
        self.link.mutes[lane.index()]
    }
}

/// The slots and their order. Undo brings them back with the rest of the scene, and most scenes
/// share them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots {
    pub all: [Option<Arc<Slot>>; SLOTS],
    /// The chain as it was typed; without any, every slot that holds a groove plays once.
    pub links: Vec<Link>,
}

impl Slots {
    /// The links that can be played.
    pub fn order(&self) -> Vec<Link> {
        let all = (0..SLOTS).map(|slot| Link {
            slot,
            repeats: 1,
            mutes: [false; LANES],
        });
        let links: Vec<Link> = if self.links.is_empty() {
            all.collect()
        } else {
            self.links.clone()
        };
        let filled = |link: &Link| self.all[link.slot].is_some();
        links.into_iter().filter(filled).collect()
    }
}
