//! A training run on a thread of its own, for a program that goes on playing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use thread_priority::{ThreadPriority, set_current_thread_priority};

use super::{Record, TrainOptions, train};
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

    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

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
    Record(Record),
    /// A checkpoint was written.
    Saved(std::path::PathBuf),
    /// All steps are done, or the run was stopped; the last step.
    Finished(u64),
    /// The run ended with an error, one sentence.
    Failed(String),
}

/// A run in the background.
pub struct Session {
    pub control: Control,
    events: Receiver<Event>,
    thread: Option<JoinHandle<()>>,
}

impl Session {
    /// Starts a run. Its threads yield to everything else on the machine.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn spawn(options: TrainOptions) -> std::io::Result<Session> {
        /// Records that wait for a reader; past it they are dropped (the log file has them all).
        const WAITING: usize = 1024;
        let control = Control::default();
        let (sender, events) = sync_channel(WAITING);
        let run_control = control.clone();
        let run = move || {
            // Threads that this one starts inherit it. Where it is refused, the run is as quick as
            // any other program.
            let _ = set_current_thread_priority(ThreadPriority::Min);
            let run = || train(options, &run_control, &mut |event| offer(&sender, event));
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            let last = match outcome {
                Ok(Ok(step)) => Event::Finished(step),
                Ok(Err(error)) => Event::Failed(error.to_string()),
                Err(_) => Event::Failed(
                    "training ran into an error of this program (see the log file); what was \
                     saved before is kept"
                        .into(),
                ),
            };
            // The last word must not be lost; an absent reader is no reason to wait.
            let _ = sender.send(last);
        };
        let thread = std::thread::Builder::new()
            .name("trainer".into())
            .spawn(run)?;
        Ok(Session {
            control,
            events,
            thread: Some(thread),
        })
    }

    /// What was said since the last call.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.try_iter()
    }

    pub fn is_running(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }

    /// Stops the run and waits until it has saved.
    pub fn join(mut self) {
        self.control.stop();
        drop(std::mem::replace(&mut self.events, sync_channel(1).1));
        if let Some(thread) = self.thread.take() {
            // A panic of the run was caught and reported inside.
            let _ = thread.join();
        }
    }
}

fn offer(sender: &SyncSender<Event>, event: Event) {
    match sender.try_send(event) {
        Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
    }
}
