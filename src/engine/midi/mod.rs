//! MIDI: the bytes and the names of ports, drum maps and pads, the plan of what leaves and the
//! thread that sends it, and what comes in. Uses the ground and musical time. The sending thread and
//! the ports' own threads must be on time and wait for nobody; drum maps are read and written
//! outside these threads.

pub(crate) mod bytes;
mod drum_map;
pub(crate) mod input;
pub(crate) mod names;
pub(crate) mod output;
mod pads;
mod schedule;
mod setting;
mod traffic;

pub use drum_map::{DrumMap, DrumMaps, LANE_NAMES, Listed, MapError, Mapped, Voice};
pub use input::{Received, Tap};
pub use names::MidiPort;
pub use output::VIRTUAL_PORT;
pub use pads::{PadNote, Pads};
#[cfg(test)]
pub(crate) use schedule::Schedule;
pub(crate) use setting::Settings;
pub use setting::{ClockOut, MidiSetting};
pub(crate) use traffic::Traffic;
