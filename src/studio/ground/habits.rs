//! What the player has set up once for all sessions, as it is kept.

use serde::{Deserialize, Serialize};

use super::arrangement::Arrangement;
use super::config;

/// What the player has set up once for all sessions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habits {
    /// `None` while it is the configuration's.
    pub theme: Option<ThemeChoice>,
    pub arrangement: Arrangement,
    /// Names of the checkpoints that stand above all others.
    pub pins: Vec<String>,
    /// The run that was started last, so that it can go on another day.
    pub run: Option<RunChoice>,
}

/// A run that was described on the screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunChoice {
    pub chosen: config::Training,
    /// What the configuration said then. Where it says something else now, that is newer.
    pub instead_of: config::Training,
}

/// A theme that was chosen on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThemeChoice {
    pub chosen: String,
    /// What the configuration said then. Where it says something else now, that is newer.
    pub instead_of: String,
}
