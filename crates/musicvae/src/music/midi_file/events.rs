//! The bytes of one track as timed events.
//!
//! Nothing is refused here: what can't be an event is skipped and noted, as players do, and the
//! caller judges whether too little is left.

use super::mend::{Mend, Mended};

/// Something that happens `tick` ticks after the start.
pub(super) struct Event<'a> {
    pub tick: u64,
    pub kind: EventKind<'a>,
}

pub(super) enum EventKind<'a> {
    NoteOn {
        channel: u8,
        key: u8,
        velocity: u8,
    },
    NoteOff {
        channel: u8,
        key: u8,
    },
    Program {
        channel: u8,
        program: u8,
    },
    Control {
        channel: u8,
        number: u8,
        value: u8,
    },
    /// -8192..=8191.
    PitchBend {
        channel: u8,
        bend: i32,
    },
    TrackName(&'a [u8]),
    InstrumentName(&'a [u8]),
    /// Microseconds a quarter note, never 0.
    Tempo(u32),
    /// Numerator, never 0, and denominator, a power of two.
    TimeSignature(u8, i32),
    /// Sharps (flats when negative), -7..=7, and whether the mode is minor.
    KeySignature(i8, bool),
    /// The bytes of a system exclusive message, without its `F0`.
    SystemExclusive(&'a [u8]),
}

/// One track.
#[derive(Default)]
pub(super) struct Track<'a> {
    pub events: Vec<Event<'a>>,
    /// Tick of its End of Track, or of its last event where there is none.
    pub end: u64,
    /// Whether it has an End of Track.
    pub is_ended: bool,
    /// Bytes that it was read from, up to its End of Track or its last whole event.
    pub bytes: usize,
    /// What does not look like a track: stray bytes and the like, and where the first of it stands.
    pub nonsense: (usize, Option<usize>),
}

/// Reads the events in `bytes` up to the End of Track, or to the last whole event.
pub(super) fn track<'a>(bytes: &'a [u8], mended: &mut Mended) -> Track<'a> {
    let mut reader = Reader {
        bytes,
        at: 0,
        mended,
        nonsense: (0, None),
    };
    // Most events take three or four bytes.
    let mut track = Track {
        events: Vec::with_capacity(bytes.len() / 4),
        ..Track::default()
    };
    let mut running = Running::default();
    while let Some(delta) = reader.quantity() {
        let tick = track.end.saturating_add(delta);
        match reader.event(&mut running) {
            None => break,
            Some(Found::EndOfTrack) => track.is_ended = true,
            Some(Found::Nothing) => {}
            Some(Found::Event(kind)) => track.events.push(Event { tick, kind }),
        }
        (track.end, track.bytes) = (tick, reader.at);
        if track.is_ended {
            break;
        }
    }
    track.nonsense = reader.nonsense;
    track
}

enum Found<'a> {
    Event(EventKind<'a>),
    /// An event that says nothing to us.
    Nothing,
    EndOfTrack,
}

/// The status of events without one of their own (running status).
#[derive(Default)]
struct Running {
    status: Option<u8>,
    /// Whether a system exclusive event came since.
    interrupted: bool,
}

struct Reader<'a, 'm> {
    bytes: &'a [u8],
    at: usize,
    mended: &'m mut Mended,
    nonsense: (usize, Option<usize>),
}

impl<'a> Reader<'a, '_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    /// A variable-length quantity: four bytes of seven bits, by the standard.
    fn quantity(&mut self) -> Option<u64> {
        let start = self.at;
        let mut value = 0_u64;
        loop {
            let byte = self.byte()?;
            value = (value << 7 | u64::from(byte & 0x7f)).min(u64::from(u32::MAX));
            if byte < 0x80 {
                break;
            }
        }
        if self.at - start > 4 {
            self.nonsense(Mend::LongQuantity, 1, start);
        }
        Some(value)
    }

    fn nonsense(&mut self, mend: Mend, count: usize, at: usize) {
        self.mended.note(mend, count);
        self.nonsense.0 += count;
        self.nonsense.1.get_or_insert(at);
    }

    /// The event at this place; `None` where the bytes end before it does.
    fn event(&mut self, running: &mut Running) -> Option<Found<'a>> {
        let at = self.at;
        Some(match self.byte()? {
            0xff => return self.meta(),
            first @ (0xf0 | 0xf7) => {
                running.interrupted = true;
                let length = self.quantity()?;
                let message = match self.take(usize::try_from(length).ok()?) {
                    Some(message) => message,
                    None => self.unsized_message()?,
                };
                match first {
                    0xf0 => Found::Event(EventKind::SystemExclusive(message)),
                    _ => Found::Nothing,
                }
            }
            status @ 0xf1..=0xfe => {
                self.mended.note(Mend::SystemMessage, 1);
                let data = match status {
                    0xf1 | 0xf3 => 1,
                    0xf2 => 2,
                    _ => 0,
                };
                self.take(data)?;
                Found::Nothing
            }
            status @ 0x80..=0xef => {
                *running = Running {
                    status: Some(status),
                    interrupted: false,
                };
                self.channel(status)?
            }
            0x00..=0x7f => {
                let Some(status) = running.status else {
                    let rest = &self.bytes[at..];
                    let stray = rest.iter().take_while(|byte| **byte < 0x80).count();
                    self.nonsense(Mend::StrayBytes, stray, at);
                    self.at = at + stray;
                    return match self.at < self.bytes.len() {
                        true => self.event(running),
                        false => None,
                    };
                };
                if std::mem::take(&mut running.interrupted) {
                    self.mended.note(Mend::RunningStatus, 1);
                }
                self.at = at;
                self.channel(status)?
            }
        })
    }

    /// A system exclusive message whose length is beyond the track: up to its end byte.
    fn unsized_message(&mut self) -> Option<&'a [u8]> {
        let end = self.bytes[self.at..]
            .iter()
            .position(|byte| *byte == 0xf7)?;
        self.nonsense(Mend::LongQuantity, 1, self.at);
        self.take(end + 1)
    }

    fn channel(&mut self, status: u8) -> Option<Found<'a>> {
        let count = if matches!(status >> 4, 0xc | 0xd) {
            1
        } else {
            2
        };
        let data = self.take(count)?;
        let over = data.iter().filter(|byte| **byte > 0x7f).count();
        self.mended.note(Mend::Over127, over);
        let value = |place: usize| data[place].min(0x7f);
        let channel = status & 0x0f;
        Some(Found::Event(match status >> 4 {
            // By convention a velocity of 0 ends the note.
            0x8 | 0x9 if status >> 4 == 0x8 || data[1] == 0 => EventKind::NoteOff {
                channel,
                key: value(0),
            },
            0x9 => EventKind::NoteOn {
                channel,
                key: value(0),
                velocity: value(1),
            },
            0xb => EventKind::Control {
                channel,
                number: value(0),
                value: value(1),
            },
            0xc => EventKind::Program {
                channel,
                program: value(0),
            },
            0xe => EventKind::PitchBend {
                channel,
                bend: (i32::from(value(1)) << 7 | i32::from(value(0))) - 8192,
            },
            _ => return Some(Found::Nothing),
        }))
    }

    fn meta(&mut self) -> Option<Found<'a>> {
        let meta = self.byte()?;
        let length = self.quantity()?;
        if meta == 0x2f {
            // Whatever length it says, there is nothing in it.
            self.take(usize::try_from(length).unwrap_or(usize::MAX));
            return Some(Found::EndOfTrack);
        }
        let data = self.take(usize::try_from(length).ok()?)?;
        let kind = match meta {
            0x03 => Ok(EventKind::TrackName(data)),
            0x04 => Ok(EventKind::InstrumentName(data)),
            0x51 => tempo(data).ok_or(Mend::Tempo),
            0x58 => meter(data).ok_or(Mend::Meter),
            0x59 => key(data).ok_or(Mend::Key),
            _ => return Some(Found::Nothing),
        };
        Some(match kind {
            Ok(kind) => Found::Event(kind),
            Err(mend) => {
                self.mended.note(mend, 1);
                Found::Nothing
            }
        })
    }
}

fn tempo(data: &[u8]) -> Option<EventKind<'_>> {
    let &[high, middle, low, ..] = data else {
        return None;
    };
    let tempo = u32::from_be_bytes([0, high, middle, low]);
    (tempo > 0).then_some(EventKind::Tempo(tempo))
}

fn meter(data: &[u8]) -> Option<EventKind<'_>> {
    let &[numerator, power, ..] = data else {
        return None;
    };
    (numerator > 0 && power <= 30).then(|| EventKind::TimeSignature(numerator, 1 << power))
}

fn key(data: &[u8]) -> Option<EventKind<'_>> {
    let &[sharps, mode, ..] = data else {
        return None;
    };
    let sharps = sharps as i8;
    ((-7..=7).contains(&sharps) && mode <= 1).then_some(EventKind::KeySignature(sharps, mode == 1))
}
