//! The way to the core, for more than one thread.

use std::sync::Mutex;

use crate::engine::command::Command;
use crate::engine::core::queues::Prepared;
use crate::engine::record::{Tap, Tapped};
use crate::engine::thread::unpoisoned;

/// The core takes from the other end without waiting for any of them.
pub(crate) struct CoreSender(pub Mutex<rtrb::Producer<Prepared>>);

impl CoreSender {
    /// `false` when the queue is full.
    pub fn send(&self, given: impl Into<Prepared>) -> bool {
        unpoisoned(&self.0).push(given.into()).is_ok()
    }
}

impl Tapped for CoreSender {
    fn tap(&self, tap: Box<Tap>) -> bool {
        self.send(Prepared::Tap(tap))
    }

    fn untap(&self) {
        self.send(Command::StopRecording);
    }
}
