//! The session: all that is there again next time, under a name. It is written as it changes, at most
//! [`KEEP_EVERY`] late. It uses the ground only.

mod document;
mod store;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use document::{decode, encode};
pub use store::{Opened, Sessions, fault_of, kept_aside};

use super::ground::{Ground, Keeping, Snapshot};

/// How long a change waits for those that follow it. With a quarter of a second between looks at the
/// clock, and the time to write, less than a second is ever lost.
pub const KEEP_EVERY: Duration = Duration::from_millis(400);

/// What a player can do with sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Begins a new one; the present one stays as it is, under its name.
    NewSession(String),
    OpenSession(String),
    /// Goes on under another name; under the present one it stays as it was.
    SaveSessionAs(String),
}

/// The session that is open.
#[derive(Debug, Default)]
pub struct Session {
    /// `None` while it is being opened, and where nothing is kept.
    pub name: Option<String>,
    /// It is the first one on this machine, and nothing was done in it yet.
    pub is_first: bool,
    /// The player has done something, so there is something to save.
    begun: bool,
    changed: bool,
    /// As it was last kept, and when.
    kept: Option<Box<Snapshot>>,
    kept_at: Duration,
}

impl Session {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        if let Some(reason) = ground.nothing_kept() {
            return Some(reason);
        }
        let (Action::NewSession(name) | Action::OpenSession(name) | Action::SaveSessionAs(name)) =
            action;
        fault_of(name)
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        self.keep(ground);
        ground.keep(match action {
            Action::NewSession(name) => Keeping::NewSession(name),
            Action::OpenSession(name) => Keeping::OpenSession(name),
            Action::SaveSessionAs(name) => {
                Keeping::SaveSessionAs(name, Box::new(ground.snapshot()))
            }
        });
    }

    /// The player did something.
    pub fn touch(&mut self) {
        self.is_first = false;
        self.begun = true;
        self.changed = true;
    }

    /// Something came of what the player did.
    pub fn change(&mut self) {
        self.changed |= self.begun;
    }

    /// Keeps what has changed, when it is time.
    pub fn tick(&mut self, ground: &mut Ground) {
        if self.changed && ground.now.saturating_sub(self.kept_at) >= KEEP_EVERY {
            self.keep(ground);
        }
    }

    /// Keeps what has changed, now.
    pub fn keep(&mut self, ground: &mut Ground) {
        let Some(name) = self.name.clone().filter(|_| self.changed) else {
            return;
        };
        self.changed = false;
        self.kept_at = ground.now;
        let snapshot = Box::new(ground.snapshot());
        if self.kept.as_ref() != Some(&snapshot) {
            self.kept = Some(snapshot.clone());
            ground.keep(Keeping::Session(name, snapshot));
        }
    }

    /// Takes a session that was opened. `keep_model`: whatever checkpoint it had.
    pub fn receive(&mut self, opened: Opened, keep_model: bool, ground: &mut Ground) {
        let is_switch = self.name.is_some();
        let name = &opened.name;
        match opened.snapshot {
            Some(snapshot) => {
                self.begun = true;
                ground.restore(*snapshot, keep_model);
                ground.say(match name.as_str() {
                    store::FIRST => "The session is back.".into(),
                    name => format!("Session {name} is back."),
                });
            }
            None if is_switch => {
                self.begun = false;
                ground.restore(Snapshot::opening(&ground.config), true);
                ground.say(format!("A new session: {name}."));
            }
            None => self.is_first = opened.remarks.is_empty(),
        }
        for remark in opened.remarks {
            ground.complain(remark);
        }
        self.name = Some(opened.name);
        self.changed = false;
        self.kept = None;
    }

    /// Takes the news that the session goes on under another name.
    pub fn receive_name(&mut self, name: String, ground: &mut Ground) {
        ground.say(format!("This session is now {name}."));
        self.name = Some(name);
    }
}
