//! The machine on the MIDI port: which notes its voices are, when it hears the clock, and how far
//! it is from the sound.

use serde::{Deserialize, Serialize};

use super::{Action, ClockOut, DrumMap, Effect, Overlay, Question, Studio, Voice, config};
use musicvae::music::Lane;

/// What is set for the MIDI port.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    pub map: DrumMap,
    pub clock: ClockOut,
    /// Milliseconds that MIDI comes after the sound.
    pub offset: f32,
}

impl From<&config::Midi> for Machine {
    /// The map of the configuration is read by [`super::Backstage`], which tells of it.
    fn from(midi: &config::Midi) -> Machine {
        Machine {
            map: DrumMap::general_midi(),
            clock: midi.clock,
            offset: midi.offset,
        }
    }
}

/// What the cursor of the editor is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    #[default]
    Note,
    Channel,
}

impl Column {
    /// Lowest and highest value.
    fn range(self) -> (u8, u8) {
        match self {
            Column::Note => (0, 127),
            Column::Channel => (1, 16),
        }
    }

    fn of(self, voice: &mut Voice) -> &mut u8 {
        match self {
            Column::Note => &mut voice.note,
            Column::Channel => &mut voice.channel,
        }
    }
}

/// One thing to do with the drum map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MapAction {
    /// Opens the editor.
    Edit,
    /// Down by so many lanes.
    Lane(isize),
    /// To the other column.
    Column,
    /// Adds to the number under the cursor.
    Nudge(i8),
    /// Takes the lane's voice away, or gives it one.
    ToggleSilent,
    /// Lets the lane be heard.
    Strike,
    Undo,
    Redo,
    /// Asks for a name to save the map under.
    Save,
}

/// The editor of the drum map. What is edited is heard at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapEditor {
    pub lane: usize,
    pub column: Column,
    /// The digits of the number that is being typed.
    typed: String,
    past: Vec<DrumMap>,
    future: Vec<DrumMap>,
}

impl MapEditor {
    /// Whether the map is not as it was when the editor opened.
    pub fn is_changed(&self) -> bool {
        !self.past.is_empty()
    }
}

impl Studio {
    pub(super) fn apply_machine(&mut self, action: Action) {
        match action {
            Action::NudgeMidiOffset(by) => {
                let offset = (self.machine.offset + by).round().clamp(-500.0, 500.0);
                self.machine.offset = offset;
                self.ask(Effect::MidiOffset(offset));
                self.say(match offset {
                    0.0 => "MIDI goes with the sound.".to_string(),
                    late if late > 0.0 => format!("MIDI comes {late} ms after the sound."),
                    early => format!(
                        "MIDI comes {} ms before the sound, which is held back.",
                        -early
                    ),
                });
            }
            Action::CycleClock => {
                let (clock, words) = match self.machine.clock {
                    ClockOut::Off => (ClockOut::Playing, "is sent while the groove plays"),
                    ClockOut::Playing => (ClockOut::Always, "is always sent"),
                    ClockOut::Always => (ClockOut::Off, "is not sent"),
                };
                self.machine.clock = clock;
                self.ask(Effect::Clock(clock));
                self.say(format!("MIDI clock {words}."));
            }
            Action::Map(action) => self.apply_map(action),
            _ => {}
        }
    }

    fn apply_map(&mut self, action: MapAction) {
        if action == MapAction::Edit {
            let editor = MapEditor {
                lane: self.screen.lane,
                ..MapEditor::default()
            };
            self.screen.overlay = Some(Overlay::MapEditor(Box::new(editor)));
            return;
        }
        let Some(Overlay::MapEditor(editor)) = &mut self.screen.overlay else {
            return;
        };
        if action != MapAction::Strike {
            editor.typed.clear();
        }
        let (lane, column) = (editor.lane, editor.column);
        match action {
            MapAction::Edit => {}
            MapAction::Lane(by) => {
                let last = Lane::ALL.len() - 1;
                editor.lane = lane.saturating_add_signed(by).min(last);
            }
            MapAction::Column => {
                editor.column = match column {
                    Column::Note => Column::Channel,
                    Column::Channel => Column::Note,
                };
            }
            MapAction::Nudge(by) => {
                let (low, high) = column.range();
                let mut map = self.machine.map.clone();
                if let Some(voice) = &mut map.lanes[lane] {
                    let value = column.of(voice);
                    *value = value.saturating_add_signed(by).clamp(low, high);
                    voice.instead = None;
                    self.change_map(map, true);
                }
            }
            MapAction::ToggleSilent => {
                let mut map = self.machine.map.clone();
                let default = DrumMap::general_midi().lanes[lane].take();
                map.lanes[lane] = match map.lanes[lane] {
                    Some(_) => None,
                    None => default,
                };
                self.change_map(map, true);
            }
            MapAction::Strike => self.ask(Effect::Strike(Lane::ALL[lane])),
            MapAction::Undo => {
                if let Some(map) = editor.past.pop() {
                    editor.future.push(self.machine.map.clone());
                    self.use_map(map);
                }
            }
            MapAction::Redo => {
                if let Some(map) = editor.future.pop() {
                    editor.past.push(self.machine.map.clone());
                    self.use_map(map);
                }
            }
            MapAction::Save => self.apply(Action::Ask(Question::MapName)),
        }
    }

    pub(super) fn reason_against_map(&self, action: MapAction) -> Option<String> {
        let editor = match &self.screen.overlay {
            Some(Overlay::MapEditor(editor)) => editor,
            _ => return None,
        };
        let silent = self.machine.map.lanes[editor.lane].is_none();
        let reason = |when: bool, text: &str| when.then(|| text.to_string());
        match action {
            MapAction::Undo => reason(editor.past.is_empty(), "Nothing to undo."),
            MapAction::Redo => reason(editor.future.is_empty(), "Nothing to redo."),
            MapAction::Nudge(_) => reason(silent, "The lane has no voice on this machine."),
            _ => None,
        }
    }

    /// A digit more for the number under the cursor.
    pub(super) fn type_in_map(&mut self, character: char) {
        let Some(Overlay::MapEditor(editor)) = &mut self.screen.overlay else {
            return;
        };
        if !character.is_ascii_digit() {
            return;
        }
        let (low, high) = editor.column.range();
        let fits = |typed: &String| typed.parse().is_ok_and(|n: u16| n <= u16::from(high));
        let mut typed = format!("{}{character}", editor.typed);
        // What would be too high begins a new number.
        let first = editor.typed.is_empty() || !fits(&typed);
        if first {
            typed = character.to_string();
        }
        editor.typed = typed;
        let (lane, column) = (editor.lane, editor.column);
        let number = editor.typed.parse().unwrap_or(high);
        if number < low {
            return;
        }
        let mut map = self.machine.map.clone();
        let general = DrumMap::general_midi().lanes[lane].take();
        if let Some(voice) = map.lanes[lane]
            .as_mut()
            .or(general.as_ref().cloned().as_mut())
        {
            *column.of(voice) = number;
            voice.instead = None;
            let voice = voice.clone();
            map.lanes[lane] = Some(voice);
            self.change_map(map, first);
        }
    }

    /// Takes a map that was edited; `step` is false for what belongs to the edit before.
    fn change_map(&mut self, map: DrumMap, step: bool) {
        if map == self.machine.map {
            return;
        }
        if let Some(Overlay::MapEditor(editor)) = &mut self.screen.overlay {
            if step || editor.past.is_empty() {
                editor.past.push(self.machine.map.clone());
            }
            editor.future.clear();
        }
        self.use_map(map);
    }

    fn use_map(&mut self, map: DrumMap) {
        self.machine.map = map.clone();
        self.ask(Effect::DrumMap(map));
    }

    /// The editor is left without taking what was changed.
    pub(super) fn put_map_back(&mut self, editor: MapEditor) {
        if let Some(first) = editor.past.into_iter().next() {
            self.use_map(first);
            self.say("The drum map is as it was.");
        }
    }

    pub(super) fn save_map(&mut self, name: &str) {
        self.machine.map.name = name.into();
        self.ask(Effect::SaveMap(self.machine.map.clone()));
    }

    pub(super) fn receive_map(&mut self, map: DrumMap) {
        let lacks = |lane: &Lane| match map.voice(*lane) {
            None => Some(format!("{} (silent)", lane.short_name())),
            Some(voice) => {
                let instead = voice.instead.as_ref()?;
                Some(format!("{} ({instead})", lane.short_name()))
            }
        };
        let lacks: Vec<String> = Lane::ALL.iter().filter_map(lacks).collect();
        self.say(if lacks.is_empty() {
            format!("{} has a voice for every lane.", map.name)
        } else {
            format!(
                "{} has no voice of its own for {}.",
                map.name,
                lacks.join(", ")
            )
        });
        self.use_map(map);
    }

    /// What the open port is.
    pub(super) fn machine_sentence(&self, port: &str) -> String {
        let map = &self.machine.map;
        let name = match *map == DrumMap::general_midi() {
            true => String::new(),
            false => format!(", as {}", map.name),
        };
        let errors = match self.transport.midi_errors {
            0 => String::new(),
            errors => format!(", {errors} faults so far"),
        };
        format!("MIDI: {port}{name}{errors}.")
    }
}
