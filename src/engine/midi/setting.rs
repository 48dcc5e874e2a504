//! How music leaves by MIDI.

use super::drum_map::DrumMap;

/// A setting that changes.
#[derive(Clone, Debug, PartialEq)]
pub enum MidiSetting {
    /// Notes and channels of the lanes; they hold for pads too.
    DrumMap(Box<DrumMap>),
    /// When clock, start, stop and song position are sent.
    ClockOut(ClockOut),
    /// Length of the notes, in steps; a note ends before its next one in any case.
    Gate(f32),
}

/// When MIDI clock leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// All of them.
#[derive(Clone)]
pub(crate) struct Settings {
    pub map: DrumMap,
    pub clock: ClockOut,
    /// In steps.
    pub gate: f32,
}

impl Settings {
    /// Takes note of a change.
    pub fn note(&mut self, setting: &MidiSetting) {
        match setting {
            MidiSetting::DrumMap(map) => self.map = (**map).clone(),
            MidiSetting::ClockOut(clock) => self.clock = *clock,
            MidiSetting::Gate(gate) => self.gate = *gate,
        }
    }
}
