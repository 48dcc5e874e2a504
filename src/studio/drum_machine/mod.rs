//! The drum machine on the MIDI port: which notes its voices are, when it hears the clock, and how
//! far it is from the sound. It uses the ground only.

mod editor;

use serde::{Deserialize, Serialize};

pub use editor::{Column, MapAction, MapEditor};

use super::ground::{Effect, Ground, config};
use crate::engine::range::MIDI_OFFSET;
use crate::engine::{ClockOut, Command, DrumMap, MidiSetting};
use musicvae::music::Lane;

/// What a player can do with the drum machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Opens or does something in the editor of the drum map.
    Map(MapAction),
    /// Saves the drum map under this name.
    SaveMap(String),
    /// Moves MIDI against the sound, in milliseconds; positive is later.
    NudgeMidiOffset(f32),
    /// When MIDI clock is sent.
    CycleClock,
}

/// What is set for the MIDI port.
#[derive(Clone, Debug, PartialEq)]
pub struct DrumMachine {
    pub map: DrumMap,
    pub clock: ClockOut,
    /// Milliseconds that MIDI comes after the sound.
    pub offset: f32,
    /// Of the drum map, while it is open.
    pub editor: MapEditor,
}

impl From<&config::Midi> for DrumMachine {
    /// The map of the configuration is read by the workers, which tell of it.
    fn from(midi: &config::Midi) -> DrumMachine {
        DrumMachine {
            map: DrumMap::general_midi(),
            clock: midi.clock,
            offset: midi.offset,
            editor: MapEditor::default(),
        }
    }
}

impl DrumMachine {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::Map(action) => self.editor.reason_against(*action, &self.map, ground),
            _ => None,
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::Map(action) => self.editor.apply(action, &mut self.map, ground),
            Action::SaveMap(name) => {
                self.map.name = name;
                ground.ask(Effect::SaveMap(Box::new(self.map.clone())));
            }
            Action::NudgeMidiOffset(by) => {
                let offset = MIDI_OFFSET.nearest((self.offset + by).round());
                self.offset = offset;
                ground.send(Command::SetMidiOffset(offset));
                ground.say(match offset {
                    0.0 => "MIDI is sent in time with the sound.".to_string(),
                    late if late > 0.0 => format!("MIDI comes {late} ms after the sound."),
                    early => format!(
                        "MIDI comes {} ms before the sound, which is held back.",
                        -early
                    ),
                });
            }
            Action::CycleClock => {
                let (clock, words) = match self.clock {
                    ClockOut::Off => (ClockOut::Playing, "is sent while the groove plays"),
                    ClockOut::Playing => (ClockOut::Always, "is always sent"),
                    ClockOut::Always => (ClockOut::Off, "is not sent"),
                };
                self.clock = clock;
                ground.send(MidiSetting::ClockOut(clock));
                ground.say(format!("MIDI clock {words}."));
            }
        }
    }

    /// A digit more for the number under the editor's cursor.
    pub fn type_digit(&mut self, character: char, ground: &mut Ground) {
        self.editor.type_digit(character, &mut self.map, ground);
    }

    /// The editor is left without taking what was changed.
    pub fn put_map_back(&mut self, ground: &mut Ground) {
        self.editor.put_back(&mut self.map, ground);
    }

    /// Takes a map that was chosen, and says what the machine lacks.
    pub fn receive_map(&mut self, map: DrumMap, ground: &mut Ground) {
        let lacks = |lane: &Lane| match map.voice(*lane) {
            None => Some(format!("{} (silent)", lane.short_name())),
            Some(voice) => {
                let instead = voice.instead.as_ref()?;
                Some(format!("{} ({instead})", lane.short_name()))
            }
        };
        let lacks: Vec<String> = Lane::ALL.iter().filter_map(lacks).collect();
        ground.say(if lacks.is_empty() {
            format!("{} has a voice for every lane.", map.name)
        } else {
            format!(
                "{} has no separate voice for {}.",
                map.name,
                lacks.join(", ")
            )
        });
        editor::use_map(&mut self.map, map, ground);
    }
}
