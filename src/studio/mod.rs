//! The application without a terminal: what is played, drawn, edited, trained and chosen.
//!
//! [`Studio::apply`] takes an [`Action`] and [`Studio::receive`] takes an [`Event`]; both only
//! change the state and queue [`Effect`]s. [`Workers`] carry those out on threads of their own.
//!
//! The rooms, from below: the [`ground`] that all share; the features, each a folder or a file with
//! its state, its actions, its reasons why something can't be done now and what it does on events,
//! which use the ground and never another feature; the [`Studio`], which passes actions and events
//! to them and chains those that work together; the workers, which use all of these and are used by
//! none.

mod action;
pub mod answers;
pub mod bring;
pub mod chain;
pub mod checkpoints;
pub mod devices;
mod dispatch;
pub mod drum_machine;
pub mod edit;
mod event;
pub mod export;
pub mod fills;
pub mod glimpses;
pub mod ground;
mod habits;
pub mod length;
pub mod library;
pub mod midi;
pub mod mixer;
pub mod morph;
pub mod overlays;
pub mod playing;
pub mod qualities;
pub mod record;
mod rework;
pub mod session;
pub mod sweep;
pub mod training;
pub mod variations;
mod workers;

pub use action::Action;
pub use answers::to_question;
pub use dispatch::{Opening, Studio};
pub use drum_machine::{Column, MapAction, MapEditor};
pub use event::Event;
pub use ground::config::{self, Config};
pub use ground::quality::{self, Quality};
pub use ground::{
    Anchor, Arrangement, Change, Details, Device, Effect, End, Entry, Ground, Heard, Keeping, Kin,
    Kind, LaneState, Locked, Marks, Message, Messages, ModelInfo, Named, Origin, Overlay, Pane,
    Paper, Points, Question, Region, Scene, Screen, Selection, Slots, Snapshot, Sound, Space, Undo,
    Weight, once_reworked, while_reworking,
};
pub use midi::{Binding, Control, Target};
pub use musicvae::Rework;
pub use musicvae::data::Split;
pub use musicvae::training::{Event as TrainingEvent, Record};
pub use training::{Curves, RunState, Term};
pub use workers::soundfonts;
pub use workers::{
    Answer, Archive, Inference, Job, Loader, Model, Tell, Workers, guarded, music, quiet_stderr,
    read_habits, read_library, rehearse,
};

pub use crate::engine::{
    AudioState, Bars, ClockOut, DrumMap, LinkState, MidiState, PadNote, Received, Recording,
    Status as Transport, Sync, Takeover, Tap, Voice,
};
pub use musicvae::checkpoint::catalogue::Source;
