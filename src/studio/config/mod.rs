//! The configuration: every setting with its default, checked as it is read.
//!
//! `config.toml` at the top of the repository is these defaults, written out and explained; a test
//! holds the two to each other.

mod check;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine;
use crate::typed_path::typed_path;

/// The configuration that is used when a setting is not named.
pub const DEFAULT_TEXT: &str = include_str!("../../../config.toml");

/// The environment variable that names a configuration file.
pub const VARIABLE: &str = "MUSICVAE_TUI_CONFIG";

/// Every setting of the program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub audio: Audio,
    pub midi: Midi,
    pub soundfont: SoundFont,
    pub checkpoints: Checkpoints,
    pub playing: Playing,
    pub chain: Chain,
    pub record: Record,
    pub sampling: Sampling,
    pub training: Training,
    pub export: Export,
    pub screen: Screen,
    /// Key names by command name, in place of the built-in keys of that command.
    pub keys: BTreeMap<String, Vec<String>>,
}

/// Where the sound goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audio {
    /// Name (or part of it) of the output; empty for the system's default, `off` for none.
    pub device: String,
    /// Frames in a buffer, 32 to 8192.
    pub buffer: u32,
    /// Master level, 0 to 1.5.
    pub level: f32,
}

impl Default for Audio {
    fn default() -> Audio {
        Audio {
            device: String::new(),
            buffer: 512,
            level: 0.8,
        }
    }
}

/// Where the notes go, and what is listened to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Midi {
    /// Name (or part of it) of the output port to open at the start; empty for none.
    pub port: String,
    /// A drum map (name or file) in place of General MIDI; empty for General MIDI.
    pub map: String,
    /// Name (or part of it) of the input port to listen to; empty for none.
    pub input: String,
    /// Whether other programs find an input of ours to send to, where the system can make one.
    pub virtual_input: bool,
    /// Whether the clock that comes in is followed.
    pub follow_clock: bool,
    /// The channel on which pads are heard, 1 to 16; 0 hears all.
    pub pad_channel: u8,
    /// Whether strokes that come in are sent on to the output port.
    pub thru: bool,
    /// Whether a controller moves a setting only from where the setting is.
    pub pickup: bool,
    /// The file of what controllers are bound to; empty for `midi.toml` in the platform's
    /// configuration folder.
    pub bindings: PathBuf,
    /// Folder with a player's own drum maps; empty for `maps` in the configuration folder.
    pub maps: PathBuf,
    /// Length of the notes, in steps, 0.05 to 1.
    pub gate: f32,
    /// Moves MIDI against the sound, in milliseconds, -500 to 500; positive is later.
    pub offset: f32,
    /// When clock, start, stop and song position are sent.
    pub clock: engine::ClockOut,
}

impl Default for Midi {
    fn default() -> Midi {
        Midi {
            port: String::new(),
            map: String::new(),
            input: String::new(),
            virtual_input: true,
            follow_clock: false,
            pad_channel: 0,
            thru: false,
            pickup: true,
            bindings: PathBuf::new(),
            maps: PathBuf::new(),
            gate: 0.5,
            offset: 0.0,
            clock: engine::ClockOut::Playing,
        }
    }
}

impl Midi {
    /// Where a player's own drum maps are; `None` where there is no configuration folder.
    pub fn maps_folder(&self) -> Option<PathBuf> {
        if self.maps.as_os_str().is_empty() {
            Some(Config::platform_path()?.with_file_name("maps"))
        } else {
            Some(self.maps.clone())
        }
    }

    /// The drum map that `map` means.
    ///
    /// # Errors
    /// Why there is none, in one sentence.
    pub fn drum_map(&self) -> Result<engine::DrumMap, String> {
        let name = self.map.trim();
        if name.is_empty() {
            return Ok(engine::DrumMap::general_midi());
        }
        if name.ends_with(".toml") {
            let path = typed_path(Path::new(name));
            return engine::DrumMap::read(&path).map_err(|error| format!("{error}."));
        }
        let maps = engine::DrumMaps::with_folder(self.maps_folder().as_deref());
        maps.find(name).cloned()
    }
}

/// What sounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SoundFont {
    /// A SoundFont 2 file; empty for the built-in kit.
    pub path: PathBuf,
    /// Folders whose `.sf2` files are offered on screen.
    pub folders: Vec<PathBuf>,
}

impl Default for SoundFont {
    fn default() -> SoundFont {
        SoundFont {
            path: PathBuf::new(),
            folders: vec!["soundfonts".into()],
        }
    }
}

/// Where the models are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Checkpoints {
    /// Folders that the checkpoint browser watches.
    pub folders: Vec<PathBuf>,
    /// The checkpoint to open with; empty for the built-in one.
    pub open: PathBuf,
}

impl Default for Checkpoints {
    fn default() -> Checkpoints {
        Checkpoints {
            folders: vec!["checkpoints".into()],
            open: PathBuf::new(),
        }
    }
}

/// How a groove is played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Playing {
    /// Quarter notes a minute, 20 to 300.
    pub tempo: f64,
    /// Share of each pair of sixteenths that the first one takes: 0.5 (straight) to 0.75.
    pub swing: f32,
    /// How much of the groove's microtiming is played, 0 (on the grid) to 1.5.
    pub timing: f32,
    /// How much of the groove's dynamics is played, 0 (even) to 1.5.
    pub velocity: f32,
    /// When a new groove takes over.
    pub takeover: Takeover,
    /// Whether every beat clicks.
    pub metronome: bool,
    /// Level of the click, 0 to 1.
    pub click: f32,
    /// Bars that are counted before playing begins, 0 to 2.
    #[serde(rename = "count-in")]
    pub count_in: u8,
}

impl Default for Playing {
    fn default() -> Playing {
        Playing {
            tempo: 120.0,
            swing: 0.5,
            timing: 1.0,
            velocity: 1.0,
            takeover: Takeover::NextBar,
            metronome: false,
            click: 0.5,
            count_in: 0,
        }
    }
}

/// Where the slots and the chain are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chain {
    /// Empty for the platform's data folder, `off` for nowhere.
    pub file: PathBuf,
}

impl Chain {
    /// The file, where there is to be one.
    pub fn path(&self) -> Option<PathBuf> {
        if self.file.as_os_str() == "off" {
            return None;
        }
        if !self.file.as_os_str().is_empty() {
            return Some(self.file.clone());
        }
        let folders = directories::ProjectDirs::from("", "", "musicvae-tui")?;
        Some(folders.data_dir().join("chain.json"))
    }
}

/// What is recorded, and where to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Record {
    /// Folder that receives the takes.
    pub folder: PathBuf,
    /// What is heard, to a WAV file.
    pub sound: bool,
    /// What is played, to a MIDI file.
    pub midi: bool,
    pub start: RecordStart,
}

impl Default for Record {
    fn default() -> Record {
        Record {
            folder: "takes".into(),
            sound: true,
            midi: true,
            start: RecordStart::Bar,
        }
    }
}

/// When a recording begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordStart {
    /// With the next bar line, or with play.
    #[default]
    Bar,
    Now,
}

/// When a new groove takes over from the one that plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Takeover {
    Now,
    #[default]
    NextBar,
    NextLoop,
}

impl From<Takeover> for engine::Takeover {
    fn from(takeover: Takeover) -> engine::Takeover {
        match takeover {
            Takeover::Now => engine::Takeover::Now,
            Takeover::NextBar => engine::Takeover::NextBar,
            Takeover::NextLoop => engine::Takeover::NextLoop,
        }
    }
}

/// How a groove is drawn from the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// 0 (hits by threshold) to 2.
    pub temperature: f32,
    /// The seed of the first groove; every sample counts it up.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Sampling {
        Sampling {
            temperature: 0.5,
            seed: 59,
        }
    }
}

/// What a training run started on screen does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// Folder, zip or TFRecord with the grooves to learn from; empty until it is named.
    pub data: PathBuf,
    /// Folder that receives the checkpoints and the log.
    pub out: PathBuf,
    pub preset: String,
    /// Steps to train for, at least 1.
    pub steps: u64,
    /// Windows in a step, 1 to 4096.
    pub batch: usize,
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Training {
        Training {
            data: PathBuf::new(),
            out: "checkpoints/mine".into(),
            preset: "groovae_4bar".into(),
            steps: 10_000,
            batch: 64,
            seed: 1,
        }
    }
}

/// Where exported grooves go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Export {
    pub folder: PathBuf,
}

impl Default for Export {
    fn default() -> Export {
        Export { folder: ".".into() }
    }
}

/// How the screen looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Screen {
    pub color: Color,
    /// Only ASCII characters, for fonts without block elements.
    pub ascii: bool,
}

/// Whether colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// As `NO_COLOR` and `TERM` say.
    #[default]
    Auto,
    Always,
    Never,
}

/// Why a configuration can't be used: one sentence that names file, line and remedy.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: can't be read ({reason})")]
    Read {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("{path}, line {line}: unknown key `{key}`{hint}")]
    UnknownKey {
        path: PathBuf,
        line: usize,
        key: String,
        hint: String,
    },
    #[error("{path}, line {line}: {message}")]
    Value {
        path: PathBuf,
        line: usize,
        message: String,
    },
}

impl Config {
    /// Reads the configuration that applies: `named` (from the command line), the file in
    /// [`VARIABLE`], `config.toml` in the platform's configuration folder, or the defaults. A file
    /// that is named but not there is an error; one that is merely looked for is not.
    pub fn find(named: Option<&Path>) -> Result<Config, ConfigError> {
        match Config::file(named) {
            Some(path) => Config::read(&path),
            None => Ok(Config::default()),
        }
    }

    /// The file that [`Config::find`] reads; `None` for the defaults.
    pub fn file(named: Option<&Path>) -> Option<PathBuf> {
        let variable = || std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
        named
            .map(Path::to_path_buf)
            .or_else(|| variable().map(PathBuf::from))
            .or_else(|| Config::platform_path().filter(|path| path.is_file()))
    }

    /// `config.toml` in the platform's configuration folder, where there is one.
    pub fn platform_path() -> Option<PathBuf> {
        let folders = directories::ProjectDirs::from("", "", "musicvae-tui")?;
        Some(folders.config_dir().join("config.toml"))
    }

    /// Reads one file.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|reason| ConfigError::Read {
            path: path.into(),
            reason,
        })?;
        Config::parse(&text, path)
    }

    /// Parses a configuration's text; `path` is for the errors only.
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        check::unknown_keys(text, path)?;
        let mut config: Config =
            toml::from_str(text).map_err(|error| check::value_error(text, path, &error))?;
        check::ranges(&config, text, path)?;
        for path in config.paths() {
            *path = typed_path(path);
        }
        Ok(config)
    }

    /// Every path that a player writes.
    fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let single = [
            &mut self.midi.bindings,
            &mut self.midi.maps,
            &mut self.soundfont.path,
            &mut self.checkpoints.open,
            &mut self.chain.file,
            &mut self.record.folder,
            &mut self.training.data,
            &mut self.training.out,
            &mut self.export.folder,
        ];
        let several = [&mut self.soundfont.folders, &mut self.checkpoints.folders];
        single.into_iter().chain(several.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("my.toml"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_file_at_the_top_is_the_defaults() {
        assert_eq!(
            Config::parse(DEFAULT_TEXT, Path::new("config.toml")).unwrap(),
            Config::default()
        );
        // Equal to the defaults is not enough: every key must be written there, to be found.
        let written: toml::Table = DEFAULT_TEXT.parse().unwrap();
        let known = toml::Table::try_from(Config::default()).unwrap();
        for (name, section) in &known {
            let section = section.as_table().unwrap();
            let written = written[name].as_table().unwrap();
            assert_eq!(
                written.keys().collect::<Vec<_>>(),
                section.keys().collect::<Vec<_>>(),
                "keys of [{name}]"
            );
        }
    }

    #[test]
    fn unknown_keys_are_named_with_the_nearest_known_one() {
        let text = "[playing]\nswing = 0.6\ntempoo = 99\n";
        assert_eq!(
            error(text),
            "my.toml, line 3: unknown key `tempoo` in [playing]; did you mean `tempo`?"
        );
        assert_eq!(
            error("[plying]\n"),
            "my.toml, line 1: unknown key `plying`; did you mean `playing`?"
        );
        assert_eq!(
            error("\nzzzzzzzzz = 1\n"),
            "my.toml, line 2: unknown key `zzzzzzzzz`; known here: `audio`, `chain`, `checkpoints`, \
             `export`, `keys`, `midi`, `playing`, `record`, `sampling`, `screen`, `soundfont`, `training`"
        );
    }

    #[test]
    fn wrong_values_are_named_with_their_line() {
        assert_eq!(
            error("[playing]\ntempo = 9000.0\n"),
            "my.toml, line 2: `playing.tempo` is 9000, but must lie between 20 and 300"
        );
        assert_eq!(
            error("[playing]\n\ntakeover = \"soon\"\n"),
            "my.toml, line 3: unknown variant `soon`, expected one of `now`, `next-bar`, `next-loop`"
        );
        assert!(
            error("[sampling]\ntemperature = nan\n").contains("line 2: `sampling.temperature` is")
        );
        assert!(error("[audio]\nbuffer = -1\n").starts_with("my.toml, line 2: "));
        assert!(error("[audio\n").starts_with("my.toml, line 1: "));
        assert!(error("audio = 3\n").starts_with("my.toml, line 1: "));
    }

    /// What is cut off or has a flipped bit is read or refused in one sentence that names the file.
    #[test]
    fn a_damaged_file_is_read_or_refused_in_a_sentence() {
        let check = |bytes: &[u8]| match Config::parse(
            &String::from_utf8_lossy(bytes),
            Path::new("my.toml"),
        ) {
            Ok(_) => 0,
            Err(error) => {
                let error = error.to_string();
                assert!(error.starts_with("my.toml, line "), "{error}");
                assert_eq!(error.lines().count(), 1, "{error}");
                1
            }
        };
        let whole = DEFAULT_TEXT.as_bytes();
        let mut refused = 0;
        for end in 0..whole.len() {
            refused += check(&whole[..end]);
        }
        for (at, bit) in (0..whole.len()).zip((0..8).cycle()) {
            let mut damaged = whole.to_vec();
            damaged[at] ^= 1 << bit;
            refused += check(&damaged);
        }
        assert!(refused > 100, "{refused}");
    }

    #[test]
    fn a_file_that_is_named_must_be_there() {
        let error = Config::find(Some(Path::new("/no/such.toml")))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("/no/such.toml: can't be read ("),
            "{error}"
        );
    }
}
