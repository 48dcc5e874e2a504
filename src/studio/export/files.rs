//! A song as files, beside what is there.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::engine::render::{Heard, Score};
use crate::engine::{DrumMap, LANE_NAMES, Mapped, Song, SoundFont, SoundFontSource};
use musicvae::music::midi_file::{self, Layout};
use musicvae::music::{InPieces, write_new_file};

/// A file, and what of the music it could not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    /// Hits before the first beat that were moved onto it.
    pub clamped: usize,
    /// Strokes that the machine has no voice for.
    pub silent: usize,
}

/// Writes `song` for the machine of `map` as `name.mid` into `folder`, or as `name-2.mid` and so on
/// where that exists.
pub fn write(
    song: &Song,
    layout: Layout,
    map: &DrumMap,
    folder: &Path,
    name: &str,
) -> anyhow::Result<Written> {
    let midi_file::Encoded { bytes, clamped } = song.midi(layout)?;
    let Mapped { bytes, silent } = map.written(&bytes)?;
    let path = write_beside(folder, name, "mid", |out| out.write_all(&bytes))?;
    Ok(Written {
        path,
        clamped,
        silent,
    })
}

/// Frames a second of sound files.
const RATE: u32 = 44_100;

/// Renders `song`, played by a kit of a SoundFont (its program), as `name.wav` into `folder`, or each
/// lane that is heard as a file of the folder `name-lanes` in there; numbered where that exists.
/// `progress` is told how far it is, 0 to 1, and says whether to go on; of what is given up nothing stays.
pub fn render(
    song: &Song,
    (font, kit): (&SoundFontSource, u8),
    by_lane: bool,
    (folder, name): (&Path, &str),
    progress: &mut dyn FnMut(f32) -> bool,
) -> anyhow::Result<Written> {
    let font = SoundFont::load(font)?;
    let mut score = Score::of_song(song, RATE);
    score.kit = kit;
    let path = if by_lane {
        // Of one length, so that they can be laid above each other.
        score.tail = Some(TAIL);
        let folder = new_folder(folder, &format!("{name}-lanes"))?;
        if let Err(error) = render_lanes(&score, &font, &folder, progress) {
            // It was made for them, and holds nothing else.
            let _ = fs::remove_dir_all(&folder);
            return Err(error);
        }
        folder
    } else {
        write_beside(folder, name, "wav", |out| {
            score.write_wav(&font, Heard::All, out, progress).map(drop)
        })?
    };
    Ok(Written {
        path,
        clamped: 0,
        silent: 0,
    })
}

fn render_lanes(
    score: &Score,
    font: &SoundFont,
    folder: &Path,
    progress: &mut dyn FnMut(f32) -> bool,
) -> anyhow::Result<()> {
    let lanes = score.lanes();
    for (done, lane) in lanes.iter().enumerate() {
        let so_far = |share| (done as f32 + share) / lanes.len() as f32;
        let mut progress = |share| progress(so_far(share));
        write_beside(folder, LANE_NAMES[lane.index()], "wav", |out| {
            let written = score.write_wav(font, Heard::Lane(*lane), out, &mut progress);
            written.map(drop)
        })?;
    }
    Ok(())
}

/// Seconds that lanes ring on after the song.
const TAIL: f64 = 4.0;

/// Makes a folder of that name, or of the name and a number where that exists.
fn new_folder(within: &Path, name: &str) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(within).map_err(|error| trouble("made", within, &error))?;
    for count in 1..10_000 {
        let path = within.join(numbered(name, count));
        match fs::create_dir(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => {
                made.map_err(|error| trouble("made", &path, &error))?;
                return Ok(path.canonicalize().unwrap_or(path));
            }
        }
    }
    anyhow::bail!("{}: too many folders named {name}", within.display())
}

/// What stands in the way, and the way out.
fn trouble(done: &str, path: &Path, error: &io::Error) -> anyhow::Error {
    let path = path.display();
    anyhow::anyhow!("{path} can't be {done} ({error}): name another folder in [export]")
}

fn numbered(name: &str, count: usize) -> String {
    match count {
        1 => name.into(),
        count => format!("{name}-{count}"),
    }
}

/// Writes a file of that name and ending into `folder`, with a number where that exists.
fn write_beside(
    folder: &Path,
    name: &str,
    ending: &str,
    mut fill: impl FnMut(&mut BufWriter<InPieces>) -> io::Result<()>,
) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(folder).map_err(|error| trouble("made", folder, &error))?;
    for count in 1..10_000 {
        let path = folder.join(format!("{}.{ending}", numbered(name, count)));
        // Better known before the work than after it; somebody else may take the name meanwhile.
        if path.symlink_metadata().is_ok() {
            continue;
        }
        match write_new_file(&path, &mut fill) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // What is no trouble with the file is said as it is.
            Err(error) if error.kind() == io::ErrorKind::Other => return Err(error.into()),
            Err(error) => return Err(trouble("written", &path, &error)),
            Ok(()) => return Ok(path.canonicalize().unwrap_or(path)),
        }
    }
    anyhow::bail!("{}: too many files named {name}", folder.display())
}
