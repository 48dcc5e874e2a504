//! Standard MIDI files to note sequences and back.

mod band;
mod chunks;
mod clock;
mod events;
mod maps;
mod mend;
mod patterns;
mod read;
mod rhythm;
mod take;
mod write;

use std::path::{Path, PathBuf};

pub use mend::{Mend, Mended};
pub use read::{Read, read, read_as};
pub use take::{Controller, Layout, Take};
pub use write::{Encoded, encode, write, write_path};

use super::{NoteSequence, Reading};

/// Why a MIDI file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
pub enum MidiFileError {
    /// The bytes break the rules of Standard MIDI files.
    #[error(
        "not a playable MIDI file: {problem} (at byte {at}); export it again as a Standard MIDI file"
    )]
    Malformed { at: usize, problem: String },
    /// A sequence that can't be written as a MIDI file.
    #[error("cannot be written as a MIDI file: {problem}")]
    Unwritable { problem: String },
    /// The file system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// Any of the above, with the file's name.
    #[error("`{}`: {error}", path.display())]
    InFile {
        path: PathBuf,
        error: Box<MidiFileError>,
    },
}

impl MidiFileError {
    fn in_file(self, path: &Path) -> MidiFileError {
        MidiFileError::InFile {
            path: path.to_path_buf(),
            error: Box::new(self),
        }
    }
}

/// Reads the MIDI file at `path`, as [`read`] does; errors name the file.
pub fn read_path(path: &Path) -> Result<NoteSequence, MidiFileError> {
    read_path_as(path, Reading::Played).map(|read| read.sequence)
}

/// Reads the MIDI file at `path`, as [`read_as`] does; errors name the file.
pub fn read_path_as(path: &Path, reading: Reading) -> Result<Read, MidiFileError> {
    let bytes = std::fs::read(path).map_err(|source| MidiFileError::Io {
        action: "read",
        path: path.to_path_buf(),
        source,
    })?;
    read_as(&bytes, reading).map_err(|error| error.in_file(path))
}
