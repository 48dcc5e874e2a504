//! What a run is told from outside, and what it says.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Record;
use crate::data::{Report, Split};

/// What a run is told from outside.
#[derive(Clone, Default)]
pub struct Control {
    stop: Arc<AtomicBool>,
    pause: Arc<AtomicBool>,
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

    /// Whether the run is to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether the run is held.
    pub fn is_paused(&self) -> bool {
        self.pause.load(Ordering::Relaxed)
    }

    /// Waits while paused.
    pub(super) fn wait_while_paused(&self) {
        while self.is_paused() && !self.is_stopped() {
            std::thread::sleep(Duration::from_millis(50));
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
