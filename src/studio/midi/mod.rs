//! Playing the workstation from MIDI devices: controllers that move settings, notes that start and
//! stop, pads that are recorded into the groove, and the external clock. It uses the ground only.
//! If a control moves something of another feature, that comes back as [`Moved`].

mod bindings;
mod file;
mod movements;
mod targets;

use serde::{Deserialize, Serialize};

pub use bindings::{Bindings, last_line, pads};
pub use file::{bindings_text, file_path, read_bindings, write_bindings};
pub use targets::{Binding, Control, Target};

use super::ground::quality::DENSITY;
use super::ground::{Change, Config, Ground, Overlay};
use crate::engine::range::TEMPO;
use crate::engine::{Command, LinkState, Received, Setup, Sync, Tap};
use musicvae::music::midi_file::Controller;
use musicvae::music::{Hit, Lane};

/// What a player can do with MIDI devices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Whether the MIDI clock that comes in is followed.
    ToggleFollow,
    /// Whether to take part in the Link session that a Carabiner is in.
    ToggleLink,
    /// Whether strokes on pads become part of the groove.
    ToggleOverdub,
    /// What is bound to which control, and learning another.
    ShowBindings,
}

/// What the studio knows about the devices that play it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Midi {
    pub bindings: Bindings,
    /// Pads are recorded into the groove.
    pub overdub: bool,
    /// An external clock is followed.
    pub follow: bool,
    /// It is a Link session's.
    pub link: bool,
    /// Controllers as last seen, and their values.
    seen: Vec<(Controller, u8)>,
    /// Controllers of which it was said that they wait to be picked up.
    waiting: Vec<Control>,
    /// What the recording that is made was told of settings.
    recorded: Vec<(Controller, u8)>,
}

/// What came in from a device has done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moved {
    Nothing,
    /// The groove has a stroke more; the engine is still to be told.
    Groove,
    /// Insert mode has a stroke for the cursor's step, of this velocity.
    Step(Lane, u8),
    /// Play and stop.
    Transport,
    /// A setting is to have this value, within [`Target::range`].
    Setting(Target, f32),
}

/// A controller whose value is this near to what it moves has picked it up, in 1/127.
const PICKED_UP: f32 = 2.0;

/// From here on a controller that is a switch is on.
const SWITCHED_ON: u8 = 64;

impl Midi {
    pub fn new(config: &Config) -> Midi {
        Midi {
            follow: config.midi.follow_clock,
            link: config.midi.link,
            ..Midi::default()
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::ToggleFollow => self.toggle_follow(ground),
            Action::ToggleLink => self.toggle_link(ground),
            Action::ToggleOverdub => {
                self.overdub = !self.overdub;
                ground.send(Command::Overdub(self.overdub));
                ground.say(if self.overdub {
                    "Pads are recorded into the groove."
                } else {
                    "Pads are heard, not recorded."
                });
            }
            Action::ShowBindings => {
                ground.screen.overlay = Some(Overlay::Bindings { selected: 0 });
            }
        }
    }

    fn toggle_follow(&mut self, ground: &mut Ground) {
        self.follow = !self.follow;
        if std::mem::take(&mut self.link) {
            ground.send(Setup::CloseLink);
        }
        self.say_clock(ground, "Following the incoming MIDI clock.");
    }

    fn toggle_link(&mut self, ground: &mut Ground) {
        self.link = !self.link;
        ground.send(match self.link {
            true => Setup::OpenLink(ground.config.midi.carabiner.clone()),
            false => Setup::CloseLink,
        });
        self.say_clock(
            ground,
            match self.link {
                true => "Joining the Link session of the Carabiner on this machine.",
                false => "Following the incoming MIDI clock.",
            },
        );
    }

    /// Follows a clock, or none, and says so.
    fn say_clock(&self, ground: &mut Ground, following: &str) {
        let follows = self.follow || self.link;
        ground.send(Command::FollowClock(follows));
        if follows {
            ground.say(following);
        } else {
            // The music goes on as fast as it went.
            let tempo = ground.sound.tempo;
            ground.send(Command::SetTempo(tempo));
            ground.say(format!("Playing at our own tempo, {tempo:.1}."));
        }
    }

    /// Takes something that came in; in insert mode all strokes become part of the groove.
    pub fn receive(&mut self, received: Received, inserting: bool, ground: &mut Ground) -> Moved {
        match received {
            Received::Key {
                lane,
                velocity,
                tap,
            } => match tap.filter(|_| inserting) {
                Some(tap) => overdub(lane, velocity, tap, ground),
                None => Moved::Nothing,
            },
            Received::Note {
                from,
                velocity,
                lane,
                tap,
            } => {
                if self.bindings.learned(Control::Note(from), ground) {
                    return Moved::Nothing;
                }
                let plays = self.bindings.of(Control::Note(from)) == Some(Target::Play);
                match (lane, tap) {
                    _ if plays => Moved::Transport,
                    (Some(lane), Some(tap)) if self.overdub || inserting => {
                        overdub(lane, velocity, tap, ground)
                    }
                    (Some(lane), None) if inserting && !ground.transport.playing => {
                        Moved::Step(lane, velocity)
                    }
                    _ => Moved::Nothing,
                }
            }
            Received::Controller {
                channel,
                number,
                value,
            } => self.receive_controller(Controller { channel, number }, value, ground),
        }
    }

    fn receive_controller(
        &mut self,
        controller: Controller,
        value: u8,
        ground: &mut Ground,
    ) -> Moved {
        let control = Control::Controller(controller);
        let mut seen = self.seen.iter_mut();
        let before = match seen.find(|it| it.0 == controller) {
            Some(it) => Some(std::mem::replace(&mut it.1, value)),
            None => {
                self.seen.push((controller, value));
                None
            }
        };
        if self.bindings.learned(control, ground) {
            return Moved::Nothing;
        }
        let bound = self.bindings.of(control);
        let Some(target) = bound.or_else(|| self.bindings.with_own(controller)) else {
            return Moved::Nothing;
        };
        if target == Target::Play {
            let pressed = value >= SWITCHED_ON && before.is_none_or(|it| it < SWITCHED_ON);
            return if pressed {
                Moved::Transport
            } else {
                Moved::Nothing
            };
        }
        let Some(now) = value_of(target, ground).map(|now| now * 127.0) else {
            return Moved::Nothing;
        };
        let (new, old) = (f32::from(value), before.map(f32::from));
        let near = |value: f32| (value - now).abs() <= PICKED_UP;
        let passes = old.is_some_and(|old| near(old) || (old < now) != (new < now));
        // By its own controller no knob moves a setting, but a file that is played back.
        let is_knob = bound.is_some();
        if is_knob && ground.config.midi.pickup && !near(new) && !passes {
            if !self.waiting.contains(&control) {
                self.waiting.push(control);
                let (range, way) = (
                    target.words(now / 127.0),
                    if new < now { "up" } else { "down" },
                );
                ground.say(format!(
                    "Turn {control} {way} to pick up {target}, which is at {range}."
                ));
            }
            return Moved::Nothing;
        }
        self.waiting.retain(|waiting| *waiting != control);
        let (low, high) = target.range();
        let value = low + new / 127.0 * (high - low);
        Moved::Setting(target, (value * 1000.0).round() / 1000.0)
    }

    /// Says when the external clock comes and goes, and takes its tempo.
    pub fn hear(&self, sync: Sync, link: &LinkState, ground: &mut Ground) {
        if let (LinkState::Broken(reason), true) = (link, *link != ground.transport.link) {
            ground.complain(reason.clone());
        }
        let clock = if self.link {
            "Link session"
        } else {
            "MIDI clock"
        };
        if let Sync::Following(qpm) | Sync::Lost(qpm) = sync {
            ground.sound.tempo = TEMPO.nearest((qpm * 10.0).round() / 10.0);
        }
        match (ground.transport.sync, sync) {
            (Sync::Lost(_), Sync::Lost(_)) => {}
            (_, Sync::Lost(qpm)) => ground.complain(format!(
                "The {clock} is lost: the music plays on at {qpm:.1}."
            )),
            (Sync::Lost(_), Sync::Following(_)) => {
                ground.say(format!("The {clock} is back."));
            }
            _ => {}
        }
    }
}

fn overdub(lane: Lane, velocity: u8, tap: Tap, ground: &mut Ground) -> Moved {
    if !ground.transport.playing || tap.step >= ground.groove().steps.len() {
        return Moved::Nothing;
    }
    // What is played within a turn of the loop is one step of undo.
    ground.before_edit(Change::Overdub(ground.transport.position.turn));
    let place = ground.place_of(lane, tap.step);
    if let Some(step) = ground.scene.groove.steps.get_mut(place) {
        step[lane.index()] = Some(Hit::new(f32::from(velocity) / 127.0, tap.offset));
    }
    Moved::Groove
}

/// Where a target is in its range, 0 to 1; `None` for one that has no range.
fn value_of(target: Target, ground: &Ground) -> Option<f32> {
    let (scene, sound) = (&ground.scene, &ground.sound);
    let value = match target {
        Target::Temperature => scene.temperature,
        Target::Slider => scene.slider,
        Target::PadY => scene.pad_y,
        Target::Density => scene.amount(DENSITY),
        Target::Tempo => sound.tempo as f32,
        Target::Swing => sound.swing,
        Target::Timing => sound.timing,
        Target::Dynamics => sound.dynamics,
        Target::Level => sound.level,
        Target::Lane(lane) => ground.lanes[lane.index()].level,
        Target::Play | Target::Pad(_) => return None,
    };
    let (low, high) = target.range();
    Some((value - low) / (high - low))
}
