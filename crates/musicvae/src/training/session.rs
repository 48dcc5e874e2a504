//! A training run on a thread of its own, for a program that goes on playing.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use thread_priority::{ThreadPriority, set_current_thread_priority};

use super::{Control, Event, TrainOptions, train};

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
