//! Time and sound: one transport that drives the synthesizer in the audio callback and the notes
//! and clock that leave by MIDI.
//!
//! An [`Engine`] is started once and never fails: without a sound card the same clock runs
//! silently, without a MIDI port nothing leaves, and [`Status`] says why in one sentence.
//! Everything is asked of it by [`Request`]s, most of which are [`Command`]s; asking never blocks.
//!
//! The rooms are divided by the one question that must never be in doubt: whether code is real
//! time.
//!
//! | room | holds | may use | real time |
//! | --- | --- | --- | --- |
//! | the files beside this one | plain values that several rooms speak; what all threads need | | yes, but for waiting for a thread |
//! | `time` | transport, loop, a clock that is followed, playhead; pure | the files above | yes |
//! | `sound` | SoundFonts, mixer, sound cards and their stream | the files above, the kit | what renders |
//! | `midi` | drum maps, pads, what leaves and what comes in | the files above, `time` | what sends and receives |
//! | `link` | a Link session's beats as a clock | the files above | no |
//! | `record` | what is heard and played, to files | the files above, `time` | the tap |
//! | `core` | what runs in the audio callback | all above | yes, all of it |
//! | `desk` | handle, devices, status, rendering to a file | all above | no |
//!
//! | thread | does |
//! | --- | --- |
//! | audio callback | plays the loop and renders the sound, one buffer at a time |
//! | `engine-clock` | plays the loop silently while no callback comes |
//! | `engine-midi` | sends notes and clocks at their moments |
//! | MIDI input (the system's) | stamps what comes in and hands it to the two above |
//! | `engine-midi-in` | tells whoever listens what came in, while somebody does |
//! | `engine-control` | opens and watches devices, loads kits, frees memory |
//! | `engine-link` | takes part in a Link session, while that is wished |
//! | `engine-recorder` | writes what is heard and played to files, while a recording is made |

mod atomic;
mod command;
mod core;
mod desk;
mod devices;
mod events;
mod link;
mod midi;
pub mod range;
mod record;
mod sound;
mod thread;
mod time;

pub use command::{Bars, Command, Takeover};
pub use desk::{
    AudioState, ChainLink, Engine, EngineOptions, MidiState, Motion, Request, Setup, Song, Status,
    Sync, audio_outputs, midi_inputs, midi_outputs, render, stderr,
};
pub use devices::Devices;
pub use link::LinkState;
pub use midi::{
    ClockOut, DrumMap, DrumMaps, LANE_NAMES, Listed, MapError, Mapped, MidiPort, MidiSetting,
    PadNote, Pads, Received, Tap, VIRTUAL_PORT, Voice,
};
pub use record::{RecordOptions, RecordStart, Recording};
pub use sound::{AudioOutput, Banks, Kit, SoundFont, SoundFontError, SoundFontSource};
pub use thread::grants_realtime;
pub use time::{Position, TICKS_PER_QUARTER};

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;
