//! The models at hand and in use, as far as they are known here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::quality::Quality;
use musicvae::checkpoint::catalogue::Source;
use musicvae::model::Prior;
use musicvae::training::Record;

/// What a loaded checkpoint is.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInfo {
    pub source: Source,
    pub name: String,
    pub preset: String,
    pub step: u64,
    pub z_size: usize,
    /// What its samples are drawn from.
    pub prior: Prior,
    /// Length of its grooves.
    pub steps: usize,
    /// Its training log; empty when none lies beside it.
    pub log: Vec<Record>,
    /// What its grooves can be steered by, or why by nothing, in one sentence.
    pub qualities: Result<Vec<Quality>, String>,
}

/// A checkpoint at hand: a line of the browser.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub source: Source,
    pub name: String,
    pub preset: String,
    pub step: u64,
    /// Total loss on the validation split.
    pub validation_loss: Option<f64>,
    /// Since it was written, when it was listed.
    pub age: Option<Duration>,
    /// Why it can't be loaded.
    pub error: Option<String>,
    /// Why it can't be played on the drum grid, although nothing is wrong with it.
    pub unplayable: Option<String>,
    /// What its model does to a groove that it is shown.
    pub rework: Option<Rework>,
}

impl Entry {
    /// Why it can't be chosen, in one sentence.
    pub fn obstacle(&self) -> Option<&str> {
        self.error.as_deref().or(self.unplayable.as_deref())
    }
}

/// What a model does to a groove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rework {
    /// Plays the groove's strokes with a drummer's dynamics and timing.
    Humanize,
    /// Takes the groove for a tapped rhythm, and plays a whole groove to it.
    Drumify,
    /// Plays hats to the rest of the groove.
    AddHats,
}

impl Rework {
    /// The reference's preset of such models.
    pub fn preset(self) -> &'static str {
        match self {
            Rework::Humanize => "groovae_2bar_humanize",
            Rework::Drumify => "groovae_2bar_tap_fixed_velocity",
            Rework::AddHats => "groovae_2bar_add_closed_hh",
        }
    }

    /// What is going on while it works.
    pub fn doing(self) -> &'static str {
        match self {
            Rework::Humanize => "humanizing",
            Rework::Drumify => "drumifying",
            Rework::AddHats => "adding hats",
        }
    }

    /// What the groove is afterwards.
    pub fn done(self) -> &'static str {
        match self {
            Rework::Humanize => "humanized",
            Rework::Drumify => "drumified",
            Rework::AddHats => "with hats",
        }
    }
}
