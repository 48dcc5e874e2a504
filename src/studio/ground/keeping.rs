//! What must be saved on disk, in order.

use super::habits::Habits;
use super::heard::{Heard, Marks};
use super::snapshot::Snapshot;

/// Work for the keeper, who does one thing after the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Keeping {
    /// Opens the session of this name, or the latest where it is empty.
    Begin(String),
    /// Writes the session of this name, while it is the one that is open; a newer state takes the place
    /// of one that still waits.
    Session(String, Box<Snapshot>),
    /// Begins a session under a name that is free.
    NewSession(String),
    OpenSession(String),
    /// Goes on with the session under a name that is free.
    SaveSessionAs(String, Box<Snapshot>),
    /// Writes what the player has set up for all sessions.
    Habits(Box<Habits>),
    /// Adds a groove to the library.
    Remember(Box<Heard>, Marks),
    /// What the player thinks of a groove of the library from now on.
    Mark {
        id: u64,
        marks: Marks,
    },
    /// Reads a groove of the library; a newer request replaces one that still waits.
    Fetch {
        id: u64,
        place: u64,
    },
}
