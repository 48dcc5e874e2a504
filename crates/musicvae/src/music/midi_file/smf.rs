//! The bytes of a Standard MIDI file as timed events.
//!
//! A reader of our own rather than the `midly` crate's: that one stops silently at the first bad
//! byte of a track, and a truncated file would be half a groove without a word. What is accepted
//! follows `mido`, which the reference reads with: no End of Track needed, running status kept
//! across meta events, bytes after the last announced track ignored. One liberty: unknown chunks
//! between tracks are skipped, as the standard asks.

use super::MidiFileError;

/// A parsed file: its resolution and the events of its tracks that matter to music.
pub(super) struct Smf<'a> {
    pub ticks_per_quarter: u16,
    pub tracks: Vec<Vec<Event<'a>>>,
}

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
    /// Microseconds a quarter note, never 0.
    Tempo(u32),
    /// Numerator, never 0, and denominator, a power of two.
    TimeSignature(u8, i32),
    /// Sharps (flats when negative), -7..=7, and whether the mode is minor.
    KeySignature(i8, bool),
}

/// A place in the file.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The end of the chunk being read.
    end: usize,
}

fn malformed(at: usize, problem: impl Into<String>) -> MidiFileError {
    MidiFileError::Malformed {
        at,
        problem: problem.into(),
    }
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], MidiFileError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.end);
        let end = end.ok_or_else(|| malformed(self.at, format!("{what} is cut short")))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self, what: &str) -> Result<u8, MidiFileError> {
        Ok(self.take(1, what)?[0])
    }

    /// A variable-length quantity: at most four bytes of seven bits.
    fn varint(&mut self, what: &str) -> Result<u32, MidiFileError> {
        let at = self.at;
        let mut value = 0;
        for _ in 0..4 {
            let byte = self.byte(what)?;
            value = value << 7 | u32::from(byte & 0x7f);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed(at, format!("{what} is longer than four bytes")))
    }
}

fn be16(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

/// Parses a whole file.
pub(super) fn parse(bytes: &[u8]) -> Result<Smf<'_>, MidiFileError> {
    let mut cursor = Cursor {
        bytes,
        at: 0,
        end: bytes.len(),
    };
    if !bytes.starts_with(b"MThd") {
        return Err(malformed(0, "it does not begin with `MThd`"));
    }
    let (_, length) = chunk_header(&mut cursor)?;
    let header = cursor.take(length, "the header")?;
    if header.len() < 6 {
        return Err(malformed(
            4,
            format!("the header has {} bytes instead of 6", header.len()),
        ));
    }
    let (format, track_count, division) =
        (be16(&header[0..]), be16(&header[2..]), be16(&header[4..]));
    if format > 2 {
        return Err(malformed(
            8,
            format!("type {format} is unknown (0, 1 and 2 exist)"),
        ));
    }
    if track_count == 0 {
        return Err(malformed(10, "it has no tracks"));
    }
    if division == 0 || division & 0x8000 != 0 {
        let problem = "its times are not in ticks a quarter note; export it with a metrical \
                       time base (PPQ), not SMPTE";
        return Err(malformed(12, problem));
    }
    let mut tracks = Vec::new();
    while tracks.len() < usize::from(track_count) {
        let number = tracks.len() + 1;
        if cursor.at == bytes.len() {
            let problem = format!("it ends before track {number} of {track_count}");
            return Err(malformed(cursor.at, problem));
        }
        let at = cursor.at;
        let (name, length) = chunk_header(&mut cursor)?;
        let end = cursor
            .at
            .checked_add(length)
            .filter(|end| *end <= bytes.len());
        let end = end.ok_or_else(|| {
            let left = bytes.len() - cursor.at;
            let name = name.escape_ascii();
            malformed(
                at,
                format!("its `{name}` chunk has {left} of {length} bytes, the rest is missing"),
            )
        })?;
        if name == b"MTrk" {
            let mut track = Cursor {
                bytes,
                at: cursor.at,
                end,
            };
            tracks.push(parse_track(&mut track)?);
        }
        cursor.at = end;
    }
    Ok(Smf {
        ticks_per_quarter: division,
        tracks,
    })
}

fn chunk_header<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a [u8], usize), MidiFileError> {
    let header = cursor.take(8, "a chunk's header")?;
    let length = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    Ok((&header[..4], length as usize))
}

fn parse_track<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Event<'a>>, MidiFileError> {
    // Most events take three or four bytes.
    let mut events = Vec::with_capacity((cursor.end - cursor.at) / 4);
    let mut tick = 0;
    let mut running_status = None;
    while cursor.at < cursor.end {
        tick += u64::from(cursor.varint("a delta time")?);
        let at = cursor.at;
        let kind = match cursor.byte("an event")? {
            0xff => parse_meta(cursor)?,
            0xf0 | 0xf7 => {
                running_status = None;
                let length = cursor.varint("the length of a system exclusive event")?;
                cursor.take(length as usize, "a system exclusive event")?;
                None
            }
            status @ 0xf1..=0xfe => {
                let problem = format!("status byte {status:#04x} has no place in a file");
                return Err(malformed(at, problem));
            }
            status @ 0x80..=0xef => {
                running_status = Some(status);
                parse_channel(cursor, status)?
            }
            0x00..=0x7f => {
                let status = running_status
                    .ok_or_else(|| malformed(at, "an event has no status byte to run on"))?;
                cursor.at = at;
                parse_channel(cursor, status)?
            }
        };
        events.extend(kind.map(|kind| Event { tick, kind }));
    }
    Ok(events)
}

fn parse_channel<'a>(
    cursor: &mut Cursor<'a>,
    status: u8,
) -> Result<Option<EventKind<'a>>, MidiFileError> {
    let at = cursor.at;
    let count = if matches!(status >> 4, 0xc | 0xd) {
        1
    } else {
        2
    };
    let data = cursor.take(count, "an event")?;
    if let Some(bad) = data.iter().position(|byte| *byte > 0x7f) {
        let problem = format!("data byte {:#04x} is over 0x7f", data[bad]);
        return Err(malformed(at + bad, problem));
    }
    let channel = status & 0x0f;
    Ok(match status >> 4 {
        0x8 => Some(EventKind::NoteOff {
            channel,
            key: data[0],
        }),
        // By convention a velocity of 0 ends the note.
        0x9 if data[1] == 0 => Some(EventKind::NoteOff {
            channel,
            key: data[0],
        }),
        0x9 => Some(EventKind::NoteOn {
            channel,
            key: data[0],
            velocity: data[1],
        }),
        0xb => Some(EventKind::Control {
            channel,
            number: data[0],
            value: data[1],
        }),
        0xc => Some(EventKind::Program {
            channel,
            program: data[0],
        }),
        0xe => {
            let bend = (i32::from(data[1]) << 7 | i32::from(data[0])) - 8192;
            Some(EventKind::PitchBend { channel, bend })
        }
        _ => None,
    })
}

fn parse_meta<'a>(cursor: &mut Cursor<'a>) -> Result<Option<EventKind<'a>>, MidiFileError> {
    let meta = cursor.byte("a meta event")?;
    let length = cursor.varint("the length of a meta event")?;
    let at = cursor.at;
    let data = cursor.take(length as usize, "a meta event")?;
    let short = |what| malformed(at, format!("a {what} event has only {length} bytes"));
    Ok(match meta {
        0x03 => Some(EventKind::TrackName(data)),
        0x51 => {
            let &[high, middle, low, ..] = data else {
                return Err(short("tempo"));
            };
            let tempo = u32::from_be_bytes([0, high, middle, low]);
            if tempo == 0 {
                return Err(malformed(at, "a tempo of 0 microseconds a quarter note"));
            }
            Some(EventKind::Tempo(tempo))
        }
        0x58 => {
            let &[numerator, power, ..] = data else {
                return Err(short("time signature"));
            };
            if numerator == 0 || power > 30 {
                let problem = format!("a time signature of {numerator} over 2 to the {power}");
                return Err(malformed(at, problem));
            }
            Some(EventKind::TimeSignature(numerator, 1 << power))
        }
        0x59 => {
            let &[sharps, mode, ..] = data else {
                return Err(short("key signature"));
            };
            let sharps = sharps as i8;
            if !(-7..=7).contains(&sharps) || mode > 1 {
                let problem = format!("a key signature of {sharps} sharps in mode {mode}");
                return Err(malformed(at, problem));
            }
            Some(EventKind::KeySignature(sharps, mode == 1))
        }
        _ => None,
    })
}
