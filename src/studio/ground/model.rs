//! The models that can be loaded and the one in use, as far as the studio knows them.

use std::time::Duration;

use super::quality::Quality;
use musicvae::Rework;
use musicvae::checkpoint::catalogue::Source;
use musicvae::model::{Head, Latent, Prior};
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
    /// What its outputs mean, and with them the temperature.
    pub head: Head,
    /// Length of its grooves.
    pub steps: usize,
    /// Its training log; empty when none lies beside it.
    pub log: Vec<Record>,
    /// What its grooves can be steered by, or why by nothing, in one sentence.
    pub qualities: Result<Vec<Quality>, String>,
}

impl ModelInfo {
    /// The latent of a sample.
    pub fn drawn(&self, seed: u64, temperature: f32) -> Latent {
        let heat = self.head.heat_of_latents(temperature);
        self.prior.sample(self.z_size, seed, heat)
    }
}

/// A checkpoint: a line of the browser.
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
    /// What its model does to a groove.
    pub rework: Option<Rework>,
    pub details: Details,
}

/// What else is known of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What it can do, in plain words.
    pub about: String,
    /// What it learned from; empty where that is not known.
    pub data: String,
    /// Bytes.
    pub size: u64,
}

impl Entry {
    /// Why it can't be chosen, in one sentence.
    pub fn obstacle(&self) -> Option<&str> {
        self.error.as_deref().or(self.unplayable.as_deref())
    }
}

/// What is going on while a model works on a groove.
pub fn while_reworking(rework: Rework) -> &'static str {
    match rework {
        Rework::Humanize => "humanizing",
        Rework::Drumify => "drumifying",
        Rework::AddHats => "adding hats",
    }
}

/// What the groove is afterwards.
pub fn once_reworked(rework: Rework) -> &'static str {
    match rework {
        Rework::Humanize => "humanized",
        Rework::Drumify => "drumified",
        Rework::AddHats => "with hats",
    }
}
