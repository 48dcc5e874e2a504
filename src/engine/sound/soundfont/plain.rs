//! What a SoundFont file says, in the plain form that the synthesizer's reader takes.
//!
//! The SoundFont specification has readers pass over chunks that they don't know (section 10.2), and
//! RIFF has chunks of odd length filled up by a byte. The synthesizer's reader does neither, and refuses
//! a whole file for one zone that can't sound. So it is given a file of what is used alone.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use super::Banks;
use super::compressed::decoded;
use super::riff::{Chunk, bytes_of, chunks, put, read_at, start_of};
use super::tables::Tables;

/// Chunks of the first list that are passed on: the version and the name.
const USED: [&[u8; 4]; 2] = [b"ifil", b"INAM"];

/// Bytes of silence behind the samples: the 46 points that the specification wants there, and that
/// some writers forget.
const GUARD: u32 = 2 * 46;

/// Banks of drums from here on.
const DRUMS: u16 = 128;

/// The three lists of a SoundFont, as far as they are there.
#[derive(Default)]
pub struct Lists {
    info: Option<Chunk>,
    samples: Option<Chunk>,
    tables: Option<Chunk>,
}

impl Lists {
    /// The lists of a file. What else lies among or behind them, and how long the file says that it
    /// is, makes no difference.
    pub fn find(reader: &mut (impl Read + Seek), length: u64) -> io::Result<Lists> {
        let mut lists = Lists::default();
        for chunk in chunks(reader, 12, length)? {
            if &chunk.id != b"LIST" || chunk.start + 4 > length {
                continue;
            }
            let place = match &read_at::<4>(reader, chunk.start)? {
                b"INFO" => &mut lists.info,
                b"sdta" => &mut lists.samples,
                b"pdta" => &mut lists.tables,
                _ => continue,
            };
            place.get_or_insert(chunk);
        }
        Ok(lists)
    }

    /// Those that are there.
    pub fn found(&self) -> impl Iterator<Item = Chunk> {
        [self.info, self.samples, self.tables].into_iter().flatten()
    }

    /// Whether the samples are compressed, as in SF3.
    fn are_compressed(&self, reader: &mut (impl Read + Seek)) -> io::Result<bool> {
        let version = match inner(reader, self.info, b"ifil")? {
            Some(chunk) => start_of(reader, chunk)?,
            None => Vec::new(),
        };
        let samples = match inner(reader, self.samples, b"smpl")? {
            Some(chunk) => start_of(reader, chunk)?,
            None => Vec::new(),
        };
        Ok(version.starts_with(&[3, 0]) || samples.starts_with(b"OggS"))
    }

    /// The plain form of the SoundFont in `reader`, of at most `most` bytes of samples where they are
    /// compressed, or what is wrong with it.
    pub fn plain<'r, R: Read + Seek + 'r>(
        &self,
        mut reader: R,
        most: u64,
        banks: Banks,
    ) -> io::Result<Result<Box<dyn Read + 'r>, String>> {
        let lacks = |list: &str| Ok(Err(format!("it has no {list}")));
        let Some(samples) = inner(&mut reader, self.samples, b"smpl")? else {
            return lacks("samples");
        };
        let Some(list) = self.tables else {
            return lacks("tables of presets and instruments");
        };
        let mut tables = Tables::default();
        for chunk in inner_chunks(&mut reader, list)? {
            tables.add(&chunk.id, &bytes_of(&mut reader, chunk)?);
        }
        let mut bytes = samples.size - samples.size % 2;
        let mut uncompressed = None;
        if self.are_compressed(&mut reader)? {
            let stored = bytes_of(&mut reader, samples)?;
            let mut used = tables.used_in(|bank| banks == Banks::All || bank >= DRUMS);
            if used.is_empty() {
                used = tables.used_in(|_| true);
            }
            let headers = tables.headers().clone();
            match decoded(&stored, &headers, &used, most) {
                Ok((points, headers)) => {
                    *tables.headers() = headers;
                    bytes = points.len() as u32;
                    uncompressed = Some(points);
                }
                Err(fault) => return Ok(Err(fault)),
            }
        }
        let tables = tables.to_bytes(bytes / 2);

        let mut about = b"INFO".to_vec();
        for id in USED {
            if let Some(chunk) = inner(&mut reader, self.info, id)? {
                let bytes = start_of(&mut reader, chunk)?;
                let even = bytes.len().next_multiple_of(2);
                put(&mut about, id, &bytes, even);
            }
        }
        let mut head = b"RIFF\0\0\0\0sfbk".to_vec();
        put(&mut head, b"LIST", &about, about.len());
        let Some(filled) = bytes.checked_add(GUARD + 12) else {
            return Ok(Err(
                "it says that it has more samples than a file can hold".into()
            ));
        };
        head.extend(b"LIST");
        head.extend(filled.to_le_bytes());
        head.extend(b"sdtasmpl");
        head.extend((bytes + GUARD).to_le_bytes());

        let mut tail = vec![0; GUARD as usize];
        put(&mut tail, b"LIST", &tables, tables.len());
        let points: Box<dyn Read + 'r> = match uncompressed {
            Some(points) => Box::new(Cursor::new(points)),
            None => {
                reader.seek(SeekFrom::Start(samples.start))?;
                Box::new(reader.take(u64::from(bytes)))
            }
        };
        let plain = Cursor::new(head).chain(points).chain(Cursor::new(tail));
        Ok(Ok(Box::new(plain)))
    }
}

/// The chunks of a list, none of them longer than the list.
fn inner_chunks(reader: &mut (impl Read + Seek), list: Chunk) -> io::Result<Vec<Chunk>> {
    let mut found = chunks(reader, list.start + 4, list.end())?;
    for chunk in &mut found {
        let left = list.end() - chunk.start;
        chunk.size = chunk.size.min(u32::try_from(left).unwrap_or(u32::MAX));
    }
    Ok(found)
}

/// The chunk of a list that is called `id`.
fn inner(
    reader: &mut (impl Read + Seek),
    list: Option<Chunk>,
    id: &[u8; 4],
) -> io::Result<Option<Chunk>> {
    let Some(list) = list else { return Ok(None) };
    let chunks = inner_chunks(reader, list)?;
    Ok(chunks.into_iter().find(|chunk| &chunk.id == id))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A font of three lists, the first of which holds `info`.
    fn font(info: &[u8], among_samples: &[u8]) -> Vec<u8> {
        let mut about = b"INFO".to_vec();
        about.extend(info);
        let mut font = b"RIFF\0\0\0\0sfbk".to_vec();
        let filled = about.len().next_multiple_of(2);
        put(&mut font, b"LIST", &about, filled);
        put(&mut font, b"junk", b"abc", 4);
        let mut samples = b"sdta".to_vec();
        put(&mut samples, b"smpl", b"SAMPLE", 6);
        samples.extend(among_samples);
        put(&mut font, b"LIST", &samples, samples.len());
        put(&mut font, b"LIST", b"pdta", 4);
        font.extend(b"what another program left here");
        font
    }

    fn plain_of(font: Vec<u8>) -> Vec<u8> {
        let length = font.len() as u64;
        let mut reader = Cursor::new(font);
        let lists = Lists::find(&mut reader, length).unwrap();
        let mut bytes = Vec::new();
        let mut plain = lists.plain(reader, 1 << 20, Banks::Drums).unwrap().unwrap();
        plain.read_to_end(&mut bytes).unwrap();
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
        let plain = |info: &[u8]| plain_of(font(info, b""));
        let expected = plain(&[version.clone(), name(true)].concat());
        assert_eq!(&expected[..12], b"RIFF\0\0\0\0sfbk");
        assert!(expected.windows(5).any(|it| it == b"odd\0!"));
        let unknown = chunk(b"DMOD", b"seven b", true);
        let comment = chunk(b"ICMT", b"x", true);
        for info in [
            [unknown.clone(), version.clone(), comment, name(true)].concat(),
            // Without the byte that fills up.
            [version.clone(), name(false), unknown.clone()].concat(),
        ] {
            assert_eq!(plain(&info), expected);
        }
        let info = [version, name(true)].concat();
        let low_bytes = chunk(b"sm24", b"abc", true);
        assert_eq!(plain_of(font(&info, &low_bytes)), expected);
        assert_eq!(plain_of(font(&info, &unknown)), expected);
    }

    #[test]
    fn what_a_font_lacks_is_named() {
        let bytes = b"RIFF\0\0\0\0sfbkLIST\x04\0\0\0INFO".to_vec();
        let length = bytes.len() as u64;
        let mut reader = Cursor::new(bytes);
        let lists = Lists::find(&mut reader, length).unwrap();
        let lacks = lists.plain(reader, 1 << 20, Banks::Drums).unwrap().err();
        assert_eq!(lacks.as_deref(), Some("it has no samples"));
    }
}
