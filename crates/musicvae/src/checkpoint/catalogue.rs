//! The checkpoints that can be loaded, known by their headers alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use candle_core::DType;

use super::header::{Header, Role};
use super::{CheckpointError, Embedded, Metadata, Precision, error::file_name, open};
use crate::model::Preset;

/// Files of this extension are taken for checkpoints.
pub const EXTENSION: &str = "safetensors";

/// Where a checkpoint lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the program itself.
    Embedded(&'static Embedded),
    /// A file.
    File(PathBuf),
}

impl Source {
    /// What `path` names: a file; the folder of a run, for its best checkpoint, or the latest where
    /// none is the best; or one of the `embedded` checkpoints where nothing is called so.
    pub fn named(path: &Path, embedded: &'static [Embedded]) -> Source {
        let named = |embedded: &&Embedded| Path::new(embedded.name) == path;
        match embedded.iter().find(named) {
            Some(embedded) if !path.exists() => Source::Embedded(embedded),
            _ => Source::File(file_named(path)),
        }
    }
}

/// The file that `path` names: itself, or what is best in a run's folder.
fn file_named(path: &Path) -> PathBuf {
    let of_run = ["best", "latest"].map(|name| path.join(name).with_extension(EXTENSION));
    let found = of_run.into_iter().find(|file| file.is_file());
    found.unwrap_or_else(|| path.into())
}

/// What a checkpoint's header tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The model's kind and sizes.
    pub preset: Preset,
    /// Where the weights come from.
    pub metadata: Metadata,
    /// Number of weights.
    pub parameters: usize,
    /// How the weights lie on disk.
    pub precision: Precision,
    /// Whether it holds the optimizer's state, so that training can go on.
    pub resumable: bool,
}

impl Summary {
    fn of(header: Header) -> Summary {
        let mut summary = Summary {
            preset: header.preset,
            metadata: header.metadata,
            parameters: 0,
            precision: Precision::Full,
            resumable: false,
        };
        for (name, entry) in &header.entries {
            match Role::of(name) {
                Role::Optimizer(_) => summary.resumable = true,
                Role::Prior(_) | Role::Steps(_) => {}
                Role::Weight => {
                    summary.parameters += entry.shape.iter().product::<usize>();
                    match entry.dtype {
                        DType::U8 => summary.precision = Precision::EightBits,
                        DType::F16 if summary.precision == Precision::Full => {
                            summary.precision = Precision::Half;
                        }
                        _ => {}
                    }
                }
            }
        }
        summary
    }
}

/// One checkpoint of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where it lies.
    pub source: Source,
    /// Path within its folder without the extension: `run/last`; or that of the program's own.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// When its file was last written; `None` in the program.
    pub modified: Option<SystemTime>,
    /// What it is, or the sentence that says why it cannot be used. Damage to the weights
    /// themselves shows only in loading.
    pub summary: Result<Summary, String>,
}

impl Entry {
    /// The entry of the file at `path`, called `name`.
    pub fn of_file(path: &Path, name: String) -> Entry {
        let about = fs::metadata(path).ok();
        Entry {
            source: Source::File(path.into()),
            name,
            size: about.as_ref().map_or(0, fs::Metadata::len),
            modified: about.and_then(|about| about.modified().ok()),
            summary: read_summary(path).map_err(|error| error.to_string()),
        }
    }

    /// The entry of a checkpoint in the program.
    pub fn embedded(embedded: &'static Embedded) -> Entry {
        let mut bytes = embedded.bytes;
        let size = bytes.len() as u64;
        let header = Header::read(&mut bytes, size, &embedded.title());
        Entry {
            source: Source::Embedded(embedded),
            name: embedded.name.into(),
            size,
            modified: None,
            summary: header.map(Summary::of).map_err(|error| error.to_string()),
        }
    }
}

fn read_summary(path: &Path) -> Result<Summary, CheckpointError> {
    let (mut reader, length) = open(path)?;
    Header::read(&mut reader, length, &file_name(path)).map(Summary::of)
}

/// A list of checkpoints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    /// The embedded ones first, then folder by folder as they were given, by name.
    pub entries: Vec<Entry>,
    /// Folders that could not be read, a sentence each.
    pub problems: Vec<String>,
}

impl Catalogue {
    /// Lists the checkpoints of `folders` and of the run folders directly inside them, reading
    /// headers only. A folder that is not there holds none. `embedded` are the checkpoints in the
    /// program.
    pub fn scan(folders: &[PathBuf], embedded: &'static [Embedded]) -> Catalogue {
        let mut catalogue = Catalogue {
            entries: embedded.iter().map(Entry::embedded).collect(),
            problems: vec![],
        };
        let mut seen = BTreeSet::new();
        for folder in folders {
            if folder.exists() && seen.insert(folder.canonicalize().unwrap_or(folder.clone())) {
                catalogue.add_folder(folder);
            }
        }
        catalogue
    }

    fn add_folder(&mut self, folder: &Path) {
        let mut files = Vec::new();
        for path in self.children(folder) {
            if path.is_dir() {
                files.extend(
                    self.children(&path)
                        .into_iter()
                        .filter(|path| is_checkpoint(path)),
                );
            } else if is_checkpoint(&path) {
                files.push(path);
            }
        }
        files.sort();
        for path in files {
            let name = path
                .strip_prefix(folder)
                .unwrap_or(&path)
                .with_extension("");
            self.entries.push(Entry::of_file(&path, file_name(&name)));
        }
    }

    /// What a folder holds, but for hidden things.
    fn children(&mut self, folder: &Path) -> Vec<PathBuf> {
        let visible =
            |entry: &fs::DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
        let read = || fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>();
        match read() {
            Ok(entries) => entries
                .iter()
                .filter(|&entry| visible(entry))
                .map(fs::DirEntry::path)
                .collect(),
            Err(error) => {
                let folder = folder.display();
                self.problems.push(format!(
                    "cannot look for checkpoints in {folder}: {error}; make it readable or take it \
                     out of the configuration"
                ));
                Vec::new()
            }
        }
    }

    /// The entry of that name.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

fn is_checkpoint(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == EXTENSION)
        && !path.is_dir()
}
