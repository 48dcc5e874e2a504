//! How the groove is played, and the state of the lanes.

use std::path::Path;

use super::config::Config;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::engine::range::{
    CLICK, COUNT_IN, DYNAMICS, LANE_STEPS, LEVEL, PAN, Range, SWING, TEMPO, TIMING,
};
use crate::engine::{
    AudioState, Bars, Command, LinkState, MidiState, Position, SoundFontSource, Status, Sync,
    Takeover,
};
use musicvae::music::{LANES, Lane};

/// What the player may choose of the engine's levels for all lanes together.
pub const MASTER: Range<f32> = Range { high: 1.5, ..LEVEL };

/// A setting's value within its range, rounded, so that steps of 0.05 land on what is shown.
pub fn set_to(value: f32, range: Range<f32>) -> f32 {
    range.nearest((value * 1000.0).round() / 1000.0)
}

/// How the groove is played.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sound {
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Share of each pair of sixteenths that the first one takes; 0.5 is straight.
    pub swing: f32,
    /// Amount of microtiming.
    pub timing: f32,
    /// Amount of dynamics.
    pub dynamics: f32,
    /// Master level.
    pub level: f32,
    /// Whether the kit sounds in a room, and whether a compressor holds it together.
    #[serde(default)]
    pub room: bool,
    #[serde(default)]
    pub compressor: bool,
    pub takeover: Takeover,
    /// Whether every beat clicks, and how loud a click is (0 to 1).
    pub metronome: bool,
    pub click: f32,
    /// Bars that are counted before playing begins.
    pub count_in: u8,
    /// The bars that loop; `None` for all.
    pub looped: Option<Bars>,
    /// A fill is the last of so many bars; `None` for no fills by themselves.
    #[serde(default)]
    pub fill_every: Option<u32>,
    /// How many of a hundred such fills are played.
    #[serde(default = "all")]
    pub fill_chance: u8,
    /// Steps that wait for fills are struck.
    #[serde(default)]
    pub fill_steps: bool,
    /// Of the steps that are played by chance.
    #[serde(default)]
    pub chance_seed: u64,
}

fn all() -> u8 {
    100
}

impl From<&Config> for Sound {
    fn from(config: &Config) -> Sound {
        Sound {
            tempo: config.playing.tempo,
            swing: config.playing.swing,
            timing: config.playing.timing,
            dynamics: config.playing.velocity,
            level: config.audio.level,
            room: false,
            compressor: false,
            takeover: config.playing.takeover,
            metronome: config.playing.metronome,
            click: config.playing.click,
            count_in: config.playing.count_in,
            looped: None,
            fill_every: None,
            fill_chance: all(),
            fill_steps: false,
            chance_seed: 0,
        }
    }
}

impl Sound {
    /// With every setting in its range.
    pub fn in_range(self) -> Sound {
        Sound {
            tempo: TEMPO.nearest(self.tempo),
            swing: SWING.nearest(self.swing),
            timing: TIMING.nearest(self.timing),
            dynamics: DYNAMICS.nearest(self.dynamics),
            level: MASTER.nearest(self.level),
            click: CLICK.nearest(self.click),
            count_in: COUNT_IN.nearest(self.count_in),
            looped: self.looped.filter(|bars| bars.count > 0),
            fill_every: self.fill_every.filter(|bars| *bars > 0),
            fill_chance: self.fill_chance.min(all()),
            ..self
        }
    }

    /// Whether chance has a fill that comes by itself played in a bar since play: by the seed of the steps that
    /// are played by chance, so that the same ones come again from the top.
    pub fn fill_falls(&self, bar: u64) -> bool {
        let seed = self.chance_seed.rotate_left(32).wrapping_add(bar);
        let hundred: u8 = ChaCha8Rng::seed_from_u64(seed).random_range(0..100);
        hundred < self.fill_chance
    }

    /// What tells the engine all of it.
    pub fn commands(&self) -> [Command; 12] {
        [
            Command::SetTempo(self.tempo),
            Command::SetSwing(self.swing),
            Command::SetTimingAmount(self.timing),
            Command::SetVelocityAmount(self.dynamics),
            Command::SetMasterLevel(self.level),
            Command::SetRoom(self.room),
            Command::SetCompressor(self.compressor),
            Command::SetCountIn(self.count_in),
            Command::SetMetronome {
                on: self.metronome,
                level: self.click,
            },
            Command::SetLoop {
                bars: self.looped,
                takeover: Takeover::Now,
            },
            Command::SetFill(self.fill_steps),
            Command::SetChanceSeed(self.chance_seed),
        ]
    }
}

/// A lane's place in the mix, and its own loop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaneState {
    pub level: f32,
    pub mute: bool,
    pub solo: bool,
    /// Between left (-1) and right (1); 0 is as the kit has it.
    #[serde(default)]
    pub pan: f32,
    /// Keeps its hits when a new groove arrives.
    pub lock: bool,
    /// Steps of its own loop; `None` if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u16>,
}

impl Default for LaneState {
    fn default() -> LaneState {
        LaneState {
            level: 1.0,
            mute: false,
            solo: false,
            pan: 0.0,
            lock: false,
            steps: None,
        }
    }
}

impl LaneState {
    /// With its level and place in their ranges.
    pub fn in_range(self) -> LaneState {
        LaneState {
            level: LEVEL.nearest(self.level),
            pan: PAN.nearest(self.pan),
            steps: self.steps.map(|steps| LANE_STEPS.nearest(steps)),
            ..self
        }
    }

    /// The commands that tell the engine how loud it is; locks don't concern the engine.
    pub fn command(self, lane: Lane) -> Command {
        let LaneState {
            level, mute, solo, ..
        } = self;
        Command::SetLane {
            lane,
            level,
            mute,
            solo,
        }
    }

    /// The commands that tell the engine all of it.
    pub fn commands(self, lane: Lane) -> [Command; 3] {
        let LaneState { pan, steps, .. } = self;
        [
            self.command(lane),
            Command::SetPan { lane, pan },
            Command::SetLaneSteps { lane, steps },
        ]
    }
}

/// The SoundFont of a path; the empty one is the built-in kit.
pub fn soundfont(path: &Path) -> SoundFontSource {
    if path.as_os_str().is_empty() {
        SoundFontSource::Embedded
    } else {
        SoundFontSource::File(path.into())
    }
}

/// What the transport says before the engine has said anything.
pub fn silent_transport(config: &Config) -> Status {
    Status {
        playing: false,
        position: Position::default(),
        qpm: config.playing.tempo,
        swing: config.playing.swing,
        takeover_pending: false,
        chain_link: None,
        recording: None,
        recorded: [].into(),
        record_error: None,
        audio: AudioState::Off {
            reason: "The sound is not opened yet.".into(),
        },
        midi: MidiState::Off {
            reason: "No MIDI port is chosen.".into(),
        },
        midi_in: MidiState::Off {
            reason: "No MIDI input is chosen.".into(),
        },
        link: match config.midi.link {
            true => LinkState::Looking,
            false => LinkState::Off,
        },
        sync: if config.midi.follow_clock || config.midi.link {
            Sync::Waiting
        } else {
            Sync::Internal
        },
        kit: String::new(),
        kits: [].into(),
        kit_error: None,
        lane_levels: [0.0; LANES],
        master_level: [0.0; 2],
        limiter_gain: 1.0,
        dropped_commands: 0,
        dropped_midi: 0,
        audio_errors: 0,
        audio_denied: false,
        midi_errors: 0,
    }
}

/// `Kick`, `Kick and Snare`, `Kick, Snare and CHat`.
pub fn in_words(lanes: impl Iterator<Item = Lane>) -> String {
    let names: Vec<&str> = lanes.map(Lane::short_name).collect();
    match &names[..] {
        [] => String::new(),
        [one] => (*one).into(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1 bar`, `2 bars`.
pub fn counted(count: usize, one: &str, several: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {several}"),
    }
}
