//! Noticing that the catalogue changed, through the system's file notifications.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::catalogue::EXTENSION;
use crate::fault;

/// A change is reported once everything has been quiet for so long,
const QUIET: Duration = Duration::from_millis(200);
/// or this long after it, when they never are.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often folders that are not there are looked for.
const MISSING: Duration = Duration::from_secs(2);

/// What a [`Watch`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Checkpoints came, went or changed: list them again.
    Changed,
    /// A folder is not watched, in one sentence. Listing it still works.
    Trouble(String),
}

/// Watches folders for as long as it lives.
pub struct Watch {
    stop: Arc<AtomicBool>,
    wake: SyncSender<Wake>,
}

/// Something happened that may matter, or the watch ends.
#[derive(PartialEq)]
struct Wake;

impl Watch {
    /// Begins to watch `folders` and what lies in them. One that is not there yet is watched once
    /// it is. The first [`Notice::Changed`] says that watching has begun: a list made after it
    /// misses nothing. Nothing that goes wrong is fatal: it is told as [`Notice::Trouble`].
    ///
    /// `tell` is given every notice on the watch's own thread, and may take its time: what changes
    /// meanwhile is one change more.
    ///
    /// # Errors
    /// When the system has no thread left: what would be told as trouble.
    pub fn start(
        folders: Vec<PathBuf>,
        mut tell: impl FnMut(Notice) + Send + 'static,
    ) -> Result<Watch, String> {
        // One wake-up stands for any number.
        let (wake, woken) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let callback = wake.clone();
        let stopped = stop.clone();
        let watch = move || {
            let state = State {
                missing: folders,
                watched: Vec::new(),
                tell: &mut tell,
                stop: stopped,
            };
            let ran = catch_unwind(AssertUnwindSafe(|| state.run(callback, &woken)));
            if ran.is_err() {
                tell(trouble(&io::Error::other("a fault in the program")));
            }
        };
        thread::Builder::new()
            .name("catalogue watch".into())
            .spawn(watch)
            .map_err(|error| sentence(&error))?;
        Ok(Watch { stop, wake })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.wake.try_send(Wake);
    }
}

/// What the watching thread has.
struct State<'t> {
    missing: Vec<PathBuf>,
    watched: Vec<PathBuf>,
    tell: &'t mut dyn FnMut(Notice),
    stop: Arc<AtomicBool>,
}

impl State<'_> {
    fn run(mut self, wake: SyncSender<Wake>, woken: &Receiver<Wake>) {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| matters(&event)) {
                let _ = wake.try_send(Wake);
            }
        });
        let mut watcher = match watcher {
            Ok(watcher) => watcher,
            Err(error) => {
                return (self.tell)(trouble(&error));
            }
        };
        self.watch_missing(&mut watcher);
        (self.tell)(Notice::Changed);
        loop {
            let event = if self.missing.is_empty() {
                woken.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                woken.recv_timeout(MISSING)
            };
            fault::point("watch");
            if event.is_ok() {
                let end = Instant::now() + PATIENCE;
                while !self.stop.load(Ordering::Relaxed)
                    && Instant::now() < end
                    && woken.recv_timeout(QUIET).is_ok()
                {}
            }
            if self.stop.load(Ordering::Relaxed) || event == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            // The system forgets a folder that was removed, even if one of its name comes back.
            let gone = self.watched.extract_if(.., |folder| !folder.is_dir());
            self.missing.extend(gone);
            let appeared = self.watch_missing(&mut watcher);
            if event.is_ok() || appeared {
                (self.tell)(Notice::Changed);
            }
        }
    }

    /// Watches those missing folders that are there now; tells whether there were any.
    fn watch_missing(&mut self, watcher: &mut RecommendedWatcher) -> bool {
        let found: Vec<_> = self
            .missing
            .extract_if(.., |folder| folder.is_dir())
            .collect();
        for folder in &found {
            // A removed folder may still have its old watch.
            let _ = watcher.unwatch(folder);
            match watcher.watch(folder, RecursiveMode::Recursive) {
                Ok(()) => self.watched.push(folder.clone()),
                Err(error) => (self.tell)(trouble(&error)),
            }
        }
        !found.is_empty()
    }
}

fn trouble(error: &dyn std::error::Error) -> Notice {
    Notice::Trouble(sentence(error))
}

fn sentence(error: &dyn std::error::Error) -> String {
    format!(
        "new checkpoints will not show by themselves ({error}); refresh the list by hand, or raise \
         the system's limit of file watches"
    )
}

/// Whether an event can change the catalogue. Reading checkpoints must not, or listing them would
/// lead to listing them again.
fn matters(event: &notify::Event) -> bool {
    let about = |path: &Path| {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let checkpoint = path
            .extension()
            .is_some_and(|extension| extension == EXTENSION);
        let folder = || {
            let moved = matches!(
                event.kind,
                EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) | EventKind::Any
            );
            moved || path.is_dir()
        };
        !hidden && (checkpoint || folder())
    };
    // An event without a path says that the system lost count.
    !matches!(event.kind, EventKind::Access(_))
        && (event.paths.is_empty() || event.paths.iter().any(|path| about(path)))
}
