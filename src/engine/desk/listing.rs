//! What this machine has to be opened.

use crate::engine::devices::Devices;
use crate::engine::midi::MidiPort;
use crate::engine::midi::input::InputPorts;
use crate::engine::midi::output::Ports;
use crate::engine::sound::{AudioOutput, cards};

/// The audio outputs of this machine. Sound systems may print on stderr: see [`super::stderr`].
pub fn audio_outputs() -> Devices<AudioOutput> {
    cards::list()
}

/// The MIDI output ports of this machine, with [`crate::engine::VIRTUAL_PORT`] where there can be
/// one.
pub fn midi_outputs() -> Devices<MidiPort> {
    Ports::system().list()
}

/// The MIDI input ports of this machine, without our own.
pub fn midi_inputs() -> Devices<MidiPort> {
    InputPorts::new().list()
}
