//! Small MIDI files, written byte by byte.

/// An event at a tick.
pub type Timed = (u32, Vec<u8>);

fn quantity(value: u32) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7f) as u8];
    let mut rest = value >> 7;
    while rest > 0 {
        bytes.insert(0, 0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    bytes
}

/// The events of a track in their order of time, without its chunk's header.
pub fn events(mut events: Vec<Timed>, end: Option<u32>) -> Vec<u8> {
    events.sort_by_key(|event| event.0);
    let mut bytes = Vec::new();
    let mut now = 0;
    for (tick, event) in events {
        bytes.extend(quantity(tick - now));
        bytes.extend(event);
        now = tick;
    }
    if let Some(end) = end {
        bytes.extend(quantity(end.max(now) - now));
        bytes.extend([0xff, 0x2f, 0]);
    }
    bytes
}

pub fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [name, &(body.len() as u32).to_be_bytes()[..], body].concat()
}

/// A track that ends with its last event.
pub fn track(timed: Vec<Timed>) -> Vec<u8> {
    chunk(b"MTrk", &events(timed, Some(0)))
}

/// A file of these chunks, and what its header says.
pub fn file(format: u16, announced: u16, division: u16, chunks: &[Vec<u8>]) -> Vec<u8> {
    let fields = [format, announced, division].map(u16::to_be_bytes).concat();
    [chunk(b"MThd", &fields), chunks.concat()].concat()
}

/// A file of these tracks at 480 ticks a quarter note.
pub fn smf(tracks: Vec<Vec<Timed>>) -> Vec<u8> {
    let format = u16::from(tracks.len() > 1);
    let count = tracks.len() as u16;
    let tracks: Vec<_> = tracks.into_iter().map(track).collect();
    file(format, count, 480, &tracks)
}

pub fn tempo(tick: u32, microseconds: u32) -> Timed {
    let bytes = microseconds.to_be_bytes();
    (tick, vec![0xff, 0x51, 3, bytes[1], bytes[2], bytes[3]])
}

pub fn meter(tick: u32, numerator: u8, power: u8) -> Timed {
    (tick, vec![0xff, 0x58, 4, numerator, power, 24, 8])
}

pub fn name(text: &str) -> Timed {
    named(text.as_bytes())
}

/// A track's name in the letters of some country.
pub fn named(name: &[u8]) -> Timed {
    (0, [&[0xff, 3, name.len() as u8], name].concat())
}

pub fn on(tick: u32, channel: u8, key: u8, velocity: u8) -> Timed {
    (tick, vec![0x90 | channel, key, velocity])
}

pub fn off(tick: u32, channel: u8, key: u8) -> Timed {
    (tick, vec![0x80 | channel, key, 64])
}

/// The plain rock beat: kick on 1 and 3, snare on 2 and 4, hats on every eighth; twelve strokes a bar.
pub fn beat(bars: u32, channel: u8) -> Vec<Timed> {
    let mut timed = Vec::new();
    for (tick, key) in strokes(bars) {
        timed.push(on(tick, channel, key, 100));
        timed.push(off(tick + 60, channel, key));
    }
    timed
}

/// Its ticks and keys.
pub fn strokes(bars: u32) -> Vec<(u32, u8)> {
    (0..bars * 8)
        .flat_map(|eighth| {
            let drum = match eighth % 4 {
                0 => Some(36),
                2 => Some(38),
                _ => None,
            };
            let keys = [Some(42), drum].into_iter().flatten();
            keys.map(move |key| (eighth * 240, key))
        })
        .collect()
}

/// The beat without a note-off.
pub fn open_beat(bars: u32, channel: u8) -> Vec<Timed> {
    let strokes = strokes(bars).into_iter();
    strokes
        .map(|(tick, key)| on(tick, channel, key, 100))
        .collect()
}
