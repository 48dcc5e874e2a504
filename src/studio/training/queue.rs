//! Runs that wait for the present one to end, and runs that were thrown away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Curves, RunState, Training};
use crate::studio::ground::{Effect, Ground, Overlay, WaitingRun, counted};
use musicvae::training::Earlier;

/// A run that was thrown away, and what was known of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Thrown {
    folder: PathBuf,
    trash: PathBuf,
    state: RunState,
    curves: Curves,
}

impl Training {
    pub(super) fn no_chosen(ground: &Ground) -> Option<String> {
        let nothing = chosen(ground).is_none();
        nothing.then(|| "No run waits here: n describes one.".into())
    }

    pub(super) fn enqueue(run: WaitingRun, ground: &mut Ground) {
        let (preset, data) = (&run.0.preset, run.0.data.display());
        let before = match ground.runs.len() {
            0 => "after this run".into(),
            waiting => format!("after this run and {waiting} more"),
        };
        ground.say(format!("{preset} is trained on {data} {before}."));
        ground.runs.push(run);
        let selected = ground.runs.len() - 1;
        ground.screen.overlay = Some(Overlay::Queue { selected });
    }

    pub(super) fn drop_queued(ground: &mut Ground) {
        if let Some(place) = chosen(ground) {
            ground.runs.remove(place);
        }
    }

    pub(super) fn move_queued(by: isize, ground: &mut Ground) {
        let Some(place) = chosen(ground) else {
            return;
        };
        let to = place.saturating_add_signed(by).min(ground.runs.len() - 1);
        let run = ground.runs.remove(place);
        ground.runs.insert(to, run);
        ground.screen.overlay = Some(Overlay::Queue { selected: to });
    }

    /// Starts the run under the cursor.
    pub(super) fn start_queued(&mut self, ground: &mut Ground) {
        if let Some(place) = chosen(ground) {
            ground.screen.overlay = None;
            self.start_waiting(place, ground);
        }
    }

    /// Starts the next run, now that one has ended by itself.
    pub(super) fn go_on(&mut self, ground: &mut Ground) {
        if !ground.runs.is_empty() {
            self.start_waiting(0, ground);
        }
    }

    fn start_waiting(&mut self, place: usize, ground: &mut Ground) {
        (self.settings, self.device) = ground.runs.remove(place);
        self.start(Earlier::ContinuedIfSame, ground);
    }

    pub(super) fn no_run(&self) -> Option<String> {
        let reason = match &self.folder {
            _ if self.is_alive() => "Stop the run first (R).",
            None => "No run was made since the start; pane 4 throws single checkpoints away.",
            Some(_) => return None,
        };
        Some(reason.into())
    }

    /// Moves the run's folder into a hidden one beside it, from where it comes back.
    pub(super) fn throw_away(&mut self, ground: &mut Ground) {
        let Some(folder) = self.folder.take() else {
            return;
        };
        let trash = in_trash(&folder, ground.now);
        ground.say(format!(
            "The run in {} is in the trash ({}); Backspace brings it back.",
            folder.display(),
            trash.parent().unwrap_or(&trash).display()
        ));
        let (from, to) = (folder.clone(), trash.clone());
        ground.ask(Effect::MoveFile { from, to });
        self.thrown.push(Thrown {
            folder,
            trash,
            state: std::mem::take(&mut self.state),
            curves: std::mem::take(&mut self.curves),
        });
        self.saved = None;
    }

    pub(super) fn nothing_thrown(&self) -> Option<String> {
        let nothing = self.thrown.is_empty();
        nothing.then(|| "No run has been thrown away since the start.".into())
    }

    pub(super) fn bring_back(&mut self, ground: &mut Ground) {
        let Some(thrown) = self.thrown.pop() else {
            return;
        };
        let (from, to) = (thrown.trash, thrown.folder);
        ground.say(format!("The run in {} is back.", to.display()));
        ground.ask(Effect::MoveFile {
            from,
            to: to.clone(),
        });
        // The chart is another run's, where one was started since.
        if self.folder.is_none() && !self.is_alive() {
            self.state = thrown.state;
            self.curves = thrown.curves;
            self.settings.out.clone_from(&to);
            self.folder = Some(to);
        }
    }
}

/// The run under the cursor of the list of those that wait.
fn chosen(ground: &Ground) -> Option<usize> {
    match ground.screen.overlay {
        Some(Overlay::Queue { selected }) => Some(selected).filter(|it| *it < ground.runs.len()),
        _ => None,
    }
}

/// `, 2 wait`; empty where none does.
pub fn waiting_words(ground: &Ground) -> String {
    match ground.runs.len() {
        0 => String::new(),
        waiting => format!(", {}", counted(waiting, "waits", "wait")),
    }
}

/// Where a run's folder goes that is thrown away.
fn in_trash(folder: &Path, now: Duration) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder
        .with_file_name(".trash")
        .join(format!("{name}-{}", now.as_millis()))
}
