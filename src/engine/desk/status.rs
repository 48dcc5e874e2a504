//! What an engine says about itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::engine::core::shared::Shared;
use crate::engine::events::Nanos;
use crate::engine::link::LinkState;
use crate::engine::record::{Progress, Recording};
use crate::engine::sound::Kit;
use crate::engine::time::Position;
use crate::engine::time::follow::LOST;
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
        /// Frames a callback that it was asked for, as near to the wish as it can be; `None` for what it has.
        asked: Option<u32>,
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

/// A snapshot of the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub playing: bool,
    pub position: Position,
    /// Quarter notes a minute.
    pub qpm: f64,
    /// As [`crate::engine::Command::SetSwing`] has it.
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
    pub link: LinkState,
    /// Name of the kit in use.
    pub kit: String,
    /// The drum kits that the SoundFont has, for [`super::Setup::SetKit`].
    pub kits: Arc<[Kit]>,
    /// Why the last [`super::Setup::SetSoundFont`] was not followed, in one sentence.
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

/// What changes seldom and contains names: the part of [`Status`] that does not come from the core.
#[derive(Clone, Debug)]
pub(crate) struct Slow {
    pub audio: AudioState,
    pub midi: MidiState,
    pub midi_in: MidiState,
    pub link: LinkState,
    pub kit: String,
    pub kits: Arc<[Kit]>,
    pub kit_error: Option<String>,
}

/// Why there is no sound at the very beginning.
const OPENING: &str = "The sound card is being opened.";

impl AudioState {
    /// Whether the device is still being opened.
    pub fn is_opening(&self) -> bool {
        matches!(self, AudioState::Off { reason } if reason == OPENING)
    }
}

impl Slow {
    /// How an engine begins, with `audio` to be opened or without.
    pub fn new(audio: bool) -> Slow {
        let reason = match audio {
            true => OPENING,
            false => "Sound is switched off.",
        };
        Slow {
            audio: AudioState::Off {
                reason: reason.into(),
            },
            midi: MidiState::Off {
                reason: "No MIDI port is chosen.".into(),
            },
            midi_in: MidiState::Off {
                reason: "No MIDI input is chosen.".into(),
            },
            link: LinkState::Off,
            kit: String::new(),
            kits: Arc::from([]),
            kit_error: None,
        }
    }
}

impl Status {
    /// As it is at `now`.
    pub(super) fn new(slow: Slow, progress: Progress, shared: &Shared, now: Nanos) -> Status {
        let seconds = shared.recorded.get();
        Status {
            playing: shared.now.playing.load(Relaxed),
            position: shared.now.playhead.read().at(now),
            qpm: shared.now.qpm.get(),
            swing: shared.now.swing.get(),
            takeover_pending: shared.takeover_pending.load(Relaxed),
            chain_link: (shared.chain_link.load(Relaxed) as usize).checked_sub(1),
            recording: progress.recording.map(|recording| Recording {
                seconds: (seconds >= 0.0).then_some(seconds),
                ..recording
            }),
            recorded: progress.recorded,
            record_error: progress.error,
            audio: slow.audio,
            midi: slow.midi,
            midi_in: slow.midi_in,
            sync: Sync::new(shared, now),
            link: slow.link,
            kit: slow.kit,
            kits: slow.kits,
            kit_error: slow.kit_error,
            lane_levels: std::array::from_fn(|lane| shared.lane_levels[lane].get()),
            master_level: std::array::from_fn(|side| shared.master_level[side].get()),
            limiter_gain: shared.limiter_gain.get(),
            dropped_commands: shared.dropped_commands.load(Relaxed),
            dropped_midi: shared.midi.dropped.load(Relaxed),
            audio_errors: shared.callback.errors.load(Relaxed),
            audio_denied: shared.callback.denied.load(Relaxed),
            midi_errors: shared.midi.errors.load(Relaxed),
        }
    }
}

impl Sync {
    fn new(shared: &Shared, now: Nanos) -> Sync {
        let coming = now.saturating_sub(shared.clock_tick.load(Relaxed)) < LOST;
        let qpm = shared.clock_qpm.get();
        match (shared.external.load(Relaxed), coming) {
            (false, _) => Sync::Internal,
            (true, true) => Sync::Following(qpm),
            (true, false) => {
                let playing = shared.now.playing.load(Relaxed) && shared.has_place.load(Relaxed);
                if playing {
                    Sync::Lost(qpm)
                } else {
                    Sync::Waiting
                }
            }
        }
    }
}
