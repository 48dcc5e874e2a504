//! Pads: which notes that come in strike which lanes.

use super::drum_map::DrumMap;
use musicvae::music::Lane;

/// A note as a pad sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PadNote {
    /// 1..=16.
    pub channel: u8,
    /// 0..=127.
    pub note: u8,
}

/// Which notes strike which lane. A note that was taught comes first, then the one that the drum
/// map sends for a lane, then the General MIDI drums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pads {
    /// The channel that is heard, 1..=16; `None` hears all.
    pub channel: Option<u8>,
    pub taught: Vec<(PadNote, Lane)>,
    /// Notes that do something else and strike nothing.
    pub silent: Vec<PadNote>,
}

/// The lane of every note on every channel.
pub(crate) type Lanes = [[Option<Lane>; 128]; 16];

pub(crate) fn lanes_of(pads: &Pads, map: &DrumMap) -> Box<Lanes> {
    let mut lanes: Box<Lanes> = vec![std::array::from_fn(|note| Lane::of_pitch(note as u8)); 16]
        .try_into()
        .unwrap_or_else(|_| Box::new([[None; 128]; 16]));
    let cell = |from: PadNote| {
        let channel = usize::from(from.channel.clamp(1, 16) - 1);
        (channel, usize::from(from.note.min(127)))
    };
    for voice in map.lanes.iter().flatten() {
        let (channel, note) = cell(PadNote {
            channel: voice.channel,
            note: voice.note,
        });
        lanes[channel][note] = map.lane_of(voice.note, voice.channel);
    }
    for (from, lane) in &pads.taught {
        let (channel, note) = cell(*from);
        lanes[channel][note] = Some(*lane);
    }
    if let Some(heard) = pads.channel {
        for (channel, notes) in (1..).zip(lanes.iter_mut()) {
            if channel != heard {
                *notes = [None; 128];
            }
        }
    }
    for from in &pads.silent {
        let (channel, note) = cell(*from);
        lanes[channel][note] = None;
    }
    lanes
}
