//! The editor of the drum map.

use serde::{Deserialize, Serialize};

use crate::engine::{Command, DrumMap, MidiSetting, Voice};
use crate::studio::ground::{Ground, Overlay, Question};
use musicvae::music::Lane;

/// Loudness of a stroke that is heard while the map is edited.
const STRIKE: f32 = 100.0 / 127.0;

/// What the cursor of the editor is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// In the mixer: adds to the note, or the channel, of the lane under its cursor.
    Send(Column, i8),
    /// Takes the lane's voice away, or gives it one.
    ToggleSilent,
    /// Lets the lane be heard.
    Strike,
    Undo,
    Redo,
    /// Asks for a name to save the map under.
    Save,
}

/// The state of the editor, and its undo. Edits are heard at once.
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

    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(
        &self,
        action: MapAction,
        map: &DrumMap,
        ground: &Ground,
    ) -> Option<String> {
        const NO_VOICE: &str = "The lane has no voice on this machine.";
        if let MapAction::Send(..) = action {
            let silent = map.lanes[ground.screen.lane].is_none();
            return silent.then(|| NO_VOICE.into());
        }
        if ground.screen.overlay != Some(Overlay::MapEditor) {
            return None;
        }
        let (when, reason) = match action {
            MapAction::Undo => (self.past.is_empty(), "Nothing to undo."),
            MapAction::Redo => (self.future.is_empty(), "Nothing to redo."),
            MapAction::Nudge(_) => (map.lanes[self.lane].is_none(), NO_VOICE),
            _ => return None,
        };
        when.then(|| reason.into())
    }

    pub fn apply(&mut self, action: MapAction, map: &mut DrumMap, ground: &mut Ground) {
        if action == MapAction::Edit {
            *self = MapEditor {
                lane: ground.screen.lane,
                ..MapEditor::default()
            };
            ground.screen.overlay = Some(Overlay::MapEditor);
            return;
        }
        if let MapAction::Send(column, by) = action {
            let edited = nudged(map, ground.screen.lane, column, by);
            return use_map(map, edited, ground);
        }
        if ground.screen.overlay != Some(Overlay::MapEditor) {
            return;
        }
        if action != MapAction::Strike {
            self.typed.clear();
        }
        let lane = self.lane;
        match action {
            MapAction::Edit | MapAction::Send(..) => {}
            MapAction::Lane(by) => {
                let last = Lane::ALL.len() - 1;
                self.lane = lane.saturating_add_signed(by).min(last);
            }
            MapAction::Column => {
                self.column = match self.column {
                    Column::Note => Column::Channel,
                    Column::Channel => Column::Note,
                };
            }
            MapAction::Nudge(by) => {
                let edited = nudged(map, lane, self.column, by);
                self.change(map, edited, true, ground);
            }
            MapAction::ToggleSilent => {
                let mut edited = map.clone();
                edited.lanes[lane] = match edited.lanes[lane] {
                    Some(_) => None,
                    None => DrumMap::general_midi().lanes[lane].take(),
                };
                self.change(map, edited, true, ground);
            }
            MapAction::Strike => ground.send(Command::Strike {
                lane: Lane::ALL[lane],
                velocity: STRIKE,
            }),
            MapAction::Undo => {
                if let Some(before) = self.past.pop() {
                    self.future.push(map.clone());
                    use_map(map, before, ground);
                }
            }
            MapAction::Redo => {
                if let Some(after) = self.future.pop() {
                    self.past.push(map.clone());
                    use_map(map, after, ground);
                }
            }
            MapAction::Save => ground.screen.prompt(Question::MapName, map.name.clone()),
        }
    }

    /// A digit more for the number under the cursor.
    pub fn type_digit(&mut self, character: char, map: &mut DrumMap, ground: &mut Ground) {
        if !character.is_ascii_digit() {
            return;
        }
        let (low, high) = self.column.range();
        let fits = |typed: &String| typed.parse().is_ok_and(|n: u16| n <= u16::from(high));
        let mut typed = format!("{}{character}", self.typed);
        // What would be too high begins a new number.
        let first = self.typed.is_empty() || !fits(&typed);
        if first {
            typed = character.to_string();
        }
        let number = typed.parse().unwrap_or(high);
        self.typed = typed;
        if number < low {
            return;
        }
        let mut edited = map.clone();
        let general = DrumMap::general_midi().lanes[self.lane].take();
        if let Some(mut voice) = edited.lanes[self.lane].take().or(general) {
            *self.column.of(&mut voice) = number;
            voice.instead = None;
            edited.lanes[self.lane] = Some(voice);
            self.change(map, edited, first, ground);
        }
    }

    /// Takes a map that was edited; `step` is false for what belongs to the edit before.
    fn change(&mut self, map: &mut DrumMap, edited: DrumMap, step: bool, ground: &mut Ground) {
        if edited == *map {
            return;
        }
        if step || self.past.is_empty() {
            self.past.push(map.clone());
        }
        self.future.clear();
        use_map(map, edited, ground);
    }

    /// The editor is left without taking what was changed.
    pub fn put_back(&mut self, map: &mut DrumMap, ground: &mut Ground) {
        let editor = std::mem::take(self);
        if let Some(first) = editor.past.into_iter().next() {
            use_map(map, first, ground);
            ground.say("The drum map is unchanged.");
        }
    }
}

/// The map with another note or channel for a lane that has a voice.
fn nudged(map: &DrumMap, lane: usize, column: Column, by: i8) -> DrumMap {
    let (low, high) = column.range();
    let mut edited = map.clone();
    if let Some(voice) = &mut edited.lanes[lane] {
        let value = column.of(voice);
        *value = value.saturating_add_signed(by).clamp(low, high);
        voice.instead = None;
    }
    edited
}

/// Puts another map in the place of `map`, here and in the engine.
pub fn use_map(map: &mut DrumMap, other: DrumMap, ground: &mut Ground) {
    *map = other.clone();
    ground.send(MidiSetting::DrumMap(Box::new(other)));
}
