//! The music files in a folder.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf, absolute};

use crate::typed_path::typed_path;
use musicvae::data::is_named_midi;

/// Files that are found below a folder, and folders that are looked into, at most: a search must end.
const MOST: usize = 20_000;
const MOST_FOLDERS: usize = 50_000;

/// A folder's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub folder: PathBuf,
    /// Folders first, then files, each by name. A listing of everything below has only files.
    pub entries: Vec<FileEntry>,
    /// All below the folder, and not only what is in it.
    pub below: bool,
    /// What went wrong, in one sentence.
    pub problem: Option<String>,
}

/// A folder or a MIDI file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// From the listed folder on.
    pub name: String,
    pub is_folder: bool,
}

impl Listing {
    /// Lists what is in a folder.
    pub fn of(folder: &Path) -> Listing {
        Listing::found(folder, false, &mut || false).unwrap_or_default()
    }

    /// Lists the files in a folder and in all below it, the nearest first. `None` when this
    /// `is_replaced` meanwhile.
    pub fn below(folder: &Path, is_replaced: &mut dyn FnMut() -> bool) -> Option<Listing> {
        Listing::found(folder, true, is_replaced)
    }

    fn found(folder: &Path, below: bool, is_replaced: &mut dyn FnMut() -> bool) -> Option<Listing> {
        let folder = absolute(folder).unwrap_or_else(|_| folder.into());
        let mut listing = Listing {
            below,
            ..Listing::default()
        };
        let mut waiting = VecDeque::from([folder.clone()]);
        let mut looked = 0;
        while let Some(next) = waiting.pop_front() {
            if is_replaced() {
                return None;
            }
            looked += 1;
            let found = match fs::read_dir(&next) {
                Ok(found) => found.flatten(),
                // A search leaves out what can't be read.
                Err(_) if next != folder => continue,
                Err(reason) => {
                    let path = next.display();
                    listing.problem = Some(format!("{path} can't be opened ({reason})."));
                    continue;
                }
            };
            for entry in found {
                let path = entry.path();
                let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
                // Links are followed, but not by a search, which might go in a circle.
                let is_folder = match below {
                    true => entry.file_type().is_ok_and(|kind| kind.is_dir()),
                    false => path.is_dir(),
                };
                if is_hidden || !is_folder && !is_named_midi(&path) {
                    continue;
                }
                if is_folder && below {
                    waiting.push_back(path);
                } else if let Some(name) = path.strip_prefix(&folder).ok().and_then(Path::to_str) {
                    let name = name.into();
                    listing.entries.push(FileEntry { name, is_folder });
                }
            }
            if listing.entries.len() >= MOST {
                listing.problem = Some(format!(
                    "There are more files: only the first {MOST} are shown."
                ));
                break;
            }
            if looked == MOST_FOLDERS && !waiting.is_empty() {
                listing.problem = Some(format!(
                    "There are more folders: only {MOST_FOLDERS} were searched. Go into one of them."
                ));
                break;
            }
        }
        listing
            .entries
            .sort_by_key(|entry| (!entry.is_folder, entry.name.to_lowercase()));
        listing.folder = folder;
        Some(listing)
    }
}

/// What is shown of a folder: its content, or what is looked for in it and below.
#[derive(Debug, Default)]
pub struct Browser {
    pub folder: PathBuf,
    here: Option<Listing>,
    below: Option<Listing>,
    /// What is below the folder was asked for.
    searches: bool,
    /// What is looked for.
    pub words: String,
    /// The line under the cursor.
    pub selected: usize,
    /// Places of what is shown, in the listing that it is from.
    shown: Vec<usize>,
}

impl Browser {
    /// Takes a listing, where it is of this folder.
    pub fn take(&mut self, listing: Listing) {
        if self.here.is_some() && listing.folder != self.folder {
            return;
        }
        self.folder.clone_from(&listing.folder);
        match listing.below {
            true => self.below = Some(listing),
            false => self.here = Some(listing),
        }
        self.look();
    }

    /// Goes to another folder, which is still to be listed.
    pub fn enter(&mut self, folder: PathBuf) {
        *self = Browser {
            folder,
            ..Browser::default()
        };
    }

    /// Whether a listing is there; until then the folder is being looked into.
    pub fn is_listed(&self) -> bool {
        self.here.is_some()
    }

    /// Whether a search needs what is below the folder, and did not ask for it yet: now it does.
    pub fn begins_search(&mut self) -> bool {
        !self.words.is_empty() && !std::mem::replace(&mut self.searches, true)
    }

    /// Whether what is below the folder is still being looked for.
    pub fn is_searching(&self) -> bool {
        !self.words.is_empty() && self.below.is_none()
    }

    /// The path that was typed in place of words: one from the root or the home folder on.
    pub fn typed(&self) -> Option<PathBuf> {
        let path = Path::new(self.words.trim());
        let is_path = path.is_absolute() || path.starts_with("~");
        is_path.then(|| typed_path(path))
    }

    /// What went wrong.
    pub fn problem(&self) -> Option<&str> {
        self.listing()?.problem.as_deref()
    }

    fn listing(&self) -> Option<&Listing> {
        let below = self.below.as_ref().filter(|_| !self.words.is_empty());
        below.or(self.here.as_ref())
    }

    /// Looks for the words: entries that have them all.
    pub fn look(&mut self) {
        let words: Vec<String> = self
            .words
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let has = |entry: &FileEntry| {
            let name = entry.name.to_lowercase();
            words.iter().all(|word| name.contains(word))
        };
        let entries = self.listing().map_or(&[][..], |listing| &listing.entries);
        let shown = entries.iter().enumerate().filter(|(_, entry)| has(entry));
        self.shown = shown.map(|(place, _)| place).collect();
        self.selected = self.selected.min(self.shown.len().saturating_sub(1));
    }

    /// How many lines there are.
    pub fn lines(&self) -> usize {
        self.shown.len()
    }

    pub fn line(&self, line: usize) -> Option<&FileEntry> {
        self.listing()?.entries.get(*self.shown.get(line)?)
    }

    /// What is under the cursor, and where it lies.
    pub fn here(&self) -> Option<(&FileEntry, PathBuf)> {
        let entry = self.line(self.selected)?;
        Some((entry, self.folder.join(&entry.name)))
    }

    pub fn select(&mut self, line: usize) {
        self.selected = line.min(self.shown.len().saturating_sub(1));
    }

    /// Puts the cursor on a name.
    pub fn select_name(&mut self, name: &str) {
        let mut lines = (0..self.lines()).filter_map(|line| self.line(line));
        if let Some(line) = lines.position(|entry| entry.name == name) {
            self.selected = line;
        }
    }
}
