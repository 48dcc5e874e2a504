//! Everything that a user can do, as data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::chain::Link;
use super::{Bars, End, Kind, MapAction, Pane, Question, Rework};

/// One thing to do. A session is a list of these, and every key, palette line and test makes one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    // Playing.
    TogglePlay,
    /// Plays on from where it stopped.
    Continue,
    /// All notes off, now.
    Panic,
    /// Quarter notes a minute.
    SetTempo(f64),
    NudgeTempo(f64),
    /// One of a row of taps that give the tempo.
    TapTempo,
    NudgeSwing(f32),
    /// How much microtiming is played.
    NudgeTiming(f32),
    /// How much of the dynamics is played.
    NudgeDynamics(f32),
    NudgeLevel(f32),
    CycleTakeover,
    /// Whether the MIDI clock that comes in is followed.
    ToggleFollow,
    /// Whether strokes on pads become part of the groove.
    ToggleOverdub,

    // The machine on the MIDI port.
    /// Opens or does something in the editor of the drum map.
    Map(MapAction),
    /// Moves MIDI against the sound, in milliseconds; positive is later.
    NudgeMidiOffset(f32),
    /// When MIDI clock is sent.
    CycleClock,
    ToggleMetronome,
    /// Level of the metronome's click.
    NudgeClick(f32),
    /// Bars that are counted before playing begins.
    CycleCountIn,
    /// The bars that go round; `None` for all.
    SetLoop(Option<Bars>),
    /// More or fewer bars go round.
    NudgeLoop(isize),
    /// Other bars go round, as many.
    MoveLoop(isize),
    /// Begins or ends a recording.
    ToggleRecord,

    // Slots and the chain.
    ShowChain,
    ToggleChain,
    SetChain(Vec<Link>),
    /// Keeps the groove (those of its bars that go round) in the selected slot.
    StoreSlot,
    /// Makes the selected slot's groove the one that is played and edited.
    RecallSlot,
    ClearSlot,

    // Drawing grooves from the model.
    /// A new groove from the prior, under the next seed.
    Sample,
    /// The groove of this seed.
    SetSeed(u64),
    SetTemperature(f32),
    NudgeTemperature(f32),
    /// 0 is A, 1 is B.
    SetSlider(f32),
    NudgeSlider(f32),
    /// Makes the groove that is heard one end of the slider (an edited one is encoded).
    Keep(End),
    SwapEnds,
    Undo,
    Redo,

    // Steering it by its qualities.
    ShowQualities,
    /// How much of a quality the model's grooves are given.
    SetQuality(String, f32),
    NudgeQuality(String, f32),
    /// The one selected in the list.
    NudgeSelectedQuality(f32),
    /// The one selected in the list goes to 0.
    ClearQuality,
    /// Another style, or none.
    NextStyle,
    /// Has a model work on the groove.
    Rework(Rework),
    /// Writes the groove to a MIDI file.
    Export,

    // The drum grid.
    MoveCursor {
        lanes: isize,
        steps: isize,
    },
    /// To the first or the last step.
    CursorToEdge(End),
    ToggleHit,
    /// In 1/127, as MIDI counts.
    NudgeVelocity(i8),
    /// In hundredths of a step; positive is early.
    NudgeOffset(i8),
    ClearLane,
    ToggleMute,
    ToggleSolo,
    /// A locked lane keeps its hits when a new groove arrives.
    ToggleLock,
    NudgeLaneLevel(f32),

    // Checkpoints and training.
    SelectCheckpoint(isize),
    LoadCheckpoint,
    /// Starts, pauses or resumes.
    ToggleTraining,
    /// Stops and saves.
    StopTraining,
    SetTrainingData(PathBuf),
    /// Another curve of the chart.
    NextTerm(isize),
    /// The whole run, or its last part.
    ToggleRecent,

    // The screen.
    Focus(Pane),
    FocusNext(isize),
    ShowHelp,
    ShowMessages,
    ShowPalette,
    /// What is bound to which control, and learning another.
    ShowBindings,
    Choose(Kind),
    Ask(Question),
    /// Closes what is open over the panes.
    Close,
    /// Takes what is selected or typed.
    Accept,
    MoveSelection(isize),
    Type(char),
    /// A character, or what is bound to the selected line.
    Erase,
    /// Leaves; asks first while a model is in training.
    Quit,
}
