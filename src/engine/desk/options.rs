//! How an engine starts.

use crate::engine::core::CoreOptions;
use crate::engine::midi::{ClockOut, DrumMap, Pads};
use crate::engine::range;
use crate::engine::sound::SoundFontSource;
use musicvae::music::Groove;

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
    /// MIDI input by port name; `None` opens none.
    pub midi_input: Option<String>,
    /// Whether other programs find an input of ours, where the system can make one.
    pub virtual_input: bool,
    /// Whether the clock that comes in is followed.
    pub follow_clock: bool,
    /// Where a Carabiner is to be found; `None` takes part in no Link session.
    pub link: Option<String>,
    pub pads: Pads,
    /// Whether strokes that come in are sent on.
    pub midi_thru: bool,
    /// When clock, start and stop go to the MIDI port.
    pub clock_out: ClockOut,
    /// Length of the notes that leave by MIDI, in steps.
    pub gate: f32,
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
            midi_input: None,
            virtual_input: false,
            follow_clock: false,
            link: None,
            pads: Pads::default(),
            midi_thru: false,
            clock_out: ClockOut::Playing,
            gate: range::GATE.default,
            soundfont: SoundFontSource::Embedded,
            qpm: range::TEMPO.default,
            groove: Groove::empty(64),
        }
    }
}

impl EngineOptions {
    /// The part of them that the core needs.
    pub(crate) fn core(&self) -> CoreOptions {
        CoreOptions {
            qpm: self.qpm,
            groove: self.groove.clone(),
            follow_clock: self.follow_clock,
        }
    }
}
