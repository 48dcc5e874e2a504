//! A training run on a thread of its own, for a program that goes on playing.

use std::thread::JoinHandle;

use thread_priority::{ThreadPriority, set_current_thread_priority};

use super::{Control, Event, TrainOptions, train};

/// A run in the background.
pub struct Session {
    /// Pauses, stops and saves it.
    pub control: Control,
    thread: JoinHandle<()>,
}

impl Session {
    /// Starts a run of the options that `describe` gives, on the run's own thread, because it may have
    /// to read a checkpoint first. Its threads yield to everything else on the machine. `tell` is given
    /// all that the run says, in order and on its thread: while it waits, so does the run.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn spawn(
        describe: impl FnOnce() -> Result<TrainOptions, String> + Send + 'static,
        mut tell: impl FnMut(Event) + Send + 'static,
    ) -> std::io::Result<Session> {
        let control = Control::default();
        let run_control = control.clone();
        let run = move || {
            // Threads that this one starts inherit it. Where it is refused, the run is as quick as
            // any other program.
            let _ = set_current_thread_priority(ThreadPriority::Min);
            let run = || {
                let options = describe()?;
                train(options, &run_control, &mut tell).map_err(|error| error.to_string())
            };
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            tell(match outcome {
                Ok(Ok(step)) => Event::Finished(step),
                Ok(Err(reason)) => Event::Failed(reason),
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

    /// Whether the run goes on; it has told its end before.
    pub fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Stops the run and waits until it has saved. The receiver of its events must not wait for the
    /// caller meanwhile.
    pub fn join(self) {
        self.control.stop();
        // A panic of the run was caught and reported inside.
        let _ = self.thread.join();
    }
}
