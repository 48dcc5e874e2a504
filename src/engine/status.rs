//! What an engine and a machine say about themselves.

use std::path::PathBuf;
use std::sync::Arc;

use super::Recording;
use musicvae::music::LANES;

/// The sound card, as the engine has it.
#[derive(Clone, Debug, PartialEq)]
pub enum AudioState {
    /// No sound; `reason` is one sentence. The clock runs all the same.
    Off { reason: String },
    On {
        device: String,
        /// Frames a second.
        rate: u32,
        channels: u16,
        /// Frames a callback, as last seen.
        buffer: u32,
        /// From callback to loudspeaker as the driver reports it, in milliseconds.
        latency_ms: f32,
    },
}

/// The MIDI output, as the engine has it.
#[derive(Clone, Debug, PartialEq)]
pub enum MidiState {
    /// Nothing leaves; `reason` is one sentence.
    Off {
        reason: String,
    },
    On {
        port: String,
    },
}

/// Whose clock the engine plays by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Sync {
    /// Its own.
    #[default]
    Internal,
    /// An external one is to be followed, but none comes.
    Waiting,
    /// An external one, at this many quarter notes a minute.
    Following(f64),
    /// It went away while it played: the music goes on at its last tempo.
    Lost(f64),
}

/// Where the playhead is, as heard now. `bar`, `beat` and `tick` count from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Position {
    /// Bar of the groove.
    pub bar: u32,
    /// Beat within the bar.
    pub beat: u32,
    /// Within the beat, [`super::TICKS_PER_QUARTER`] to a quarter note.
    pub tick: u32,
    /// Steps from the start of the groove, with the fraction.
    pub step: f64,
    /// Step of the groove at which the loop begins.
    pub loop_start: u32,
    /// Length of the loop in steps.
    pub loop_steps: u32,
    /// Turns of the loop since it began.
    pub turn: u64,
    /// Bars still to be counted before the loop begins, this one included; 0 when it plays. `beat`
    /// and `tick` then count within this bar.
    pub count_in: u32,
}

/// A drum kit within a SoundFont.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Kit {
    /// What [`super::Command::SetKit`] takes.
    pub program: u8,
    pub name: String,
}

/// A snapshot of the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub playing: bool,
    pub position: Position,
    /// Quarter notes a minute.
    pub qpm: f64,
    /// As [`super::Command::SetSwing`] has it.
    pub swing: f32,
    /// A groove waits for its bar line or loop end.
    pub takeover_pending: bool,
    /// Number of the link that plays, from 0 on, while a chain does.
    pub chain_link: Option<usize>,
    /// The recording that is being made.
    pub recording: Option<Recording>,
    /// The files of the last recording that ended.
    pub recorded: Arc<[PathBuf]>,
    /// What went wrong with the last recording, in one sentence.
    pub record_error: Option<String>,
    pub audio: AudioState,
    pub midi: MidiState,
    pub midi_in: MidiState,
    pub sync: Sync,
    /// Name of the kit in use.
    pub kit: String,
    /// The drum kits that the SoundFont has, for [`super::Command::SetKit`].
    pub kits: Arc<[Kit]>,
    /// Why the last [`super::Command::SetSoundFont`] was not followed, in one sentence.
    pub kit_error: Option<String>,
    /// Peak of each lane, falling slowly; 1.0 is full scale.
    pub lane_levels: [f32; LANES],
    /// Peak of left and right after the limiter.
    pub master_level: [f32; 2],
    /// What the limiter takes away now, 0..=1 (1 is nothing).
    pub limiter_gain: f32,
    /// Commands that found the queue full.
    pub dropped_commands: u64,
    /// Notes and clocks that found no room on their way to or from MIDI, or came too late to be
    /// sent.
    pub dropped_midi: u64,
    /// Underruns and other errors that the audio driver reported.
    pub audio_errors: u64,
    /// The system grants the audio callback no real-time priority.
    pub audio_denied: bool,
    /// How often the MIDI port was lost, blocked or broke down.
    pub midi_errors: u64,
}

/// A list of devices; when it is empty, `reason` says why in one sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices<T> {
    pub found: Vec<T>,
    pub reason: Option<String>,
}

/// An audio output of this machine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AudioOutput {
    /// Sound system: `alsa`, `jack`, `coreaudio` and so on.
    pub host: String,
    /// What [`super::Command::OpenAudio`] takes.
    pub id: String,
    pub name: String,
    pub default: bool,
}

/// A MIDI output port of this machine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MidiPort {
    pub name: String,
}
