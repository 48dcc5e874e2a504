//! What controls are bound to, and learning more.

use super::file::bindings_text;
use super::targets::{Binding, Control, Target};
use crate::engine::{PadNote, Pads, Request};
use crate::studio::ground::{Effect, Ground, Overlay};
use musicvae::music::Lane;
use musicvae::music::midi_file::Controller;

/// What is bound, and what waits for a control.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bindings {
    pub list: Vec<Binding>,
    /// What the next control that is moved will be bound to.
    pub learning: Option<Target>,
}

impl Bindings {
    /// Takes what the file had.
    pub fn receive(&mut self, list: Vec<Binding>, ground: &mut Ground) {
        self.list = list;
        self.send_pads(ground);
    }

    /// What a control is bound to.
    pub fn of(&self, control: Control) -> Option<Target> {
        let bound = |binding: &&Binding| binding.control == control;
        self.list.iter().find(bound).map(|binding| binding.target)
    }

    /// The controller that moves a setting: the one that is bound to it, or its own, unless that is bound
    /// to something else. `None` for what is no setting.
    pub fn controller_of(&self, target: Target) -> Option<Controller> {
        let own = target.own_controller()?;
        let is_free = self.of(Control::Controller(own)).is_none();
        let bound = self.list.iter().find_map(|binding| match binding.control {
            Control::Controller(controller) if binding.target == target => Some(controller),
            _ => None,
        });
        bound.or(is_free.then_some(own))
    }

    /// The setting that has this controller as its own, while no other one is bound to it.
    pub fn with_own(&self, controller: Controller) -> Option<Target> {
        Target::all().find(|target| {
            target.own_controller() == Some(controller)
                && self.controller_of(*target) == Some(controller)
        })
    }

    /// Binds `control` when something waits for one like it; false when nothing does.
    pub fn learned(&mut self, control: Control, ground: &mut Ground) -> bool {
        let Some(target) = self.learning.filter(|target| target.takes(control)) else {
            return false;
        };
        self.learning = None;
        // A control does one thing; a thing has one control, but a lane any number of pads.
        self.list.retain(|binding| {
            let replaced = binding.target == target && !matches!(target, Target::Pad(_));
            binding.control != control && !replaced
        });
        self.list.push(Binding { target, control });
        ground.say(format!("{control} now moves {target}."));
        self.changed(ground);
        true
    }

    /// Makes the target under the cursor wait for a control; twice cancels that.
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
        let before = self.list.len();
        self.list.retain(|binding| Some(binding.target) != target);
        if self.list.len() < before {
            self.changed(ground);
        }
    }

    fn changed(&self, ground: &mut Ground) {
        ground.ask(Effect::KeepBindings(bindings_text(&self.list)));
        self.send_pads(ground);
    }

    fn send_pads(&self, ground: &mut Ground) {
        let pads = pads(ground.config.midi.pad_channel, &self.list);
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

/// What the engine has to know of the bindings. Channel 0 hears all.
pub fn pads(channel: u8, bindings: &[Binding]) -> Pads {
    let note = |binding: &Binding| match binding.control {
        Control::Note(note) => Some(note),
        Control::Controller(_) => None,
    };
    let taught = bindings.iter().filter_map(|binding| match binding.target {
        Target::Pad(lane) => Some((note(binding)?, lane)),
        _ => None,
    });
    let silent = bindings
        .iter()
        .filter(|binding| binding.target == Target::Play);
    Pads {
        channel: (channel > 0).then_some(channel),
        taught: taught.collect::<Vec<(PadNote, Lane)>>(),
        silent: silent.filter_map(note).collect(),
    }
}
