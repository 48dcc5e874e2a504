//! Watching the MIDI port: opened, lost and found again by its name.

use std::time::{Duration, Instant};

use super::Control;
use crate::engine::MidiState;
use crate::engine::midi_out::MidiCommand;

/// Time between two looks at the MIDI ports.
const PORTS_TICK: Duration = Duration::from_secs(2);

impl Control {
    pub(super) fn watch_midi(&mut self) {
        if self.midi.take_lost() {
            self.state.midi_open = None;
            self.midi_went_away();
        }
        if self.state.midi_wanted.is_none() || self.state.ports_seen.elapsed() < PORTS_TICK {
            return;
        }
        self.state.ports_seen = Instant::now();
        match &self.state.midi_open {
            None => self.open_midi(),
            // Some systems let a program send into the void when a port has gone.
            Some(open) => {
                if !self
                    .state
                    .ports
                    .list()
                    .found
                    .iter()
                    .any(|port| port.name == *open)
                {
                    self.state.midi_open = None;
                    self.midi.send(MidiCommand::Close);
                    self.midi_went_away();
                }
            }
        }
    }

    fn midi_went_away(&mut self) {
        let name = self.state.midi_wanted.clone().unwrap_or_default();
        let reason = format!("MIDI port \"{name}\" went away; it is opened when it comes back.");
        self.say_midi(MidiState::Off { reason });
    }

    pub(super) fn open_midi(&mut self) {
        let Some(name) = &self.state.midi_wanted else {
            return;
        };
        match self.state.ports.open(name) {
            Ok((sink, port)) => {
                if !self.midi.send(MidiCommand::Open(sink)) {
                    let reason = "MIDI is off: its thread does not answer.".into();
                    return self.say_midi(MidiState::Off { reason });
                }
                self.state.midi_open = Some(port.clone());
                self.say_midi(MidiState::On { port });
            }
            Err(reason) => self.say_midi(MidiState::Off { reason }),
        }
    }

    pub(super) fn close_midi(&mut self) {
        if self.state.midi_open.take().is_some() {
            self.midi.send(MidiCommand::Close);
        }
    }
}
