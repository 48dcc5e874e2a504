//! A training run on a thread of its own, for a program that goes on playing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use thread_priority::{ThreadPriority, set_current_thread_priority};

use super::{Record, TrainOptions, train};

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
    thread: JoinHandle<()>,
}

impl Session {
    /// Starts a run. Its threads yield to everything else on the machine. `tell` is given all that
    /// the run says, in order and on the run's own thread: while it waits, so does the run.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn spawn(
        options: TrainOptions,
        mut tell: impl FnMut(Event) + Send + 'static,
    ) -> std::io::Result<Session> {
        let control = Control::default();
        let run_control = control.clone();
        let run = move || {
            // Threads that this one starts inherit it. Where it is refused, the run is as quick as
            // any other program.
            let _ = set_current_thread_priority(ThreadPriority::Min);
            let run = || train(options, &run_control, &mut tell);
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            tell(match outcome {
                Ok(Ok(step)) => Event::Finished(step),
                Ok(Err(error)) => Event::Failed(error.to_string()),
                Err(_) => Event::Failed(
                    "training ran into an error of this program (see the log file); what was \
                     saved before is kept"
                        .into(),
                ),
            });
        };
        let thread = std::thread::Builder::new()
            .name("trainer".into())
            .spawn(run)?;
        Ok(Session { control, thread })
    }

    pub fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Stops the run and waits until it has saved. What it is told by must not wait for the caller
    /// meanwhile.
    pub fn join(self) {
        self.control.stop();
        // A panic of the run was caught and reported inside.
        let _ = self.thread.join();
    }
}
