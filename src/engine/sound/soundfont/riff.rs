//! The chunks of RIFF files: a name of four letters, a length, and what they hold.

use std::io::{self, Read, Seek, SeekFrom};

/// A chunk of a file: where what it holds begins, and how long that is.
#[derive(Clone, Copy)]
pub struct Chunk {
    pub id: [u8; 4],
    pub start: u64,
    pub size: u32,
}

impl Chunk {
    /// Where it should end in the file.
    pub fn end(&self) -> u64 {
        self.start + u64::from(self.size)
    }
}

/// The chunks from `at` to `end`. The last one may say that it is longer.
pub fn chunks(reader: &mut (impl Read + Seek), mut at: u64, end: u64) -> io::Result<Vec<Chunk>> {
    let mut found = Vec::new();
    while at + 8 <= end {
        let head: [u8; 8] = read_at(reader, at)?;
        let [id, size] = [[0, 1, 2, 3], [4, 5, 6, 7]].map(|places| places.map(|it| head[it]));
        // Nothing is called so: a file that was filled up.
        if id == [0; 4] {
            break;
        }
        let size = u32::from_le_bytes(size);
        let start = at + 8;
        found.push(Chunk { id, start, size });
        at = after(reader, start, size, end)?;
    }
    Ok(found)
}

/// Where the next chunk begins after one of `size` bytes from `start` on. After an odd length a byte
/// is filled in, which some writers forget.
fn after(reader: &mut (impl Read + Seek), start: u64, size: u32, end: u64) -> io::Result<u64> {
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

pub fn read_at<const N: usize>(reader: &mut (impl Read + Seek), at: u64) -> io::Result<[u8; N]> {
    reader.seek(SeekFrom::Start(at))?;
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The beginning of a chunk: longer than any name.
pub fn start_of(reader: &mut (impl Read + Seek), mut chunk: Chunk) -> io::Result<Vec<u8>> {
    chunk.size = chunk.size.min(1 << 16);
    bytes_of(reader, chunk)
}

pub fn bytes_of(reader: &mut (impl Read + Seek), chunk: Chunk) -> io::Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(chunk.start))?;
    let mut bytes = Vec::new();
    reader.take(u64::from(chunk.size)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Adds a chunk that is filled up to `size` bytes.
pub fn put(out: &mut Vec<u8>, id: &[u8; 4], bytes: &[u8], size: usize) {
    out.extend(id);
    out.extend((size as u32).to_le_bytes());
    out.extend(bytes);
    out.resize(out.len() + size - bytes.len(), 0);
}
