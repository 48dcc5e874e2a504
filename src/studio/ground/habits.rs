//! What the player has set up once for all sessions, as it is kept.

use serde::{Deserialize, Serialize};

use super::arrangement::Arrangement;

/// What the player has set up once for all sessions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habits {
    /// `None` while it is the configuration's.
    pub theme: Option<ThemeChoice>,
    pub arrangement: Arrangement,
    /// Names of the checkpoints that stand above all others.
    pub pins: Vec<String>,
}

/// A theme that was chosen on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThemeChoice {
    pub chosen: String,
    /// What the configuration said then. Where it says something else now, that is newer.
    pub instead_of: String,
}
