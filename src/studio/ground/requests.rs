//! What the model was asked for the scene, and which of its answers are still wanted.

use std::sync::Arc;

use super::rereading::Rereading;
use super::scene::End;
use crate::engine::Takeover;
use musicvae::Rework;
use musicvae::model::Latent;
use musicvae::music::Groove;

/// The requests under way.
#[derive(Debug, Default)]
pub struct Requests {
    pub(super) last: u64,
    /// Answers to tickets before this one come too late: something else happened since.
    pub(super) valid_from: u64,
    /// The last ticket whose groove was taken, so that none comes in after a newer one.
    pub(super) taken: u64,
    pub(super) reading: Option<Reading>,
    pub(super) working: Option<Working>,
    pub(super) rereading: Option<Rereading>,
    /// The decode of a point that is none of the slider's, and the name of its groove.
    pub(super) compared: Option<(u64, String)>,
    /// How the grooves of decodes take over, oldest first.
    pub(super) takeovers: Vec<(u64, Takeover)>,
    /// The decodes whose answer also carries previews of these ends.
    pub(super) previews: Vec<(u64, Vec<End>)>,
}

/// A groove on its way to become an end of the slider.
#[derive(Debug)]
pub struct Reading {
    pub ticket: u64,
    pub end: End,
    pub name: String,
    /// By how much its points are to lie before those that the groove is read as: the qualities
    /// that it was heard with come on top again.
    pub steering: Latent,
    /// It is to be heard as the model plays it, since it is steered.
    pub steered: bool,
    /// The groove, where it was heard without qualities: see `Anchor::music`.
    pub music: Option<Arc<Groove>>,
}

/// A model at work on the groove.
#[derive(Debug)]
pub struct Working {
    pub ticket: u64,
    pub rework: Rework,
    /// The checkpoint's name.
    pub by: String,
}

impl Requests {
    pub fn next_ticket(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Makes every answer still under way unwelcome.
    pub fn forget(&mut self) {
        self.valid_from = self.last + 1;
        self.reading = None;
        self.working = None;
        self.rereading = None;
        self.compared = None;
        self.previews.clear();
    }
}
