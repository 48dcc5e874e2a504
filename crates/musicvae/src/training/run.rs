//! How a run is controlled, and the events that it reports.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Record, TrainingError, folder};
use crate::data::{Report, Split};
use crate::model::Preset;

/// Controls a run from outside.
#[derive(Clone, Default)]
pub struct Control {
    stop: Arc<AtomicBool>,
    pause: Arc<AtomicBool>,
    save: Arc<AtomicBool>,
}

impl Control {
    /// Ends the run after the current step; it saves first.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Setting this flag does what [`Control::stop`] does: for signal handlers.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// Holds the run between two steps, or lets it go on.
    pub fn pause(&self, pause: bool) {
        self.pause.store(pause, Ordering::Relaxed);
    }

    /// Whether the run should end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether the run is held.
    pub fn is_paused(&self) -> bool {
        self.pause.load(Ordering::Relaxed)
    }

    /// Makes the run save after the current step, or at once while it is paused.
    pub fn save(&self) {
        self.save.store(true, Ordering::Relaxed);
    }

    /// Whether the run is asked to save; not again for the same wish.
    pub(super) fn takes_save(&self) -> bool {
        self.save.swap(false, Ordering::Relaxed)
    }

    /// Waits for a moment where the run is held; false where it is not.
    pub(super) fn waits(&self) -> bool {
        let waits = self.is_paused() && !self.is_stopped();
        if waits {
            std::thread::sleep(Duration::from_millis(50));
        }
        waits
    }
}

/// The folder of a run, held for one trainer as long as this lives.
pub(super) struct Hold {
    _file: Option<File>,
}

impl Hold {
    /// Makes the folder and locks it: two trainers in one folder would overwrite each other's
    /// weights.
    pub(super) fn of(folder: &Path) -> Result<Hold, TrainingError> {
        let open = || {
            std::fs::create_dir_all(folder)?;
            File::create(folder.join(".lock"))
        };
        let path = folder.join(folder::LOG);
        let file = open().map_err(|reason| TrainingError::Log { path, reason })?;
        match file.try_lock() {
            Ok(()) => Ok(Hold { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(TrainingError::Held {
                path: folder.into(),
            }),
            // Some network folders have no locks, which is no reason to refuse them.
            Err(TryLockError::Error(_)) => Ok(Hold { _file: None }),
        }
    }
}

/// What a run says.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Something the user should know, one sentence.
    Notice(String),
    /// What was used of a split of the corpus, and what was not.
    Corpus(Split, Report),
    /// The data is read, and training begins in this folder behind this step; what the log of an
    /// earlier session says.
    Began {
        /// Folder of the run.
        out: PathBuf,
        /// What is trained, with its schedules.
        preset: Box<Preset>,
        /// Steps that are done already.
        step: u64,
        /// The records up to it.
        story: Vec<Record>,
    },
    /// A line of the log.
    Record(Record),
    /// A checkpoint was written.
    Saved(PathBuf),
    /// All steps are done, or the run was stopped; the last step.
    Finished(u64),
    /// The run ended with an error, one sentence.
    Failed(String),
}
