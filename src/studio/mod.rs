//! The application without a terminal: what is played, drawn, edited, trained and chosen.
//!
//! [`Studio::apply`] takes an [`Action`] and [`Studio::receive`] takes an [`Event`]; both only
//! change the state and queue [`Effect`]s. [`Backstage`] carries those out on threads of its own.

mod action;
mod backstage;
pub mod chain;
pub mod config;
mod curves;
mod edit;
mod effect;
mod export;
mod inference;
mod library;
mod machine;
mod messages;
mod midi;
mod morph;
mod opening;
mod play;
pub mod qualities;
mod reasons;
mod rework;
mod scene;
mod screen;
mod screening;
mod tap;
mod trainer;
mod training;

use std::time::Duration;

pub use action::Action;
pub use backstage::{Backstage, Tell, quiet_stderr};
pub use chain::Chain;
pub use config::{Config, Takeover};
pub use curves::{Curves, Term};
pub use effect::{Effect, Event, ModelInfo};
pub use inference::{Answer, Inference, Job, Loader, Model, guarded};
pub use library::{Entry, Library};
pub use machine::{Column, Machine, MapAction, MapEditor};
pub use messages::{Message, Messages, Weight};
pub use midi::{Binding, Control, Midi, Target};
pub use musicvae::data::Split;
pub use musicvae::training::{Event as TrainingEvent, Record};
pub use play::{Bars, LaneState, Sound};
pub use qualities::Quality;
pub use rework::Rework;
pub use scene::{Anchor, Change, End, History, Origin, Scene};
pub use screen::{Kind, Overlay, Pane, Question, Screen};
pub use training::{Run, RunState};

pub use crate::engine::{
    AudioState, ClockOut, DrumMap, MidiState, PadNote, Received, Recording, Status as Transport,
    Sync, Tap, Voice,
};
pub use musicvae::checkpoint::catalogue::Source;
use musicvae::music::{Groove, LANES};

/// The whole state of the workstation.
pub struct Studio {
    pub config: Config,
    pub scene: Scene,
    pub history: History,
    pub sound: Sound,
    pub lanes: [LaneState; LANES],
    pub midi: Midi,
    /// What is on the MIDI port.
    pub machine: Machine,
    pub chain: Chain,
    /// The engine as last seen.
    pub transport: Transport,
    /// The model in use; `None` until the first one is loaded.
    pub model: Option<ModelInfo>,
    pub library: Library,
    pub run: Run,
    pub screen: Screen,
    pub messages: Messages,
    /// Time since the start.
    pub now: Duration,
    /// True when it is time to leave.
    pub leaving: bool,
    tickets: morph::Tickets,
    taps: tap::Taps,
    /// When a gap in the sound was last spoken of.
    gap_told: Option<Duration>,
    effects: Vec<Effect>,
}

impl Studio {
    /// A studio that asks at once for the first checkpoint, `open` in the configuration or the
    /// embedded one, and samples its first groove when that is there.
    pub fn new(config: Config) -> Studio {
        let source = if config.checkpoints.open.as_os_str().is_empty() {
            crate::embedded::first()
        } else {
            crate::embedded::named(&config.checkpoints.open)
        };
        let mut studio = Studio {
            scene: morph::opening_scene(&config),
            history: History::default(),
            sound: Sound::from(&config),
            lanes: [LaneState::default(); LANES],
            midi: Midi::new(&config),
            machine: Machine::from(&config.midi),
            chain: Chain::default(),
            transport: play::silent_transport(&config),
            model: None,
            library: Library::default(),
            run: Run::new(config.training.clone()),
            screen: Screen::default(),
            messages: Messages::default(),
            now: Duration::ZERO,
            leaving: false,
            tickets: morph::Tickets::default(),
            taps: tap::Taps::default(),
            gap_told: None,
            effects: Vec::new(),
            config,
        };
        studio.load(source);
        studio
    }

    /// Does one thing. What can't be done now is answered with the reason, as a message.
    pub fn apply(&mut self, action: Action) {
        if let Some(reason) = self.reason_against(&action) {
            self.complain(reason);
            return;
        }
        // What went wrong before is no news any more.
        self.messages.let_go(self.now);
        match action {
            Action::TogglePlay
            | Action::Continue
            | Action::Panic
            | Action::SetTempo(_)
            | Action::TapTempo
            | Action::ToggleMetronome
            | Action::NudgeClick(_)
            | Action::CycleCountIn
            | Action::SetLoop(_)
            | Action::NudgeLoop(_)
            | Action::MoveLoop(_)
            | Action::ToggleRecord
            | Action::NudgeTempo(_)
            | Action::NudgeSwing(_)
            | Action::NudgeTiming(_)
            | Action::NudgeDynamics(_)
            | Action::NudgeLevel(_)
            | Action::CycleTakeover
            | Action::ToggleMute
            | Action::ToggleSolo
            | Action::ToggleLock
            | Action::NudgeLaneLevel(_) => self.apply_playing(action),

            Action::Map(_) | Action::NudgeMidiOffset(_) | Action::CycleClock => {
                self.apply_machine(action);
            }
            Action::ShowChain
            | Action::ToggleChain
            | Action::SetChain(_)
            | Action::StoreSlot
            | Action::RecallSlot
            | Action::ClearSlot => self.apply_chain(action),

            Action::Sample
            | Action::SetSeed(_)
            | Action::SetTemperature(_)
            | Action::NudgeTemperature(_)
            | Action::SetSlider(_)
            | Action::NudgeSlider(_)
            | Action::Keep(_)
            | Action::SwapEnds
            | Action::Undo
            | Action::Redo => self.apply_morph(action),

            Action::ShowQualities
            | Action::SetQuality(..)
            | Action::NudgeQuality(..)
            | Action::NudgeSelectedQuality(_)
            | Action::ClearQuality
            | Action::NextStyle => self.apply_quality(action),

            Action::Rework(rework) => self.rework(rework),

            Action::MoveCursor { .. }
            | Action::CursorToEdge(_)
            | Action::ToggleHit
            | Action::NudgeVelocity(_)
            | Action::NudgeOffset(_)
            | Action::ClearLane => self.apply_edit(action),

            Action::ToggleFollow => self.toggle_follow(),
            Action::ToggleOverdub => self.toggle_overdub(),
            Action::Export => self.export(),
            Action::SelectCheckpoint(by) => self.library.select(&mut self.screen.checkpoint, by),
            Action::LoadCheckpoint => self.load_selected(),
            Action::ToggleTraining => self.toggle_training(),
            Action::StopTraining => self.stop_training(),
            Action::SetTrainingData(path) => self.set_training_data(path),
            Action::NextTerm(by) => self.screen.term = self.screen.term.turned(by),
            Action::ToggleRecent => self.screen.recent = !self.screen.recent,

            Action::Focus(_)
            | Action::FocusNext(_)
            | Action::ShowHelp
            | Action::ShowMessages
            | Action::ShowPalette
            | Action::ShowBindings
            | Action::Choose(_)
            | Action::Ask(_)
            | Action::Close
            | Action::Accept
            | Action::MoveSelection(_)
            | Action::Type(_)
            | Action::Erase
            | Action::Quit => self.apply_screen(action),
        }
    }

    /// Takes news from a worker, the engine or the clock.
    pub fn receive(&mut self, event: Event) {
        match event {
            Event::Tick(now) => self.now = now,
            Event::Transport(status) => self.receive_transport(status),
            Event::Midi(received) => self.receive_midi(received),
            Event::Bindings(bindings) => self.receive_bindings(bindings),
            Event::Loaded(model) => self.receive_model(model),
            Event::LoadFailed { source, reason } => self.receive_load_failure(&source, &reason),
            Event::Decoded { ticket, grooves } => self.receive_grooves(ticket, grooves),
            Event::Encoded { ticket, z } => self.receive_latent(ticket, z),
            Event::Reworked { ticket, groove } => self.receive_reworked(ticket, groove),
            Event::InferenceFailed { ticket, reason } => self.receive_failure(ticket, &reason),
            Event::Catalogue(entries, problems) => self.receive_catalogue(entries, problems),
            Event::Listed { kind, items, note } => self.receive_list(kind, items, note),
            Event::MapOpened(map) => self.receive_map(map),
            Event::Chain(chain) => {
                (self.chain.slots, self.chain.links) = (chain.slots, chain.links);
            }
            Event::Exported {
                path,
                clamped,
                left_out,
            } => self.receive_export(&path, clamped, &left_out),
            Event::Training(event) => self.receive_training(event),
            Event::Notice(text) => self.say(text),
            Event::Trouble(text) => self.complain(text),
        }
    }

    /// What has to be carried out, in order; the queue is empty afterwards.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The groove that is heard and shown: the chain's, while it plays.
    pub fn groove(&self) -> &Groove {
        match self.chain.sounding(self.transport.chain_link) {
            Some((_, slot)) => &slot.groove,
            None => &self.scene.groove,
        }
    }

    /// The sentence for the status line: the latest message while it is fresh, else what is silent
    /// and why.
    pub fn status_line(&self) -> (Weight, String) {
        match self.messages.fresh(self.now) {
            Some(message) => (message.weight, message.text.clone()),
            None => (Weight::Notice, self.sound_sentence()),
        }
    }

    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.messages.say(self.now, Weight::Notice, text);
    }

    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.messages.say(self.now, Weight::Trouble, text);
    }

    fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }
}
