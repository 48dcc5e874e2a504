//! The bindings on disk: a small TOML file, written whole.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::targets::{Binding, Control, Target};
use crate::engine::PadNote;
use crate::studio::ground::config::Config;
use musicvae::data::decode_text;
use musicvae::music::midi_file::Controller;
use musicvae::music::{folder_of, write_whole_file};

const HEAD: &str =
    "# What the controls of MIDI devices move in musicvae-tui. Written by the program.\n\n";

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    binding: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    target: String,
    channel: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    controller: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<u8>,
}

/// Where the bindings are: what the configuration names, or `midi.toml` in the platform's
/// configuration folder. `None` where there is neither.
pub fn file_path(config: &Config) -> Option<PathBuf> {
    if config.midi.bindings.as_os_str().is_empty() {
        Some(Config::platform_path()?.with_file_name("midi.toml"))
    } else {
        Some(config.midi.bindings.clone())
    }
}

/// Reads a file of bindings; a missing file has none. What can't be used is reported in one
/// sentence that names the file and the place.
pub fn read_bindings(path: &Path) -> Result<Vec<Binding>, String> {
    let text = match std::fs::read(path) {
        Ok(bytes) => decode_text(&bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: can't be read ({error}).", path.display())),
    };
    let file: File = toml::from_str(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let message = error.message().trim().replace('\n', "; ");
        format!("{}, line {line}: {message}.", path.display())
    })?;
    let read = |(row, number): (Row, usize)| {
        binding(&row).map_err(|reason| format!("{}, binding {number}: {reason}.", path.display()))
    };
    file.binding.into_iter().zip(1..).map(read).collect()
}

fn binding(row: &Row) -> Result<Binding, String> {
    let Row {
        ref target,
        channel,
        controller,
        note,
    } = *row;
    let named = Target::named(target)
        .ok_or_else(|| format!("there is nothing called `{target}` to move"))?;
    if !(1..=16).contains(&channel) {
        return Err(format!(
            "`channel` is {channel}, but must lie between 1 and 16"
        ));
    }
    let control = match (controller, note) {
        (Some(number @ 0..120), None) => Control::Controller(Controller { channel, number }),
        (None, Some(note @ 0..128)) => Control::Note(PadNote { channel, note }),
        (Some(_), None) => return Err("`controller` must lie between 0 and 119".into()),
        (None, Some(_)) => return Err("`note` must lie between 0 and 127".into()),
        _ => return Err("it needs either `controller` or `note`".into()),
    };
    if !named.takes(control) {
        return Err(format!("`{target}` can't be moved by {control}"));
    }
    Ok(Binding {
        target: named,
        control,
    })
}

/// The text of a file of bindings.
pub fn bindings_text(bindings: &[Binding]) -> String {
    let row = |binding: &Binding| {
        let (channel, controller, note) = match binding.control {
            Control::Controller(Controller { channel, number }) => (channel, Some(number), None),
            Control::Note(PadNote { channel, note }) => (channel, None, Some(note)),
        };
        Row {
            target: binding.target.name(),
            channel,
            controller,
            note,
        }
    };
    let file = File {
        binding: bindings.iter().map(row).collect(),
    };
    // Numbers and names have a form in TOML: this can't fail.
    HEAD.to_string() + &toml::to_string(&file).unwrap_or_default()
}

/// Writes a file's text, whole or not at all. A file that can't be read is left alone: it may be
/// worth mending.
pub fn write_bindings(path: &Path, text: &str) -> Result<(), String> {
    read_bindings(path).map_err(|reason| {
        format!("{reason} The new bindings are not saved: mend or remove that file.")
    })?;
    std::fs::create_dir_all(folder_of(path))
        .and_then(|()| write_whole_file(path, |out| out.write_all(text.as_bytes())))
        .map_err(|reason| format!("{} can't be written ({reason}).", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bindings_come_back_and_damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/midi.toml");
        assert_eq!(read_bindings(&path), Ok(vec![]));
        let all: Vec<Binding> = Target::all()
            .zip(0..)
            .map(|(target, n)| Binding {
                target,
                control: match target {
                    Target::Pad(_) => Control::Note(PadNote {
                        channel: 10,
                        note: n,
                    }),
                    _ => Control::Controller(Controller {
                        channel: 1 + n % 16,
                        number: n,
                    }),
                },
            })
            .collect();
        write_bindings(&path, &bindings_text(&all)).unwrap();
        assert_eq!(read_bindings(&path).unwrap(), all);
        write_bindings(&path, &bindings_text(&[])).unwrap();
        assert_eq!(read_bindings(&path), Ok(vec![]));
        for (text, expected) in [
            (
                "[[binding]]\ntarget = \"tempo\"\n",
                "line 1: missing field `channel`.",
            ),
            (
                "[[binding]]\ntarget = \"volume\"\nchannel = 1\nnote = 3\n",
                "binding 1: there is nothing called `volume` to move.",
            ),
            (
                "[[binding]]\ntarget = \"tempo\"\nchannel = 17\ncontroller = 3\n",
                "binding 1: `channel` is 17, but must lie between 1 and 16.",
            ),
            (
                "[[binding]]\ntarget = \"tempo\"\nchannel = 1\nnote = 3\n",
                "binding 1: `tempo` can't be moved by note 3 (channel 1).",
            ),
            (
                "[[binding]]\ntarget = \"tempo\"\nchannel = 1\n",
                "binding 1: it needs either `controller` or `note`.",
            ),
            ("[[bind", "line 1: "),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read_bindings(&path).unwrap_err();
            assert!(error.starts_with(&path.display().to_string()), "{error}");
            assert!(
                error.contains(expected) && error.lines().count() == 1,
                "{error}"
            );
            assert!(
                write_bindings(&path, &bindings_text(&all))
                    .unwrap_err()
                    .contains("not saved")
            );
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "left alone");
        }
    }
}
