//! What a SoundFont file says, in the plain order that the synthesizer's reader takes.
//!
//! The SoundFont specification has readers pass over chunks that they don't know (section 10.2), and
//! RIFF has chunks of odd length filled up by a byte. The synthesizer's reader does neither. So it is
//! given a file of the three lists alone, and of the first one what is used of it.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

/// Chunks of the first list that are passed on: the version and the name.
const USED: [&[u8; 4]; 2] = [b"ifil", b"INAM"];

/// A chunk of a file: where what it holds begins, and how long that is.
#[derive(Clone, Copy)]
struct Chunk {
    id: [u8; 4],
    start: u64,
    size: u32,
}

/// The plain form of the SoundFont in `reader`. What has no three lists stays as it is, for the
/// synthesizer's reader to say what is wrong with it.
pub fn plain<'r, R: Read + Seek + 'r>(mut reader: R) -> io::Result<Box<dyn Read + 'r>> {
    let length = reader.seek(SeekFrom::End(0))?;
    let lists = chunks(&mut reader, 12, length)?;
    let mut of_kind = |kind: &[u8; 4]| -> io::Result<Option<Chunk>> {
        for list in lists.iter().filter(|list| &list.id == b"LIST") {
            if read_at::<4>(&mut reader, list.start)? == *kind {
                return Ok(Some(*list));
            }
        }
        Ok(None)
    };
    let (info, samples, tables) = (of_kind(b"INFO")?, of_kind(b"sdta")?, of_kind(b"pdta")?);
    let (Some(info), Some(samples), Some(tables)) = (info, samples, tables) else {
        reader.rewind()?;
        return Ok(Box::new(reader));
    };
    let mut about = b"INFO".to_vec();
    for chunk in chunks(
        &mut reader,
        info.start + 4,
        info.start + u64::from(info.size),
    )? {
        if USED.contains(&&chunk.id) {
            let bytes = bytes_of(&mut reader, chunk)?;
            let even = bytes.len().next_multiple_of(2);
            put(&mut about, &chunk.id, &bytes, even);
        }
    }
    let mut head = b"RIFF\0\0\0\0sfbk".to_vec();
    put(&mut head, b"LIST", &about, about.len());
    let pieces = [samples, tables].map(|list| {
        let mut header = Vec::new();
        put(&mut header, b"LIST", &[], 0);
        header[4..].copy_from_slice(&list.size.to_le_bytes());
        (header, list)
    });
    Ok(Box::new(Pieces {
        reader,
        head: Cursor::new(head),
        waiting: pieces.into_iter().collect::<Vec<_>>().into_iter(),
        left: 0,
    }))
}

/// Adds a chunk that is filled up to `size` bytes.
fn put(out: &mut Vec<u8>, id: &[u8; 4], bytes: &[u8], size: usize) {
    out.extend(id);
    out.extend((size as u32).to_le_bytes());
    out.extend(bytes);
    out.resize(out.len() + size - bytes.len(), 0);
}

/// The chunks from `at` to `end`.
fn chunks(reader: &mut (impl Read + Seek), mut at: u64, end: u64) -> io::Result<Vec<Chunk>> {
    let mut found = Vec::new();
    while at + 8 <= end {
        let head: [u8; 8] = read_at(reader, at)?;
        let [id, size] = [[0, 1, 2, 3], [4, 5, 6, 7]].map(|places| places.map(|it| head[it]));
        let size = u32::from_le_bytes(size);
        let start = at + 8;
        found.push(Chunk { id, start, size });
        at = after(reader, start, size, end)?;
    }
    Ok(found)
}

/// Where the next chunk begins after one of `size` bytes from `start` on. After an odd length a byte
/// is filled in, which some writers forget.
pub fn after(reader: &mut (impl Read + Seek), start: u64, size: u32, end: u64) -> io::Result<u64> {
    let at = start + u64::from(size);
    if size.is_multiple_of(2) || at + 9 > end {
        return Ok(at + u64::from(size % 2));
    }
    let next: [u8; 5] = read_at(reader, at)?;
    let is_id = |id: &[u8]| {
        let mut letters = id.iter();
        letters.all(|it| it.is_ascii_alphanumeric() || *it == b' ')
    };
    Ok(at + u64::from(!is_id(&next[..4]) || is_id(&next)))
}

fn read_at<const N: usize>(reader: &mut (impl Read + Seek), at: u64) -> io::Result<[u8; N]> {
    reader.seek(SeekFrom::Start(at))?;
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn bytes_of(reader: &mut (impl Read + Seek), chunk: Chunk) -> io::Result<Vec<u8>> {
    /// Longer than any name; the chunks are no longer than the file.
    const LONGEST: u64 = 1 << 16;
    reader.seek(SeekFrom::Start(chunk.start))?;
    let mut bytes = Vec::new();
    let size = u64::from(chunk.size).min(LONGEST);
    reader.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A head, and stretches of a file with heads of their own.
struct Pieces<R> {
    reader: R,
    head: Cursor<Vec<u8>>,
    waiting: std::vec::IntoIter<(Vec<u8>, Chunk)>,
    /// Bytes that are left of the stretch at hand.
    left: u64,
}

impl<R: Read + Seek> Read for Pieces<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.head.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            if self.left > 0 {
                let most = out
                    .len()
                    .min(usize::try_from(self.left).unwrap_or(usize::MAX));
                let read = self.reader.read(&mut out[..most])?;
                self.left -= read as u64;
                return Ok(read);
            }
            let Some((head, chunk)) = self.waiting.next() else {
                return Ok(0);
            };
            self.reader.seek(SeekFrom::Start(chunk.start))?;
            (self.head, self.left) = (Cursor::new(head), u64::from(chunk.size));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A font of three lists, the first of which holds `info`.
    fn font(info: &[u8]) -> Vec<u8> {
        let mut about = b"INFO".to_vec();
        about.extend(info);
        let mut font = b"RIFF\0\0\0\0sfbk".to_vec();
        let filled = about.len().next_multiple_of(2);
        put(&mut font, b"LIST", &about, filled);
        put(&mut font, b"junk", b"abc", 4);
        put(&mut font, b"LIST", b"sdtaSAMPLE", 10);
        put(&mut font, b"LIST", b"pdtaTABLES", 10);
        font
    }

    fn plain_of(info: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut reader = plain(Cursor::new(font(info))).unwrap();
        reader.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn chunk(id: &[u8; 4], bytes: &[u8], filled: bool) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, id, bytes, bytes.len());
        out.extend(vec![0; usize::from(filled && bytes.len() % 2 == 1)]);
        out
    }

    #[test]
    fn unknown_chunks_and_odd_lengths_are_passed_over() {
        let version = chunk(b"ifil", &[2, 0, 4, 0], true);
        let name = |filled| chunk(b"INAM", b"odd\0!", filled);
        let expected = {
            let mut about = [b"INFO".to_vec(), version.clone()].concat();
            put(&mut about, b"INAM", b"odd\0!", 6);
            let mut font = b"RIFF\0\0\0\0sfbk".to_vec();
            put(&mut font, b"LIST", &about, about.len());
            put(&mut font, b"LIST", b"sdtaSAMPLE", 10);
            put(&mut font, b"LIST", b"pdtaTABLES", 10);
            font
        };
        let unknown = chunk(b"DMOD", b"seven b", true);
        let comment = chunk(b"ICMT", b"x", true);
        for info in [
            [version.clone(), name(true)].concat(),
            [unknown.clone(), version.clone(), comment, name(true)].concat(),
            // Without the byte that fills up.
            [version.clone(), name(false), unknown].concat(),
        ] {
            assert_eq!(plain_of(&info), expected);
        }
    }

    #[test]
    fn what_has_no_three_lists_stays_as_it_is() {
        let bytes = b"RIFF\0\0\0\0sfbkLIST\x04\0\0\0INFO".to_vec();
        let mut same = Vec::new();
        let mut reader = plain(Cursor::new(bytes.clone())).unwrap();
        reader.read_to_end(&mut same).unwrap();
        assert_eq!(same, bytes);
    }
}
