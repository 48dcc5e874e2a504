//! Loading a SoundFont: read from where it is, and tried out before anybody hears it.

use std::fs::{self, File};
use std::io::{BufReader, Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use super::mixer::{CHUNK, Controls, Mixer, Note};
use super::soundfont::{Banks, SoundFont, SoundFontError};
use crate::kit::EMBEDDED_KIT;
use musicvae::music::Lane;

/// Where a SoundFont comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum SoundFontSource {
    /// The drum kit that is part of the program.
    Embedded,
    /// A SoundFont 2 file.
    File(PathBuf),
    /// The bytes of a SoundFont 2 file, and the name to show for them.
    Bytes(Arc<[u8]>, String),
}

impl SoundFont {
    /// Reads a SoundFont file for its drums, and tries it out.
    ///
    /// # Errors
    /// One that can't be read, or makes no sound.
    pub fn load(source: &SoundFontSource) -> Result<SoundFont, SoundFontError> {
        SoundFont::load_banks(source, Banks::Drums)
    }

    /// The same with other presets too.
    ///
    /// # Errors
    /// As [`SoundFont::load`].
    pub fn load_banks(source: &SoundFontSource, banks: Banks) -> Result<SoundFont, SoundFontError> {
        match source {
            SoundFontSource::Embedded => read("the embedded kit", Cursor::new(EMBEDDED_KIT), banks),
            SoundFontSource::Bytes(bytes, name) => read(name, Cursor::new(bytes), banks),
            SoundFontSource::File(path) => {
                let name = path.display().to_string();
                let read_error = |source| SoundFontError::Read {
                    name: name.clone(),
                    source,
                };
                // A folder opens like a file and fails with a worse message later; opening a pipe
                // waits for whoever writes.
                if !fs::metadata(path).map_err(read_error)?.is_file() {
                    return Err(SoundFontError::NotASoundFont { name });
                }
                let file = File::open(path).map_err(read_error)?;
                read(&name, BufReader::new(file), banks)
            }
        }
    }
}

fn read(name: &str, reader: impl Read + Seek, banks: Banks) -> Result<SoundFont, SoundFontError> {
    let font = SoundFont::read(name, reader, banks)?;
    let name = || name.to_string();
    let heard = catch_unwind(AssertUnwindSafe(|| audition(&font)));
    let heard = heard.map_err(|_| SoundFontError::Damaged {
        name: name(),
        detail: "its drums cannot be played".into(),
    })??;
    match heard {
        true => Ok(font),
        false => Err(SoundFontError::Silent { name: name() }),
    }
}

/// Plays every lane softly, medium and loud, so that damaged tables show up here and not on stage.
/// Panics on those, or returns whether anything was heard.
fn audition(font: &SoundFont) -> Result<bool, SoundFontError> {
    let mut mixer = Mixer::new(font, 22_050, 0)?;
    let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
    let mut peak = 0.0_f32;
    for velocity in [0.1, 0.5, 1.0] {
        let notes = Lane::ALL.map(|lane| Note::of_lane(0, lane, velocity));
        for chunk in 0..8 {
            let notes: &[Note] = if chunk == 0 { &notes } else { &[] };
            let peaks = mixer.render(&mut left, &mut right, notes, &Controls::default());
            peak = peak.max(peaks.master[0]).max(peaks.master[1]);
        }
    }
    Ok(peak > 1e-4)
}
