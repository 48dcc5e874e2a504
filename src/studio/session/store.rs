//! Sessions on disk: a folder with a file for each, which one workstation at a time has open.
//!
//! A file is written whole or not at all. Beside it lies a hidden one that is locked while the session
//! is open; the system gives the lock back however a program ends.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;

use super::document;
use crate::studio::ground::Snapshot;
use musicvae::music::{sweep_unfinished, write_whole_file};

/// What the files are called by.
const ENDING: &str = "json";

/// What the first session is called.
pub(super) const FIRST: &str = "session";

/// A session that was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    pub name: String,
    /// As it was; `None` for a new one.
    pub snapshot: Option<Box<Snapshot>>,
    /// Messages for the player, one sentence each.
    pub remarks: Vec<String>,
}

/// The folder, and the session of it that is open here.
pub struct Sessions {
    folder: PathBuf,
    open: Option<Held>,
}

/// A session that no other workstation opens.
struct Held {
    name: String,
    _lock: File,
}

impl Sessions {
    pub fn of(folder: PathBuf) -> Sessions {
        let open = None;
        Sessions { folder, open }
    }

    /// The names of all sessions, the latest first.
    pub fn names(folder: &Path) -> Vec<String> {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let named = files.filter_map(|file| {
            let path = file.path();
            let ends = path.extension().is_some_and(|ending| ending == ENDING);
            let name = path.file_stem()?.to_str()?.to_string();
            let written = file.metadata().ok()?.modified().ok();
            (ends && fault_of(&name).is_none()).then_some((written, name))
        });
        let mut named: Vec<(Option<SystemTime>, String)> = named.collect();
        named.sort_by(|a, b| b.cmp(a));
        named.into_iter().map(|(_, name)| name).collect()
    }

    /// Opens `name`, or the latest where it is empty. One that another workstation has open stays
    /// that one's, and a new one is begun.
    ///
    /// # Errors
    /// When nothing can be kept in the folder.
    pub fn begin(&mut self, name: &str) -> anyhow::Result<Opened> {
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("{} can't be made", self.folder.display()))?;
        sweep_unfinished(&self.folder);
        let latest = || Sessions::names(&self.folder).into_iter().next();
        let wanted = match name {
            "" => latest().unwrap_or_else(|| FIRST.into()),
            name => name.into(),
        };
        if let Some(lock) = self.lock(&wanted)? {
            return self.take(wanted, lock).or_else(|reason| {
                let mut opened = self.begin_new("")?;
                opened.remarks.push(format!("{reason:#}."));
                Ok(opened)
            });
        }
        let mut opened = self.begin_new(&wanted)?;
        opened.remarks.push(format!(
            "The session {wanted} is open in another workstation: this is a new one, {}.",
            opened.name
        ));
        Ok(opened)
    }

    /// Begins a session that was not there, under the next free name after `like`.
    fn begin_new(&mut self, like: &str) -> anyhow::Result<Opened> {
        let (name, lock) = self.free_name(like)?;
        self.hold(&name, lock);
        Ok(Opened {
            name,
            snapshot: None,
            remarks: Vec::new(),
        })
    }

    fn hold(&mut self, name: &str, lock: File) {
        self.open = Some(Held {
            name: name.into(),
            _lock: lock,
        });
    }

    /// Opens a session that is there.
    ///
    /// # Errors
    /// One that is not there, or open in another workstation.
    pub fn open(&mut self, name: &str) -> anyhow::Result<Opened> {
        anyhow::ensure!(
            self.path(name).exists(),
            "There is no session {name} (`:` `open-session` lists those that there are)"
        );
        anyhow::ensure!(!self.has_open(name), "{name} is the session that is open");
        let lock = self.lock(name)?;
        let lock = lock.with_context(|| format!("{name} is open in another workstation"))?;
        self.take(name.into(), lock)
    }

    /// Begins a session under a name that must be free.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn claim(&mut self, name: &str) -> anyhow::Result<()> {
        let taken = || format!("There is a session {name} already: choose another name");
        anyhow::ensure!(!self.path(name).exists(), taken());
        let lock = self.lock(name)?.with_context(taken)?;
        self.hold(name, lock);
        Ok(())
    }

    /// Writes the session of this name, where it is the one that is open: another one may have been opened
    /// since.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn keep(&self, name: &str, snapshot: &Snapshot) -> anyhow::Result<()> {
        if !self.has_open(name) {
            return Ok(());
        }
        let (path, text) = (self.path(name), document::encode(snapshot));
        write_whole_file(&path, |out| out.write_all(text.as_bytes()))
            .with_context(|| format!("{}: the session can't be kept", path.display()))
    }

    fn has_open(&self, name: &str) -> bool {
        self.open.as_ref().is_some_and(|open| open.name == name)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ENDING}"))
    }

    /// The lock of a session; `None` while another workstation has it.
    fn lock(&self, name: &str) -> anyhow::Result<Option<File>> {
        let path = self.folder.join(format!(".{name}.lock"));
        let file = File::options().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("{} can't be made", path.display()))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(None),
            // A file system without locks: nothing keeps others out.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
        }
    }

    /// A name that no session has, with its lock.
    fn free_name(&self, like: &str) -> anyhow::Result<(String, File)> {
        let stem = like.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let stem = match stem.strip_suffix('-') {
            Some(stem) if !stem.is_empty() && stem.len() < like.len() => stem,
            _ => like,
        };
        let stem = if stem.is_empty() { FIRST } else { stem };
        let numbered = (2..10_000).map(|number| format!("{stem}-{number}"));
        for name in [stem.to_string()].into_iter().chain(numbered) {
            if !self.path(&name).exists()
                && let Some(lock) = self.lock(&name)?
            {
                return Ok((name, lock));
            }
        }
        anyhow::bail!("{}: too many sessions", self.folder.display())
    }

    /// Reads a session that is locked. A file that can't be read is kept aside.
    fn take(&mut self, name: String, lock: File) -> anyhow::Result<Opened> {
        let path = self.path(&name);
        let mut remarks = Vec::new();
        let snapshot = match read(&path) {
            Ok(snapshot) => snapshot.map(Box::new),
            Err(reason) => {
                remarks.push(kept_aside(&reason, &path)?);
                None
            }
        };
        self.hold(&name, lock);
        Ok(Opened {
            name,
            snapshot,
            remarks,
        })
    }
}

fn read(path: &Path) -> anyhow::Result<Option<Snapshot>> {
    let place = || format!("{} can't be read", path.display());
    let text = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        bytes => String::from_utf8(bytes.with_context(place)?).with_context(place)?,
    };
    document::decode(&text).map(Some).with_context(place)
}

/// Gives a file that can't be read another name, so that it is not written over, and says so.
///
/// # Errors
/// When it can't be renamed.
pub fn kept_aside(reason: &anyhow::Error, path: &Path) -> anyhow::Result<String> {
    let mut aside = (1..).map(|number| {
        let mut name = path.as_os_str().to_os_string();
        name.push(format!(".broken-{number}"));
        PathBuf::from(name)
    });
    let aside = aside.find(|aside| !aside.exists());
    let aside = aside.unwrap_or_else(|| path.with_extension("broken"));
    fs::rename(path, &aside)
        .with_context(|| format!("{} can't be read, nor kept aside", path.display()))?;
    let reason = format!("{reason:#}").replace('\n', " ");
    Ok(format!(
        "{}. It is kept as {}, and a new one begins.",
        reason.trim_end_matches('.'),
        aside.display()
    ))
}

/// Why a session can't be called so; `None` when it can.
pub fn fault_of(name: &str) -> Option<String> {
    let usual = |letter: char| letter.is_alphanumeric() || " -_.()".contains(letter);
    let named = !name.starts_with('.') && !name.is_empty() && name.len() <= 64;
    let sound = named && name.trim() == name && name.chars().all(usual);
    (!sound).then(|| {
        format!("`{name}` is no name for a session: use letters, digits, spaces and - _ . ( )")
    })
}
