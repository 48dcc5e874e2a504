//! A training run as the workstation sees it.

use std::path::PathBuf;

use super::{Curves, Effect, Overlay, Question, Studio, TrainingEvent, config};

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

/// The run and its story.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub settings: config::Training,
    pub state: RunState,
    pub curves: Curves,
    /// The last checkpoint it wrote.
    pub saved: Option<PathBuf>,
}

impl Run {
    pub fn new(settings: config::Training) -> Run {
        Run {
            settings,
            state: RunState::Idle,
            curves: Curves::default(),
            saved: None,
        }
    }

    /// Whether a trainer is at work (or waits to be).
    pub fn is_alive(&self) -> bool {
        matches!(
            self.state,
            RunState::Running | RunState::Paused | RunState::Stopping
        )
    }
}

impl Studio {
    pub(super) fn toggle_training(&mut self) {
        match self.run.state {
            RunState::Running => {
                self.run.state = RunState::Paused;
                self.ask(Effect::PauseTraining(true));
                self.say("Training is paused.");
            }
            RunState::Paused => {
                self.run.state = RunState::Running;
                self.ask(Effect::PauseTraining(false));
                self.say("Training goes on.");
            }
            // A run that failed may have been given the wrong data.
            RunState::Failed(_) => self.ask_for_training_data(),
            _ if self.run.settings.data.as_os_str().is_empty() => self.ask_for_training_data(),
            _ => self.start_training(),
        }
    }

    fn ask_for_training_data(&mut self) {
        self.screen.overlay = Some(Overlay::Prompt {
            question: Question::TrainingData,
            text: self.run.settings.data.display().to_string(),
        });
    }

    fn start_training(&mut self) {
        let settings = self.run.settings.clone();
        self.say(format!(
            "Training {} on {}.",
            settings.preset,
            settings.data.display()
        ));
        self.run = Run {
            state: RunState::Running,
            ..Run::new(settings.clone())
        };
        self.ask(Effect::StartTraining(settings));
    }

    pub(super) fn set_training_data(&mut self, path: PathBuf) {
        self.run.settings.data = path;
        self.start_training();
    }

    pub(super) fn stop_training(&mut self) {
        self.run.state = RunState::Stopping;
        self.ask(Effect::StopTraining);
        self.say("Training stops after this step and saves.");
    }

    pub(super) fn receive_training(&mut self, event: TrainingEvent) {
        match event {
            TrainingEvent::Notice(text) => self.say(text),
            TrainingEvent::Corpus(_, report) => match &report.lines(false)[..] {
                [] => {}
                lines => self.say(lines.join("; ")),
            },
            TrainingEvent::Record(record) => self.run.curves.push(record),
            TrainingEvent::Saved(path) => {
                self.say(format!("Saved {}.", path.display()));
                self.run.saved = Some(path);
            }
            TrainingEvent::Finished(step) => {
                self.run.state = RunState::Finished;
                self.say(format!("Training ended at step {step}."));
            }
            TrainingEvent::Failed(reason) => {
                self.complain(format!("Training ended: {reason}"));
                self.run.state = RunState::Failed(reason);
            }
        }
    }
}
