//! Watching the MIDI port: opened, lost and found again by its name.

use std::time::{Duration, Instant};

use super::Control;
use crate::engine::MidiState;
use crate::engine::midi_out::{Health, MidiCommand};

/// Time between two looks at the MIDI ports.
const PORTS_TICK: Duration = Duration::from_secs(1);

impl Control {
    pub(super) fn watch_midi(&mut self) {
        let health = self.midi.check();
        if health != Health::Well {
            self.state.midi_open = None;
            self.state.ports_seen = Instant::now();
            if health == Health::Blocked {
                self.state.midi_blocked = self.state.midi_wanted.clone();
            }
            let name = self.state.midi_wanted.clone().unwrap_or_default();
            self.say_off(match health {
                Health::Blocked => format!(
                    "MIDI port \"{name}\" takes nothing any more; it is opened again when it does."
                ),
                Health::Died => {
                    format!("MIDI broke down at port \"{name}\"; the port is opened again.")
                }
                Health::Lost | Health::Well => went_away(&name),
            });
        }
        if self.state.midi_wanted.is_none() || self.state.ports_seen.elapsed() < PORTS_TICK {
            return;
        }
        self.state.ports_seen = Instant::now();
        match &self.state.midi_open {
            // A port that blocks blocks whoever opens it once more.
            None if self.state.midi_blocked == self.state.midi_wanted && self.midi.is_stuck() => (),
            None => self.open_midi(),
            Some(open) => {
                if !self.state.ports.has(open) {
                    self.state.midi_open = None;
                    self.midi.send(MidiCommand::Close);
                    let name = self.state.midi_wanted.clone().unwrap_or_default();
                    self.say_off(went_away(&name));
                }
            }
        }
    }

    fn say_off(&self, reason: String) {
        if self.state.midi_wanted.is_some() {
            self.say_midi(MidiState::Off { reason });
        }
    }

    pub(super) fn open_midi(&mut self) {
        let Some(name) = &self.state.midi_wanted else {
            return;
        };
        match self.state.ports.open(name) {
            Ok((sink, port)) => {
                if !self.midi.send(MidiCommand::Open(sink, port.clone())) {
                    return self.say_off("MIDI is off: its thread does not answer.".into());
                }
                self.state.midi_open = Some(port.clone());
                self.say_midi(MidiState::On { port });
            }
            Err(reason) => self.say_off(reason),
        }
    }

    pub(super) fn close_midi(&mut self) {
        if self.state.midi_open.take().is_some() {
            self.midi.send(MidiCommand::Close);
        }
    }
}

fn went_away(name: &str) -> String {
    format!("MIDI port \"{name}\" went away; it is opened when it comes back.")
}
