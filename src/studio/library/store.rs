//! The library on disk: a file that only grows, a line of JSON for each groove that was heard, and for
//! each time that the player marked one.
//!
//! Several workstations may write to it at once: a line is one write at the end of the file, which the
//! system does not mix with another.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::rows::{Head, Row};
use crate::studio::ground::stored::StoredGroove;
use crate::studio::ground::{Heard, Marks, Sound, Space};
use musicvae::model::Latent;

/// Longest line that is read: a groove has far less.
const LONGEST: u64 = 16 << 20;

/// A line: a groove.
#[derive(Serialize, Deserialize)]
struct Line {
    /// Nanoseconds since 1970.
    heard: u64,
    name: String,
    model: String,
    #[serde(default)]
    marks: Marks,
    seed: u64,
    temperature: f32,
    qualities: std::collections::BTreeMap<String, f32>,
    sound: Sound,
    groove: StoredGroove,
    space: Option<Space>,
    /// All of its points in a row.
    #[serde(default)]
    point: Latent,
}

/// The part of a groove's line that the index needs.
#[derive(Deserialize)]
struct Short {
    heard: u64,
    name: String,
    model: String,
    #[serde(default)]
    marks: Marks,
    sound: Sound,
    groove: StoredGroove,
}

/// A line: what the player thinks of a groove from now on.
#[derive(Serialize, Deserialize)]
struct Marking {
    of: u64,
    marks: Marks,
}

/// Tells the two kinds of lines apart without reading the whole of them.
const MARKING: &[u8] = b"{\"of\":";

/// The file.
pub struct Store {
    path: PathBuf,
    /// Open for writing from the first line on.
    file: Option<File>,
    latest: u64,
}

impl Store {
    pub fn of(path: PathBuf) -> Store {
        Store {
            path,
            file: None,
            latest: 0,
        }
    }

    /// Adds a groove.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn add(&mut self, heard: &Heard, marks: Marks) -> anyhow::Result<Row> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_nanos() as u64);
        self.latest = now.max(self.latest + 1);
        let (space, point) = heard.point.clone().unzip();
        let line = Line {
            heard: self.latest,
            name: heard.name.clone(),
            model: heard.model.clone(),
            marks: marks.clone(),
            seed: heard.seed,
            temperature: heard.temperature,
            qualities: heard.qualities.clone(),
            sound: heard.sound,
            groove: StoredGroove::from(&heard.groove),
            space,
            point: point.unwrap_or_default().concat(),
        };
        let place = self.write(&serde_json::to_string(&line)?)?;
        let head = Head::from(heard);
        Ok(Row::of(self.latest, place, &heard.groove, &head, marks))
    }

    /// Writes down what the player thinks of a groove.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn mark(&mut self, of: u64, marks: Marks) -> anyhow::Result<()> {
        self.write(&serde_json::to_string(&Marking { of, marks })?)?;
        Ok(())
    }

    /// Reads the groove whose line begins at `place`.
    ///
    /// # Errors
    /// A line that is none.
    pub fn fetch(&self, place: u64) -> anyhow::Result<Heard> {
        let damaged = || format!("{}: the groove can't be read", self.path.display());
        let mut file = File::open(&self.path).with_context(damaged)?;
        file.seek(SeekFrom::Start(place)).with_context(damaged)?;
        let mut text = String::new();
        let mut lines = BufReader::new(file).take(LONGEST);
        lines.read_line(&mut text).with_context(damaged)?;
        let line: Line = serde_json::from_str(&text).with_context(damaged)?;
        let points = |space: &Space| space.points(&line.point);
        Ok(Heard {
            groove: line.groove.read().with_context(damaged)?,
            name: line.name,
            point: line.space.as_ref().map(|it| (it.clone(), points(it))),
            seed: line.seed,
            temperature: line.temperature.clamp(0.0, 2.0),
            qualities: line.qualities,
            model: line.model,
            sound: line.sound.in_range(),
        })
    }

    /// Writes a line; returns where it begins.
    fn write(&mut self, text: &str) -> anyhow::Result<u64> {
        let place = || format!("{}: the library can't be written", self.path.display());
        if self.file.is_none() {
            let folder = musicvae::music::folder_of(&self.path);
            std::fs::create_dir_all(folder).with_context(place)?;
            let file = File::options()
                .create(true)
                .read(true)
                .append(true)
                .open(&self.path)
                .with_context(place)?;
            self.file = Some(file);
        }
        let Some(file) = &mut self.file else {
            anyhow::bail!("{}", place());
        };
        // A writer may have been cut off in the middle of a line: the next line begins on its own.
        let end = file.seek(SeekFrom::End(0)).with_context(place)?;
        let mut last = [b'\n'];
        if end > 0 {
            file.seek(SeekFrom::Start(end - 1)).with_context(place)?;
            file.read_exact(&mut last).with_context(place)?;
        }
        let break_before = if last == *b"\n" { "" } else { "\n" };
        let line = format!("{break_before}{text}\n");
        let written = file.write_all(line.as_bytes()).and_then(|()| {
            let after = file.stream_position()?;
            file.sync_data()?;
            Ok(after)
        });
        let after = written.with_context(place)?;
        Ok(after - (text.len() as u64 + 1))
    }
}

/// What the file holds: a row for each groove, and how many lines can't be read.
///
/// # Errors
/// A file that is there and can't be read.
pub fn read(path: &Path) -> anyhow::Result<(Vec<Row>, usize)> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        file => file.with_context(|| format!("{}: the library can't be read", path.display()))?,
    };
    let mut lines = BufReader::with_capacity(1 << 16, file);
    let (mut rows, mut bad): (Vec<Row>, usize) = (Vec::new(), 0);
    let mut places: HashMap<u64, usize> = HashMap::new();
    let (mut place, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let length = lines.read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            return Ok((rows, bad));
        }
        if line.trim_ascii().is_empty() {
            // Nothing, not even damage.
        } else if line.starts_with(MARKING) {
            match serde_json::from_slice::<Marking>(&line) {
                Ok(Marking { of, marks }) => {
                    if let Some(&row) = places.get(&of) {
                        rows[row].marks = marks;
                    }
                }
                Err(_) => bad += 1,
            }
        } else {
            match row(&line, place) {
                Some(row) => {
                    places.insert(row.id, rows.len());
                    rows.push(row);
                }
                None => bad += 1,
            }
        }
        place += length;
    }
}

fn row(line: &[u8], place: u64) -> Option<Row> {
    let short: Short = serde_json::from_slice(line).ok()?;
    let groove = short.groove.read().ok()?;
    let head = Head {
        name: short.name,
        model: short.model,
        tempo: short.sound.in_range().tempo,
    };
    Some(Row::of(short.heard, place, &groove, &head, short.marks))
}
