//! Slots that hold grooves, and the chain that plays them one after the other.

pub mod store;

use serde::{Deserialize, Serialize};

use super::{Action, Change, Effect, Origin, Overlay, Studio};
use musicvae::music::Groove;

/// Grooves that can be kept.
pub const SLOTS: usize = 8;

/// Most links of a chain, and most turns of one.
const LINKS: usize = 64;
const REPEATS: u32 = 99;

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

/// The slots and their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    pub slots: [Option<Slot>; SLOTS],
    /// As it was typed; without any, every slot that holds a groove plays once.
    pub links: Vec<Link>,
    /// What the engine was given, while the chain is on.
    pub playing: Option<Vec<Link>>,
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

    /// The slot that sounds, when the engine is at `link`.
    pub fn sounding(&self, link: Option<usize>) -> Option<(usize, &Slot)> {
        let link = self.playing.as_ref()?.get(link?)?;
        Some((link.slot, self.slots[link.slot].as_ref()?))
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

impl Studio {
    pub(super) fn apply_chain(&mut self, action: Action) {
        let selected = match &self.screen.overlay {
            Some(Overlay::Chain { selected }) => *selected,
            _ => 0,
        };
        match action {
            Action::ShowChain => {
                let sounding = self.chain.sounding(self.transport.chain_link);
                let selected = sounding.map_or(0, |(slot, _)| slot);
                self.screen.overlay = Some(Overlay::Chain { selected });
            }
            Action::ToggleChain if self.chain.playing.is_some() => {
                // What sounds stays, as the groove on the grid.
                self.adopt_shown();
                self.send_groove(self.sound.takeover);
                self.say("The chain is off.");
            }
            Action::ToggleChain => {
                self.forget_answers();
                self.play_chain();
                let order = text(&self.chain.order());
                self.say(format!("The chain plays: {order}."));
            }
            Action::SetChain(links) => {
                self.chain.links = links;
                self.chain_changed();
            }
            Action::StoreSlot => {
                let (groove, name) = (self.looping_bars(), self.groove_name());
                self.say(format!("Slot {} holds {name}.", selected + 1));
                self.chain.slots[selected] = Some(Slot { groove, name });
                self.chain_changed();
            }
            Action::RecallSlot => {
                if let Some(slot) = self.chain.slots[selected].clone() {
                    self.history.before(&self.scene, Change::Single);
                    self.forget_answers();
                    self.scene.groove = slot.groove;
                    self.scene.origin = Origin::Slot(slot.name);
                    self.cursor_inside();
                    self.send_groove(self.sound.takeover);
                }
            }
            Action::ClearSlot => {
                self.chain.slots[selected] = None;
                self.chain.links.retain(|link| link.slot != selected);
                self.chain_changed();
            }
            _ => {}
        }
    }

    /// The engine and the disk get the chain as it is now.
    fn chain_changed(&mut self) {
        if self.chain.playing.is_some() {
            if self.chain.order().is_empty() {
                self.adopt_shown();
                self.send_groove(self.sound.takeover);
            } else {
                self.play_chain();
            }
        }
        self.ask(Effect::KeepChain(store::encode(&self.chain)));
    }

    fn play_chain(&mut self) {
        let order = self.chain.order();
        let groove = |link: &Link| {
            let groove = self.chain.slots[link.slot].as_ref()?.groove.clone();
            Some((groove, link.repeats))
        };
        let links = order.iter().filter_map(groove).collect();
        self.chain.playing = Some(order);
        let takeover = self.sound.takeover;
        self.ask(Effect::Chain { links, takeover });
    }

    /// Makes what is shown the groove that is edited, where that is a slot of the chain.
    /// `true` when it was; the engine is then still to be told.
    pub(super) fn adopt_shown(&mut self) -> bool {
        let sounding = self.chain.sounding(self.transport.chain_link);
        let Some((_, slot)) = sounding else {
            return false;
        };
        self.scene.groove = slot.groove.clone();
        self.scene.origin = Origin::Slot(slot.name.clone());
        self.chain.playing = None;
        true
    }

    /// The bars of the groove that go round.
    fn looping_bars(&self) -> Groove {
        let mut groove = self.groove().clone();
        if let (Some(bars), None) = (self.sound.looped, &self.chain.playing) {
            let bar = groove.meter.steps_per_bar().max(1);
            let all = groove.steps.len();
            let start = (bars.first * bar).min(all.saturating_sub(1) / bar * bar);
            let end = (start + bars.count * bar).min(all);
            groove.steps = groove.steps[start..end].to_vec();
        }
        groove
    }

    /// What the groove is called, in a word or two.
    pub fn groove_name(&self) -> String {
        if let Some((_, slot)) = self.chain.sounding(self.transport.chain_link) {
            return slot.name.clone();
        }
        let scene = &self.scene;
        match &scene.origin {
            Origin::Silence => "silence".into(),
            Origin::Edited => "edited".into(),
            Origin::Reworked(rework) => rework.done().into(),
            Origin::Kept(end) => scene.anchor(*end).name.clone(),
            Origin::Slot(name) => name.clone(),
            Origin::Slider if scene.slider > 0.0 && scene.slider < 1.0 => {
                format!("blend {:.0}", scene.slider * 100.0)
            }
            Origin::Slider => scene.anchor(scene.nearer_end()).name.clone(),
        }
    }

    /// What stands in the way of an action on the slots, in one sentence.
    pub(super) fn reason_against_chain(&self, action: &Action) -> Option<String> {
        let selected = match &self.screen.overlay {
            Some(Overlay::Chain { selected }) => Some(*selected),
            _ => None,
        };
        match action {
            Action::ToggleChain => {
                let nothing = self.chain.playing.is_none() && self.chain.order().is_empty();
                nothing.then(|| "No slot holds a groove: store one first.".into())
            }
            Action::StoreSlot => {
                let silent = self.groove().hits().next().is_none();
                silent.then(|| "The groove is silent.".into())
            }
            Action::RecallSlot | Action::ClearSlot => {
                let empty = selected.is_none_or(|slot| self.chain.slots[slot].is_none());
                empty.then(|| "The slot is empty.".into())
            }
            Action::SetChain(links) => {
                let empty = links
                    .iter()
                    .find(|link| self.chain.slots.get(link.slot).is_none_or(Option::is_none))?;
                let slot = empty.slot + 1;
                Some(format!("Slot {slot} is empty: store a groove there first."))
            }
            _ => None,
        }
    }
}
