//! Finding the files of a TensorFlow checkpoint: in a folder, or inside a tar archive.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::MagentaError;

/// The most that a compressed archive may unpack to.
const MAX_UNPACKED: u64 = 4 << 30;

/// The files of one checkpoint: `<prefix>.index`, `<prefix>.data-00000-of-00001`, ...
pub(super) struct Source {
    /// How messages name the checkpoint.
    pub name: String,
    place: Place,
}

enum Place {
    /// The path up to the dot before `index`.
    Folder(PathBuf),
    Archive {
        file: File,
        prefix: String,
        parts: BTreeMap<String, Part>,
    },
}

/// A stretch of the archive.
#[derive(Clone, Copy)]
struct Part {
    start: u64,
    length: u64,
}

impl Source {
    /// The checkpoint that `path` means: a prefix, its `.index` or `.data-...` file, a folder that
    /// holds one, or a `.tar` or `.tgz` archive that does.
    pub fn locate(path: &Path) -> Result<Source, MagentaError> {
        let prefix = if path.is_dir() {
            prefix_in_folder(path)?
        } else if path.is_file() {
            match archive_kind(path)? {
                Some(Kind::Tar) => return Source::of_tar(path, open(path)?),
                Some(Kind::Gzip) => return Source::of_tar(path, unpack(path)?),
                None => prefix_of(path).unwrap_or_else(|| path.to_path_buf()),
            }
        } else {
            path.to_path_buf()
        };
        if !with_suffix(&prefix, ".index").is_file() {
            // A path that is not there at all says so.
            open(path)?;
            return Err(MagentaError::NotFound {
                path: path.display().to_string(),
            });
        }
        Ok(Source {
            name: prefix.display().to_string(),
            place: Place::Folder(prefix),
        })
    }

    fn of_tar(path: &Path, file: File) -> Result<Source, MagentaError> {
        let archive = path.display().to_string();
        let damaged = |reason: io::Error| MagentaError::Archive {
            file: archive.clone(),
            reason: reason.to_string(),
        };
        let mut parts = BTreeMap::new();
        let length = file.metadata().map_err(damaged)?.len();
        let mut tar = tar::Archive::new(&file);
        for entry in tar.entries_with_seek().map_err(damaged)? {
            let entry = entry.map_err(damaged)?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let (start, size) = (entry.raw_file_position(), entry.size());
            if start.checked_add(size).is_none_or(|end| end > length) {
                return Err(MagentaError::Archive {
                    file: archive,
                    reason: format!("it ends within `{name}`"),
                });
            }
            // Files that begin so are macOS's notes on the file of the name that follows.
            let note = name
                .rsplit('/')
                .next()
                .is_some_and(|name| name.starts_with("._"));
            if entry.header().entry_type().is_file() && !note {
                parts.insert(
                    name,
                    Part {
                        start,
                        length: size,
                    },
                );
            }
        }
        let prefixes: Vec<&str> = parts
            .keys()
            .filter_map(|name| name.strip_suffix(".index"))
            .collect();
        let latest = parts.iter().find_map(|(name, part)| {
            let folder = name.strip_suffix("checkpoint")?;
            let is_latest = matches!(folder.chars().next_back(), None | Some('/'));
            let text = is_latest.then(|| text_of(&file, *part))??;
            let prefix = format!("{folder}{}", file_name(&latest(&text)?));
            prefixes.contains(&prefix.as_str()).then_some(prefix)
        });
        let prefix = match (latest, prefixes.as_slice()) {
            (Some(prefix), _) => prefix,
            (None, [prefix]) => prefix.to_string(),
            (None, []) => return Err(MagentaError::NotFound { path: archive }),
            (None, several) => {
                let names = several.join(", ");
                return Err(MagentaError::Several {
                    path: archive,
                    names,
                });
            }
        };
        let name = format!("{archive}: {prefix}");
        Ok(Source {
            name,
            place: Place::Archive {
                file,
                prefix,
                parts,
            },
        })
    }

    /// The file that ends in `suffix`, for reading.
    pub fn part(&self, suffix: &str) -> Result<Stretch, MagentaError> {
        let name = format!("{}{suffix}", self.name);
        let failed = |reason| MagentaError::Read {
            file: name.clone(),
            reason,
        };
        let missing = || MagentaError::MissingPart { file: name.clone() };
        let (file, start, length) = match &self.place {
            Place::Folder(prefix) => {
                let path = with_suffix(prefix, suffix);
                if !path.is_file() {
                    return Err(missing());
                }
                let file = File::open(path).map_err(failed)?;
                let length = file.metadata().map_err(failed)?.len();
                (file, 0, length)
            }
            Place::Archive {
                file,
                prefix,
                parts,
            } => {
                let part = parts
                    .get(&format!("{prefix}{suffix}"))
                    .ok_or_else(missing)?;
                (file.try_clone().map_err(failed)?, part.start, part.length)
            }
        };
        Ok(Stretch {
            name,
            file: RefCell::new(file),
            start,
            length,
        })
    }
}

/// A file, or a stretch of one, that is read in pieces.
pub(super) struct Stretch {
    pub name: String,
    file: RefCell<File>,
    start: u64,
    pub length: u64,
}

impl Stretch {
    /// `size` bytes from `offset`; `None` when that is beyond the end.
    pub fn read(&self, offset: u64, size: u64) -> Result<Option<Vec<u8>>, MagentaError> {
        if offset.checked_add(size).is_none_or(|end| end > self.length) {
            return Ok(None);
        }
        let read = || {
            let mut file = self.file.borrow_mut();
            file.seek(SeekFrom::Start(self.start + offset))?;
            let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        read().map(Some).map_err(|reason| MagentaError::Read {
            file: self.name.clone(),
            reason,
        })
    }
}

enum Kind {
    Tar,
    Gzip,
}

/// Which archive format a file has, by its first bytes, or by its name if they don't tell.
fn archive_kind(path: &Path) -> Result<Option<Kind>, MagentaError> {
    let mut head = Vec::new();
    let failed = |reason| MagentaError::Read {
        file: path.display().to_string(),
        reason,
    };
    open(path)?
        .take(512)
        .read_to_end(&mut head)
        .map_err(failed)?;
    let named = |ending| path.to_string_lossy().to_lowercase().ends_with(ending);
    Ok(
        if head.starts_with(&[0x1f, 0x8b]) || named(".tgz") || named(".tar.gz") {
            Some(Kind::Gzip)
        } else if head.get(257..262) == Some(b"ustar") || named(".tar") {
            Some(Kind::Tar)
        } else {
            None
        },
    )
}

fn open(path: &Path) -> Result<File, MagentaError> {
    File::open(path).map_err(|reason| MagentaError::Read {
        file: path.display().to_string(),
        reason,
    })
}

/// Decompresses a gzip file into a nameless temporary one.
fn unpack(path: &Path) -> Result<File, MagentaError> {
    let damaged = |reason: String| MagentaError::Archive {
        file: path.display().to_string(),
        reason,
    };
    let mut unpacked = tempfile::tempfile().map_err(|error| damaged(error.to_string()))?;
    let mut decoder = flate2::read::GzDecoder::new(open(path)?).take(MAX_UNPACKED + 1);
    let size = io::copy(&mut decoder, &mut unpacked).map_err(|error| damaged(error.to_string()))?;
    if size > MAX_UNPACKED {
        return Err(damaged(format!(
            "it unpacks to more than {} GiB",
            MAX_UNPACKED >> 30
        )));
    }
    unpacked
        .rewind()
        .map_err(|error| damaged(error.to_string()))?;
    Ok(unpacked)
}

fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path: OsString = prefix.into();
    path.push(suffix);
    path.into()
}

/// The prefix of an `.index`, `.meta` or `.data-...` file.
fn prefix_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let end = name
        .strip_suffix(".index")
        .or_else(|| name.strip_suffix(".meta"))
        .or_else(|| name.rsplit_once(".data-").map(|(prefix, _)| prefix))?;
    Some(path.with_file_name(end))
}

/// The path that the text of a `checkpoint` file names as the latest.
fn latest(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim_start);
    let path = lines.find_map(|line| line.strip_prefix("model_checkpoint_path:"))?;
    // A backslash is written twice in it.
    let path = path.trim().trim_matches(['"', '\'']).replace(r"\\", r"\");
    (!path.is_empty()).then_some(path)
}

/// The last part of a path of whatever system.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The text of a small file in an archive.
fn text_of(archive: &File, part: Part) -> Option<String> {
    const LONGEST: u64 = 1 << 20;
    let mut archive = archive;
    archive.seek(SeekFrom::Start(part.start)).ok()?;
    let mut text = String::new();
    let size = part.length.min(LONGEST);
    archive.take(size).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The checkpoint that a folder's `checkpoint` file names as the latest, or the only one there.
fn prefix_in_folder(folder: &Path) -> Result<PathBuf, MagentaError> {
    if let Ok(text) = std::fs::read_to_string(folder.join("checkpoint"))
        && let Some(path) = latest(&text)
    {
        // The path may be absolute, of the machine that trained.
        let candidates = [folder.join(&path), folder.join(file_name(&path))];
        let found = |prefix: &PathBuf| with_suffix(prefix, ".index").is_file();
        if let Some(prefix) = candidates.into_iter().find(found) {
            return Ok(prefix);
        }
    }
    let failed = |reason| MagentaError::Read {
        file: folder.display().to_string(),
        reason,
    };
    let mut prefixes = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "index")
        {
            prefixes.push(path.with_extension(""));
        }
    }
    prefixes.sort();
    match prefixes.as_slice() {
        [prefix] => Ok(prefix.clone()),
        [] => Err(MagentaError::NotFound {
            path: folder.display().to_string(),
        }),
        several => {
            let names = several
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>();
            let path = folder.display().to_string();
            Err(MagentaError::Several {
                path,
                names: names.join(", "),
            })
        }
    }
}
