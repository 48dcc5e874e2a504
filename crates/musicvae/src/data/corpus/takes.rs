//! What is in a folder or a zip: the takes, the lists that describe them, and what is neither.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::{self, Archive};
use crate::data::{DataError, Skipped};

/// Where a file of a corpus lies.
#[derive(Clone, Debug)]
pub(super) enum Place {
    File(PathBuf),
    /// A member of one of the archives.
    Member {
        archive: usize,
        index: usize,
    },
}

/// What was found under a folder or in a zip.
#[derive(Default)]
pub(super) struct Takes {
    /// MIDI files by their name within the corpus, parts divided by `/`.
    pub midi: BTreeMap<String, Place>,
    /// Other names of them: links.
    pub aliases: Vec<(String, String)>,
    /// The lists, `info.csv`.
    pub lists: BTreeMap<String, Place>,
    pub archives: Vec<Archive>,
    /// What can't be read, or is not music although it looks like it.
    pub skipped: Vec<Skipped>,
    /// Bytes of the zips within zips that are held.
    held: u64,
}

/// Zips within zips within ... that are looked into.
const DEPTH: usize = 4;

/// Bytes of all zips within others.
const MOST_HELD: u64 = 512 << 20;

enum Kind {
    Midi,
    List,
    Zip,
    /// A file with notes of macOS about another.
    AppleDouble,
    /// An archive of a kind that is not looked into.
    Packed,
    Other,
}

/// Endings of MIDI files.
const MIDI: [&str; 5] = [".mid", ".midi", ".kar", ".rmi", ".smf"];

/// Endings of archives other than zips.
const PACKED: [&str; 9] = [
    ".gz", ".tgz", ".tar", ".rar", ".7z", ".xz", ".bz2", ".zst", ".sit",
];

/// A name in small letters without the ending of a MIDI file.
pub(super) fn stem(name: &str) -> &str {
    let mut stems = MIDI.iter().filter_map(|ending| name.strip_suffix(ending));
    stems.next().unwrap_or(name)
}

fn kind(name: &str) -> Kind {
    let base = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| base.ends_with(ending));
    let is_midi = ends(&MIDI);
    match base.as_str() {
        _ if base.starts_with("._") || name.starts_with("__MACOSX/") => match is_midi {
            true => Kind::AppleDouble,
            false => Kind::Other,
        },
        "info.csv" => Kind::List,
        _ if is_midi => Kind::Midi,
        _ if ends(&[".zip"]) => Kind::Zip,
        _ if ends(&PACKED) => Kind::Packed,
        _ => Kind::Other,
    }
}

/// Whether a file that begins so is a MIDI file, whatever its name.
pub(super) fn begins_like_midi(head: &[u8]) -> bool {
    head.starts_with(b"MThd") || head.starts_with(b"RIFF") && head.get(8..12) == Some(b"RMID")
}

/// Whether a file's name says that it is a MIDI file: `.mid`, `.midi`, `.kar`, `.rmi` or `.smf`.
pub fn is_named_midi(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|name| matches!(kind(name), Kind::Midi))
}

/// Whether a file's name says that it is an archive which is not looked into.
pub(super) fn is_named_packed(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|name| matches!(kind(name), Kind::Packed))
}

/// Bytes that tell what a file is.
const HEAD: usize = 12;

impl Takes {
    /// All that lies in a zip file.
    pub fn of_zip(path: &Path) -> Result<Takes, String> {
        let mut takes = Takes::default();
        takes.look_into(Archive::File(path.to_path_buf()), "", 1)?;
        Ok(takes)
    }

    /// All that lies under a folder. A folder or file that several links lead to counts once, under
    /// its own name. What can't be looked into is named, and what is no file (a pipe, a socket) is
    /// never opened. `wanted` is told of how many files were found, and says whether to go on.
    pub fn of_folder(
        root: &Path,
        wanted: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Takes, DataError> {
        let mut walk = Walk {
            wanted,
            is_over: false,
            files: Vec::new(),
            skipped: Vec::new(),
            links: BTreeMap::new(),
            seen: BTreeSet::new(),
        };
        walk.folder(root, "").map_err(DataError::io("list", root))?;
        // Links after all that lies here, so that what is within keeps its own name.
        while let Some((name, path)) = walk.links.pop_first() {
            if let Err(error) = walk.folder(&path, &format!("{name}/")) {
                walk.skip(name, format!("it cannot be looked into: {error}"));
            }
        }
        if walk.is_over {
            let nobody = ErrorKind::Interrupted.into();
            return Err(DataError::io("list", root)(nobody));
        }
        let mut takes = Takes {
            skipped: walk.skipped,
            ..Takes::default()
        };
        walk.files
            .sort_by(|a, b| (a.is_link, &a.name).cmp(&(b.is_link, &b.name)));
        let mut names: BTreeMap<Identity, String> = BTreeMap::new();
        for file in walk.files {
            if let Some(own) = names.get(&file.identity) {
                takes.aliases.push((file.name, own.clone()));
                continue;
            }
            names.insert(file.identity, file.name.clone());
            takes.add_file(file.name, file.path);
        }
        let midi = &takes.midi;
        takes.aliases.retain(|(_, own)| midi.contains_key(own));
        Ok(takes)
    }

    fn add_file(&mut self, name: String, path: PathBuf) {
        match kind(&name) {
            Kind::Midi => {
                self.midi.insert(name, Place::File(path));
            }
            Kind::List => {
                self.lists.insert(name, Place::File(path));
            }
            Kind::Zip => {
                let prefix = format!("{name}/");
                if let Err(problem) = self.look_into(Archive::File(path), &prefix, 1) {
                    self.skip(name, problem);
                }
            }
            Kind::AppleDouble => self.skip_apple_double(name),
            kind @ (Kind::Packed | Kind::Other) => {
                let head = File::open(&path).and_then(head);
                if head.is_ok_and(|head| begins_like_midi(&head)) {
                    self.midi.insert(name, Place::File(path));
                } else if matches!(kind, Kind::Packed) {
                    self.skip_packed(name);
                }
            }
        }
    }

    /// Adds the members of an archive, `prefix` before their names.
    fn look_into(&mut self, archive: Archive, prefix: &str, depth: usize) -> Result<(), String> {
        let mut open = archive.open()?;
        let number = self.archives.len();
        self.archives.push(archive);
        for index in 0..open.len() {
            let Some(Ok(member)) = open.name_for_index(index) else {
                continue;
            };
            let member = member.replace('\\', "/");
            if member.ends_with('/') {
                continue;
            }
            let archive = number;
            let place = Place::Member { archive, index };
            let kind = kind(&member);
            let name = format!("{prefix}{member}");
            match kind {
                Kind::Midi => {
                    self.midi.insert(name, place);
                }
                Kind::List => {
                    self.lists.insert(name, place);
                }
                Kind::Zip if depth == DEPTH => {
                    self.skip(name, "it is a zip too deep within zips".into());
                }
                Kind::Zip => {
                    let inner = archive::read(&mut open, index).and_then(|bytes| {
                        self.held += bytes.len() as u64;
                        if self.held > MOST_HELD {
                            return Err("there are too many zips within zips to hold".into());
                        }
                        let inner = Archive::Held(Arc::from(bytes));
                        self.look_into(inner, &format!("{name}/"), depth + 1)
                    });
                    if let Err(problem) = inner {
                        self.skip(name, problem);
                    }
                }
                Kind::AppleDouble => self.skip_apple_double(name),
                kind @ (Kind::Packed | Kind::Other) => {
                    let head = open.by_index(index).map(head);
                    if matches!(head, Ok(Ok(head)) if begins_like_midi(&head)) {
                        self.midi.insert(name, place);
                    } else if matches!(kind, Kind::Packed) {
                        self.skip_packed(name);
                    }
                }
            }
        }
        Ok(())
    }

    fn skip(&mut self, file: String, reason: String) {
        self.skipped.push(Skipped { file, reason });
    }

    fn skip_packed(&mut self, name: String) {
        let reason = "it is an archive that is not looked into: unpack it, or pack it as a zip";
        self.skip(name, reason.into());
    }

    fn skip_apple_double(&mut self, name: String) {
        self.skip(
            name,
            "it holds what macOS notes about a file, no music".into(),
        );
    }
}

fn head(file: impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// The identity of a file, whatever its name.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(unix)]
fn identity(_: &Path, about: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (about.dev(), about.ino())
}

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> Identity {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

struct Found {
    name: String,
    path: PathBuf,
    is_link: bool,
    identity: Identity,
}

/// A walk through folders.
struct Walk<'w> {
    wanted: &'w mut dyn FnMut(usize) -> bool,
    /// Nobody wants it any more.
    is_over: bool,
    files: Vec<Found>,
    skipped: Vec<Skipped>,
    /// Links to folders, not yet followed.
    links: BTreeMap<String, PathBuf>,
    seen: BTreeSet<PathBuf>,
}

impl Walk<'_> {
    fn skip(&mut self, file: String, reason: String) {
        self.skipped.push(Skipped { file, reason });
    }

    fn folder(&mut self, folder: &Path, prefix: &str) -> std::io::Result<()> {
        if !self.seen.insert(folder.canonicalize()?) {
            return Ok(());
        }
        for entry in fs::read_dir(folder)? {
            self.is_over |= !(self.wanted)(self.files.len());
            if self.is_over {
                return Ok(());
            }
            let entry = entry?;
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            match fs::metadata(&path) {
                Ok(about) if about.is_dir() && is_link => {
                    self.links.insert(name, path);
                }
                Ok(about) if about.is_dir() => {
                    if let Err(error) = self.folder(&path, &format!("{name}/")) {
                        self.skip(name, format!("it cannot be looked into: {error}"));
                    }
                }
                Ok(about) if about.is_file() => {
                    let identity = identity(&path, &about);
                    self.files.push(Found {
                        name,
                        path,
                        is_link,
                        identity,
                    });
                }
                Ok(_) => self.skip(
                    name,
                    "it is no file but a pipe, a socket or a device".into(),
                ),
                Err(error) if matches!(kind(&name), Kind::Midi | Kind::List | Kind::Zip) => {
                    self.skip(name, format!("it cannot be read: {error}"));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }
}
