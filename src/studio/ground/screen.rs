//! What is shown: which pane has the keys, and what is open over the panes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::arrangement::Arrangement;
use super::config;
use super::pane::Pane;
use super::selection::Selection;

/// A thing of the machine that can be chosen from a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    MidiPort,
    MidiInput,
    AudioOutput,
    SoundFont,
    DrumMap,
    Session,
    /// What computes.
    Device,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Kind::MidiPort => "MIDI port",
            Kind::MidiInput => "MIDI input",
            Kind::AudioOutput => "audio output",
            Kind::SoundFont => "SoundFont",
            Kind::DrumMap => "drum map",
            Kind::Session => "session",
            Kind::Device => "device that computes",
        })
    }
}

/// A thing on the machine that a player names, and that is looked at while it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A model to be trained, as its file describes it.
    Preset,
    Corpus,
    /// The folder of a training run.
    RunFolder,
    Checkpoint,
    /// What computes.
    Device,
}

/// Something that has to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    Seed,
    ChanceSeed,
    FillChance,
    Tempo,
    Temperature,
    Loop,
    Length,
    LaneSteps,
    Chain,
    MapName,
    NewSession,
    SaveSession,
    GrooveName,
    GrooveTags,
    Fill,
    Velocity,
    Timing,
    Random,
    Trig,
    FindCheckpoints,
    CheckpointName,
}

impl Question {
    pub const fn text(self) -> &'static str {
        match self {
            Question::Seed => "Seed (a whole number)",
            Question::ChanceSeed => "Seed of the steps that are played by chance (a whole number)",
            Question::FillChance => "Chance of fills that come by themselves (0 to 100 %)",
            Question::Tempo => "Tempo (20 to 300 quarter notes a minute)",
            Question::Temperature => "Temperature (0 to 2)",
            Question::Loop => "Bars to loop (2, 2-3, or all)",
            Question::Length => "Bars of the groove (1 to 64; more repeat it, fewer cut it)",
            Question::LaneSteps => "Steps of the lane's own loop (1 to 64; 0: it has none)",
            Question::Chain => "Chain (slot, xN turns, @tempo, +fill, -lane: 1x4+fill 2@97-hats)",
            Question::MapName => "Save the drum map as (its name)",
            Question::NewSession => "Begin a new session (its name)",
            Question::GrooveName => "Name of the groove (nothing for the one that it came with)",
            Question::GrooveTags => "Tags of the groove, with spaces between them",
            Question::Fill => "Fill every how many steps (from where the selection began)",
            Question::Velocity => "Velocity (100; +10, -10 by so much; 40-110 first to last)",
            Question::Timing => "Timing in ms (5 early, 12 late, 0 on the grid; 25% of a step)",
            Question::Trig => "Step (50% 1/4 !1/4 fill !fill flam x3 x3-40; nothing: plain)",
            Question::Random => "Random (v20 velocity by 20, t10 timing by 10 %, s25 25 % struck)",
            Question::FindCheckpoints => "Checkpoints with these words (nothing for all)",
            Question::CheckpointName => "Name of the checkpoint's file",
            Question::SaveSession => "Save this session as (its name)",
        }
    }
}

/// What is open over the panes.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    Help {
        scroll: usize,
        /// Only what has these words; they are being typed, or not.
        words: String,
        searching: bool,
        /// The window that comes back when the help is closed.
        over: Option<Box<Overlay>>,
    },
    Messages {
        scroll: usize,
    },
    Palette {
        filter: String,
        selected: usize,
    },
    /// `items` is `None` until the machine has answered.
    Chooser {
        kind: Kind,
        items: Option<Vec<String>>,
        note: String,
        selected: usize,
    },
    /// What can be bound to a control.
    Bindings {
        selected: usize,
    },
    Prompt {
        question: Question,
        text: String,
    },
    /// The editor of the drum map.
    MapEditor,
    /// Levels and devices.
    Mixer,
    /// The pad: A, B, C and D in its corners.
    Pad,
    /// The slots and the chain.
    Chain {
        selected: usize,
    },
    /// What grooves are steered by, in the order of the model's list.
    Qualities {
        selected: usize,
    },
    /// The grooves that were heard; what is looked for is being typed, or not.
    Library {
        searching: bool,
    },
    /// Relatives of the groove.
    Variations,
    /// What can be written of what is heard.
    Exports {
        selected: usize,
    },
    /// The files of a folder, to bring one in.
    Files,
    /// The windows of a file.
    Piece,
    /// The form of the next training run.
    TrainingForm,
    /// The runs that wait.
    Queue {
        selected: usize,
    },
    /// What the model in training plays, and played before.
    Rehearsals,
    /// A training run has all its steps: a longer one, or a new one?
    RunEnded,
    /// A model is in training: stop and save, or stay?
    ConfirmQuit,
}

/// What has the keys, and where the cursor is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Screen {
    pub pane: Pane,
    pub overlay: Option<Overlay>,
    /// How the panes share it.
    pub arrangement: Arrangement,
    pub theme: String,
    /// The mouse is used here, and not left to the terminal.
    pub mouse: bool,
    /// The cursor of the grid.
    pub lane: usize,
    pub step: usize,
    /// What is selected on the grid, if anything is.
    pub selection: Option<Selection>,
    /// Bars that are shown at a time; as many as there is room for where that is `None`.
    pub zoom: Option<usize>,
}

impl From<&config::Screen> for Screen {
    fn from(config: &config::Screen) -> Screen {
        Screen {
            theme: config.theme.clone(),
            mouse: config.mouse,
            ..Screen::default()
        }
    }
}

impl Screen {
    /// Whether words of the help are being typed.
    pub fn is_searching(&self) -> bool {
        matches!(
            self.overlay,
            Some(Overlay::Help {
                searching: true,
                ..
            })
        )
    }

    /// Has something typed, with `text` there already.
    pub fn prompt(&mut self, question: Question, text: String) {
        self.overlay = Some(Overlay::Prompt { question, text });
    }
}
