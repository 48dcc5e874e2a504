//! The settings with their defaults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::{self, RecordOptions, Takeover};
use crate::folders;
use crate::typed_path::typed_path;
use musicvae::model::DeviceChoice;

/// Every setting of the program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub audio: Audio,
    pub midi: Midi,
    pub soundfont: SoundFont,
    pub checkpoints: Checkpoints,
    pub compute: Compute,
    pub playing: Playing,
    pub session: Session,
    pub record: RecordOptions,
    pub sampling: Sampling,
    pub training: Training,
    pub export: Export,
    pub screen: Screen,
    /// Themes of a player's own, by name: which one they are like, and colours by what is coloured.
    pub themes: BTreeMap<String, BTreeMap<String, String>>,
    /// Key names by command name, in place of the built-in keys of that command.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Config {
    /// `config.toml` in the platform's configuration folder, where there is one.
    pub fn platform_path() -> Option<PathBuf> {
        Some(folders::configuration()?.join("config.toml"))
    }

    /// What is recorded, into the folder that is meant.
    pub fn recording(&self) -> RecordOptions {
        RecordOptions {
            folder: named_or(&self.record.folder, || folders::music("takes")),
            ..self.record.clone()
        }
    }

    /// How a run is trained, into the folder that is meant, from the weights that are meant.
    pub fn next_run(&self) -> Training {
        let given = &self.training;
        let from = match given.from.as_os_str() == "auto" {
            false => given.from.clone(),
            // With the few files of one player, a model that can play learns more than an empty one.
            true if given.preset == BUILT_IN_PRESET => "embedded".into(),
            true => PathBuf::new(),
        };
        Training {
            out: named_or(&given.out, || self.checkpoints.run("mine")),
            from,
            ..given.clone()
        }
    }

    /// The names of every theme: the built-in ones, and a player's own.
    pub fn theme_names(&self) -> impl Iterator<Item = &str> {
        let own = self.themes.keys().map(String::as_str);
        THEMES.into_iter().chain(own)
    }
}

/// The folder that a setting names, or else the `usual` one.
fn named_or(named: &Path, usual: impl FnOnce() -> PathBuf) -> PathBuf {
    match named.as_os_str().is_empty() {
        true => usual(),
        false => named.into(),
    }
}

/// The folders that a setting names, and the one of that kind in the platform's data folder.
fn with_platform(named: &[PathBuf], kind: &str) -> Vec<PathBuf> {
    let mut all = named.to_vec();
    all.extend(folders::in_data(kind).filter(|own| !named.contains(own)));
    all
}

/// Where the sound goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Whether to take part in an Ableton Link session from the start.
    pub link: bool,
    /// Where the Carabiner is that takes part in it for us: address and port.
    pub carabiner: String,
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
            link: false,
            carabiner: "127.0.0.1:17000".into(),
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SoundFont {
    /// A SoundFont (.sf2 or .sf3); empty for the built-in kit.
    pub path: PathBuf,
    /// Program of the kit within it: of the built-in kits 0 is the studio's, 25 the analog one.
    pub kit: u8,
    /// Folders whose SoundFonts are offered on screen, besides the platform's.
    pub folders: Vec<PathBuf>,
}

impl SoundFont {
    /// Every folder whose SoundFonts are offered.
    pub fn searched(&self) -> Vec<PathBuf> {
        with_platform(&self.folders, "soundfonts")
    }
}

impl Default for SoundFont {
    fn default() -> SoundFont {
        SoundFont {
            path: PathBuf::new(),
            kit: 0,
            folders: vec!["soundfonts".into()],
        }
    }
}

/// Where the models are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Checkpoints {
    /// Folders in which checkpoints are looked for, besides the platform's.
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

impl Checkpoints {
    /// Every folder in which checkpoints are looked for.
    pub fn searched(&self) -> Vec<PathBuf> {
        with_platform(&self.folders, "checkpoints")
    }

    /// Where the run of this name goes that has no folder of its own: into the first of these
    /// folders that is there, else into the platform's, which is made.
    pub fn run(&self, name: &str) -> PathBuf {
        let all = self.searched();
        let there = all.iter().find(|folder| folder.is_dir());
        let folder = there.or(all.last()).cloned().unwrap_or_default();
        folder.join(name)
    }
}

/// What runs and trains the models.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Compute {
    /// `auto`, `cpu`, `cuda`, `metal`, or a number as in `cuda:1`.
    #[cfg_attr(test, schemars(with = "String"))]
    pub device: DeviceChoice,
}

/// How a groove is played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// Where sessions and the library of grooves are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// Empty for the platform's data folder, `off` for nowhere.
    pub folder: PathBuf,
}

impl Session {
    /// The folder, where there is to be one.
    pub fn data_folder(&self) -> Option<PathBuf> {
        if self.folder.as_os_str() == "off" {
            return None;
        }
        if !self.folder.as_os_str().is_empty() {
            return Some(self.folder.clone());
        }
        folders::data()
    }
}

/// How a groove is drawn from the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// The preset of the built-in model.
const BUILT_IN_PRESET: &str = "groovae_4bar_strokes";

/// What a training run started on screen does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// Folder, zip or TFRecord with the grooves to learn from; empty until it is named.
    pub data: PathBuf,
    /// Folder that receives the checkpoints and the log; empty for `mine` where checkpoints are
    /// looked for.
    pub out: PathBuf,
    /// The kind of model, by its name in `musicvae-tui presets`, or a .toml file.
    pub preset: String,
    /// The checkpoint (a file, a run's folder or a name) whose weights it begins with; empty for
    /// random ones, `auto` for the built-in model's where it is of this preset.
    pub from: PathBuf,
    /// Steps to train for, at least 1.
    pub steps: u64,
    /// Windows in a step, 1 to 4096.
    pub batch: usize,
    /// Share of grooves that are varied each time they are seen, 0 to 1.
    pub varying: f64,
    /// Of the first weights, and of the order in which grooves are seen.
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Training {
        Training {
            data: PathBuf::new(),
            out: PathBuf::new(),
            preset: BUILT_IN_PRESET.into(),
            from: "auto".into(),
            steps: 2000,
            batch: 64,
            varying: 0.5,
            seed: 1,
        }
    }
}

/// Where exported grooves go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Export {
    /// Empty for `exports` in the user's music folder.
    pub folder: PathBuf,
}

impl Export {
    /// The folder that is meant.
    pub fn place(&self) -> PathBuf {
        named_or(&self.folder, || folders::music("exports"))
    }
}

/// The built-in themes. The first takes what suits the terminal's background.
pub const THEMES: [&str; 6] = [
    "auto",
    "dark",
    "light",
    "red-green",
    "blue-yellow",
    "terminal",
];

/// How the screen looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Screen {
    /// Whether colours are used.
    pub color: Color,
    /// One of the built-in themes, or of a player's own.
    pub theme: String,
    /// Only ASCII characters, for fonts without block elements.
    pub ascii: bool,
    /// Whether the mouse is used; else it is the terminal's own, which selects text.
    pub mouse: bool,
}

impl Default for Screen {
    fn default() -> Screen {
        Screen {
            color: Color::Auto,
            theme: THEMES[0].into(),
            ascii: false,
            mouse: true,
        }
    }
}

/// Whether colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// As `NO_COLOR` and `TERM` say.
    #[default]
    Auto,
    Always,
    Never,
}

impl Config {
    /// Every path that a player writes.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let single = [
            &mut self.midi.bindings,
            &mut self.midi.maps,
            &mut self.soundfont.path,
            &mut self.checkpoints.open,
            &mut self.session.folder,
            &mut self.record.folder,
            &mut self.training.data,
            &mut self.training.out,
            &mut self.training.from,
            &mut self.export.folder,
        ];
        let several = [&mut self.soundfont.folders, &mut self.checkpoints.folders];
        single.into_iter().chain(several.into_iter().flatten())
    }
}
