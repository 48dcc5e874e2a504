//! What is kept in a folder, sessions and library: does one thing after the other.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::inference::guarded;
use crate::studio::chain::first_format;
use crate::studio::event::Event;
use crate::studio::ground::{Config, Habits, Keeping, Snapshot};
use crate::studio::library::{self, Store};
use crate::studio::session::{Opened, Sessions, kept_aside};
use musicvae::music::write_whole_file;

/// The folder of what is kept.
pub struct Archive {
    folder: PathBuf,
    config: Config,
    sessions: Sessions,
    library: Store,
    /// What was last said to have gone wrong: a disk that is full is full for a while.
    said: String,
}

/// Where the sessions are in the folder of what is kept.
pub fn sessions_in(folder: &Path) -> PathBuf {
    folder.join("sessions")
}

fn library_in(folder: &Path) -> PathBuf {
    folder.join("library.jsonl")
}

fn habits_in(folder: &Path) -> PathBuf {
    folder.join("habits.json")
}

/// What the player has set up for all sessions, and what is to be said of it.
pub fn read_habits(folder: &Path) -> (Habits, Option<String>) {
    let path = habits_in(folder);
    let read = match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).context("the layout and the theme can't be read"),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Habits::default()),
        Err(error) => Err(error.into()),
    };
    match read.with_context(|| path.display().to_string()) {
        Ok(habits) => (habits, None),
        Err(reason) => {
            let aside = kept_aside(&reason, &path).unwrap_or_else(|error| format!("{error:#}."));
            (Habits::default(), Some(aside))
        }
    }
}

fn write_habits(folder: &Path, habits: &Habits) -> anyhow::Result<()> {
    let path = habits_in(folder);
    let text = serde_json::to_vec_pretty(habits)?;
    fs::create_dir_all(folder)
        .and_then(|()| write_whole_file(&path, |out| out.write_all(&text)))
        .with_context(|| format!("{} can't be written", path.display()))
}

/// What the library of a folder holds.
///
/// # Errors
/// A file that is there and can't be read.
pub fn read_library(folder: &Path) -> anyhow::Result<Event> {
    let path = library_in(folder);
    let (rows, bad) = library::read(&path)?;
    let lines = match bad {
        0 => None,
        1 => Some("1 line".to_string()),
        many => Some(format!("{many} lines")),
    };
    let remark = lines.map(|lines| {
        format!(
            "{}: {lines} can't be read; they stay in the file, and the others are here.",
            path.display()
        )
    });
    Ok(Event::LibraryRead { rows, remark })
}

impl Archive {
    pub fn of(folder: PathBuf, config: Config) -> Archive {
        Archive {
            sessions: Sessions::of(sessions_in(&folder)),
            library: Store::of(library_in(&folder)),
            folder,
            config,
            said: String::new(),
        }
    }

    /// Does one thing; returns the events about it.
    pub fn perform(&mut self, task: Keeping) -> Option<Event> {
        let is_first = matches!(task, Keeping::Begin(_));
        match guarded(|| self.done(task)) {
            Ok(Some(event)) => Some(event),
            Ok(None) => {
                self.said.clear();
                None
            }
            Err(reason) if is_first => {
                Some(Event::NothingKept(format!("Nothing is saved: {reason}.")))
            }
            Err(reason) if reason == self.said => None,
            Err(reason) => {
                self.said.clone_from(&reason);
                Some(Event::Trouble(format!("{reason}.")))
            }
        }
    }

    fn done(&mut self, task: Keeping) -> anyhow::Result<Option<Event>> {
        let opened = match task {
            Keeping::Begin(name) => self.begin(&name)?,
            Keeping::OpenSession(name) => self.sessions.open(&name)?,
            Keeping::NewSession(name) => {
                self.sessions.claim(&name)?;
                Opened {
                    name,
                    snapshot: None,
                    remarks: Vec::new(),
                }
            }
            Keeping::SaveSessionAs(name, snapshot) => {
                self.sessions.claim(&name)?;
                self.sessions.keep(&name, &snapshot)?;
                return Ok(Some(Event::SessionNamed(name)));
            }
            Keeping::Session(name, snapshot) => {
                self.sessions.keep(&name, &snapshot)?;
                return Ok(None);
            }
            Keeping::Habits(habits) => {
                write_habits(&self.folder, &habits)?;
                return Ok(None);
            }
            Keeping::Remember(heard, marks) => {
                let row = self.library.add(&heard, marks)?;
                return Ok(Some(Event::Remembered(Box::new(row))));
            }
            Keeping::Mark { id, marks } => {
                self.library.mark(id, marks)?;
                return Ok(None);
            }
            Keeping::Fetch { id, place } => {
                let heard = Box::new(self.library.fetch(place)?);
                return Ok(Some(Event::Fetched { id, heard }));
            }
        };
        Ok(Some(Event::SessionOpened(Box::new(opened))))
    }

    /// Opens the first session of this run; the first of all has the slots that version 0.1.0 kept.
    fn begin(&mut self, name: &str) -> anyhow::Result<Opened> {
        let is_first = Sessions::names(&sessions_in(&self.folder)).is_empty();
        let mut opened = self.sessions.begin(name)?;
        if is_first && opened.snapshot.is_none() {
            let path = self.folder.join("chain.json");
            match first_format::read(&path) {
                Ok(Some(slots)) => {
                    let mut snapshot = Snapshot::opening(&self.config);
                    Arc::make_mut(&mut snapshot.scene).slots = slots;
                    opened.snapshot = Some(Box::new(snapshot));
                }
                Ok(None) => {}
                Err(reason) => opened.remarks.push(kept_aside(&reason, &path)?),
            }
        }
        Ok(opened)
    }
}
