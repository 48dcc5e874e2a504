//! Grooves that are kept in slots and played in turn.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::ChainLink;
use crate::engine::range::TEMPO;
use musicvae::music::{Groove, LANES, Lane};

/// Grooves that can be kept.
pub const SLOTS: usize = 8;

/// A groove that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    pub groove: Groove,
    pub name: String,
    /// The bar that it ends with where it is to end with a fill, once the model has played one.
    pub fill: Option<Groove>,
}

impl Slot {
    pub fn new(groove: Groove, name: String) -> Slot {
        let fill = None;
        Slot { groove, name, fill }
    }
}

/// A part of the chain: a slot, and how it is played there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// From 0 on.
    pub slot: usize,
    /// How many turns it plays.
    pub repeats: u32,
    /// The lanes that are silent.
    #[serde(default)]
    pub mutes: [bool; LANES],
    /// Quarter notes a minute; `None` for the player's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tempo: Option<f64>,
    /// Its very last bar is a fill.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fill: bool,
}

impl Link {
    /// A slot that plays once, as it is.
    pub fn once(slot: usize) -> Link {
        Link {
            slot,
            repeats: 1,
            mutes: [false; LANES],
            tempo: None,
            fill: false,
        }
    }

    /// With its tempo in the range of tempos.
    pub fn in_range(self) -> Link {
        Link {
            tempo: self.tempo.map(|tempo| TEMPO.nearest(tempo)),
            ..self
        }
    }
}

/// A link of the chain that plays, with what its slot held then.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    pub link: Link,
    pub kept: Arc<Slot>,
    /// The groove in its last turn, where that ends with a fill.
    last: Option<Groove>,
}

impl Turn {
    pub fn new(link: Link, kept: Arc<Slot>) -> Turn {
        let fill = kept.fill.as_ref().filter(|_| link.fill);
        let last = fill.map(|fill| {
            let mut groove = kept.groove.clone();
            let bar = groove.steps_per_bar().max(1);
            let first = groove.bars().saturating_sub(1) * bar;
            for (cells, filled) in groove.steps.iter_mut().skip(first).zip(&fill.steps) {
                *cells = *filled;
            }
            groove
        });
        Turn { link, kept, last }
    }

    /// What is heard in one of its turns, from 0 on.
    pub fn heard_in(&self, turn: u64) -> &Groove {
        let is_last = turn + 1 >= u64::from(self.link.repeats);
        let last = self.last.as_ref().filter(|_| is_last);
        last.unwrap_or(&self.kept.groove)
    }

    /// What the engine is given for it.
    pub fn part(&self) -> ChainLink {
        let fill = self.kept.fill.as_ref().filter(|_| self.link.fill);
        ChainLink {
            groove: self.muted(&self.kept.groove),
            repeats: self.link.repeats,
            ending: fill.map(|fill| self.muted(fill)),
            tempo: self.link.tempo,
        }
    }

    /// Without the strokes of lanes that are silent in it.
    fn muted(&self, groove: &Groove) -> Groove {
        let mut groove = groove.clone();
        for cells in &mut groove.steps {
            for (cell, muted) in cells.iter_mut().zip(self.link.mutes) {
                *cell = cell.filter(|_| !muted);
            }
        }
        groove
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
        let links: Vec<Link> = match self.links.is_empty() {
            true => (0..SLOTS).map(Link::once).collect(),
            false => self.links.clone(),
        };
        let filled = |link: &Link| self.all[link.slot].is_some();
        links.into_iter().filter(filled).collect()
    }
}
