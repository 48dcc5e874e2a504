//! Playing the workstation from MIDI devices: controllers that move parameters, notes that start
//! and strike, pads that are recorded into the groove, and the external clock.

mod bindings;
mod file;

pub use bindings::{Binding, Control, Target};
pub use file::{file_path, read_bindings, write_bindings};

use super::qualities::DENSITY;
use super::{Action, Change, Config, Effect, Overlay, Studio, Takeover};
use crate::engine::{PadNote, Pads, Received, Sync, Tap};
use musicvae::music::{Hit, Lane};

/// What the studio knows of the devices that play it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Midi {
    pub bindings: Vec<Binding>,
    /// What the next control that is moved will be bound to.
    pub learning: Option<Target>,
    /// Strokes on pads become part of the groove.
    pub overdub: bool,
    /// An external clock is followed.
    pub follow: bool,
    /// A MIDI input was chosen.
    pub input_wanted: bool,
    /// Controllers as last seen: channel, number, value.
    seen: Vec<(u8, u8, u8)>,
    /// Controllers of which it was said that they wait to be picked up.
    waiting: Vec<Control>,
}

impl Midi {
    pub fn new(config: &Config) -> Midi {
        Midi {
            follow: config.midi.follow_clock,
            input_wanted: !config.midi.input.is_empty(),
            ..Midi::default()
        }
    }
}

/// A controller whose value is this near to what it moves has picked it up, in 1/127.
const PICKED_UP: f32 = 2.0;

/// From here on a controller that is a switch is on.
const SWITCHED_ON: u8 = 64;

impl Studio {
    pub(super) fn toggle_follow(&mut self) {
        self.midi.follow = !self.midi.follow;
        self.ask(Effect::Follow(self.midi.follow));
        if self.midi.follow {
            self.say("Following the MIDI clock that comes in.");
        } else {
            // The music goes on as fast as it went.
            self.ask(Effect::Tempo(self.sound.tempo));
            self.say(format!(
                "Playing at its own tempo, {:.1}.",
                self.sound.tempo
            ));
        }
    }

    pub(super) fn toggle_overdub(&mut self) {
        self.midi.overdub = !self.midi.overdub;
        self.ask(Effect::Overdub(self.midi.overdub));
        self.say(if self.midi.overdub {
            "Strokes on pads become part of the groove."
        } else {
            "Strokes on pads only sound."
        });
    }

    /// Takes what the file had.
    pub(super) fn receive_bindings(&mut self, bindings: Vec<Binding>) {
        self.midi.bindings = bindings;
        self.send_pads();
    }

    /// Takes what came in since the last time.
    pub(super) fn receive_midi(&mut self, received: Vec<Received>) {
        let mut tapped = false;
        for one in received {
            match one {
                Received::Note {
                    from,
                    velocity,
                    lane,
                    tap,
                } => {
                    if self.learned(Control::Note(from)) {
                        continue;
                    }
                    let bound = self.midi.bindings.iter().any(|binding| {
                        binding.control == Control::Note(from) && binding.target == Target::Play
                    });
                    if bound {
                        self.apply(Action::TogglePlay);
                    } else if let (true, Some(lane), Some(tap)) = (self.midi.overdub, lane, tap) {
                        tapped |= self.overdub(lane, velocity, tap);
                    }
                }
                Received::Controller {
                    channel,
                    number,
                    value,
                } => self.receive_controller(channel, number, value),
            }
        }
        if tapped {
            self.send_groove(Takeover::Now);
        }
    }

    fn overdub(&mut self, lane: Lane, velocity: u8, tap: Tap) -> bool {
        if !self.transport.playing || tap.step >= self.groove().steps.len() {
            return false;
        }
        // What is played within a turn of the loop is one step of undo.
        self.before_edit(Change::Overdub(self.transport.position.turn));
        self.scene.groove.steps[tap.step][lane.index()] = Some(Hit {
            velocity: f32::from(velocity) / 127.0,
            offset: tap.offset,
        });
        true
    }

    fn receive_controller(&mut self, channel: u8, number: u8, value: u8) {
        let control = Control::Controller { channel, number };
        let seen = &mut self.midi.seen;
        let before = match seen.iter_mut().find(|it| (it.0, it.1) == (channel, number)) {
            Some(it) => Some(std::mem::replace(&mut it.2, value)),
            None => {
                seen.push((channel, number, value));
                None
            }
        };
        if self.learned(control) {
            return;
        }
        let bound = |binding: &&Binding| binding.control == control;
        let Some(target) = self.midi.bindings.iter().find(bound).map(|it| it.target) else {
            return;
        };
        if target == Target::Play {
            if value >= SWITCHED_ON && before.is_none_or(|before| before < SWITCHED_ON) {
                self.apply(Action::TogglePlay);
            }
            return;
        }
        let Some(now) = self.value_of(target).map(|now| now * 127.0) else {
            return;
        };
        let (new, old) = (f32::from(value), before.map(f32::from));
        let near = |value: f32| (value - now).abs() <= PICKED_UP;
        let passes = old.is_some_and(|old| near(old) || (old < now) != (new < now));
        if self.config.midi.pickup && !near(new) && !passes {
            if !self.midi.waiting.contains(&control) {
                self.midi.waiting.push(control);
                let (range, way) = (
                    target.words(now / 127.0),
                    if new < now { "up" } else { "down" },
                );
                self.say(format!(
                    "Turn {control} {way} to pick up {target}, which is at {range}."
                ));
            }
            return;
        }
        self.midi.waiting.retain(|waiting| *waiting != control);
        self.set_from_control(target, new / 127.0);
    }

    /// Where a target is in its range, 0 to 1; `None` for one that has no range.
    fn value_of(&self, target: Target) -> Option<f32> {
        let value = match target {
            Target::Temperature => self.scene.temperature,
            Target::Slider => self.scene.slider,
            Target::Density => self.scene.amount(DENSITY),
            Target::Tempo => self.sound.tempo as f32,
            Target::Swing => self.sound.swing,
            Target::Timing => self.sound.timing,
            Target::Dynamics => self.sound.dynamics,
            Target::Level => self.sound.level,
            Target::Lane(lane) => self.lanes[lane.index()].level,
            Target::Play | Target::Pad(_) => return None,
        };
        let (low, high) = target.range();
        Some((value - low) / (high - low))
    }

    /// Sets what a controller moves; `share` is 0 to 1. Said by the screen, not in messages: a
    /// knob makes a hundred a second.
    fn set_from_control(&mut self, target: Target, share: f32) {
        let (low, high) = target.range();
        let value = ((low + share * (high - low)) * 1000.0).round() / 1000.0;
        let action = match target {
            Target::Temperature => Action::SetTemperature(value),
            Target::Slider => Action::SetSlider(value),
            Target::Density => Action::SetQuality(DENSITY.into(), value),
            Target::Tempo => Action::SetTempo(f64::from(value.round())),
            Target::Swing => {
                self.sound.swing = value;
                return self.ask(Effect::Swing(value));
            }
            Target::Timing => {
                self.sound.timing = value;
                return self.ask(Effect::Timing(value));
            }
            Target::Dynamics => {
                self.sound.dynamics = value;
                return self.ask(Effect::Dynamics(value));
            }
            Target::Level => {
                self.sound.level = value;
                return self.ask(Effect::Level(value));
            }
            Target::Lane(lane) => return self.set_lane_level(lane, value),
            Target::Play | Target::Pad(_) => return,
        };
        // Why it can't be done now is said once, not at every value.
        match self.reason_against(&action) {
            Some(reason)
                if self
                    .messages
                    .iter()
                    .next_back()
                    .is_some_and(|it| it.text == reason) => {}
            _ => self.apply(action),
        }
    }

    /// Binds `control` when something waits for one like it; false when nothing does.
    fn learned(&mut self, control: Control) -> bool {
        let Some(target) = self.midi.learning.filter(|target| target.takes(control)) else {
            return false;
        };
        self.midi.learning = None;
        // A control does one thing; a thing has one control, but a lane any number of pads.
        self.midi.bindings.retain(|binding| {
            let replaced = binding.target == target && !matches!(target, Target::Pad(_));
            binding.control != control && !replaced
        });
        self.midi.bindings.push(Binding { target, control });
        self.say(format!("{control} now moves {target}."));
        self.bindings_changed();
        true
    }

    /// Has the target in the list wait for a control; twice is no more.
    pub(super) fn learn_selected(&mut self, selected: usize) {
        let target = Target::all().nth(selected);
        self.midi.learning = if self.midi.learning == target {
            None
        } else {
            target
        };
    }

    /// Removes what is bound to the target in the list.
    pub(super) fn unbind_selected(&mut self) {
        let Some(Overlay::Bindings { selected }) = self.screen.overlay else {
            return;
        };
        self.midi.learning = None;
        let target = Target::all().nth(selected);
        let before = self.midi.bindings.len();
        self.midi
            .bindings
            .retain(|binding| Some(binding.target) != target);
        if self.midi.bindings.len() < before {
            self.bindings_changed();
        }
    }

    fn bindings_changed(&mut self) {
        self.ask(Effect::SaveBindings(self.midi.bindings.clone()));
        self.send_pads();
    }

    fn send_pads(&mut self) {
        let pads = pads(self.config.midi.pad_channel, &self.midi.bindings);
        self.ask(Effect::Pads(pads));
    }

    /// Tells the player when the external clock comes and goes.
    pub(super) fn receive_sync(&mut self, before: Sync, now: Sync) {
        if let Sync::Following(qpm) | Sync::Lost(qpm) = now {
            self.sound.tempo = ((qpm * 10.0).round() / 10.0).clamp(20.0, 300.0);
        }
        match (before, now) {
            (Sync::Lost(_), Sync::Lost(_)) => {}
            (_, Sync::Lost(qpm)) => self.complain(format!(
                "The MIDI clock is lost: playing on at {qpm:.1} without it."
            )),
            (Sync::Lost(_), Sync::Following(_)) => self.say("The MIDI clock is back."),
            _ => {}
        }
    }
}

/// What the engine has to know of the bindings. Channel 0 hears all.
pub fn pads(channel: u8, bindings: &[Binding]) -> Pads {
    let note = |binding: &Binding| match binding.control {
        Control::Note(note) => Some(note),
        Control::Controller { .. } => None,
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
