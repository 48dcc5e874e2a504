//! What can be asked of a running engine.

use std::path::PathBuf;
use std::sync::Arc;

use super::{DrumMap, Pads, RecordOptions};
use musicvae::music::{Groove, Lane};

/// When a new groove takes over from the one that plays. Every takeover falls on a grid step; a
/// stroke is never cut, doubled or lost by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Takeover {
    /// From the next step on, at the same place in the loop: a groove that morphs while it plays.
    Now,
    /// From the next bar line on, at the same place in the loop.
    #[default]
    NextBar,
    /// From its own beginning, when the present turn of the loop ends.
    NextLoop,
}

/// When MIDI clock leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockOut {
    /// Never; nor do start, stop and song position.
    Off,
    /// While the music plays.
    #[default]
    Playing,
    /// Also while it stands still, for machines that wait for a tempo.
    Always,
}

/// Which bars of a groove go round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopRange {
    /// Counted from 0; past the groove's end it is the last bar.
    pub first_bar: u16,
    /// At least 1; as many as the groove has from there on.
    pub bars: u16,
}

/// A groove of a chain, and how many turns it plays (at least 1).
#[derive(Clone, Debug)]
pub struct ChainLink {
    pub groove: Groove,
    pub repeats: u32,
}

/// Where a SoundFont comes from.
#[derive(Clone, Debug)]
pub enum SoundFontSource {
    /// The drum kit that is part of the program.
    Embedded,
    /// A SoundFont 2 file.
    File(PathBuf),
    /// The bytes of a SoundFont 2 file, and the name to show for them.
    Bytes(Arc<[u8]>, String),
}

/// A wish, sent by [`super::Engine::send`]. Values out of their range are brought into it.
#[derive(Clone, Debug)]
pub enum Command {
    /// Plays from the top of the loop, after counting in.
    Play,
    /// Stops; the notes that sound on MIDI are ended.
    Stop,
    /// Plays on from where it stopped.
    Continue,
    /// Quarter notes a minute, 20..=300; the place in the bar is kept.
    SetTempo(f64),
    /// Hands over a groove. Its own tempo is not taken: send [`Command::SetTempo`] for that.
    SetGroove {
        groove: Groove,
        takeover: Takeover,
    },
    /// Lets some bars of the groove go round, also of those that follow it; `None` is all of them.
    /// What plays goes on where it is when it is among those bars.
    SetLoop {
        range: Option<LoopRange>,
        takeover: Takeover,
    },
    /// Plays grooves one after the other, each whole and as often as it says, and then from the
    /// first again. While a chain plays, another one takes its place without a seam: it goes on
    /// with the link of the same number. [`Command::SetGroove`] leaves the chain, an empty one too.
    SetChain {
        links: Vec<ChainLink>,
        takeover: Takeover,
    },
    /// Bars that are counted before [`Command::Play`] begins, 0..=2.
    SetCountIn(u8),
    /// Clicks on the beats, in the sound only; level 0..=1, which holds for counting in too.
    SetMetronome {
        on: bool,
        level: f32,
    },
    /// Records what is heard and played from now on, or from the next bar line; while one
    /// recording is made, another one is not begun.
    Record(RecordOptions),
    /// Ends the recording and closes its files.
    StopRecording,
    /// Share of each pair of sixteenths that the first one takes: 0.5 is straight, 0.667 triplets,
    /// 0.75 the most.
    SetSwing(f32),
    /// How much of the microtiming is played: 0 is on the grid, 1 as it is, up to 1.5.
    SetTimingAmount(f32),
    /// How much of the dynamics is played: 0 is every stroke at its lane's mean velocity, 1 as it
    /// is, up to 1.5.
    SetVelocityAmount(f32),
    /// Level 0..=2 (1 as the kit has it) of the lane's sound; mute and solo hold for MIDI too.
    SetLane {
        lane: Lane,
        level: f32,
        mute: bool,
        solo: bool,
    },
    /// -1 left, 0 as the kit has it, 1 right.
    SetPan {
        lane: Lane,
        pan: f32,
    },
    /// 0..=2, before the limiter.
    SetMasterLevel(f32),
    /// Sounds one stroke at once, playing or not (velocity 0..=1).
    Strike {
        lane: Lane,
        velocity: f32,
    },
    /// All notes off, everywhere, at once; playing goes on.
    Panic,
    /// Loads a kit in the background and changes to it when it is ready; a bad file leaves the
    /// present kit, and [`super::Status::kit_error`] says what is wrong.
    SetSoundFont(SoundFontSource),
    /// Drum kit of the SoundFont by program number, 0..=127 (0 is the standard kit).
    SetKit(u8),
    /// Opens an audio output by its [`super::AudioOutput::id`] or name; `None` is the default one.
    OpenAudio(Option<String>),
    /// Gives the sound card back; the clock goes on.
    CloseAudio,
    /// Opens a MIDI output by port name (or a part of it); it is found again when it went away.
    /// [`super::VIRTUAL_PORT`] is a port of our own, to which other programs connect.
    OpenMidiOut(String),
    CloseMidiOut,
    /// Listens to a MIDI input by port name (or a part of it); it is found again when it went away.
    OpenMidiIn(String),
    CloseMidiIn,
    /// Whether the clock that comes in is followed: tempo, start, stop, song position. While there
    /// is none the engine's own tempo holds; one that is lost is played on without.
    FollowClock(bool),
    /// Which notes that come in strike which lanes.
    SetPads(Pads),
    /// Whether strokes that come in are sent on to the MIDI output; never to the device that they
    /// came from.
    SetMidiThru(bool),
    /// Strokes that come in are about to become part of the groove: the loop leaves out a step that
    /// was struck a little before its time.
    Overdub(bool),
    /// Notes and channels of the lanes on MIDI.
    SetDrumMap(Box<DrumMap>),
    /// When clock, start, stop and song position are sent to the MIDI port.
    SetClockOut(ClockOut),
    /// Length of the notes that leave by MIDI, in steps, 0.05..=1; a note ends before its next one
    /// in any case.
    SetGate(f32),
    /// Moves MIDI against the sound, in milliseconds; positive is later. -500..=500. For MIDI to
    /// come earlier, the sound is held back by as much.
    SetMidiOffset(f32),
}
