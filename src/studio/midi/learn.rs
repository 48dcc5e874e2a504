//! Binding controls to what they move.

use super::{Binding, Control, Midi, Target, bindings_text, pads};
use crate::engine::Request;
use crate::studio::ground::{Effect, Ground, Overlay};

impl Midi {
    /// Takes what the file had.
    pub fn receive_bindings(&mut self, bindings: Vec<Binding>, ground: &mut Ground) {
        self.bindings = bindings;
        self.send_pads(ground);
    }

    /// Binds `control` when something waits for one like it; false when nothing does.
    pub(super) fn learned(&mut self, control: Control, ground: &mut Ground) -> bool {
        let Some(target) = self.learning.filter(|target| target.takes(control)) else {
            return false;
        };
        self.learning = None;
        // A control does one thing; a thing has one control, but a lane any number of pads.
        self.bindings.retain(|binding| {
            let replaced = binding.target == target && !matches!(target, Target::Pad(_));
            binding.control != control && !replaced
        });
        self.bindings.push(Binding { target, control });
        ground.say(format!("{control} now moves {target}."));
        self.changed(ground);
        true
    }

    /// Has the target under the cursor wait for a control; twice is no more.
    pub fn learn_selected(&mut self, ground: &Ground) {
        let target = selected(ground);
        self.learning = if self.learning == target {
            None
        } else {
            target
        };
    }

    /// Removes what is bound to the target under the cursor.
    pub fn unbind_selected(&mut self, ground: &mut Ground) {
        let target = selected(ground);
        self.learning = None;
        let before = self.bindings.len();
        self.bindings
            .retain(|binding| Some(binding.target) != target);
        if self.bindings.len() < before {
            self.changed(ground);
        }
    }

    fn changed(&self, ground: &mut Ground) {
        ground.ask(Effect::KeepBindings(bindings_text(&self.bindings)));
        self.send_pads(ground);
    }

    fn send_pads(&self, ground: &mut Ground) {
        let pads = pads(ground.config.midi.pad_channel, &self.bindings);
        ground.send(Request::SetPads(pads));
    }
}

/// The target under the cursor of the list.
fn selected(ground: &Ground) -> Option<Target> {
    match ground.screen.overlay {
        Some(Overlay::Bindings { selected }) => Target::all().nth(selected),
        _ => None,
    }
}

/// The last line of the list.
pub fn last_line() -> usize {
    Target::all().count() - 1
}
