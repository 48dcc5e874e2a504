//! Time and sound: one transport that drives the synthesizer in the audio callback and the notes
//! and clock that leave by MIDI.
//!
//! An [`Engine`] is started once and never fails: without a sound card the same clock runs
//! silently, without a MIDI port nothing leaves, and [`Status`] says why in one sentence.
//! Everything is asked of it by [`Command`]s, which never block.
//!
//! | thread | does |
//! | --- | --- |
//! | audio callback | plays the loop and renders the sound, one buffer at a time |
//! | `engine-clock` | plays the loop silently while no callback comes |
//! | `engine-midi` | sends notes and clocks at their moments |
//! | MIDI input (the system's) | stamps what comes in and hands it to the two above |
//! | `engine-control` | opens and watches devices, loads kits, frees memory |
//! | `engine-recorder` | writes what is heard and played to files, while a recording is made |

mod audio;
mod cards;
mod click;
mod clock;
mod command;
mod control;
mod core;
mod delay;
mod drum_map;
mod follow;
mod handle;
pub mod kit;
mod limiter;
mod messages;
mod midi_in;
mod midi_out;
mod mixer;
mod pattern;
mod player;
mod record;
pub mod render;
mod schedule;
mod shared;
mod soundfont;
mod status;
pub mod stderr;
mod thread;
mod transport;

pub use command::{ChainLink, ClockOut, Command, LoopRange, SoundFontSource, Takeover};
pub use drum_map::{DrumMap, DrumMaps, LANE_NAMES, Listed, MapError, Mapped, Voice};
pub use handle::{Engine, EngineOptions};
pub use midi_in::{PadNote, Pads, Received, Tap};
pub use midi_out::VIRTUAL_PORT;
pub use record::{RecordOptions, Recording, TICKS_PER_QUARTER};
pub use soundfont::{SoundFont, SoundFontError};
pub use status::{
    AudioOutput, AudioState, Devices, Kit, MidiPort, MidiState, Position, Status, Sync,
};

/// The audio outputs of this machine. Sound systems may print on stderr: see [`stderr`].
pub fn audio_outputs() -> Devices<AudioOutput> {
    cards::list()
}

/// The MIDI output ports of this machine, with [`VIRTUAL_PORT`] where there can be one.
pub fn midi_outputs() -> Devices<MidiPort> {
    midi_out::Ports::system().list()
}

/// The MIDI input ports of this machine, without our own.
pub fn midi_inputs() -> Devices<MidiPort> {
    midi_in::InputPorts::new().list()
}

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;
