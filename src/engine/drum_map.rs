//! Which note on which channel a lane is, on a drum machine.

use crate::music::{LANES, Lane};

/// A lane's note on a MIDI port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneNote {
    /// 0..=127.
    pub note: u8,
    /// MIDI channel as players count it, 1..=16.
    pub channel: u8,
}

/// Notes and channels of the nine lanes, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrumMap {
    pub name: String,
    /// By [`Lane::index`].
    pub lanes: [LaneNote; LANES],
}

impl DrumMap {
    /// General MIDI drums on channel 10.
    pub fn general_midi() -> DrumMap {
        DrumMap {
            name: "General MIDI".into(),
            lanes: Lane::ALL.map(|lane| LaneNote {
                note: lane.pitch(),
                channel: 10,
            }),
        }
    }
}

impl Default for DrumMap {
    fn default() -> DrumMap {
        DrumMap::general_midi()
    }
}
