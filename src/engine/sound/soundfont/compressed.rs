//! Compressed samples, as SF3 has them: each is an Ogg Vorbis stream of its own, and its header gives
//! bytes where a plain one gives points; its loop is counted from its beginning.

use std::collections::BTreeSet;
use std::io::Cursor;

use lewton::VorbisError;
use lewton::inside_ogg::OggStreamReader;

/// Length of a sample's header, and where in it stand its start, end and loop, and its type.
const HEADER: usize = 46;
const START: usize = 20;
const END: usize = 24;
const LOOP: [usize; 2] = [28, 32];
const KIND: usize = 44;
/// The type's flag for a compressed sample.
const COMPRESSED: u8 = 0x10;

/// Points of silence behind every sample.
const GUARD: usize = 46;

/// Decodes the samples that `used` names, all but the rest being left empty: returns the points, as
/// bytes, and the headers that belong to them.
///
/// # Errors
/// Which sample can't be decoded, or that all together are longer than `most` bytes.
pub fn decoded(
    stored: &[u8],
    headers: &[u8],
    used: &BTreeSet<usize>,
    most: u64,
) -> Result<(Vec<u8>, Vec<u8>), String> {
    let mut points: Vec<u8> = Vec::new();
    let mut headers = headers.to_vec();
    for (nth, header) in headers.chunks_exact_mut(HEADER).enumerate() {
        let field = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let first = points.len() / 2;
        let mut range = field(START) as usize..field(END) as usize;
        let mut looped = LOOP.map(field);
        if header[KIND] & COMPRESSED == 0 {
            // Plain after all.
            looped = looped.map(|at| at.saturating_sub(range.start as u32));
            range = range.start.saturating_mul(2)..range.end.saturating_mul(2);
            points.extend(stored.get(range).unwrap_or_default());
        } else if used.contains(&nth) {
            let name = String::from_utf8_lossy(&header[..20]);
            let name = name.trim_matches(['\0', ' ']).to_string();
            let bytes = stored
                .get(range)
                .ok_or_else(|| format!("its sample {name} lies beyond its end"))?;
            let left = most.saturating_sub(points.len() as u64);
            let sample = channel(bytes, left)
                .map_err(|error| format!("its sample {name} can't be decoded: {error}"))?;
            points.extend(sample.iter().flat_map(|point| point.to_le_bytes()));
        }
        let end = points.len() / 2;
        let from_beginning = |at: u32| (first + at as usize).min(end);
        for (at, place) in [
            (START, first),
            (END, end),
            (LOOP[0], from_beginning(looped[0])),
            (LOOP[1], from_beginning(looped[1])),
        ] {
            header[at..at + 4].copy_from_slice(&(place as u32).to_le_bytes());
        }
        header[KIND] &= !COMPRESSED;
        points.extend([0; 2 * GUARD]);
    }
    Ok((points, headers))
}

/// The first channel of an Ogg Vorbis stream.
fn channel(bytes: &[u8], most: u64) -> Result<Vec<i16>, String> {
    let fault = |error: VorbisError| error.to_string();
    let mut stream = OggStreamReader::new(Cursor::new(bytes)).map_err(fault)?;
    let mut points = Vec::new();
    while let Some(mut channels) = stream.read_dec_packet().map_err(fault)? {
        if !channels.is_empty() {
            points.append(&mut channels[0]);
        }
        if 2 * points.len() as u64 > most {
            return Err("decoded it is longer than a SoundFont may be".into());
        }
    }
    // The last packet is filled up; the stream says where it ends.
    if let Some(length) = stream.get_last_absgp() {
        points.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tenth of a second of 441 Hz at half of full scale, 44,100 points a second, mono.
    const TONE: &[u8] = include_bytes!("compressed/tone.ogg");

    fn header(places: [u32; 4], kind: u8) -> Vec<u8> {
        let mut header = b"tone".to_vec();
        header.resize(20, 0);
        for place in places {
            header.extend(place.to_le_bytes());
        }
        header.extend(44_100_u32.to_le_bytes());
        header.extend([60, 0, 0, 0, kind, 0]);
        header
    }

    fn places(header: &[u8]) -> [u32; 4] {
        [START, END, LOOP[0], LOOP[1]]
            .map(|at| u32::from_le_bytes(header[at..at + 4].try_into().unwrap()))
    }

    #[test]
    fn a_tone_comes_back_in_its_place() {
        let length = TONE.len() as u32;
        let stored = [b"junk", TONE].concat();
        let one = header([4, 4 + length, 100, 200], 0x11);
        let headers = [one.clone(), one, header([0; 4], 0)].concat();
        let (points, headers) = decoded(&stored, &headers, &BTreeSet::from([1]), 1 << 20).unwrap();
        // The first is not used, and empty.
        assert_eq!(places(&headers), [0, 0, 0, 0]);
        let [start, end, from, to] = places(&headers[HEADER..]);
        assert_eq!((start, end, from, to), (46, 46 + 4410, 146, 246));
        assert_eq!(headers[HEADER + KIND], 1);
        let tone: Vec<i16> = points[92..92 + 2 * 4410]
            .chunks(2)
            .map(|it| i16::from_le_bytes([it[0], it[1]]))
            .collect();
        for n in 500..4000 {
            let expected = (f64::from(n) * 0.01 * std::f64::consts::TAU).sin() * 16_384.0;
            let found = f64::from(tone[n as usize]);
            assert!((found - expected).abs() < 1200.0, "{n}: {found} {expected}");
        }
    }

    #[test]
    fn what_is_damaged_is_named() {
        let used = BTreeSet::from([0]);
        let fault = |stored: &[u8], end: u32, most: u64| {
            let headers = [header([0, end, 0, 0], 0x11), header([0; 4], 0)].concat();
            decoded(stored, &headers, &used, most).unwrap_err()
        };
        let length = TONE.len() as u32;
        assert!(fault(&TONE[..20], length, 1 << 20).contains("tone lies beyond"));
        assert!(fault(b"no stream at all", 16, 1 << 20).contains("tone can't be decoded"));
        assert!(fault(TONE, length, 100).contains("longer than a SoundFont"));
    }
}
