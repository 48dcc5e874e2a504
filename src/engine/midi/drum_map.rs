//! Drum maps: which note on which channel a lane is on a machine.
//!
//! A map is a small TOML file, for the machines that are known here (`machines/*.toml`) as for a
//! player's own: see [`DrumMap::parse`] for what is in it and [`DrumMaps`] for where they come from.

mod catalogue;
mod file;
mod reading;
mod writing;

pub use catalogue::{DrumMaps, Listed};
pub use file::Mapped;
pub use writing::{LANE_NAMES, MapError};

use musicvae::music::{LANES, Lane};

/// What plays a lane on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// 0..=127.
    pub note: u8,
    /// MIDI channel as players count it, 1..=16.
    pub channel: u8,
    /// Controller that sets the voice's level, for machines that ignore velocity: it is sent with
    /// the velocity as its value just before each note.
    pub level: Option<u8>,
    /// What this really is, when the machine has no voice of the lane's own.
    pub instead: Option<String>,
}

/// Notes and channels of the nine lanes on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrumMap {
    pub name: String,
    /// What a player should know, in a sentence or two; may be empty.
    pub about: String,
    /// By [`Lane::index`]; `None` is silent.
    pub lanes: [Option<Voice>; LANES],
}

impl DrumMap {
    /// General MIDI drums on channel 10.
    pub fn general_midi() -> DrumMap {
        DrumMap {
            name: "General MIDI".into(),
            about: "Drums on channel 10, as the General MIDI standard has them.".into(),
            lanes: Lane::ALL.map(|lane| {
                Some(Voice {
                    note: lane.pitch(),
                    channel: 10,
                    level: None,
                    instead: None,
                })
            }),
        }
    }

    /// What plays `lane`.
    pub fn voice(&self, lane: Lane) -> Option<&Voice> {
        self.lanes[lane.index()].as_ref()
    }

    /// The lane of a note on a channel (1..=16), for what such a machine sends. If lanes share a
    /// note, the one that the machine has a voice for.
    pub fn lane_of(&self, note: u8, channel: u8) -> Option<Lane> {
        let is = |lane: &&Lane, own: bool| {
            self.voice(**lane).is_some_and(|voice| {
                (voice.note, voice.channel) == (note, channel) && (voice.instead.is_none() || !own)
            })
        };
        let own = Lane::ALL.iter().find(|lane| is(lane, true));
        own.or_else(|| Lane::ALL.iter().find(|lane| is(lane, false)))
            .copied()
    }

    /// The channels (1..=16) that this map plays on, as bits 0..16.
    pub(crate) fn channels(&self) -> u16 {
        let bit = |voice: &Voice| 1 << (voice.channel.clamp(1, 16) - 1);
        self.lanes.iter().flatten().map(bit).fold(0, |a, b| a | b)
    }
}

impl Default for DrumMap {
    fn default() -> DrumMap {
        DrumMap::general_midi()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_two_lanes_share_is_the_one_whose_own_it_is() {
        let mut map = DrumMap::general_midi();
        map.lanes[Lane::Kick.index()] = Some(Voice {
            note: 49,
            channel: 10,
            level: None,
            instead: Some("crash".into()),
        });
        assert_eq!(map.lane_of(49, 10), Some(Lane::Crash));
        assert_eq!(map.lane_of(49, 9), None);
        map.lanes[Lane::Crash.index()] = None;
        assert_eq!(map.lane_of(49, 10), Some(Lane::Kick));
        assert_eq!(map.channels(), 1 << 9);
    }
}
