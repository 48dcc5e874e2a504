//! The ground that all features stand on: the groove and its undo, how it is played, the last
//! reports of the engine and the workers, what is shown and said, the configuration, and the
//! effects to be carried out. It uses the types of the engine and the library, and knows no
//! feature.

mod arrangement;
mod asking;
mod audition;
pub mod config;
mod device;
mod effect;
mod groove;
mod habits;
mod heard;
mod keeping;
mod locks;
mod messages;
mod model;
mod pane;
pub mod quality;
mod requests;
mod rereading;
mod scene;
mod screen;
mod selection;
mod slots;
mod snapshot;
mod sound;
pub mod stored;
mod sweeping;
mod undo;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub use arrangement::Arrangement;
pub use asking::unlearned;
pub use device::Device;
pub use effect::{Effect, Filled, Kin, Locked, Paper, Purpose};
pub use habits::{Habits, RunChoice, ThemeChoice};
pub use heard::{Heard, Marks, fingerprint};
pub use keeping::Keeping;
pub use messages::{Message, Messages, Weight};
pub use model::{Details, Entry, ModelInfo, once_reworked, while_reworking};
pub use pane::Pane;
pub use requests::Requests;
pub use scene::{Anchor, End, MOST_BARS, Origin, PadPath, Place, Points, Scene};
pub use screen::{Kind, Named, Overlay, Question, Screen};
pub use selection::{Region, Selection, Span};
pub use slots::{Link, SLOTS, Slot, Slots, Turn};
pub use snapshot::{Snapshot, Space};
pub use sound::{LaneState, MASTER, Sound, counted, in_words, set_to, soundfont};
pub use sweeping::{Sweeping, Way};
pub use undo::{Change, Undo};

use crate::engine::{Command, LinkState, Request, Setup, SoundFontSource, Status, Sync};
pub use config::Config;
use musicvae::checkpoint::catalogue::Source;
use musicvae::model::DeviceChoice;
use musicvae::music::LANES;

/// A training run that was described and waits, and what is to compute it.
pub type WaitingRun = (config::Training, DeviceChoice);

/// What all features share.
pub struct Ground {
    pub config: Config,
    pub scene: Scene,
    pub undo: Undo,
    pub sound: Sound,
    pub lanes: [LaneState; LANES],
    /// How the slider sweeps, once the sweep is started.
    pub sweeping: Sweeping,
    /// The bars that keep their hits when a new groove arrives, from 0 on.
    pub locked_bars: BTreeSet<usize>,
    /// The links that the engine plays, while the chain is on.
    pub chain: Option<Vec<Turn>>,
    /// A groove that is heard before it is taken.
    pub audition: Option<Arc<Slot>>,
    /// The SoundFont that was chosen last.
    pub soundfont: SoundFontSource,
    /// Program of the kit within it that plays.
    pub kit: u8,
    /// The engine as last seen.
    pub transport: Status,
    /// The model in use; `None` until the first one is loaded.
    pub model: Option<ModelInfo>,
    /// Whose points A and B are.
    pub space: Option<Space>,
    /// What runs the models.
    pub device: Device,
    /// The checkpoint that is still being loaded.
    pub loading: Option<Source>,
    /// The checkpoints, as last listed.
    pub checkpoints: Vec<Entry>,
    /// Names of the pinned ones.
    pub pins: Vec<String>,
    /// How the run is trained that was started last, be it in an earlier session.
    pub last_run: Option<config::Training>,
    /// The training runs that wait, the next one first.
    pub runs: Vec<WaitingRun>,
    /// What the model was asked.
    pub requests: Requests,
    pub screen: Screen,
    pub messages: Messages,
    /// Time since the start.
    pub now: Duration,
    /// Whether the program should end.
    pub leaving: bool,
    /// Whether the shell should get the terminal for a while.
    pub suspending: bool,
    effects: Vec<Effect>,
}

impl Ground {
    pub fn new(config: Config) -> Ground {
        Ground {
            scene: Scene::opening(&config),
            undo: Undo::default(),
            sound: Sound::from(&config),
            lanes: [LaneState::default(); LANES],
            sweeping: Sweeping::default(),
            locked_bars: BTreeSet::new(),
            chain: None,
            audition: None,
            soundfont: sound::soundfont(&config.soundfont.path),
            kit: config.soundfont.kit,
            transport: sound::silent_transport(&config),
            model: None,
            space: None,
            device: Device::default(),
            loading: None,
            checkpoints: Vec::new(),
            pins: Vec::new(),
            last_run: None,
            runs: Vec::new(),
            requests: Requests::default(),
            screen: Screen::from(&config.screen),
            messages: Messages::default(),
            now: Duration::ZERO,
            leaving: false,
            suspending: false,
            effects: Vec::new(),
            config,
        }
    }

    /// The tempo as the screen writes it: `120.0`, or `ext` or `link` and what that clock does.
    pub fn tempo_words(&self) -> String {
        let (clock, with) = match self.transport.link {
            LinkState::Off => ("ext", String::new()),
            LinkState::On { peers } if peers > 0 => ("link", format!(" +{peers}")),
            _ => ("link", String::new()),
        };
        match self.transport.sync {
            // A part of the chain may have a tempo of its own.
            Sync::Internal => {
                let part = self.sounding().and_then(|turn| turn.link.tempo);
                format!("{:.1}", part.unwrap_or(self.sound.tempo))
            }
            Sync::Waiting => format!("{clock} (waiting)"),
            Sync::Following(qpm) => format!("{clock} {qpm:.1}{with}"),
            Sync::Lost(_) => format!("{clock} lost"),
        }
    }

    pub fn say(&mut self, text: impl Into<String>) {
        self.messages.say(self.now, Weight::Notice, text);
    }

    pub fn complain(&mut self, text: impl Into<String>) {
        self.messages.say(self.now, Weight::Trouble, text);
    }

    /// Why nothing is saved, in one sentence; `None` if it is.
    pub fn nothing_kept(&self) -> Option<String> {
        let is_off = self.config.session.data_folder().is_none();
        is_off.then(|| "Nothing is saved: `folder` in [session] is off.".into())
    }

    /// Saves something on disk.
    pub fn keep(&mut self, keeping: Keeping) {
        self.ask(Effect::Keep(keeping));
    }

    /// Queues an effect.
    pub fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Loads a checkpoint, to be the one in use.
    pub fn load(&mut self, source: Source) {
        self.loading = Some(source.clone());
        self.ask(Effect::LoadCheckpoint(source));
    }

    /// Asks the engine for something.
    pub fn send(&mut self, request: impl Into<Request>) {
        self.ask(Effect::Engine(request.into()));
    }

    /// Sets the tempo, for everybody in the Link session too.
    pub fn set_tempo(&mut self, tempo: f64) {
        self.sound.tempo = tempo;
        if self.transport.link != LinkState::Off {
            self.send(Setup::SetLinkTempo(tempo));
        }
        self.send(Command::SetTempo(tempo));
    }

    /// What has to be carried out, in order; the queue is empty afterwards.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
