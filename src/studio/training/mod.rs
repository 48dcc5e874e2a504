//! A training run as the workstation sees it, and its chart. It uses the ground only.

mod curves;
mod form;
mod queue;
mod rehearsals;
mod view;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use curves::{Curves, Term, smoothed, thinned};
pub use form::{Field, Form};
pub use queue::waiting_words;
pub use rehearsals::Rehearsals;
pub use view::View;

use super::ground::{Effect, End, Entry, Ground, Overlay, config};
use musicvae::checkpoint::catalogue::Source;
use musicvae::model::DeviceChoice;
use musicvae::training::{Earlier, Event, Record};

/// What a player can do with training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Pauses or resumes; or opens the form of the next run.
    ToggleTraining,
    /// The next or previous value of the form's row.
    TurnField(isize),
    /// Stops and saves.
    StopTraining,
    /// Moves the run's folder to the trash.
    ThrowRunAway,
    /// Brings back the run that was last thrown away.
    BringRunBack,
    /// Lists the runs that wait for this one to end.
    ShowQueue,
    /// Opens the form of a run that waits.
    QueueRun,
    /// Takes the chosen one off the list.
    DropQueued,
    /// Moves it down the list.
    MoveQueued(isize),
    /// Starts it now.
    StartQueued,
    /// Goes on with the run that has all its steps, for as many again.
    TrainLonger,
    /// Starts a new run beside the one that has all its steps.
    TrainAnew,
    /// Lists how the model in training plays, and played before; all of it is heard by moving there.
    ShowRehearsals,
    /// Lets the model play as it is now.
    Rehearse,
    /// Makes what is heard the groove that is played and edited, and perhaps an end of the slider.
    TakeRehearsal(Option<End>),
    /// Another curve of the chart.
    NextTerm(isize),
    /// The chart shows half of what it shows, or twice as much.
    ZoomChart(i32),
    /// It moves by a half of what it shows, back or forward.
    PanChart(i32),
    ShowWholeRun,
    /// Powers of ten at equal distances, or equal numbers.
    ToggleLogarithmic,
    ToggleSmooth,
}

/// Runs before the present one whose curves are remembered.
const MOST_EARLIER: usize = 3;

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
    /// Stopped before its last step.
    Stopped,
    /// It has all its steps.
    Finished,
    Failed(String),
}

/// The run, its story, and what of it the chart shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Of the run, and of the next one: its folder is where the last one began.
    pub settings: config::Training,
    pub state: RunState,
    /// What computes the run, or the next one.
    device: DeviceChoice,
    /// The step behind which it began, once its data is read.
    began: Option<u64>,
    /// The next run, while it is described.
    pub form: Form,
    pub curves: Curves,
    /// Curves of the runs before this one, the latest last, with their folders.
    earlier: Vec<(PathBuf, Curves)>,
    /// Where the run lies, once its data is read.
    folder: Option<PathBuf>,
    thrown: Vec<queue::Thrown>,
    /// The last checkpoint it wrote.
    pub saved: Option<PathBuf>,
    pub rehearsals: Rehearsals,
    /// What the chart shows.
    pub view: View,
}

impl Training {
    pub fn new(settings: config::Training) -> Training {
        Training {
            settings,
            state: RunState::Idle,
            device: DeviceChoice::default(),
            began: None,
            form: Form::default(),
            curves: Curves::default(),
            earlier: Vec::new(),
            folder: None,
            thrown: Vec::new(),
            saved: None,
            rehearsals: Rehearsals::default(),
            view: View::default(),
        }
    }

    /// Takes the settings of a run of another day, for the form.
    pub fn remember(&mut self, settings: config::Training) {
        self.settings = settings;
    }

    /// The curves of the runs before this one, the latest last.
    pub fn earlier(&self) -> impl Iterator<Item = &Curves> {
        self.earlier.iter().map(|(_, curves)| curves)
    }

    /// Whether a trainer is at work (or waits to be).
    pub fn is_alive(&self) -> bool {
        matches!(
            self.state,
            RunState::Running | RunState::Paused | RunState::Stopping
        )
    }

    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        let stopping = self.state == RunState::Stopping;
        let (when, reason) = match action {
            Action::ToggleTraining => (stopping, "The run is being stopped and saved."),
            Action::StopTraining => (!self.is_alive() || stopping, "No training is running."),
            Action::TrainLonger | Action::TrainAnew => (
                self.state != RunState::Finished,
                "No finished run is there.",
            ),
            Action::ThrowRunAway => return self.no_run(),
            Action::BringRunBack => return self.nothing_thrown(),
            Action::StartQueued if self.is_alive() => (true, "A run is being made: stop it first."),
            Action::DropQueued | Action::MoveQueued(_) | Action::StartQueued => {
                return Training::no_chosen(ground);
            }
            Action::ShowRehearsals | Action::TakeRehearsal(_) => return self.no_rehearsal(),
            Action::Rehearse => (!self.is_alive() || stopping, "No training is running."),
            Action::NextTerm(_)
            | Action::ZoomChart(_)
            | Action::PanChart(_)
            | Action::ShowWholeRun
            | Action::ToggleLogarithmic
            | Action::ToggleSmooth
            | Action::ShowQueue
            | Action::QueueRun
            | Action::TurnField(_) => return None,
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
            Action::ThrowRunAway => self.throw_away(ground),
            Action::BringRunBack => self.bring_back(ground),
            Action::ShowQueue => {
                ground.screen.overlay = Some(Overlay::Queue { selected: 0 });
            }
            Action::QueueRun => self.open_form(ground),
            Action::DropQueued => Training::drop_queued(ground),
            Action::MoveQueued(by) => Training::move_queued(by, ground),
            Action::StartQueued => self.start_queued(ground),
            Action::TrainLonger => {
                ground.screen.overlay = None;
                self.settings.steps += ground.config.training.steps;
                self.start(Earlier::ContinuedIfSame, ground);
            }
            Action::TrainAnew => {
                ground.screen.overlay = None;
                // With another seed, because the same one makes the same model.
                self.settings.seed = self.settings.seed.wrapping_add(1);
                self.start(Earlier::Kept, ground);
            }
            Action::TurnField(by) => {
                let preset = self.form.text(Field::Preset).trim();
                let checkpoints = ground.checkpoints.iter();
                let fitting = checkpoints.filter(|it| it.error.is_none() && it.preset == preset);
                let name = |entry: &Entry| match &entry.source {
                    Source::File(path) => path.display().to_string(),
                    Source::Embedded(embedded) => embedded.name.to_string(),
                };
                let names: Vec<String> = fitting.map(name).collect();
                self.form.turn(by, &names);
                self.look(ground);
            }
            Action::ShowRehearsals => self.show_rehearsals(ground),
            Action::Rehearse => self.rehearse(ground),
            Action::TakeRehearsal(end) => self.take_rehearsal(end, ground),
            Action::NextTerm(by) => self.view.term = self.view.term.turned(by),
            Action::ZoomChart(by) => self.view.zoom_by(by),
            Action::PanChart(by) => self.view.pan(-0.5 * f64::from(by)),
            Action::ShowWholeRun => self.view.show_all(),
            Action::ToggleLogarithmic => self.view.is_logarithmic = !self.view.is_logarithmic,
            Action::ToggleSmooth => self.view.is_smooth = !self.view.is_smooth,
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
                ground.say("Training continues.");
            }
            _ if !ground.runs.is_empty() => {
                ground.screen.overlay = Some(Overlay::Queue { selected: 0 });
            }
            RunState::Finished => ground.screen.overlay = Some(Overlay::RunEnded),
            _ => self.open_form(ground),
        }
    }

    fn open_form(&mut self, ground: &mut Ground) {
        let last = ground.runs.last().map_or(&self.settings, |(last, _)| last);
        self.form = Form::of(last, ground.device.choice);
        for (named, path) in Field::ALL.into_iter().filter_map(|it| self.form.place(it)) {
            ground.ask(Effect::Look(named, path));
        }
        ground.screen.overlay = Some(Overlay::TrainingForm);
    }

    /// Asks what is at the path in the form's row.
    pub fn look(&self, ground: &mut Ground) {
        if let Some((named, path)) = self.form.place(self.form.field()) {
            ground.ask(Effect::Look(named, path));
        }
    }

    /// Starts the run of the form, or has it wait for the present one; or goes to the row that makes no sense.
    pub fn start_as_typed(&mut self, ground: &mut Ground) {
        match self.form.settings(&self.settings) {
            Ok((settings, device)) => {
                ground.screen.overlay = None;
                if self.is_alive() {
                    return Training::enqueue((settings, device), ground);
                }
                self.settings = settings;
                self.device = device;
                self.start(Earlier::ContinuedIfSame, ground);
            }
            Err((field, _)) => self.form.selected = field as usize,
        }
    }

    fn start(&mut self, earlier: Earlier, ground: &mut Ground) {
        let settings = self.settings.clone();
        ground.last_run = Some(settings.clone());
        let data = settings.data.display();
        ground.say(format!("Reading {data} to train {}.", settings.preset));
        ground.ask(Effect::StartTraining(settings, self.device, earlier));
        self.state = RunState::Running;
        self.began = None;
        let curves = std::mem::take(&mut self.curves);
        if let Some(folder) = self.folder.take() {
            self.earlier.push((folder, curves));
            let more = self.earlier.len().saturating_sub(MOST_EARLIER);
            self.earlier.drain(..more);
        }
        self.saved = None;
        self.rehearsals = Rehearsals::of(ground.scene.decoding());
    }

    /// The data is read, and it is known which run this is.
    fn begin(&mut self, out: PathBuf, step: u64, story: Curves, ground: &mut Ground) {
        let settings = &self.settings;
        let (preset, data) = (&settings.preset, settings.data.display());
        let (shown, wanted) = (out.display(), settings.out.display());
        if step == 0 {
            let beside = match out == settings.out {
                true => String::new(),
                false => format!(", for {wanted} holds another run"),
            };
            ground.say(format!("Training {preset} on {data} into {shown}{beside}."));
        } else if step < settings.steps {
            ground.say(format!(
                "Continuing the run in {shown} from step {step}: data and settings are the same."
            ));
        }
        self.began = Some(step);
        self.curves = story;
        // One that goes on tells its whole story itself.
        self.earlier.retain(|(folder, _)| *folder != out);
        self.folder = Some(out.clone());
        self.settings.out = out;
        ground.last_run = Some(self.settings.clone());
    }

    /// The run ended, with all its steps or before.
    fn end(&mut self, step: u64, ground: &mut Ground) {
        let out = self.settings.out.display();
        let whole = step >= self.settings.steps;
        self.state = match whole {
            true => RunState::Finished,
            false => RunState::Stopped,
        };
        match self.began.take() {
            None => ground.say("Training was stopped before it began."),
            // The run had no steps left, so the question comes at once.
            Some(began) if whole && began >= step => {
                ground.say(format!("The run in {out} has finished its {step} steps."));
                if !ground.runs.is_empty() {
                    return;
                }
                let overlay = &mut ground.screen.overlay;
                overlay.get_or_insert(Overlay::RunEnded);
            }
            Some(_) if whole => {
                ground.say(format!("The run in {out} has finished its {step} steps."))
            }
            Some(_) => ground.say(format!(
                "Training stopped at step {step}; the run is saved."
            )),
        }
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
                lines => {
                    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
                    ground.say(lines.join("; ").replace(":; ", ": "));
                }
            },
            Event::Began {
                out,
                preset,
                step,
                story: records,
            } => {
                let preset = Some(preset);
                self.begin(out, step, Curves { records, preset }, ground);
            }
            Event::Record(record) => self.curves.push(record),
            Event::Saved(path) => {
                ground.say(format!("Saved {}.", path.display()));
                if let Some(how) = self.rehearsals.how {
                    ground.ask(Effect::Rehearse(path.clone(), how));
                }
                self.saved = Some(path);
            }
            Event::Finished(step) => {
                self.end(step, ground);
                // After a run that was stopped, the player starts the waiting ones.
                if self.state == RunState::Finished {
                    self.go_on(ground);
                }
            }
            Event::Failed(reason) => {
                ground.complain(format!("Training ended: {reason}"));
                self.state = RunState::Failed(reason);
                self.go_on(ground);
            }
        }
    }
}
