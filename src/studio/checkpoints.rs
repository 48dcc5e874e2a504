//! The checkpoints at hand, and loading one. It uses the ground only.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ground::{Entry, Ground};
use crate::embedded;
use musicvae::checkpoint::catalogue::Source;

/// What a player can do with checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    SelectCheckpoint(isize),
    LoadCheckpoint,
}

/// The browser's cursor, and how old its list is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoints {
    /// Line of the list.
    pub selected: usize,
    /// When the checkpoints were listed, since the start.
    listed: Duration,
}

impl Checkpoints {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::SelectCheckpoint(_) => None,
            Action::LoadCheckpoint => match ground.checkpoints.get(self.selected) {
                None => Some("There is no checkpoint to load.".into()),
                Some(entry) => entry.obstacle().map(String::from),
            },
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::SelectCheckpoint(by) => {
                let last = ground.checkpoints.len().saturating_sub(1);
                self.selected = self.selected.saturating_add_signed(by).min(last);
            }
            Action::LoadCheckpoint => {
                if let Some(entry) = ground.checkpoints.get(self.selected) {
                    ground.load(entry.source.clone());
                }
            }
        }
    }

    /// Takes a new list; the selection stays on its checkpoint.
    pub fn receive(&mut self, entries: Vec<Entry>, problems: Vec<String>, ground: &mut Ground) {
        let before = ground.checkpoints.get(self.selected);
        let place = before.and_then(|chosen| {
            let mut sources = entries.iter().map(|entry| &entry.source);
            sources.position(|source| *source == chosen.source)
        });
        let last = entries.len().saturating_sub(1);
        self.selected = place.unwrap_or(self.selected).min(last);
        self.listed = ground.now;
        ground.checkpoints = entries;
        // Listed again at every change; said once.
        for problem in problems {
            if !ground.messages.iter().any(|it| it.text == problem) {
                ground.complain(problem);
            }
        }
    }

    /// Time since a checkpoint was written.
    pub fn age(&self, entry: &Entry, ground: &Ground) -> Option<Duration> {
        Some(entry.age? + ground.now.saturating_sub(self.listed))
    }
}

pub fn receive_failure(source: &Source, reason: &str, ground: &mut Ground) {
    if ground.loading.as_ref() == Some(source) {
        ground.loading = None;
    }
    ground.complain(reason);
    // Without any model there is nothing to play with.
    if ground.model.is_none() && ground.loading.is_none() && *source != embedded::first() {
        ground.load(embedded::first());
    }
}
