//! Watching the MIDI port: opened, lost and found again by its name.

use std::time::{Duration, Instant};

use super::Control;
use crate::engine::desk::status::MidiState;
use crate::engine::midi::output::{Health, MidiCommand, Ports};

/// Time between two looks at the MIDI ports.
const PORTS_TICK: Duration = Duration::from_secs(1);

/// The output, as the control thread knows it.
pub(crate) struct Output {
    pub wanted: Option<String>,
    pub open: Option<String>,
    /// The port that blocked last.
    blocked: Option<String>,
    ports: Ports,
    seen: Instant,
}

impl Output {
    pub fn new(ports: Ports) -> Output {
        Output {
            wanted: None,
            open: None,
            blocked: None,
            ports,
            seen: Instant::now(),
        }
    }
}

impl Control {
    pub(super) fn watch_midi(&mut self) {
        let health = self.midi.check();
        if health != Health::Well {
            self.output.open = None;
            self.output.seen = Instant::now();
            if health == Health::Blocked {
                self.output.blocked = self.output.wanted.clone();
            }
            let name = self.output.wanted.clone().unwrap_or_default();
            self.say_off(match health {
                Health::Blocked => format!(
                    "MIDI port \"{name}\" accepts nothing any more; it is opened again when it does."
                ),
                Health::Died => {
                    format!("MIDI broke down at port \"{name}\"; the port is opened again.")
                }
                Health::Lost | Health::Well => went_away(&name),
            });
        }
        if self.output.wanted.is_none() || self.output.seen.elapsed() < PORTS_TICK {
            return;
        }
        self.output.seen = Instant::now();
        match &self.output.open {
            // A port that blocks would block again whoever opens it.
            None if self.output.blocked == self.output.wanted && self.midi.is_stuck() => (),
            None => self.open_midi(),
            Some(open) => {
                if !self.output.ports.has(open) {
                    self.output.open = None;
                    self.midi.send(MidiCommand::Close);
                    let name = self.output.wanted.clone().unwrap_or_default();
                    self.say_off(went_away(&name));
                }
            }
        }
    }

    fn say_off(&self, reason: String) {
        if self.output.wanted.is_some() {
            self.say_midi(MidiState::Off { reason });
        }
    }

    pub(super) fn open_midi(&mut self) {
        let Some(name) = &self.output.wanted else {
            return;
        };
        match self.output.ports.open(name) {
            Ok((sink, port)) => {
                if !self.midi.send(MidiCommand::Open(sink, port.clone())) {
                    return self.say_off("MIDI is off: its thread does not answer.".into());
                }
                self.output.open = Some(port.clone());
                self.say_midi(MidiState::On { port });
            }
            Err(reason) => self.say_off(reason),
        }
    }

    pub(super) fn close_midi(&mut self) {
        if self.output.open.take().is_some() {
            self.midi.send(MidiCommand::Close);
        }
    }
}

fn went_away(name: &str) -> String {
    format!("MIDI port \"{name}\" went away; it is opened when it comes back.")
}
