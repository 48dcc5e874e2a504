//! The slots and their order.

use crate::studio::ground::{Link, Slot};

/// Grooves that can be kept.
pub const SLOTS: usize = 8;

/// Most links of a chain, and most turns of one.
const LINKS: usize = 64;
const REPEATS: u32 = 99;

/// The slots and their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    pub slots: [Option<Slot>; SLOTS],
    /// As it was typed; without any, every slot that holds a groove plays once.
    pub links: Vec<Link>,
}

impl Chain {
    /// The links that can be played.
    pub fn order(&self) -> Vec<Link> {
        let all = (0..SLOTS).map(|slot| Link { slot, repeats: 1 });
        let links: Vec<Link> = if self.links.is_empty() {
            all.collect()
        } else {
            self.links.clone()
        };
        let filled = |link: &Link| self.slots[link.slot].is_some();
        links.into_iter().filter(filled).collect()
    }
}

/// `1x2 2 3x4` for a chain.
pub fn text(links: &[Link]) -> String {
    let words = links.iter().map(|link| match link.repeats {
        1 => format!("{}", link.slot + 1),
        many => format!("{}x{many}", link.slot + 1),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The reverse of [`text`]; `None` when it is no chain.
pub fn parse(text: &str) -> Option<Vec<Link>> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let link = |word: &str| {
        let (slot, repeats) = word.split_once(['x', 'X', '*']).unwrap_or((word, "1"));
        let slot = slot.parse::<usize>().ok()?.checked_sub(1)?;
        let repeats = repeats.parse().ok()?;
        let valid = slot < SLOTS && (1..=REPEATS).contains(&repeats);
        valid.then_some(Link { slot, repeats })
    };
    let links: Vec<Link> = words.map(link).collect::<Option<_>>()?;
    (links.len() <= LINKS).then_some(links)
}
