//! What is wrong with a configuration, in one sentence with the line.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::settings::Config;

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

/// 1-based line of a byte position.
fn line_at(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|&byte| byte == b'\n').count()
}

/// A syntax or type error of the parser.
pub fn value_error(text: &str, path: &Path, error: &toml::de::Error) -> ConfigError {
    let line = line_at(text, error.span().map_or(0, |span| span.start));
    ConfigError::Value {
        path: path.into(),
        line,
        message: in_plain_words(&error.message().trim().replace('\n', "; ")),
    }
}

/// What the parser says of a value, without the names of Rust's types.
fn in_plain_words(message: &str) -> String {
    if message.starts_with("string values must be quoted") {
        return "a value is missing, or text stands without quotes".into();
    }
    if let Some((word, known)) = message
        .strip_prefix("unknown variant ")
        .and_then(|rest| rest.split_once(", expected "))
    {
        let known = known.trim_start_matches("one of ");
        return format!("{word} is none of the words known here: {known}");
    }
    let Some((found, wanted)) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|rest| rest.split_once(", expected "))
    else {
        return message.into();
    };
    let wanted = match wanted {
        "a sequence" => "a list, such as [\"a\", \"b\"]",
        "a string" => "text in quotes",
        "a boolean" => "true or false",
        "f32" | "f64" => "a number",
        // Whole numbers of the settings are never below 0.
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        other if other == "a map" || other.starts_with("struct ") => "a section, such as [playing]",
        other => other,
    };
    format!("expected {wanted}, found the {found}")
}

/// The first key that no setting has.
pub fn unknown_keys(text: &str, path: &Path) -> Result<(), ConfigError> {
    let table = DeTable::parse(text).map_err(|error| value_error(text, path, &error))?;
    let Ok(known) = toml::Table::try_from(Config::default()) else {
        return Ok(());
    };
    for (name, value) in table.get_ref() {
        let key: &str = name.get_ref();
        let Some(section) = known.get(key) else {
            return Err(unknown(text, path, name.span(), key, "", known.keys()));
        };
        // `[keys]` and `[themes]` hold names that the screen knows and checks.
        let (DeValue::Table(values), Some(section)) = (value.get_ref(), section.as_table()) else {
            continue;
        };
        if matches!(key, "keys" | "themes") {
            continue;
        }
        for name in values.keys() {
            if !section.contains_key(name.get_ref().as_ref()) {
                return Err(unknown(
                    text,
                    path,
                    name.span(),
                    name.get_ref(),
                    key,
                    section.keys(),
                ));
            }
        }
    }
    Ok(())
}

fn unknown<'k>(
    text: &str,
    path: &Path,
    span: Range<usize>,
    key: &str,
    section: &str,
    known: impl Iterator<Item = &'k String>,
) -> ConfigError {
    let place = if section.is_empty() {
        String::new()
    } else {
        format!(" in [{section}]")
    };
    let hint = match (key, home_of(key)) {
        ("chain", _) => {
            "; slots are kept with the session, whose `folder` stands in [session]".into()
        }
        (_, Some(home)) => format!("; it belongs under [{home}]"),
        _ => suggestion(key, known),
    };
    ConfigError::UnknownKey {
        path: path.into(),
        line: line_at(text, span.start),
        key: key.into(),
        hint: place + &hint,
    }
}

/// The only section that has this key, if there is one.
fn home_of(key: &str) -> Option<String> {
    let known = toml::Table::try_from(Config::default()).ok()?;
    let mut homes = known
        .iter()
        .filter(|(_, section)| section.as_table().is_some_and(|it| it.contains_key(key)));
    let (home, _) = homes.next()?;
    homes.next().is_none().then(|| home.clone())
}

/// `; did you mean ...?`, or the list of what is known when nothing is near.
pub fn suggestion<'k>(key: &str, known: impl Iterator<Item = &'k String>) -> String {
    let known: Vec<&String> = known.collect();
    let near = known
        .iter()
        .map(|name| (strsim::jaro_winkler(key, name), name))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, name)) => format!("; did you mean `{name}`?"),
        None => {
            let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("; known here: {}", list.join(", "))
        }
    }
}

/// Each number that has limits, by its name: its value and the limits.
pub fn limits(config: &Config) -> [(&'static str, f64, f64, f64); 15] {
    [
        ("audio.buffer", f64::from(config.audio.buffer), 32.0, 8192.0),
        ("audio.level", config.audio.level.into(), 0.0, 1.5),
        (
            "midi.pad_channel",
            f64::from(config.midi.pad_channel),
            0.0,
            16.0,
        ),
        ("midi.gate", config.midi.gate.into(), 0.05, 1.0),
        ("midi.offset", config.midi.offset.into(), -500.0, 500.0),
        ("playing.tempo", config.playing.tempo, 20.0, 300.0),
        ("playing.swing", config.playing.swing.into(), 0.5, 0.75),
        ("playing.timing", config.playing.timing.into(), 0.0, 1.5),
        ("playing.velocity", config.playing.velocity.into(), 0.0, 1.5),
        ("playing.click", config.playing.click.into(), 0.0, 1.0),
        ("playing.count-in", config.playing.count_in.into(), 0.0, 2.0),
        (
            "sampling.temperature",
            config.sampling.temperature.into(),
            0.0,
            2.0,
        ),
        ("training.steps", config.training.steps as f64, 1.0, 1e9),
        ("training.batch", config.training.batch as f64, 1.0, 4096.0),
        ("training.varying", config.training.varying, 0.0, 1.0),
    ]
}

/// Values that have the right type but make no sense.
pub fn ranges(config: &Config, text: &str, path: &Path) -> Result<(), ConfigError> {
    for (name, value, low, high) in limits(config) {
        // Written so that NaN fails too.
        if !(low..=high).contains(&value) {
            return Err(ConfigError::Value {
                path: path.into(),
                line: line_of(text, name),
                message: format!("`{name}` is {value}, but must lie between {low} and {high}"),
            });
        }
    }
    Ok(())
}

/// The line where `section.key` is set.
fn line_of(text: &str, name: &str) -> usize {
    let position = || {
        let (section, key) = name.split_once('.')?;
        let table = DeTable::parse(text).ok()?;
        let section = table.get_ref().get(section)?.get_ref().as_table()?;
        section.get_key_value(key).map(|(key, _)| key.span().start)
    };
    line_at(text, position().unwrap_or(0))
}
