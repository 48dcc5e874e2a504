//! What commands read: files and standard input.

use std::io::{self, Read as _};
use std::path::Path;

use anyhow::Context as _;

use musicvae::music::Reading;
use musicvae::music::midi_file::{self, Read};

/// What stands for standard input and output where a file is asked for.
const STANDARD: &str = "-";

/// Whether `path` stands for standard input or output. A file of that name is `./-`.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new(STANDARD)
}

/// What messages call an input.
pub fn name(path: &Path) -> String {
    match is_standard(path) {
        true => "standard input".into(),
        false => path.display().to_string(),
    }
}

/// The music of a MIDI file, or of what comes on standard input.
pub fn midi(path: &Path, reading: Reading) -> anyhow::Result<Read> {
    no_folder(path, "a MIDI file")?;
    match is_standard(path) {
        true => midi_file::read_as(&standard()?, reading).context("standard input"),
        false => Ok(midi_file::read_path_as(path, reading)?),
    }
}

/// A whole text file, or what comes on standard input; `wanted` is what it should be.
pub fn text(path: &Path, wanted: &str) -> anyhow::Result<String> {
    no_folder(path, "a file")?;
    let read = || match is_standard(path) {
        true => String::from_utf8(standard()?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        false => std::fs::read_to_string(path),
    };
    match read() {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            anyhow::bail!("{} is no text: {wanted} is expected", name(path))
        }
        read => read.with_context(|| format!("{} can't be read", name(path))),
    }
}

fn no_folder(path: &Path, wanted: &str) -> anyhow::Result<()> {
    let shown = path.display();
    anyhow::ensure!(!path.is_dir(), "`{shown}` is a folder: name {wanted} in it");
    Ok(())
}

fn standard() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}
