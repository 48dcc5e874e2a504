//! The configuration: every setting with its default, checked as it is read.
//!
//! `config.toml` at the top of the repository is these defaults, written out and explained; a test
//! holds the two to each other.

mod check;
mod quoting;
mod settings;

use std::path::{Path, PathBuf};

pub use check::ConfigError;
pub use settings::{
    Audio, Checkpoints, Color, Compute, Config, Export, Midi, Playing, Sampling, Screen, Session,
    SoundFont, THEMES, Training,
};

use crate::typed_path::typed_path;
use musicvae::data::decode_text;

/// The configuration that is used when a setting is not named.
pub const DEFAULT_TEXT: &str = include_str!("../../../../config.toml");

/// The JSON schema of such a file, for editors.
pub const SCHEMA: &str = include_str!("../../../../config.schema.json");

/// The environment variable that names a configuration file.
pub const VARIABLE: &str = "MUSICVAE_TUI_CONFIG";

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

    /// Reads one file.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        Config::parse(&Config::text(path)?, path)
    }

    /// The text of a file, whatever editor wrote it.
    pub fn text(path: &Path) -> Result<String, ConfigError> {
        let bytes = std::fs::read(path).map_err(|reason| ConfigError::Read {
            path: path.into(),
            reason,
        })?;
        Ok(quoting::with_paths(&decode_text(&bytes)))
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
}

#[cfg(test)]
mod tests {
    mod schema;

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
        for text in ["tempo = 99\n", "[midi]\ntempo = 99\n"] {
            let error = error(text);
            assert!(error.ends_with("; it belongs under [playing]"), "{error}");
        }
        assert_eq!(
            error("\nzzzzzzzzz = 1\n"),
            "my.toml, line 2: unknown key `zzzzzzzzz`; known here: `audio`, `checkpoints`, `compute`, \
             `export`, `keys`, `midi`, `playing`, `record`, `sampling`, `screen`, `session`, `soundfont`, \
             `themes`, `training`"
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
            "my.toml, line 3: `soon` is none of the words known here: `now`, `next-bar`, `next-loop`"
        );
        assert!(
            error("[sampling]\ntemperature = nan\n").contains("line 2: `sampling.temperature` is")
        );
        assert_eq!(
            error("[audio]\nbuffer = -1\n"),
            "my.toml, line 2: expected a whole number, 0 or more, found the integer `-1`"
        );
        assert_eq!(
            error("[keys]\nplay = \"x\"\n"),
            "my.toml, line 2: expected a list, such as [\"a\", \"b\"], found the string \"x\""
        );
        assert_eq!(
            error("[playing]\nswing = \"hard\"\n"),
            "my.toml, line 2: expected a number, found the string \"hard\""
        );
        assert_eq!(
            error("[compute]\ndevice = \"gpu\"\n"),
            "my.toml, line 2: `gpu` is no device: it takes auto, cpu, cuda, metal, or a number as in \
             cuda:1"
        );
        assert!(error("[audio\n").starts_with("my.toml, line 1: "));
        assert_eq!(
            error("audio = 3\n"),
            "my.toml, line 1: expected a section, such as [playing], found the integer `3`"
        );
        for text in ["[playing]\ntempo =\n", "[screen]\ntheme = dark\n"] {
            assert_eq!(
                error(text),
                "my.toml, line 2: a value is missing, or text stands without quotes"
            );
        }
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

    #[test]
    fn a_run_starts_from_the_built_in_model_where_that_is_of_its_preset() {
        let from = |preset: &str, from: &str| {
            let mut config = Config::default();
            if !preset.is_empty() {
                config.training.preset = preset.into();
            }
            if from != "default" {
                config.training.from = from.into();
            }
            config.next_run().from
        };
        let built_in = crate::embedded::checkpoint().unwrap().preset.name;
        assert_eq!(from(&built_in, "default"), Path::new("embedded"));
        assert_eq!(from("", "auto"), Path::new("embedded"));
        assert_eq!(from("", ""), Path::new(""));
        assert_eq!(from("groovae_4bar", "default"), Path::new(""));
        assert_eq!(from("groovae_16bar", "embedded"), Path::new("embedded"));
    }
}
