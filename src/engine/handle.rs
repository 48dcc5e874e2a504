//! The engine as the rest of the program holds it.

use std::sync::Arc;

use super::{AudioState, Command, DrumMap, MidiState, Position, SoundFontSource, Status};
use crate::music::{Groove, LANES};

/// How an engine starts.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Whether to open a sound card at all.
    pub audio: bool,
    /// Audio output by id or name; `None` is the machine's default.
    pub audio_device: Option<String>,
    /// Frames a callback to ask for; a device that refuses gets its own default.
    pub buffer_frames: u32,
    /// MIDI output by port name; `None` opens none.
    pub midi_port: Option<String>,
    pub drum_map: DrumMap,
    /// Whether clock, start and stop go to the MIDI port.
    pub send_clock: bool,
    pub soundfont: SoundFontSource,
    /// Quarter notes a minute.
    pub qpm: f64,
    /// What plays until another groove is handed over.
    pub groove: Groove,
}

impl Default for EngineOptions {
    fn default() -> EngineOptions {
        EngineOptions {
            audio: true,
            audio_device: None,
            buffer_frames: 512,
            midi_port: None,
            drum_map: DrumMap::general_midi(),
            send_clock: true,
            soundfont: SoundFontSource::Embedded,
            qpm: 120.0,
            groove: Groove::empty(64),
        }
    }
}

/// A running engine; dropping it ends every note and gives the devices back.
pub struct Engine {
    options: EngineOptions,
}

impl Engine {
    /// Starts the clock and opens what `options` name, in the background. Never fails:
    /// [`Engine::status`] says what could not be opened.
    pub fn start(options: EngineOptions) -> Engine {
        Engine { options }
    }

    /// Asks for something. Never blocks; `false` (also counted) when the queue is full.
    pub fn send(&self, command: Command) -> bool {
        drop(command);
        true
    }

    /// A cheap snapshot, fit for every frame of a screen.
    pub fn status(&self) -> Status {
        Status {
            playing: false,
            position: Position::default(),
            qpm: self.options.qpm,
            swing: 0.5,
            takeover_pending: false,
            audio: AudioState::Off {
                reason: "Audio is not opened yet.".into(),
            },
            midi: MidiState::Off {
                reason: "No MIDI port is chosen.".into(),
            },
            kit: String::new(),
            kits: Arc::from([]),
            kit_error: None,
            lane_levels: [0.0; LANES],
            master_level: [0.0; 2],
            limiter_gain: 1.0,
            dropped_commands: 0,
            dropped_midi: 0,
            audio_errors: 0,
        }
    }
}
