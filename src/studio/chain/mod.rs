//! Slots that hold grooves, and the chain that plays them one after the other. It uses the ground
//! only; what of the chain sounds is the ground's to know.

mod slots;
pub mod store;

use serde::{Deserialize, Serialize};

use super::ground::{Change, Effect, Ground, Origin, Overlay, Turn};
pub use slots::{Chain, SLOTS, parse, text};

pub use super::ground::{Link, Slot};
use crate::engine::{ChainLink, Request};
use musicvae::music::Groove;

/// What a player can do with slots and the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    ShowChain,
    ToggleChain,
    SetChain(Vec<Link>),
    /// Keeps the groove (those of its bars that go round) in the selected slot.
    StoreSlot,
    /// Makes the selected slot's groove the one that is played and edited.
    RecallSlot,
    ClearSlot,
}

impl Chain {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::ShowChain => None,
            Action::ToggleChain => {
                let nothing = ground.chain.is_none() && self.order().is_empty();
                nothing.then(|| "No slot holds a groove: store one first.".into())
            }
            Action::StoreSlot => {
                let silent = ground.groove().hits().next().is_none();
                silent.then(|| "The groove is silent.".into())
            }
            Action::RecallSlot | Action::ClearSlot => {
                let empty = selected(ground).is_none_or(|slot| self.slots[slot].is_none());
                empty.then(|| "The slot is empty.".into())
            }
            Action::SetChain(links) => {
                let empty = links
                    .iter()
                    .find(|link| self.slots.get(link.slot).is_none_or(Option::is_none))?;
                let slot = empty.slot + 1;
                Some(format!("Slot {slot} is empty: store a groove there first."))
            }
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        let selected = selected(ground).unwrap_or(0);
        match action {
            Action::ShowChain => {
                let selected = ground.sounding().map_or(0, |turn| turn.link.slot);
                ground.screen.overlay = Some(Overlay::Chain { selected });
            }
            Action::ToggleChain if ground.chain.is_some() => {
                // What sounds stays, as the groove on the grid.
                ground.adopt_shown();
                ground.play_groove(ground.sound.takeover);
                ground.say("The chain is off.");
            }
            Action::ToggleChain => {
                ground.forget_answers();
                self.play(ground);
                let order = text(&self.order());
                ground.say(format!("The chain plays: {order}."));
            }
            Action::SetChain(links) => {
                self.links = links;
                self.changed(ground);
            }
            Action::StoreSlot => {
                let (groove, name) = (looping_bars(ground), ground.groove_name());
                ground.say(format!("Slot {} holds {name}.", selected + 1));
                self.slots[selected] = Some(Slot { groove, name });
                self.changed(ground);
            }
            Action::RecallSlot => {
                if let Some(slot) = self.slots[selected].clone() {
                    ground.history.before(&ground.scene, Change::Single);
                    ground.forget_answers();
                    ground.scene.groove = slot.groove;
                    ground.scene.origin = Origin::Slot(slot.name);
                    ground.cursor_inside();
                    ground.play_groove(ground.sound.takeover);
                }
            }
            Action::ClearSlot => {
                self.slots[selected] = None;
                self.links.retain(|link| link.slot != selected);
                self.changed(ground);
            }
        }
    }

    /// The engine and the disk get the chain as it is now.
    fn changed(&self, ground: &mut Ground) {
        if ground.chain.is_some() {
            if self.order().is_empty() {
                ground.play_groove(ground.sound.takeover);
            } else {
                self.play(ground);
            }
        }
        ground.ask(Effect::KeepChain(store::encode(self)));
    }

    fn play(&self, ground: &mut Ground) {
        let turn = |link: Link| {
            let kept = self.slots[link.slot].clone()?;
            Some(Turn { link, kept })
        };
        let turns: Vec<Turn> = self.order().into_iter().filter_map(turn).collect();
        let link = |turn: &Turn| ChainLink {
            groove: turn.kept.groove.clone(),
            repeats: turn.link.repeats,
        };
        let links = turns.iter().map(link).collect();
        ground.chain = Some(turns);
        let takeover = ground.sound.takeover;
        ground.send(Request::SetChain { links, takeover });
    }
}

/// The slot under the cursor of the list.
fn selected(ground: &Ground) -> Option<usize> {
    match ground.screen.overlay {
        Some(Overlay::Chain { selected }) => Some(selected),
        _ => None,
    }
}

/// The bars of the groove that go round.
fn looping_bars(ground: &Ground) -> Groove {
    let mut groove = ground.groove().clone();
    if let (Some(bars), None) = (ground.sound.looped, &ground.chain) {
        let bar = groove.meter.steps_per_bar().max(1);
        let all = groove.steps.len();
        let start = (bars.first * bar).min(all.saturating_sub(1) / bar * bar);
        let end = (start + bars.count * bar).min(all);
        groove.steps = groove.steps[start..end].to_vec();
    }
    groove
}
