//! The checkpoints: finding one, loading it, comparing it with the one in use, and managing their
//! files. It uses the ground only.

mod order;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use order::Order;

use super::ground::{Effect, Entry, Ground, Question};
use crate::embedded;
use musicvae::checkpoint::catalogue::{EXTENSION, Source};

/// What a player can do with checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    SelectCheckpoint(isize),
    LoadCheckpoint,
    /// The one of this name.
    LoadNamed(String),
    /// Plays the same seed by the selected one, and by the one before when it is asked for again.
    CompareCheckpoint,
    NextOrder,
    /// Shows only what has these words.
    FindCheckpoints(String),
    /// Pins the selected one to the top, or not.
    TogglePin,
    RenameCheckpoint(String),
    /// Moves the selected one's file to a trash folder beside it, from where it can come back.
    TrashCheckpoint,
    /// Brings back what was last thrown away.
    RestoreCheckpoint,
}

/// What the browser shows, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoints {
    /// Line of those that are shown.
    pub selected: usize,
    pub order: Order,
    /// The words of the search.
    pub words: String,
    /// Where files were, and where they are now; the last one comes back first.
    trash: Vec<(PathBuf, PathBuf)>,
    /// The one that the selected one is compared with.
    compared: Option<Source>,
    /// The seed that a model plays when it is loaded.
    seed: Option<u64>,
    /// How the run of the selected one went: validation losses, the first to the last.
    pub story: Option<(Source, Vec<f64>)>,
    /// When the checkpoints were listed, since the start.
    listed: Duration,
}

/// Whether a checkpoint stands above all others.
pub fn is_pinned(entry: &Entry, ground: &Ground) -> bool {
    ground.pins.contains(&entry.name)
}

impl Checkpoints {
    /// The checkpoints that are shown, in order.
    pub fn rows<'g>(&self, ground: &'g Ground) -> Vec<&'g Entry> {
        let words = self.words.to_lowercase();
        let has_words = |entry: &&Entry| {
            let text = format!("{} {} {}", entry.name, entry.preset, entry.details.data);
            let text = text.to_lowercase();
            words.split_whitespace().all(|word| text.contains(word))
        };
        let mut rows: Vec<&Entry> = ground.checkpoints.iter().filter(has_words).collect();
        self.order.sort(&mut rows);
        rows.sort_by_key(|entry| !is_pinned(entry, ground));
        rows
    }

    /// The one under the cursor.
    pub fn chosen<'g>(&self, ground: &'g Ground) -> Option<&'g Entry> {
        self.rows(ground).get(self.selected).copied()
    }

    /// The file of the one under the cursor, or why it can't be changed.
    fn chosen_file<'g>(&self, ground: &'g Ground) -> Result<&'g Path, String> {
        match self.chosen(ground).map(|entry| &entry.source) {
            None => Err("There is no checkpoint here.".into()),
            Some(Source::Embedded(_)) => Err("This checkpoint is built in: it has no file.".into()),
            Some(Source::File(path)) => Ok(path),
        }
    }

    /// Why the file of the one under the cursor can't be changed.
    pub fn reason_against_change(&self, ground: &Ground) -> Option<String> {
        self.chosen_file(ground).err()
    }

    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::SelectCheckpoint(_) | Action::NextOrder | Action::FindCheckpoints(_) => None,
            Action::LoadNamed(name) => match named(name, ground) {
                None => Some(format!(
                    "There is no checkpoint `{name}`: pane 4 lists what there is."
                )),
                Some(entry) => entry.obstacle().map(String::from),
            },
            Action::LoadCheckpoint | Action::CompareCheckpoint => match self.chosen(ground) {
                None => Some("There is no checkpoint to load.".into()),
                Some(entry) => entry.obstacle().map(String::from),
            },
            Action::TogglePin => self
                .chosen(ground)
                .is_none()
                .then(|| "There is no checkpoint here.".into()),
            Action::RenameCheckpoint(name) => {
                let fault = file_name(name).err();
                fault.or_else(|| self.chosen_file(ground).err())
            }
            Action::TrashCheckpoint => self.chosen_file(ground).err(),
            Action::RestoreCheckpoint => {
                let nothing = self.trash.is_empty();
                nothing.then(|| "No checkpoint has been moved to the trash since the start.".into())
            }
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::SelectCheckpoint(by) => {
                let last = self.rows(ground).len().saturating_sub(1);
                self.selected = self.selected.saturating_add_signed(by).min(last);
                self.look(ground);
            }
            Action::LoadNamed(name) => {
                self.seed = None;
                if let Some(entry) = named(&name, ground) {
                    ground.load(entry.source.clone());
                }
            }
            Action::LoadCheckpoint => {
                self.seed = None;
                if let Some(entry) = self.chosen(ground) {
                    ground.load(entry.source.clone());
                }
            }
            Action::CompareCheckpoint => self.compare(ground),
            Action::NextOrder => {
                let chosen = self.chosen(ground).cloned();
                self.order = self.order.next();
                self.select(chosen.as_ref(), ground);
                ground.say(format!("Checkpoints {}.", self.order.words()));
            }
            Action::FindCheckpoints(words) => {
                let chosen = self.chosen(ground).cloned();
                self.words = words;
                self.select(chosen.as_ref(), ground);
            }
            Action::TogglePin => {
                let Some(chosen) = self.chosen(ground).cloned() else {
                    return;
                };
                match ground.pins.iter().position(|pin| *pin == chosen.name) {
                    Some(place) => drop(ground.pins.remove(place)),
                    None => ground.pins.push(chosen.name.clone()),
                }
                self.select(Some(&chosen), ground);
            }
            Action::RenameCheckpoint(name) => {
                if let (Ok(from), Ok(name)) = (self.chosen_file(ground), file_name(&name)) {
                    let (from, to) = (from.to_path_buf(), from.with_file_name(name));
                    ground.ask(Effect::MoveFile { from, to });
                }
            }
            Action::TrashCheckpoint => {
                if let Ok(from) = self.chosen_file(ground) {
                    let (from, to) = (from.to_path_buf(), in_trash(from, ground.now));
                    self.trash.push((from.clone(), to.clone()));
                    ground.say(format!(
                        "{} is in the trash ({}); Backspace brings it back.",
                        from.display(),
                        to.parent().unwrap_or(&to).display()
                    ));
                    ground.ask(Effect::MoveFile { from, to });
                }
            }
            Action::RestoreCheckpoint => {
                if let Some((to, from)) = self.trash.pop() {
                    ground.say(format!("{} is back.", to.display()));
                    ground.ask(Effect::MoveFile { from, to });
                }
            }
        }
    }

    /// Loads the selected checkpoint to play the last seed; if it is already in use, loads the one
    /// it was compared with.
    fn compare(&mut self, ground: &mut Ground) {
        let Some(chosen) = self.chosen(ground).map(|entry| entry.source.clone()) else {
            return;
        };
        let in_use = ground.model.as_ref().map(|model| model.source.clone());
        let other = match in_use {
            Some(in_use) if in_use == chosen => self.compared.replace(in_use),
            in_use => {
                self.compared = in_use;
                Some(chosen)
            }
        };
        match other {
            None => ground.say("This model is in use: choose another one to compare it with."),
            Some(other) => {
                self.seed = Some(ground.scene.seed);
                ground.load(other);
            }
        }
    }

    /// The seed that the model that comes is to play, where one is compared.
    pub fn take_seed(&mut self) -> Option<u64> {
        self.seed.take()
    }

    /// Takes a new list; the selection stays on its checkpoint.
    pub fn receive(&mut self, entries: Vec<Entry>, problems: Vec<String>, ground: &mut Ground) {
        let chosen = self.chosen(ground).cloned();
        self.listed = ground.now;
        ground.checkpoints = entries;
        self.select(chosen.as_ref(), ground);
        // Listed again at every change; said once.
        for problem in problems {
            if !ground.messages.iter().any(|it| it.text == problem) {
                ground.complain(problem);
            }
        }
    }

    /// Takes how a run went.
    pub fn receive_story(&mut self, source: Source, losses: Vec<f64>) {
        self.story = Some((source, losses));
    }

    /// Puts the cursor on a checkpoint, or leaves it near where it was.
    fn select(&mut self, entry: Option<&Entry>, ground: &mut Ground) {
        let rows = self.rows(ground);
        let place = entry.and_then(|entry| rows.iter().position(|row| row.source == entry.source));
        let last = rows.len().saturating_sub(1);
        self.selected = place.unwrap_or(self.selected).min(last);
        self.look(ground);
    }

    /// Asks how the run of the one under the cursor went.
    fn look(&mut self, ground: &mut Ground) {
        let Some(source) = self.chosen(ground).map(|entry| entry.source.clone()) else {
            return;
        };
        if self
            .story
            .as_ref()
            .is_none_or(|(known, _)| *known != source)
        {
            ground.ask(Effect::ReadStory(source));
        }
    }

    /// Time since a checkpoint was written.
    pub fn age(&self, entry: &Entry, ground: &Ground) -> Option<Duration> {
        Some(entry.age? + ground.now.saturating_sub(self.listed))
    }

    /// What already exists, where something about checkpoints is typed.
    pub fn present(&self, question: Question, ground: &Ground) -> String {
        match (question, self.chosen_file(ground)) {
            (Question::FindCheckpoints, _) => self.words.clone(),
            (_, Ok(path)) => {
                let stem = path.file_stem().unwrap_or_default();
                stem.to_string_lossy().into()
            }
            _ => String::new(),
        }
    }
}

/// The file that a typed name means.
fn file_name(name: &str) -> Result<PathBuf, String> {
    let name = name.trim().trim_end_matches(".safetensors");
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\']) {
        return Err(format!(
            "`{name}` is no name for a file: it may not be empty, begin with a dot or have a slash."
        ));
    }
    Ok(format!("{name}.{EXTENSION}").into())
}

/// The trash: a hidden folder beside the file, which the list leaves out.
fn in_trash(path: &Path, now: Duration) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{stem}-{}.{EXTENSION}", now.as_millis());
    path.with_file_name(".trash").join(name)
}

fn named<'g>(name: &str, ground: &'g Ground) -> Option<&'g Entry> {
    ground.checkpoints.iter().find(|entry| entry.name == name)
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
