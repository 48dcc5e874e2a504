//! Slots that hold grooves, and the chain that plays them one after the other. It uses the ground
//! only. The slots belong to the scene, so that undo brings them back; which part of the chain sounds
//! belongs to the ground.

pub mod first_format;
mod typed;

use serde::{Deserialize, Serialize};

use super::ground::{Change, Ground, Origin, Overlay, SLOTS};
pub use typed::{fault, parse, text};

pub use super::ground::{Link, Slot};
use musicvae::music::Groove;

/// What a player can do with slots and the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    ShowChain,
    ToggleChain,
    SetChain(Vec<Link>),
    /// Keeps the groove (only the bars that loop) in the selected slot.
    StoreSlot,
    /// Makes the selected slot's groove the one that is played and edited.
    RecallSlot,
    ClearSlot,
}

/// The last line of the list.
pub const LAST_LINE: usize = SLOTS - 1;

/// The reason against `action` in one sentence, or `None` when it can be done.
pub fn reason_against(action: &Action, ground: &Ground) -> Option<String> {
    let slots = &ground.scene.slots;
    match action {
        Action::ShowChain => None,
        Action::ToggleChain => {
            let nothing = ground.chain.is_none() && slots.order().is_empty();
            nothing.then(|| "No slot holds a groove: store one first.".into())
        }
        Action::StoreSlot => {
            let silent = ground.groove().hits().next().is_none();
            silent.then(|| "The groove is silent.".into())
        }
        Action::RecallSlot | Action::ClearSlot => {
            let empty = selected(ground).is_none_or(|slot| slots.all[slot].is_none());
            empty.then(|| "The slot is empty.".into())
        }
        Action::SetChain(links) => {
            let kept = |link: &Link| slots.all.get(link.slot).cloned().flatten();
            let empty = links.iter().find(|link| kept(link).is_none());
            if let Some(empty) = empty {
                let slot = empty.slot + 1;
                return Some(format!("Slot {slot} is empty: store a groove there first."));
            }
            let lacks = |link: &Link| link.fill && kept(link).is_none_or(|it| it.fill.is_none());
            let can_fill = || ground.no_model().or_else(|| ground.fill_direction().err());
            links.iter().any(lacks).then(can_fill)?
        }
    }
}

pub fn apply(action: Action, ground: &mut Ground) {
    let selected = selected(ground).unwrap_or(0);
    match action {
        Action::ShowChain => {
            let selected = ground.sounding().map_or(0, |turn| turn.link.slot);
            ground.screen.overlay = Some(Overlay::Chain { selected });
        }
        Action::ToggleChain if ground.chain.is_some() => {
            // What sounds stays, as the groove on the grid.
            ground.undo.before(&ground.scene, Change::Single);
            ground.adopt_shown();
            ground.play_groove(ground.sound.takeover);
            ground.say("The chain is off; u brings back the groove from before it.");
        }
        Action::ToggleChain => {
            ground.forget_answers();
            ground.play_chain();
            let order = text(&ground.scene.slots.order());
            ground.say(match ground.transport.playing {
                true => format!("The chain plays: {order}."),
                false => format!("The chain is on: Space plays {order}."),
            });
        }
        Action::SetChain(links) => ground.change_slots(|slots| slots.links = links),
        Action::StoreSlot => {
            let (groove, name) = (looping_bars(ground), ground.groove_name());
            ground.put_into_slot(selected, Slot::new(groove, name));
        }
        Action::RecallSlot => {
            if let Some(slot) = ground.scene.slots.all[selected].clone() {
                ground.undo.before(&ground.scene, Change::Single);
                ground.forget_answers();
                ground.scene.groove = slot.groove.clone();
                ground.scene.origin = Origin::Slot(slot.name.clone());
                ground.cursor_inside();
                ground.play_groove(ground.sound.takeover);
            }
        }
        Action::ClearSlot => {
            ground.say(format!("Slot {} is empty; u undoes it.", selected + 1));
            ground.change_slots(|slots| {
                slots.all[selected] = None;
                slots.links.retain(|link| link.slot != selected);
            });
        }
    }
}

/// The slot under the cursor of the list.
fn selected(ground: &Ground) -> Option<usize> {
    match ground.screen.overlay {
        Some(Overlay::Chain { selected }) => Some(selected),
        _ => None,
    }
}

/// The bars of the groove that loop.
fn looping_bars(ground: &Ground) -> Groove {
    let mut groove = ground.groove().clone();
    if let (Some(bars), None) = (ground.sound.looped, &ground.chain) {
        let bar = groove.steps_per_bar().max(1);
        let all = groove.steps.len();
        let start = (bars.first * bar).min(all.saturating_sub(1) / bar * bar);
        let end = (start + bars.count * bar).min(all);
        groove.steps = groove.steps[start..end].to_vec();
    }
    groove
}
