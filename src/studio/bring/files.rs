//! The music files in a folder.

use std::fs;
use std::path::{Path, PathBuf, absolute};

use musicvae::data::is_named_midi;

/// Files that are looked for below a folder, at most: a search must end.
const MOST: usize = 20_000;

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
    /// Lists a folder; `below`: the files in all folders below it too.
    pub fn of(folder: &Path, below: bool) -> Listing {
        let folder = absolute(folder).unwrap_or_else(|_| folder.into());
        let mut listing = Listing {
            below,
            ..Listing::default()
        };
        let mut waiting = vec![folder.clone()];
        while let Some(next) = waiting.pop() {
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
                    waiting.push(path);
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
        }
        listing
            .entries
            .sort_by_key(|entry| (!entry.is_folder, entry.name.to_lowercase()));
        listing.folder = folder;
        listing
    }
}

/// What is shown of a folder: its content, or what is looked for in it and below.
#[derive(Debug, Default)]
pub struct Browser {
    pub folder: PathBuf,
    here: Option<Listing>,
    below: Option<Listing>,
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

    /// Whether a search needs what is below the folder, and has it not.
    pub fn lacks_below(&self) -> bool {
        !self.words.is_empty() && self.below.is_none()
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
