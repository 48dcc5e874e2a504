//! The keeper: saves things through an archive, on a thread of its own. Neither the screen nor the
//! music waits for a disk.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use super::Tell;
use super::archive::Archive;
use crate::studio::ground::Keeping;

/// The keeper, from outside.
pub struct Keeper {
    tasks: Sender<Keeping>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Starts the keeper of an archive; its events go to `tell`.
    pub fn start(mut archive: Archive, tell: Tell) -> io::Result<Keeper> {
        let (tasks, come) = channel();
        let work = move || {
            let mut tasks = Tasks { come, next: None };
            while let Some(task) = tasks.next() {
                if let Some(event) = archive.perform(task) {
                    tell(event);
                }
            }
        };
        let thread = thread::Builder::new().name("keeper".into()).spawn(work)?;
        Ok(Keeper { tasks, thread })
    }

    pub fn run(&self, task: Keeping) {
        // It ends with the program only.
        let _ = self.tasks.send(task);
    }

    /// Waits until all is written.
    pub fn close(self) {
        drop(self.tasks);
        let _ = self.thread.join();
    }
}

/// What is to be done.
struct Tasks {
    come: Receiver<Keeping>,
    /// One that was looked at already.
    next: Option<Keeping>,
}

impl Tasks {
    /// Waits for the next task; of several in a row that take each other's place it is the last.
    fn next(&mut self) -> Option<Keeping> {
        let waiting = self.next.take();
        let mut task = waiting.or_else(|| self.come.recv().ok())?;
        while is_replaceable(&task)
            && let Ok(newer) = self.come.try_recv()
        {
            if std::mem::discriminant(&newer) != std::mem::discriminant(&task) {
                self.next = Some(newer);
                break;
            }
            task = newer;
        }
        Some(task)
    }
}

fn is_replaceable(task: &Keeping) -> bool {
    matches!(task, Keeping::Session(..) | Keeping::Fetch { .. })
}
