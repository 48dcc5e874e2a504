//! The maps at hand: those of known machines, and a player's own.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{DrumMap, MapError};
use musicvae::music::write_whole_file;

/// A file of `machines` with its name.
macro_rules! machine {
    ($name:literal) => {
        (
            concat!("machines/", $name, ".toml"),
            include_str!(concat!("../machines/", $name, ".toml")),
        )
    };
}

/// Maps of machines as they leave the factory: the notes can be changed on most of them.
const MACHINES: [(&str, &str); 17] = [
    machine!("general-midi"),
    machine!("akai-mpc"),
    machine!("akai-mpc-chromatic"),
    machine!("alesis-nitro"),
    machine!("arturia-drumbrute"),
    machine!("elektron-analog-rytm"),
    machine!("elektron-analog-rytm-channels"),
    machine!("elektron-digitakt"),
    machine!("elektron-digitakt-channels"),
    machine!("elektron-model-samples"),
    machine!("korg-drumlogue"),
    machine!("korg-volca-beats"),
    machine!("korg-volca-drum"),
    machine!("roland-td-11"),
    machine!("roland-tr-08"),
    machine!("roland-tr-09"),
    machine!("roland-tr-8s"),
];

/// A map, and the file that it is from when it is a player's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub map: DrumMap,
    pub path: Option<PathBuf>,
}

/// Every map at hand.
#[derive(Clone, Debug, Default)]
pub struct DrumMaps {
    /// A player's own first, then the machines by name.
    pub maps: Vec<Listed>,
    /// What is wrong with files that can't be used, a sentence each.
    pub problems: Vec<String>,
}

impl DrumMaps {
    /// The maps of known machines.
    pub fn machines() -> DrumMaps {
        let mut maps = DrumMaps::default();
        for (path, text) in MACHINES {
            // A test reads every one of them, so nothing is ever left out here.
            match DrumMap::parse(text, Path::new(path)) {
                Ok(map) => maps.maps.push(Listed { map, path: None }),
                Err(error) => maps.problems.push(format!("{error}.")),
            }
        }
        maps
    }

    /// The `.toml` files of `folder`, by file name, before the machines. A map replaces the machine's
    /// map of the same name. A missing folder is not a problem.
    pub fn with_folder(folder: Option<&Path>) -> DrumMaps {
        let mut maps = DrumMaps::default();
        let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
        let is_map = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml");
        let files = entries.into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = files.map(|file| file.path()).filter(is_map).collect();
        files.sort();
        for path in files {
            match DrumMap::read(&path) {
                Ok(map) => match maps.called(&map.name) {
                    Some(Listed {
                        path: Some(other), ..
                    }) => maps.problems.push(format!(
                        "{}: the map in {} is called {} too; give one of them another name.",
                        path.display(),
                        other.display(),
                        map.name
                    )),
                    _ => maps.maps.push(Listed {
                        map,
                        path: Some(path),
                    }),
                },
                Err(error) => maps.problems.push(format!("{error}.")),
            }
        }
        let machines = DrumMaps::machines();
        let others = machines.maps.into_iter();
        let others: Vec<Listed> = others
            .filter(|listed| maps.called(&listed.map.name).is_none())
            .collect();
        maps.maps.extend(others);
        maps.problems.extend(machines.problems);
        maps
    }

    /// The map of exactly that name, in whatever case.
    fn called(&self, name: &str) -> Option<&Listed> {
        let lower = name.trim().to_lowercase();
        let is_called = |listed: &&Listed| listed.map.name.trim().to_lowercase() == lower;
        self.maps.iter().find(is_called)
    }

    /// The map called `name`, or the only one with all words of `name` in its name (`tr8s` is TR-8S
    /// too), or why there is none, in one sentence.
    pub fn find(&self, name: &str) -> Result<&DrumMap, String> {
        if let Some(listed) = self.called(name) {
            return Ok(&listed.map);
        }
        let bare = |text: &str| {
            text.to_lowercase()
                .replace(|c: char| !c.is_alphanumeric(), "")
        };
        let has_words = |listed: &&Listed| {
            let whole = bare(&listed.map.name);
            name.split_whitespace()
                .all(|word| whole.contains(&bare(word)))
        };
        let found: Vec<&Listed> = self.maps.iter().filter(has_words).collect();
        match found[..] {
            [one] => Ok(&one.map),
            [] => Err(format!(
                "There is no drum map `{name}`: `musicvae-tui maps` lists them."
            )),
            _ => {
                let names: Vec<&str> = found.iter().map(|it| it.map.name.as_str()).collect();
                Err(format!(
                    "`{name}` may be one of several drum maps: {}.",
                    names.join("; ")
                ))
            }
        }
    }
}

impl DrumMap {
    /// Writes the map into `folder`, under a file name made from its name; a map of the same name
    /// is replaced, another one is not.
    pub fn save(&self, folder: &Path) -> Result<PathBuf, MapError> {
        let lower = self.name.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Err(MapError::Name(self.name.clone()));
        }
        let path = folder.join(words.join("-") + ".toml");
        if path.exists() {
            let name = DrumMap::read(&path).map_or_else(|_| String::new(), |map| map.name);
            if name != self.name {
                return Err(MapError::Taken { path, name });
            }
        }
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| write_whole_file(&path, |out| out.write_all(self.to_text().as_bytes())));
        match written {
            Ok(()) => Ok(path),
            Err(reason) => Err(MapError::Write { path, reason }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use musicvae::music::Lane;

    fn machine(name: &str) -> DrumMap {
        DrumMaps::machines().find(name).unwrap().clone()
    }

    fn notes(name: &str) -> Vec<Option<(u8, u8)>> {
        let voices = machine(name).lanes;
        let note = |voice: &super::super::Voice| (voice.note, voice.channel);
        voices
            .iter()
            .map(|voice| voice.as_ref().map(note))
            .collect()
    }

    #[test]
    fn every_machine_is_read_and_named_once() {
        let maps = DrumMaps::machines();
        assert_eq!(maps.problems, [] as [String; 0]);
        assert_eq!(maps.maps.len(), MACHINES.len());
        let mut names: Vec<&str> = maps.maps.iter().map(|it| it.map.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), MACHINES.len());
        // Each file's name is its map's, so that the files can be found.
        for ((path, _), listed) in MACHINES.iter().zip(&maps.maps) {
            let name = listed.map.name.to_lowercase();
            let name: Vec<&str> = name
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            assert_eq!(*path, format!("machines/{}.toml", name.join("-")));
            assert!(!listed.map.about.is_empty(), "{path}");
        }
        assert_eq!(machine("general midi"), DrumMap::general_midi());
    }

    /// Facts that hurt when they are wrong.
    #[test]
    fn machines_are_as_their_makers_say() {
        let ten = |notes: [u8; 9]| notes.map(|note| Some((note, 10))).to_vec();
        assert_eq!(notes("tr-8s"), ten([36, 38, 42, 46, 43, 47, 50, 49, 51]));
        assert_eq!(notes("tr-09"), notes("tr-8s"));
        // No ride on the TR-08; the cymbal takes its place, and the map says so.
        let tr08 = machine("tr-08");
        let ride = tr08.voice(Lane::Ride).unwrap();
        assert_eq!(
            (ride.note, ride.instead.as_deref()),
            (49, Some("the crash"))
        );
        // General MIDI's snare (38) does nothing on a Drumlogue.
        assert_eq!(machine("drumlogue").voice(Lane::Snare).unwrap().note, 40);
        // And its hats are congas on a DrumBrute.
        let drumbrute = machine("drumbrute");
        let hats = [Lane::ClosedHat, Lane::OpenHat].map(|lane| drumbrute.voice(lane).unwrap().note);
        assert_eq!(hats, [42, 43]);
        assert_eq!(machine("mpc chromatic").voice(Lane::Ride).unwrap().note, 44);
        // A channel a part.
        let channels: Vec<u8> = (notes("volca drum").iter().flatten())
            .map(|it| it.1)
            .collect();
        assert_eq!(channels, [1, 2, 3, 4, 5, 5, 5, 6, 6]);
        assert_eq!(notes("elektron digitakt")[3], Some((3, 10)));
        assert_eq!(notes("digitakt channels")[3], Some((60, 4)));
        assert_eq!(notes("elektron analog rytm")[2], Some((8, 10)));
        assert_eq!(notes("rytm channels")[2].map(|it| it.1), Some(9));
        assert_eq!(notes("model")[0], Some((60, 1)));
        // Velocity is ignored there: a controller sets each level.
        let beats = machine("volca beats");
        let level = |lane| beats.voice(lane).and_then(|voice| voice.level);
        let levels = [
            Lane::Kick,
            Lane::Snare,
            Lane::ClosedHat,
            Lane::OpenHat,
            Lane::LowTom,
        ];
        assert_eq!(levels.map(level), [40, 41, 44, 45, 42].map(Some));
        assert_eq!(notes("td-11")[5], Some((45, 10)));
        assert_eq!(notes("nitro")[6], Some((48, 10)));
    }

    #[test]
    fn a_players_maps_come_first_and_wrong_ones_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let mine = DrumMap {
            name: "General MIDI".into(),
            about: "My own".into(),
            ..DrumMap::general_midi()
        };
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("mine.toml", &mine.to_text());
        write("broken.toml", "name = \n");
        write("notes.txt", "no map");
        let maps = DrumMaps::with_folder(Some(folder.path()));
        assert_eq!(maps.find("general midi").unwrap().about, "My own");
        assert_eq!(maps.maps.len(), MACHINES.len(), "it takes its place");
        assert_eq!(maps.problems.len(), 1);
        assert!(
            maps.problems[0].contains("broken.toml, line 1: "),
            "{:?}",
            maps.problems
        );
        assert_eq!(
            maps.find("theremin").unwrap_err(),
            "There is no drum map `theremin`: `musicvae-tui maps` lists them."
        );
        let several = maps.find("tr").unwrap_err();
        assert!(several.contains("Roland TR-08; Roland TR-09"), "{several}");
        assert!(
            DrumMaps::with_folder(Some(Path::new("/nowhere")))
                .problems
                .is_empty()
        );
    }

    #[test]
    fn a_saved_map_is_found_again_and_replaces_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new/maps");
        let mut map = DrumMap {
            name: "My Kit!".into(),
            ..DrumMap::general_midi()
        };
        let path = map.save(&folder).unwrap();
        assert_eq!(path, folder.join("my-kit.toml"));
        map.lanes[3] = None;
        assert_eq!(map.save(&folder).unwrap(), path);
        let maps = DrumMaps::with_folder(Some(&folder));
        assert_eq!(maps.find("my kit!").unwrap(), &map);
        map.name = "my kit".into();
        let error = map.save(&folder).unwrap_err().to_string();
        assert!(
            error.ends_with("my-kit.toml already holds the map `My Kit!`: choose another name"),
            "{error}"
        );
        map.name = "?!".into();
        let error = map.save(&folder).unwrap_err().to_string();
        assert_eq!(error, "`?!` is no name for a file: use letters or digits");
        map.name = "x".into();
        let error = map.save(&path).unwrap_err().to_string();
        assert!(error.contains("can't be written"), "{error}");
    }
}
