//! The chunks of a Standard MIDI file: its header and its tracks.
//!
//! We have our own reader for two reasons. A file that breaks the standard is read the way players
//! read it, and the repairs are reported; and a file that can't be understood is refused, naming the
//! place in it, instead of silently becoming half a groove.

use super::MidiFileError;
use super::events::{self, Track};
use super::mend::{Mend, Mended};

/// A parsed file.
pub(super) struct Smf<'a> {
    pub division: Division,
    pub tracks: Vec<Track<'a>>,
    /// Type 2: the tracks are patterns of their own.
    pub are_patterns: bool,
}

/// What a tick is.
#[derive(Clone, Copy)]
pub(super) enum Division {
    /// So many are a quarter note.
    TicksPerQuarter(u16),
    /// So many are a second.
    TicksPerSecond(f64),
}

/// How far into a file its beginning is looked for, behind a header of another kind (of an old
/// Macintosh, say).
const LEAD: usize = 4096;

/// How much of what was read may be no event.
const MOST_NONSENSE: usize = 16;

/// Bytes of a header's contents: type, number of tracks, length of a tick.
const FIELDS: usize = 6;

pub(super) fn malformed(at: usize, problem: impl Into<String>) -> MidiFileError {
    MidiFileError::Malformed {
        at,
        problem: problem.into(),
    }
}

/// Parses a whole file.
pub(super) fn parse<'a>(bytes: &'a [u8], mended: &mut Mended) -> Result<Smf<'a>, MidiFileError> {
    let start = start(bytes, mended)?;
    let bytes = &bytes[..wrapped_end(bytes, start)];
    let header = chunk(bytes, start).ok_or_else(|| malformed(start, "the header is cut short"))?;
    let length = header_length(bytes, &header, mended);
    let header = match bytes[header.body..].get(..length) {
        Some(fields) if length >= FIELDS => fields,
        Some(_) => {
            let problem = format!("the header has {length} bytes instead of {FIELDS}");
            return Err(malformed(start + 4, problem));
        }
        None => return Err(malformed(header.body, "the header is cut short")),
    };
    let field = |place: usize| u16::from_be_bytes([header[place], header[place + 1]]);
    let (format, announced) = (field(0), usize::from(field(2)));
    if format > 2 {
        let problem = format!("type {format} is unknown (0, 1 and 2 exist)");
        return Err(malformed(start + 8, problem));
    }
    let division = division(field(4), mended).ok_or_else(|| {
        let problem = "it says how long its ticks are in no way that is known";
        malformed(start + 12, problem)
    })?;

    let mut at = start + 8 + header.len();
    let mut tracks: Vec<Track> = Vec::new();
    while at < bytes.len() {
        let found = chunk(bytes, at);
        match found {
            Some(found) if found.name == b"MTrk" => {
                let (track, end) = track(bytes, &found, mended)?;
                tracks.push(track);
                at = end;
            }
            Some(found) if found.is_plausible(bytes) && found.name != b"MThd" => at = found.end(),
            _ => {
                let later = at + 1;
                let next = find(&bytes[later..], b"MTrk");
                let next = next.map_or(bytes.len(), |next| later + next);
                mended.note(Mend::BytesAfter, next - at);
                at = next;
            }
        }
    }
    if tracks.is_empty() {
        return Err(malformed(at, "it has no tracks"));
    }
    if tracks.len() != announced {
        mended.note(Mend::TrackCount, 1);
    }
    Ok(Smf {
        division,
        tracks,
        are_patterns: format == 2,
    })
}

/// How long the header's contents are. Where the first track follows on a header as it should be, and
/// not where the length says, the length is what is wrong.
fn header_length(bytes: &[u8], header: &Chunk, mended: &mut Mended) -> usize {
    let is_track = |at: usize| chunk(bytes, at).is_some_and(|it| it.name == b"MTrk");
    if is_track(header.body + FIELDS) && !is_track(header.end()) {
        mended.note(Mend::HeaderLength, 1);
        return FIELDS;
    }
    header.length
}

/// Where the file begins in its bytes.
fn start(bytes: &[u8], mended: &mut Mended) -> Result<usize, MidiFileError> {
    let is_riff = bytes.starts_with(b"RIFF");
    let lead = if is_riff {
        bytes.len()
    } else {
        bytes.len().min(LEAD)
    };
    match find(&bytes[..lead], b"MThd") {
        Some(0) => Ok(0),
        Some(start) if is_riff => {
            mended.note(Mend::Wrapped, 1);
            Ok(start)
        }
        Some(start) => {
            mended.note(Mend::BytesBefore, start);
            Ok(start)
        }
        None if bytes.is_empty() => Err(malformed(0, "it is empty")),
        None => Err(malformed(0, what_it_is(bytes))),
    }
}

/// Other kinds of files that people mistake for MIDI, as a problem.
fn what_it_is(bytes: &[u8]) -> &'static str {
    let text = bytes.trim_ascii_start();
    match bytes {
        [0x1f, 0x8b, ..] => "it is packed by gzip: unpack it first",
        [b'P', b'K', 3, 4, ..] => "it is a zip: name a file that is in it",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ] => "it is sound (WAV), not notes",
        [b'I', b'D', b'3', ..] | [0xff, 0xfb, ..] => "it is sound (MP3), not notes",
        _ if text.starts_with(b"<") => "it is XML, as scores are written",
        _ if text.starts_with(b"{") => "it is JSON",
        _ => "it does not begin with `MThd`",
    }
}

/// Where the file ends in its bytes: with the chunk of a RIFF file that holds it.
fn wrapped_end(bytes: &[u8], start: usize) -> usize {
    let before = start.checked_sub(8).map(|from| &bytes[from..start]);
    let length = match before {
        Some(&[b'd', b'a', b't', b'a', a, b, c, d]) => u32::from_le_bytes([a, b, c, d]) as usize,
        _ => 0,
    };
    let end = start.saturating_add(length);
    if length > 14 && end < bytes.len() {
        end
    } else {
        bytes.len()
    }
}

fn division(field: u16, mended: &mut Mended) -> Option<Division> {
    if field == 0 {
        return None;
    }
    if field & 0x8000 == 0 {
        return Some(Division::TicksPerQuarter(field));
    }
    let [frames, ticks] = field.to_be_bytes();
    let frames = match -i16::from(frames as i8) {
        // The film rate of colour television.
        29 => 30_000.0 / 1001.0,
        frames @ (24 | 25 | 30) => f64::from(frames),
        _ => return None,
    };
    mended.note(Mend::Smpte, 1);
    (ticks > 0).then(|| Division::TicksPerSecond(frames * f64::from(ticks)))
}

/// A chunk as its eight bytes announce it.
struct Chunk<'a> {
    name: &'a [u8],
    /// Where its contents begin.
    body: usize,
    length: usize,
}

impl Chunk<'_> {
    fn end(&self) -> usize {
        self.body.saturating_add(self.length)
    }

    /// Whether these can be the first bytes of a chunk.
    fn is_plausible(&self, bytes: &[u8]) -> bool {
        let printable = |byte: &u8| (b' '..=b'~').contains(byte);
        self.name == b"MTrk" || self.name.iter().all(printable) && self.end() <= bytes.len()
    }
}

fn chunk(bytes: &[u8], at: usize) -> Option<Chunk<'_>> {
    let header = bytes.get(at..at.checked_add(8)?)?;
    let length = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    Some(Chunk {
        name: &header[..4],
        body: at + 8,
        length: length as usize,
    })
}

fn find(bytes: &[u8], name: &[u8; 4]) -> Option<usize> {
    bytes.windows(name.len()).position(|window| window == name)
}

/// The track of a chunk, and where it ends in the file.
///
/// A length is believed where the file ends or another chunk begins after it. Otherwise the track's
/// own events tell where it ends.
fn track<'a>(
    bytes: &'a [u8],
    chunk: &Chunk,
    mended: &mut Mended,
) -> Result<(Track<'a>, usize), MidiFileError> {
    let told = chunk.end();
    let believed = told == bytes.len()
        || self::chunk(bytes, told).is_some_and(|next| next.is_plausible(bytes));
    let limit = match believed {
        true => told,
        false => find(&bytes[chunk.body..], b"MTrk").map_or(bytes.len(), |next| chunk.body + next),
    };
    let mut own = Mended::default();
    let mut track = events::track(&bytes[chunk.body..limit], &mut own);
    let mut end = chunk.body + track.bytes;
    let rest = &bytes[end..limit];
    if believed && track.is_ended && !rest.is_empty() && !rest.starts_with(b"MTrk") {
        own.note(Mend::BytesAfter, rest.len());
        end = told;
    } else if believed && !track.is_ended {
        own.note(Mend::Truncated, usize::from(!rest.is_empty()));
        end = told;
    } else if !track.is_ended && told < limit {
        // Without an End of Track and followed by what is no chunk: the length is all there is.
        own = Mended::default();
        track = events::track(&bytes[chunk.body..told], &mut own);
        end = told;
    } else if !track.is_ended {
        let there = limit - chunk.body;
        if there < chunk.length.div_ceil(2) {
            let (name, length) = (chunk.name.escape_ascii(), chunk.length);
            let problem =
                format!("its `{name}` chunk has {there} of {length} bytes, the rest is missing");
            return Err(malformed(chunk.body - 8, problem));
        }
        own.note(Mend::Truncated, 1);
        end = limit;
    } else if end != told {
        own.note(Mend::TrackLength, 1);
    }
    mended.add(own);
    let (nonsense, first) = track.nonsense;
    if nonsense > MOST_NONSENSE && nonsense > track.events.len() / 4 {
        let at = chunk.body + first.unwrap_or_default();
        return Err(malformed(at, "from here on its bytes are no music"));
    }
    Ok((track, end))
}
