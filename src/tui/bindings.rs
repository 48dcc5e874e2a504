//! The one table of keys: dispatch, footer, help and palette are made from it.

use std::collections::BTreeMap;

use crate::studio::{Action, End, Kind, Overlay, Pane, Question, Studio};

use super::keys::Key;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Anywhere,
    In(Pane),
    /// A list is open over the panes: help, messages, a choice.
    List,
    /// Something is being typed: a prompt, the palette.
    Typing,
    /// The question whether to leave a run.
    Leaving,
}

impl Place {
    /// The heading of its keys in the help.
    pub fn title(self) -> &'static str {
        match self {
            Place::Anywhere => "Anywhere",
            Place::In(pane) => pane.title(),
            Place::List => "In a list",
            Place::Typing => "While typing",
            Place::Leaving => "When leaving",
        }
    }
}

/// One command with its keys.
#[derive(Clone, Debug)]
pub struct Binding {
    /// What the configuration calls it.
    pub name: &'static str,
    pub place: Place,
    pub keys: Vec<Key>,
    pub action: Action,
    /// What it does, for help and palette.
    pub what: &'static str,
    /// What the footer says; neighbours that say the same share a place. Empty for nothing.
    pub hint: &'static str,
}

/// Every command of the workstation.
pub struct Keymap {
    pub bindings: Vec<Binding>,
}

/// Why the configuration's keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeymapError {
    #[error("[keys]: there is no command `{name}`; the nearest one is `{near}`")]
    Command { name: String, near: &'static str },
    #[error(
        "[keys]: `{key}` of the command `{name}` is not a key (keys are `s`, `ctrl-r`, `f5`, `space`, `shift-left`)"
    )]
    Key { name: String, key: String },
    #[error("[keys]: `{key}` is given to both `{first}` and `{second}`")]
    Twice {
        key: Key,
        first: &'static str,
        second: &'static str,
    },
}

fn table() -> Vec<Binding> {
    use Action::*;
    use Place::*;
    let row = |name, place, keys: &str, action, what, hint| Binding {
        name,
        place,
        keys: keys.split_whitespace().filter_map(Key::parse).collect(),
        action,
        what,
        hint,
    };
    let grid = In(Pane::Grid);
    let slider = In(Pane::Slider);
    let loss = In(Pane::Loss);
    let list = In(Pane::Checkpoints);
    let cursor = |lanes, steps| MoveCursor { lanes, steps };
    vec![
        row("left", grid, "left h", cursor(0, -1), "a step back", "move"),
        row("down", grid, "down j", cursor(1, 0), "a lane down", "move"),
        row("up", grid, "up k", cursor(-1, 0), "a lane up", "move"),
        row("right", grid, "right l", cursor(0, 1), "a step on", "move"),
        row("bar-back", grid, "pageup", cursor(0, -16), "a bar back", ""),
        row("bar-on", grid, "pagedown", cursor(0, 16), "a bar on", ""),
        row(
            "first-step",
            grid,
            "home",
            CursorToEdge(End::A),
            "to the first step",
            "",
        ),
        row(
            "last-step",
            grid,
            "end",
            CursorToEdge(End::B),
            "to the last step",
            "",
        ),
        row(
            "hit",
            grid,
            "enter",
            ToggleHit,
            "set or remove the hit",
            "hit",
        ),
        row(
            "softer",
            grid,
            "J shift-down",
            NudgeVelocity(-8),
            "the hit softer",
            "loud",
        ),
        row(
            "louder",
            grid,
            "K shift-up",
            NudgeVelocity(8),
            "the hit louder",
            "loud",
        ),
        row(
            "earlier",
            grid,
            "H shift-left",
            NudgeOffset(2),
            "the hit earlier",
            "timing",
        ),
        row(
            "later",
            grid,
            "L shift-right",
            NudgeOffset(-2),
            "the hit later",
            "timing",
        ),
        row("mute", grid, "m", ToggleMute, "mute the lane", "mute"),
        row("solo", grid, "S", ToggleSolo, "solo the lane", "solo"),
        row(
            "lock",
            grid,
            "f",
            ToggleLock,
            "lock the lane: it keeps its hits",
            "lock",
        ),
        row(
            "lane-quieter",
            grid,
            "v",
            NudgeLaneLevel(-0.1),
            "the lane quieter",
            "",
        ),
        row(
            "lane-louder",
            grid,
            "V",
            NudgeLaneLevel(0.1),
            "the lane louder",
            "",
        ),
        row(
            "clear-lane",
            grid,
            "delete",
            ClearLane,
            "remove every hit of the lane",
            "",
        ),
        row(
            "slide-left",
            slider,
            "left h",
            NudgeSlider(-0.02),
            "a little towards A",
            "slide",
        ),
        row(
            "slide-right",
            slider,
            "right l",
            NudgeSlider(0.02),
            "a little towards B",
            "slide",
        ),
        row(
            "colder",
            slider,
            "down j",
            NudgeTemperature(-0.05),
            "lower temperature",
            "temperature",
        ),
        row(
            "warmer",
            slider,
            "up k",
            NudgeTemperature(0.05),
            "higher temperature",
            "temperature",
        ),
        row(
            "all-a",
            slider,
            "home",
            SetSlider(0.0),
            "all the way to A",
            "",
        ),
        row(
            "all-b",
            slider,
            "end",
            SetSlider(1.0),
            "all the way to B",
            "",
        ),
        row(
            "sample-here",
            slider,
            "enter",
            Sample,
            "a new groove at the nearer end",
            "",
        ),
        row(
            "previous-curve",
            loss,
            "left h up k",
            NextTerm(-1),
            "the curve before",
            "curve",
        ),
        row(
            "next-curve",
            loss,
            "right l down j",
            NextTerm(1),
            "the next curve",
            "curve",
        ),
        row(
            "recent",
            loss,
            "z",
            ToggleRecent,
            "the whole run or its last part",
            "zoom",
        ),
        row(
            "train-here",
            loss,
            "enter",
            ToggleTraining,
            "train, pause, go on",
            "train",
        ),
        row(
            "previous-checkpoint",
            list,
            "up k",
            SelectCheckpoint(-1),
            "the one above",
            "choose",
        ),
        row(
            "next-checkpoint",
            list,
            "down j",
            SelectCheckpoint(1),
            "the one below",
            "choose",
        ),
        row(
            "load",
            list,
            "enter",
            LoadCheckpoint,
            "load the checkpoint",
            "load",
        ),
        row(
            "play",
            Anywhere,
            "space",
            TogglePlay,
            "play or stop",
            "play",
        ),
        row(
            "sample",
            Anywhere,
            "s",
            Sample,
            "a new groove from the model",
            "sample",
        ),
        row(
            "towards-a",
            Anywhere,
            "[",
            NudgeSlider(-0.05),
            "slide towards A",
            "A-B",
        ),
        row(
            "towards-b",
            Anywhere,
            "]",
            NudgeSlider(0.05),
            "slide towards B",
            "A-B",
        ),
        row(
            "cooler",
            Anywhere,
            "-",
            NudgeTemperature(-0.05),
            "lower temperature",
            "temp",
        ),
        row(
            "hotter",
            Anywhere,
            "= +",
            NudgeTemperature(0.05),
            "higher temperature",
            "temp",
        ),
        row(
            "slower",
            Anywhere,
            "< ,",
            NudgeTempo(-1.0),
            "slower",
            "tempo",
        ),
        row(
            "faster",
            Anywhere,
            "> .",
            NudgeTempo(1.0),
            "faster",
            "tempo",
        ),
        row(
            "undo",
            Anywhere,
            "u",
            Undo,
            "undo the last change of the groove",
            "undo",
        ),
        row("redo", Anywhere, "ctrl-r", Redo, "redo it", ""),
        row(
            "keep-a",
            Anywhere,
            "a",
            Keep(End::A),
            "make this groove A (an edit is encoded)",
            "",
        ),
        row(
            "keep-b",
            Anywhere,
            "b",
            Keep(End::B),
            "make this groove B (an edit is encoded)",
            "",
        ),
        row("swap", Anywhere, "x", SwapEnds, "swap A and B", ""),
        row("go-a", Anywhere, "{", SetSlider(0.0), "play A", ""),
        row("go-b", Anywhere, "}", SetSlider(1.0), "play B", ""),
        row(
            "seed",
            Anywhere,
            "n",
            Ask(Question::Seed),
            "the groove of a seed that you type",
            "",
        ),
        row(
            "tempo",
            Anywhere,
            "g",
            Ask(Question::Tempo),
            "type the tempo",
            "",
        ),
        row(
            "temperature",
            Anywhere,
            "",
            Ask(Question::Temperature),
            "type the temperature",
            "",
        ),
        row(
            "takeover",
            Anywhere,
            "o",
            CycleTakeover,
            "when new grooves take over",
            "",
        ),
        row(
            "less-swing",
            Anywhere,
            "(",
            NudgeSwing(-0.01),
            "less swing",
            "",
        ),
        row(
            "more-swing",
            Anywhere,
            ")",
            NudgeSwing(0.01),
            "more swing",
            "",
        ),
        row(
            "less-timing",
            Anywhere,
            "t",
            NudgeTiming(-0.1),
            "less microtiming (0 is on the grid)",
            "",
        ),
        row(
            "more-timing",
            Anywhere,
            "T",
            NudgeTiming(0.1),
            "more microtiming",
            "",
        ),
        row(
            "less-dynamics",
            Anywhere,
            "d",
            NudgeDynamics(-0.1),
            "less dynamics (0 is even)",
            "",
        ),
        row(
            "more-dynamics",
            Anywhere,
            "D",
            NudgeDynamics(0.1),
            "more dynamics",
            "",
        ),
        row("quieter", Anywhere, "9", NudgeLevel(-0.05), "quieter", ""),
        row("louder-all", Anywhere, "0", NudgeLevel(0.05), "louder", ""),
        row(
            "export",
            Anywhere,
            "e",
            Export,
            "export the groove to a MIDI file",
            "export",
        ),
        row(
            "midi-port",
            Anywhere,
            "p",
            Choose(Kind::MidiPort),
            "choose the MIDI port",
            "",
        ),
        row(
            "audio-output",
            Anywhere,
            "P",
            Choose(Kind::AudioOutput),
            "choose the audio output",
            "",
        ),
        row(
            "soundfont",
            Anywhere,
            "F",
            Choose(Kind::SoundFont),
            "choose the SoundFont",
            "",
        ),
        row(
            "train",
            Anywhere,
            "r",
            ToggleTraining,
            "train, pause, go on",
            "train",
        ),
        row(
            "stop-training",
            Anywhere,
            "R",
            StopTraining,
            "stop training and save",
            "",
        ),
        row(
            "training-data",
            Anywhere,
            "",
            Ask(Question::TrainingData),
            "name the data to train on, and train",
            "",
        ),
        row("panic", Anywhere, "!", Panic, "all notes off", ""),
        row("pane-1", Anywhere, "1", Focus(Pane::Grid), "the groove", ""),
        row(
            "pane-2",
            Anywhere,
            "2",
            Focus(Pane::Slider),
            "the latent slider",
            "",
        ),
        row(
            "pane-3",
            Anywhere,
            "3",
            Focus(Pane::Loss),
            "the training chart",
            "",
        ),
        row(
            "pane-4",
            Anywhere,
            "4",
            Focus(Pane::Checkpoints),
            "the checkpoints",
            "",
        ),
        row(
            "messages",
            Anywhere,
            "5",
            ShowMessages,
            "what was said so far",
            "",
        ),
        row(
            "next-pane",
            Anywhere,
            "tab",
            FocusNext(1),
            "the next pane",
            "pane",
        ),
        row(
            "previous-pane",
            Anywhere,
            "backtab",
            FocusNext(-1),
            "the pane before",
            "",
        ),
        row(
            "palette",
            Anywhere,
            ":",
            ShowPalette,
            "every command, by name",
            "commands",
        ),
        row("help", Anywhere, "?", ShowHelp, "this help", "help"),
        row("quit", Anywhere, "q ctrl-c", Quit, "leave", "quit"),
        row("list-up", List, "up k", MoveSelection(-1), "up", "move"),
        row(
            "list-down",
            List,
            "down j",
            MoveSelection(1),
            "down",
            "move",
        ),
        row(
            "list-page-up",
            List,
            "pageup",
            MoveSelection(-10),
            "ten up",
            "",
        ),
        row(
            "list-page-down",
            List,
            "pagedown space",
            MoveSelection(10),
            "ten down",
            "",
        ),
        row("list-accept", List, "enter", Accept, "take it", "take"),
        row(
            "list-close",
            List,
            "esc q ? 5 ctrl-c",
            Close,
            "close",
            "close",
        ),
        row(
            "typing-up",
            Typing,
            "up",
            MoveSelection(-1),
            "the line above",
            "",
        ),
        row(
            "typing-down",
            Typing,
            "down tab",
            MoveSelection(1),
            "the line below",
            "",
        ),
        row(
            "typing-erase",
            Typing,
            "backspace",
            Erase,
            "erase a character",
            "",
        ),
        row("typing-accept", Typing, "enter", Accept, "take it", "take"),
        row(
            "typing-close",
            Typing,
            "esc ctrl-c",
            Close,
            "close",
            "close",
        ),
        row(
            "leave",
            Leaving,
            "y enter q ctrl-c",
            Accept,
            "stop and save the run, then leave",
            "leave",
        ),
        row("stay", Leaving, "n esc", Close, "stay", "stay"),
    ]
}

impl Keymap {
    /// The built-in keys, changed as the configuration's `[keys]` say.
    pub fn new(overrides: &BTreeMap<String, Vec<String>>) -> Result<Keymap, KeymapError> {
        let mut bindings = table();
        for (name, keys) in overrides {
            let parsed = keys.iter().map(|key| {
                Key::parse(key).ok_or_else(|| KeymapError::Key {
                    name: name.clone(),
                    key: key.clone(),
                })
            });
            let parsed = parsed.collect::<Result<Vec<Key>, _>>()?;
            match bindings.iter_mut().find(|binding| binding.name == name) {
                Some(binding) => binding.keys = parsed,
                None => {
                    let near = |binding: &&Binding| {
                        (strsim::jaro_winkler(binding.name, name) * 1e6) as u64
                    };
                    let near = bindings
                        .iter()
                        .max_by_key(near)
                        .map_or("", |binding| binding.name);
                    return Err(KeymapError::Command {
                        name: name.clone(),
                        near,
                    });
                }
            }
        }
        let keymap = Keymap { bindings };
        keymap.check()?;
        Ok(keymap)
    }

    /// No key may mean two things in one place.
    fn check(&self) -> Result<(), KeymapError> {
        for (index, first) in self.bindings.iter().enumerate() {
            for second in &self.bindings[index + 1..] {
                let shared = first.keys.iter().find(|key| second.keys.contains(key));
                if let (true, Some(&key)) = (first.place == second.place, shared) {
                    return Err(KeymapError::Twice {
                        key,
                        first: first.name,
                        second: second.name,
                    });
                }
            }
        }
        Ok(())
    }

    /// What `key` does now: nothing, one action, or two (the palette closes before its choice).
    pub fn actions(&self, studio: &Studio, key: Key) -> Vec<Action> {
        let found = places(studio).into_iter().find_map(|place| {
            self.bindings
                .iter()
                .find(|it| it.place == place && it.keys.contains(&key))
        });
        match (&studio.screen.overlay, found) {
            (Some(Overlay::Palette { filter, selected }), Some(binding))
                if binding.action == Action::Accept =>
            {
                let lines = self.palette(filter);
                let chosen = lines.get((*selected).min(lines.len().saturating_sub(1)));
                let chosen = chosen.map(|binding| binding.action.clone());
                [Action::Close].into_iter().chain(chosen).collect()
            }
            (_, Some(binding)) => vec![binding.action.clone()],
            (Some(Overlay::Palette { .. } | Overlay::Prompt { .. }), None) => {
                key.character().map(Action::Type).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The bindings of the place that has the keys, for the footer.
    pub fn here(&self, studio: &Studio) -> impl Iterator<Item = &Binding> {
        let places = places(studio);
        places.into_iter().flat_map(|place| {
            self.bindings
                .iter()
                .filter(move |binding| binding.place == place)
        })
    }

    /// The palette's lines: every command of the panes whose description or name has all words of
    /// `filter`.
    pub fn palette(&self, filter: &str) -> Vec<&Binding> {
        let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
        let matches = |binding: &&Binding| {
            let text = format!("{} {}", binding.what, binding.name).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let is_command = |binding: &&Binding| match binding.place {
            Place::Anywhere => binding.action != Action::ShowPalette,
            // The panes' own commands, without those that only move.
            Place::In(_) => !matches!(
                binding.action,
                Action::MoveCursor { .. } | Action::SelectCheckpoint(_) | Action::CursorToEdge(_)
            ),
            _ => false,
        };
        let anywhere = self
            .bindings
            .iter()
            .filter(|binding| binding.place == Place::Anywhere);
        let elsewhere = self
            .bindings
            .iter()
            .filter(|binding| binding.place != Place::Anywhere);
        anywhere
            .chain(elsewhere)
            .filter(is_command)
            .filter(matches)
            .collect()
    }
}

/// The places whose keys hold now, the nearest first.
fn places(studio: &Studio) -> Vec<Place> {
    match &studio.screen.overlay {
        None => vec![Place::In(studio.screen.pane), Place::Anywhere],
        Some(Overlay::Palette { .. } | Overlay::Prompt { .. }) => vec![Place::Typing],
        Some(Overlay::ConfirmQuit) => vec![Place::Leaving],
        Some(_) => vec![Place::List],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let keymap = Keymap::new(&BTreeMap::new()).unwrap();
        let mut names: Vec<&str> = keymap.bindings.iter().map(|binding| binding.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "every command has a name of its own");
        for binding in &keymap.bindings {
            let typed_only = ["temperature", "training-data"].contains(&binding.name);
            assert!(
                typed_only || !binding.keys.is_empty(),
                "{} has no key",
                binding.name
            );
        }
        // Keys that terminals can't tell from others.
        for indistinct in ["ctrl-i", "ctrl-m", "ctrl-h", "shift-enter"] {
            let key = Key::parse(indistinct).unwrap();
            assert!(
                keymap
                    .bindings
                    .iter()
                    .all(|binding| !binding.keys.contains(&key))
            );
        }
    }

    #[test]
    fn keys_can_be_changed_and_mistakes_are_named() {
        let with = |name: &str, keys: &[&str]| {
            let keys = keys.iter().map(ToString::to_string).collect();
            Keymap::new(&BTreeMap::from([(name.to_string(), keys)])).map_err(|e| e.to_string())
        };
        let keymap = with("sample", &["f5"]).unwrap();
        let sample = keymap
            .bindings
            .iter()
            .find(|binding| binding.name == "sample")
            .unwrap();
        assert_eq!(sample.keys, [Key::parse("f5").unwrap()]);
        let nearest = "[keys]: there is no command `sampel`; the nearest one is `sample`";
        assert_eq!(with("sampel", &["s"]).err().unwrap(), nearest);
        assert!(
            with("sample", &["hyper-s"])
                .err()
                .unwrap()
                .contains("`hyper-s`")
        );
        let twice = "[keys]: `q` is given to both `sample` and `quit`";
        assert_eq!(with("sample", &["q"]).err().unwrap(), twice);
    }
}
