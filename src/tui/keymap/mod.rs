//! The one table of commands. Dispatch, footer, help and palette are made from it, so a new command
//! is a row of it. It may use the kit and the studio; it draws nothing.

mod binding;
mod commands;
mod palette;
mod typed;

use std::collections::BTreeMap;

pub use binding::{Binding, Place};
pub use palette::Line;

use super::kit::{Key, nearest_name};
use crate::studio::{Action, Overlay, Studio, overlays};
use commands::table;

/// Every command of the workstation.
pub struct Keymap {
    pub bindings: Vec<Binding>,
}

/// Why the configuration's keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeymapError {
    #[error("[keys]: there is no command `{name}`; the nearest one is `{near}`")]
    Command { name: String, near: String },
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
                    let near = nearest_name(name, bindings.iter().map(|binding| binding.name));
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
        let places = Place::now(studio);
        let of_place = |place: &Place| {
            let mut bindings = self.bindings.iter();
            bindings.find(|it| it.place == *place && it.keys.contains(&key))
        };
        // Ctrl-Z works whatever is open.
        let suspends = |it: &&Binding| it.action == overlays::Action::Suspend.into();
        let suspend = || of_place(&Place::Anywhere).filter(suspends);
        let found = places.iter().find_map(of_place).or_else(suspend);
        match (found, &studio.ground.screen.overlay) {
            (Some(binding), Some(Overlay::Palette { filter, selected }))
                if binding.action == overlays::Action::Accept.into() =>
            {
                self.chosen(studio, filter, *selected)
            }
            (Some(binding), _) => vec![binding.action.clone()],
            (None, _) if places.iter().any(|place| place.takes_characters()) => {
                let typed = key.character().map(overlays::Action::Type);
                typed.map(Action::from).into_iter().collect()
            }
            (None, _) => Vec::new(),
        }
    }

    /// Whether text is typed now: into an answer, a form or a search of names.
    pub fn types(&self, studio: &Studio) -> bool {
        let places = Place::now(studio);
        let typing = |place: &Place| place.takes_characters() && *place != Place::Files;
        places.iter().any(typing)
    }

    /// The bindings that hold now, for the footer.
    pub fn here(&self, studio: &Studio) -> impl Iterator<Item = &Binding> {
        let places = Place::now(studio).into_iter();
        places.flat_map(|place| self.bindings.iter().filter(move |it| it.place == place))
    }

    /// The bindings under the places where they hold, for the help.
    pub fn by_place(&self) -> impl Iterator<Item = (Place, &[Binding])> {
        let groups = self.bindings.chunk_by(|one, next| one.place == next.place);
        groups.map(|group| (group[0].place, group))
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
            let by_name_only = [
                "temperature",
                "keep-c",
                "keep-d",
                "record-path",
                "open-session",
                "export-passes",
                "stop-export",
                "triplets",
                "sixteenths",
                "chance-seed",
                "fill-chance",
                "click-softer",
                "click-louder",
                "room",
                "next-kit",
                "compressor",
            ];
            let by_name_only = by_name_only.contains(&binding.name);
            assert!(
                by_name_only || !binding.keys.is_empty(),
                "{} has no key",
                binding.name
            );
        }
        let mut places: Vec<Place> = keymap.by_place().map(|(place, _)| place).collect();
        let groups = places.len();
        places.sort_by_key(|place| place.title());
        places.dedup();
        assert_eq!(places.len(), groups, "the rows of a place stand together");
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
        let keymap = with("sample", &["f11"]).unwrap();
        let sample = keymap
            .bindings
            .iter()
            .find(|binding| binding.name == "sample")
            .unwrap();
        assert_eq!(sample.keys, [Key::parse("f11").unwrap()]);
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

    /// What a part of docs/keys.md calls keys, as the screen writes them: all in backticks, and arrows
    /// also by their names.
    fn named_in(part: &str) -> String {
        let part = part.replace("`` ` ``", "`tick`");
        let mut named = String::from(" ");
        for (nth, text) in part.split('`').enumerate() {
            if nth % 2 == 1 {
                named += &format!("{text} ");
                continue;
            }
            for (words, keys) in [
                ("arrows", "Left Right Up Down "),
                ("left, right", "Left Right "),
                ("up, down", "Up Down "),
            ] {
                named += if text.contains(words) { keys } else { "" };
            }
        }
        [
            ("tick", "`"),
            ("\\|", "|"),
            ("Page", "Pg"),
            ("PgDown", "PgDn"),
            ("Delete", "Del"),
        ]
        .into_iter()
        .fold(named, |named, (page, screen)| named.replace(page, screen))
    }

    #[test]
    fn every_command_and_key_is_on_the_page_of_keys() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md"));
        let page = page.unwrap();
        let parts: Vec<&str> = page.split("\n## ").collect();
        let keymap = Keymap::new(&BTreeMap::new()).unwrap();
        let mut missing = Vec::new();
        for binding in &keymap.bindings {
            let place = match binding.place {
                Place::Anywhere | Place::In(_) => binding.place.title(),
                _ => continue,
            };
            let heading = |part: &&&str| part.lines().next().is_some_and(|it| it.ends_with(place));
            let part = parts.iter().find(heading).expect("a part of each place");
            let is_there = match binding.keys.first() {
                Some(key) => named_in(part).contains(&format!(" {key} ")),
                None => page.contains(&format!("`:{}", binding.name)),
            };
            if !is_there {
                missing.push((
                    place,
                    binding.name,
                    binding.keys.first().map(Key::to_string),
                ));
            }
        }
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
