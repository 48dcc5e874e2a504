//! Zip files, on the disk and within each other.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::PathBuf;
use std::sync::Arc;

use zip::ZipArchive;

/// Bytes that one file may have, unpacked; a zip file can claim any size.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Where a zip lies.
#[derive(Clone, Debug)]
pub(super) enum Archive {
    File(PathBuf),
    /// One that lay in another.
    Held(Arc<[u8]>),
}

pub(super) trait Bytes: Read + Seek {}
impl<T: Read + Seek> Bytes for T {}

pub(super) type Open = ZipArchive<Box<dyn Bytes>>;

impl Archive {
    pub fn open(&self) -> Result<Open, String> {
        let bytes: Box<dyn Bytes> = match self {
            Archive::File(path) => {
                let file = File::open(path);
                let file = file.map_err(|error| format!("it cannot be read: {error}"))?;
                Box::new(BufReader::new(file))
            }
            Archive::Held(bytes) => Box::new(Cursor::new(bytes.clone())),
        };
        ZipArchive::new(bytes)
            .map_err(|error| format!("it is a zip file that cannot be opened ({error})"))
    }
}

/// The bytes of a member.
pub(super) fn read(archive: &mut Open, index: usize) -> Result<Vec<u8>, String> {
    let member = archive
        .by_index(index)
        .map_err(|error| format!("it cannot be unpacked: {error}"))?;
    read_limited(member)
}

pub(super) fn read_limited(from: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("it has more than {} MiB", MAX_FILE_BYTES >> 20));
    }
    Ok(bytes)
}
