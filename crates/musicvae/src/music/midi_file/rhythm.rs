//! Which channels play drums according to the file: channel 10, and others by part messages.

use super::events::{EventKind, Track};

/// The MIDI channel of drums, counted from 0 (players say 10).
pub(super) const DRUM_CHANNEL: u8 = 9;

/// The standard that a file says it follows.
#[derive(Clone, Copy, PartialEq)]
enum Standard {
    Gm,
    Gm2,
    Gs,
    Xg,
}

/// What a system exclusive message says that matters here.
enum Message {
    Reset(Standard),
    Part { channel: u8, is_drum: bool },
}

/// The channels that play drums, from tick to tick; by default channel 10.
#[derive(Default)]
pub(super) struct Rhythm {
    /// Of each channel: tick, and whether it plays drums from there on; by tick.
    changes: [Vec<(u64, bool)>; 16],
    /// Channels with a bank that is XG's of drums, in a file that doesn't say that it follows XG. (With
    /// Roland's it is the MT-32's sounds.)
    drum_banks: [bool; 16],
}

impl Rhythm {
    /// The rhythm channels of a file. Messages count for all tracks.
    pub fn of(tracks: &[Track]) -> Rhythm {
        let mut events: Vec<_> = tracks
            .iter()
            .flat_map(|track| &track.events)
            .filter(|event| {
                matches!(
                    event.kind,
                    EventKind::SystemExclusive(_)
                        | EventKind::Program { .. }
                        | EventKind::Control { number: 0, .. }
                )
            })
            .collect();
        events.sort_by_key(|event| event.tick);
        let mut standard = Standard::Gm;
        let mut banks = [None; 16];
        let mut changes: [Vec<(u64, bool)>; 16] = Default::default();
        let mut drum_banks = [false; 16];
        for event in events {
            match event.kind {
                EventKind::SystemExclusive(bytes) => match message(bytes) {
                    Some(Message::Reset(new)) => standard = new,
                    Some(Message::Part { channel, is_drum }) => {
                        changes[usize::from(channel)].push((event.tick, is_drum));
                    }
                    None => {}
                },
                EventKind::Control { channel, value, .. } => {
                    banks[usize::from(channel)] = Some(value);
                }
                EventKind::Program { channel, .. } => {
                    // A bank that was chosen counts with the next program.
                    let is_drum = match (standard, banks[usize::from(channel)]) {
                        (Standard::Gm | Standard::Gm2, Some(120)) => true,
                        (Standard::Xg, Some(126 | 127)) => true,
                        (Standard::Gm2, Some(121)) => false,
                        (Standard::Gm, Some(126 | 127)) => {
                            drum_banks[usize::from(channel)] = true;
                            continue;
                        }
                        _ => continue,
                    };
                    changes[usize::from(channel)].push((event.tick, is_drum));
                }
                _ => {}
            }
        }
        Rhythm {
            changes,
            drum_banks,
        }
    }

    /// Whether a channel has a bank that may be one of drums: the file doesn't say enough to know.
    pub fn has_drum_bank(&self, channel: u8) -> bool {
        self.drum_banks[usize::from(channel)]
    }

    /// Whether the file says of a channel that it plays drums, or that it plays none, at a tick;
    /// `None` where it says nothing.
    pub fn says(&self, tick: u64, channel: u8) -> Option<bool> {
        let changes = &self.changes[usize::from(channel)];
        let before = changes.partition_point(|change| change.0 <= tick);
        match before.checked_sub(1) {
            Some(latest) => Some(changes[latest].1),
            None => (channel == DRUM_CHANNEL).then_some(true),
        }
    }
}

/// Reads a system exclusive message, given without its `F0`.
fn message(bytes: &[u8]) -> Option<Message> {
    match *bytes {
        [0x7e, _, 0x09, 0x01, ..] => Some(Message::Reset(Standard::Gm)),
        [0x7e, _, 0x09, 0x03, ..] => Some(Message::Reset(Standard::Gm2)),
        // Roland GS: reset, and "use for rhythm part" of the parts 1 to 16.
        [0x41, _, 0x42, 0x12, 0x40, 0x00, 0x7f, ..] => Some(Message::Reset(Standard::Gs)),
        [
            0x41,
            _,
            0x42,
            0x12,
            0x40 | 0x50,
            part @ 0x10..=0x1f,
            0x15,
            map,
            ..,
        ] => {
            // Part 10 stands first in the table of parts.
            let channel = match part & 0x0f {
                0 => DRUM_CHANNEL,
                part @ 1..=9 => part - 1,
                part => part,
            };
            let is_drum = map != 0;
            Some(Message::Part { channel, is_drum })
        }
        // Yamaha XG: system on, and the mode of a part.
        [0x43, 0x10..=0x1f, 0x4c, 0x00, 0x00, 0x7e, ..] => Some(Message::Reset(Standard::Xg)),
        [
            0x43,
            0x10..=0x1f,
            0x4c,
            0x08,
            channel @ 0..=15,
            0x07,
            mode,
            ..,
        ] => {
            let is_drum = mode != 0;
            Some(Message::Part { channel, is_drum })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::Event;
    use super::*;

    fn says(events: Vec<(u64, EventKind)>, tick: u64, channel: u8) -> Option<bool> {
        let events = events.into_iter();
        let track = Track {
            events: events.map(|(tick, kind)| Event { tick, kind }).collect(),
            ..Track::default()
        };
        Rhythm::of(&[track]).says(tick, channel)
    }

    fn message(bytes: &[u8]) -> (u64, EventKind<'_>) {
        (10, EventKind::SystemExclusive(bytes))
    }

    fn bank(channel: u8, value: u8) -> [(u64, EventKind<'static>); 2] {
        let number = 0;
        let control = EventKind::Control {
            channel,
            number,
            value,
        };
        let program = 0;
        [(20, control), (20, EventKind::Program { channel, program })]
    }

    #[test]
    fn part_messages_make_and_unmake_drum_parts() {
        let gs = |part: u8, map: u8| {
            [
                0x41,
                0x10,
                0x42,
                0x12,
                0x40,
                0x10 | part,
                0x15,
                map,
                0,
                0xf7,
            ]
        };
        let (on, off) = (gs(0xa, 2), gs(0, 0));
        assert_eq!(says(vec![message(&on)], 9, 10), None);
        assert_eq!(says(vec![message(&on)], 10, 10), Some(true));
        assert_eq!(says(vec![message(&on)], 10, 9), Some(true));
        assert_eq!(says(vec![message(&off)], 10, 9), Some(false));
        let (one, nine) = (gs(1, 1), gs(9, 1));
        assert_eq!(says(vec![message(&one)], 10, 0), Some(true));
        assert_eq!(says(vec![message(&nine)], 10, 8), Some(true));
        let xg = [0x43, 0x10, 0x4c, 8, 3, 7, 2, 0xf7];
        assert_eq!(says(vec![message(&xg)], 10, 3), Some(true));
    }

    #[test]
    fn banks_count_by_their_standard() {
        let with = |standard: &'static [u8], channel, value| {
            let events = std::iter::once(message(standard)).chain(bank(channel, value));
            says(events.collect(), 20, channel)
        };
        let gm2: &[u8] = &[0x7e, 0x7f, 9, 3, 0xf7];
        let xg: &[u8] = &[0x43, 0x10, 0x4c, 0, 0, 0x7e, 0, 0xf7];
        assert_eq!(with(gm2, 4, 120), Some(true));
        assert_eq!(with(gm2, 9, 121), Some(false));
        assert_eq!(with(gm2, 4, 121), Some(false));
        assert_eq!(with(xg, 4, 127), Some(true));
        assert_eq!(with(&[], 4, 120), Some(true));
        assert_eq!(with(&[], 4, 127), None);
        assert_eq!(with(&[], 9, 121), Some(true));
    }
}
