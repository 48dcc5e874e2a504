//! What can be asked of the player, as plain values. A [`Command`] needs no preparation: the same
//! value goes from its sender through the queue into the core, and only the core clamps and applies
//! it.

use std::fmt;

use serde::{Deserialize, Serialize};

use musicvae::music::Lane;
use musicvae::music::midi_file::Controller;

/// When a new groove takes over from the one that plays. Every takeover falls on a grid step; a
/// stroke is never cut, doubled or lost by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Takeover {
    /// From the next step on, at the same place in the loop: a groove that morphs while it plays.
    Now,
    /// From the next bar line on, at the same place in the loop.
    #[default]
    NextBar,
    /// From its own beginning, when the current pass of the loop ends.
    NextLoop,
}

/// Some bars of a groove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bars {
    /// Counted from 0; past the groove's end it is the last bar.
    pub first: usize,
    /// At least 1; as many as the groove has from there on.
    pub count: usize,
}

impl fmt::Display for Bars {
    /// `2` or `2-3`, as they are counted.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.count {
            1 => write!(f, "{}", self.first + 1),
            _ => write!(f, "{}-{}", self.first + 1, self.first + self.count),
        }
    }
}

/// A request that needs no preparation. Values are clamped to their [`super::range`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Plays from the top of the loop, after counting in.
    Play,
    /// Stops; the notes that sound on MIDI are ended.
    Stop,
    /// Plays on from where it stopped.
    Continue,
    /// Quarter notes a minute; the place in the bar is kept.
    SetTempo(f64),
    /// Loops some bars of the groove, and of those that follow it; `None` is all of them. If what
    /// plays is among those bars, it goes on where it is.
    SetLoop {
        bars: Option<Bars>,
        takeover: Takeover,
    },
    /// Bars of count-in before [`Command::Play`] begins, two at most.
    SetCountIn(u8),
    /// Clicks on the beats, in the sound only; the level holds for counting in too.
    SetMetronome { on: bool, level: f32 },
    /// Ends the recording and closes its files.
    StopRecording,
    /// Share of each pair of sixteenths that the first one takes: 0.5 is straight, 0.667 triplets.
    SetSwing(f32),
    /// How much of the microtiming is played: 0 is on the grid, 1 as it is.
    SetTimingAmount(f32),
    /// How much of the dynamics is played: 0 is every stroke at its lane's mean velocity, 1 as it
    /// is.
    SetVelocityAmount(f32),
    /// Level of the lane (1 is the kit's own), in its sound and in its MIDI velocities; mute and solo
    /// apply to both.
    SetLane {
        lane: Lane,
        level: f32,
        mute: bool,
        solo: bool,
    },
    /// Length of the lane's own loop in steps, from the loop's first step on; `None` is as long as
    /// the loop.
    SetLaneSteps { lane: Lane, steps: Option<u16> },
    /// -1 left, 0 as the kit has it, 1 right.
    SetPan { lane: Lane, pan: f32 },
    /// Before the limiter.
    SetMasterLevel(f32),
    /// Whether the kit sounds in a room.
    SetRoom(bool),
    /// Whether a gentle compressor holds the kit together.
    SetCompressor(bool),
    /// Sounds one stroke at once, playing or not (velocity 0..=1).
    Strike { lane: Lane, velocity: f32 },
    /// All notes off, everywhere, at once; playing goes on.
    Panic,
    /// Whether the incoming clock is followed: tempo, start, stop, song position. While there is
    /// none, the engine's own tempo holds; when it is lost, the music plays on.
    FollowClock(bool),
    /// Incoming strokes become part of the groove: the loop leaves out a step that was struck a
    /// little before its time.
    Overdub(bool),
    /// Whether fills are on: strokes that wait for them are struck, those against them are not.
    SetFill(bool),
    /// Which of the steps that are played by chance are: with the same seed the same ones, each time that it
    /// plays from the top.
    SetChanceSeed(u64),
    /// A setting has moved to this value (0..=127) of a controller: a recording writes it down.
    Moved { controller: Controller, value: u8 },
    /// Moves MIDI against the sound, in milliseconds; positive is later. For MIDI to come earlier,
    /// the sound is held back by as much.
    SetMidiOffset(f32),
}
