//! Watching the MIDI input: opened, lost and found again by its name.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::Control;
use crate::engine::desk::status::MidiState;
use crate::engine::midi::input::{Inlet, InputPorts, Listening, VIRTUAL, open_virtual};
use crate::engine::midi::names::same_device;

/// Time between two looks at the input ports.
const PORTS_TICK: Duration = Duration::from_secs(2);

/// The input, as the control thread knows it.
pub(crate) struct Input {
    pub inlet: Arc<Inlet>,
    /// Whether strokes that come in are sent on to the output.
    pub thru: bool,
    pub wanted: Option<String>,
    open: Option<(Listening, String)>,
    own: Option<Listening>,
    ports: InputPorts,
    seen: Instant,
}

impl Input {
    pub fn new(inlet: Arc<Inlet>, thru: bool) -> Input {
        Input {
            inlet,
            thru,
            wanted: None,
            open: None,
            own: None,
            ports: InputPorts::new(),
            seen: Instant::now(),
        }
    }
}

impl Control {
    pub(super) fn watch_input(&mut self) {
        let input = &mut self.input;
        if input.wanted.is_none() || input.seen.elapsed() < PORTS_TICK {
            return;
        }
        input.seen = Instant::now();
        match &input.open {
            None => self.open_input(),
            Some((_, open)) => {
                let ports = input.ports.list();
                if !ports.found.iter().any(|port| port.name == *open) {
                    let reason = format!(
                        "MIDI input \"{open}\" went away; it is opened when it comes back."
                    );
                    input.open = None;
                    self.ports_changed();
                    self.say_input(MidiState::Off { reason });
                }
            }
        }
    }

    pub(super) fn open_input(&mut self) {
        let input = &mut self.input;
        let Some(name) = &input.wanted else { return };
        let state = match input.ports.open(name, &input.inlet) {
            Ok((listening, port)) => {
                input.open = Some((listening, port.clone()));
                MidiState::On { port }
            }
            Err(reason) => MidiState::Off { reason },
        };
        self.ports_changed();
        self.say_input(state);
    }

    pub(super) fn close_input(&mut self) {
        self.input.wanted = None;
        self.input.open = None;
        self.ports_changed();
        self.say_input(self.no_input());
    }

    /// Makes the port that other programs find.
    pub(super) fn open_virtual_input(&mut self) {
        match open_virtual(&self.input.inlet) {
            Ok(own) => self.input.own = Some(own),
            // Said only if no other port is wanted: that one matters more.
            Err(reason) if self.input.wanted.is_none() => {
                return self.say_input(MidiState::Off { reason });
            }
            Err(_) => return,
        }
        if self.input.wanted.is_none() {
            self.say_input(self.no_input());
        }
    }

    fn no_input(&self) -> MidiState {
        match self.input.own {
            Some(_) => MidiState::On {
                port: VIRTUAL.into(),
            },
            None => MidiState::Off {
                reason: "No MIDI input is chosen.".into(),
            },
        }
    }

    /// What came from a device must not go back to it: neither strokes nor its own clock.
    pub(super) fn ports_changed(&self) {
        let same = match (&self.input.open, &self.output.open) {
            (Some((_, input)), Some(output)) => same_device(input, output),
            _ => false,
        };
        let traffic = &self.shared.midi;
        traffic.same_port.store(same, Relaxed);
        traffic.thru.store(self.input.thru && !same, Relaxed);
    }

    fn say_input(&self, state: MidiState) {
        self.slow(|slow| slow.midi_in = state);
    }
}
