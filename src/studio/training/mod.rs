//! A training run as the workstation sees it, and its chart. It uses the ground only.

mod curves;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use curves::{Curves, Term};

use super::ground::{Effect, Ground, Question, config};
use musicvae::training::{Event, Record};

/// What a player can do with training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Starts, pauses or resumes.
    ToggleTraining,
    /// Stops and saves.
    StopTraining,
    SetTrainingData(PathBuf),
    /// Another curve of the chart.
    NextTerm(isize),
    /// The whole run, or its last part.
    ToggleRecent,
}

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RunState {
    /// None was started; the curves, if any, are the loaded checkpoint's.
    #[default]
    Idle,
    Running,
    Paused,
    /// Asked to stop, saving.
    Stopping,
    Finished,
    Failed(String),
}

/// The run, its story, and what of it the chart shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    pub settings: config::Training,
    pub state: RunState,
    pub curves: Curves,
    /// The last checkpoint it wrote.
    pub saved: Option<PathBuf>,
    /// The curve of the chart.
    pub term: Term,
    /// Only the last part of the run.
    pub recent: bool,
}

impl Training {
    pub fn new(settings: config::Training) -> Training {
        Training {
            settings,
            state: RunState::Idle,
            curves: Curves::default(),
            saved: None,
            term: Term::default(),
            recent: false,
        }
    }

    /// Whether a trainer is at work (or waits to be).
    pub fn is_alive(&self) -> bool {
        matches!(
            self.state,
            RunState::Running | RunState::Paused | RunState::Stopping
        )
    }

    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action) -> Option<String> {
        let stopping = self.state == RunState::Stopping;
        let (when, reason) = match action {
            Action::ToggleTraining => (stopping, "The run is being stopped and saved."),
            Action::StopTraining => (!self.is_alive() || stopping, "Nothing is in training."),
            Action::SetTrainingData(_) => (self.is_alive(), "A run is under way: stop it first."),
            Action::NextTerm(_) | Action::ToggleRecent => return None,
        };
        when.then(|| reason.into())
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::ToggleTraining => self.toggle(ground),
            Action::StopTraining => {
                self.state = RunState::Stopping;
                ground.ask(Effect::StopTraining);
                ground.say("Training stops after this step and saves.");
            }
            Action::SetTrainingData(path) => {
                self.settings.data = path;
                self.start(ground);
            }
            Action::NextTerm(by) => self.term = self.term.turned(by),
            Action::ToggleRecent => self.recent = !self.recent,
        }
    }

    fn toggle(&mut self, ground: &mut Ground) {
        match self.state {
            RunState::Running => {
                self.state = RunState::Paused;
                ground.ask(Effect::PauseTraining(true));
                ground.say("Training is paused.");
            }
            RunState::Paused => {
                self.state = RunState::Running;
                ground.ask(Effect::PauseTraining(false));
                ground.say("Training goes on.");
            }
            // A run that failed may have been given the wrong data.
            RunState::Failed(_) => self.ask_for_data(ground),
            _ if self.settings.data.as_os_str().is_empty() => self.ask_for_data(ground),
            _ => self.start(ground),
        }
    }

    fn ask_for_data(&self, ground: &mut Ground) {
        let data = self.settings.data.display().to_string();
        ground.screen.prompt(Question::TrainingData, data);
    }

    fn start(&mut self, ground: &mut Ground) {
        let settings = &self.settings;
        ground.say(format!(
            "Training {} on {}.",
            settings.preset,
            settings.data.display()
        ));
        ground.ask(Effect::StartTraining(
            settings.clone(),
            ground.device.choice,
        ));
        self.state = RunState::Running;
        self.curves = Curves::default();
        self.saved = None;
    }

    /// Shows the story of a checkpoint, while there is no run of our own.
    pub fn show(&mut self, log: &[Record]) {
        if self.state == RunState::Idle {
            self.curves.records = log.to_vec();
        }
    }

    /// Takes news from the trainer.
    pub fn receive(&mut self, event: Event, ground: &mut Ground) {
        match event {
            Event::Notice(text) => ground.say(text),
            Event::Corpus(_, report) => match &report.lines(false)[..] {
                [] => {}
                lines => ground.say(lines.join("; ")),
            },
            Event::Record(record) => self.curves.push(record),
            Event::Saved(path) => {
                ground.say(format!("Saved {}.", path.display()));
                self.saved = Some(path);
            }
            Event::Finished(step) => {
                self.state = RunState::Finished;
                ground.say(format!("Training ended at step {step}."));
            }
            Event::Failed(reason) => {
                ground.complain(format!("Training ended: {reason}"));
                self.state = RunState::Failed(reason);
            }
        }
    }
}
