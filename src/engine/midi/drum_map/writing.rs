//! Writing a drum map, and the words that its file has.

use std::fmt::Write;
use std::path::PathBuf;

use super::DrumMap;
use musicvae::music::LANES;

/// What the lanes are called in a map file, by [`musicvae::music::Lane::index`].
pub const LANE_NAMES: [&str; LANES] = [
    "kick",
    "snare",
    "closed-hat",
    "open-hat",
    "low-tom",
    "mid-tom",
    "high-tom",
    "crash",
    "ride",
];

/// What a lane without a voice says.
pub(super) const SILENT: &str = "silent";

/// Why a drum map can't be used: one sentence that names file, line and remedy.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    #[error("{path}: can't be read ({reason})")]
    Read {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("{path}: can't be written ({reason})")]
    Write {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("`{0}` is no name for a file: use letters or digits")]
    Name(String),
    #[error("{path} already holds the map `{name}`: choose another name")]
    Taken { path: PathBuf, name: String },
    #[error("{path}, line {line}: {message}")]
    Text {
        path: PathBuf,
        line: usize,
        message: String,
    },
}

impl DrumMap {
    /// The map as [`DrumMap::parse`] reads it.
    pub fn to_text(&self) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut out = format!("name = {}\n", quoted(&self.name));
        if !self.about.is_empty() {
            let _ = writeln!(out, "about = {}", quoted(&self.about));
        }
        out += "\n[lanes]\n";
        for (name, voice) in LANE_NAMES.iter().zip(&self.lanes) {
            let value = match voice {
                None => quoted(SILENT),
                Some(voice) => {
                    let mut value = format!("{{ note = {}", voice.note);
                    let _ = write!(value, ", channel = {}", voice.channel);
                    if let Some(level) = voice.level {
                        let _ = write!(value, ", level = {level}");
                    }
                    if let Some(instead) = &voice.instead {
                        let _ = write!(value, ", instead = {}", quoted(instead));
                    }
                    value + " }"
                }
            };
            let _ = writeln!(out, "{name} = {value}");
        }
        out
    }
}
