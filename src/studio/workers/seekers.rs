//! What is looked for again with every key: what is in folders, the music under a cursor, what a form
//! names, the devices of a list. Each kind is an errand, on a thread of its own.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::errands::Errands;
use super::inference::guarded;
use super::{Tell, lists, look};
use crate::studio::bring::Listing;
use crate::studio::event::Event;
use crate::studio::ground::config::Config;
use crate::studio::ground::{Effect, Kind, Named, Purpose};

/// A folder that is to be listed; with what is `below` it, for a search.
struct Folder {
    path: PathBuf,
    below: bool,
}

/// Files that are to be read.
struct Music {
    paths: Vec<PathBuf>,
    bars: usize,
    purpose: Purpose,
}

/// Time after which something is said of what takes longer, again and again.
const PATIENCE: Duration = Duration::from_millis(300);

/// The threads, from outside.
pub struct Seekers {
    folders: Errands<Folder>,
    music: Errands<Music>,
    looks: Errands<(Named, PathBuf)>,
    lists: Errands<Kind>,
}

impl Seekers {
    /// Starts the threads; what they find goes to `tell`.
    pub fn start(config: &Config, tell: &Tell) -> io::Result<Seekers> {
        Ok(Seekers {
            folders: folders(tell.clone())?,
            music: music(tell.clone())?,
            looks: looks(tell.clone())?,
            lists: lists_of(config.clone(), tell.clone())?,
        })
    }

    /// Has something looked for; what else there is to carry out is not theirs.
    pub fn seek(&self, effect: Effect) {
        match effect {
            Effect::ListFiles {
                folder: path,
                below,
            } => self.folders.ask(Folder { path, below }),
            Effect::ReadMusic {
                paths,
                bars,
                purpose,
            } => self.music.ask(Music {
                paths,
                bars,
                purpose,
            }),
            Effect::Look(named, path) => self.looks.ask((named, path)),
            Effect::List(kind) => self.lists.ask(kind),
            _ => {}
        }
    }
}

fn folders(tell: Tell) -> io::Result<Errands<Folder>> {
    // A search gives way to any folder that is to be listed, and no folder to a search.
    let replaces = |newer: &Folder, older: &Folder| !newer.below || older.below;
    Errands::start("folders", replaces, move |folder, is_replaced| {
        let listing = guarded(|| {
            Ok(match folder.below {
                true => Listing::below(&folder.path, is_replaced),
                false => Some(Listing::of(&folder.path)),
            })
        });
        match listing {
            Ok(Some(listing)) => tell(Event::Files(listing)),
            Ok(None) => true,
            Err(reason) => tell(Event::Trouble(reason)),
        };
    })
}

fn music(tell: Tell) -> io::Result<Errands<Music>> {
    // What is only listened to gives way to the next.
    let replaces = |_: &Music, older: &Music| older.purpose == Purpose::Listen;
    Errands::start("files", replaces, move |music, _| {
        let read = guarded(|| Ok(lists::music(&music.paths, music.bars, music.purpose)));
        tell(read.unwrap_or_else(Event::Trouble));
    })
}

fn looks(tell: Tell) -> io::Result<Errands<(Named, PathBuf)>> {
    let replaces = |newer: &(Named, PathBuf), older: &(Named, PathBuf)| newer.0 == older.0;
    Errands::start("look", replaces, move |(named, path), is_replaced| {
        let mut told = Instant::now();
        // Whoever types a path names the root of the disk first.
        let mut wanted = |files: usize| {
            if told.elapsed() >= PATIENCE {
                told = Instant::now();
                let so_far = format!("looking there: {files} files so far");
                tell(Event::Seen(*named, path.clone(), Ok(so_far)));
            }
            !is_replaced()
        };
        let found = guarded(|| Ok(look::at(*named, path, &mut wanted)));
        if is_replaced() {
            return;
        }
        tell(match found {
            Ok(found) => Event::Seen(*named, path.clone(), found),
            Err(reason) => Event::Trouble(reason),
        });
    })
}

fn lists_of(config: Config, tell: Tell) -> io::Result<Errands<Kind>> {
    // One list is open at a time.
    Errands::start(
        "list",
        |_, _| true,
        move |kind, _| {
            let listed = guarded(|| Ok(lists::devices(*kind, &config)));
            tell(listed.unwrap_or_else(Event::Trouble));
        },
    )
}
