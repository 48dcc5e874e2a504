//! The checkpoints at hand.

use std::time::Duration;

use super::{Rework, Source, Studio};

/// A line of the checkpoint browser.
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

/// What the browser lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    pub entries: Vec<Entry>,
    /// When they were listed, since the start.
    pub listed: Duration,
    /// Asked for, and not there yet.
    pub loading: Option<Source>,
}

impl Library {
    /// Moves a selection within the list.
    pub fn select(&self, selected: &mut usize, by: isize) {
        *selected = selected
            .saturating_add_signed(by)
            .min(self.entries.len().saturating_sub(1));
    }

    /// Takes a new list; the selection stays on its checkpoint.
    pub fn replace(&mut self, entries: Vec<Entry>, selected: &mut usize) {
        let chosen = self
            .entries
            .get(*selected)
            .map(|entry| entry.source.clone());
        self.entries = entries;
        let place = self
            .entries
            .iter()
            .position(|entry| Some(&entry.source) == chosen.as_ref());
        *selected = place
            .unwrap_or(*selected)
            .min(self.entries.len().saturating_sub(1));
    }
}

impl Studio {
    pub(super) fn load_selected(&mut self) {
        if let Some(entry) = self.library.entries.get(self.screen.checkpoint) {
            self.load(entry.source.clone());
        }
    }

    pub(super) fn receive_catalogue(&mut self, entries: Vec<Entry>, problems: Vec<String>) {
        self.library.replace(entries, &mut self.screen.checkpoint);
        self.library.listed = self.now;
        // Listed again at every change; said once.
        for problem in problems {
            if !self.messages.iter().any(|message| message.text == problem) {
                self.complain(problem);
            }
        }
    }

    /// Time since a checkpoint was written.
    pub fn age(&self, entry: &Entry) -> Option<Duration> {
        Some(entry.age? + self.now.saturating_sub(self.library.listed))
    }

    pub(super) fn receive_load_failure(&mut self, source: &Source, reason: &str) {
        if self.library.loading.as_ref() == Some(source) {
            self.library.loading = None;
        }
        self.complain(reason);
    }
}
