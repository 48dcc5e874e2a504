//! Configurations, drum maps, presets and bindings (TOML) that break a rule.

use std::fs;
use std::path::Path;

use musicvae::model::Preset;
use musicvae::music::Lane;
use musicvae::music::midi_file::Controller;
use musicvae_tui::engine::{DrumMap, PadNote};
use musicvae_tui::studio::config::{Config, DEFAULT_TEXT};
use musicvae_tui::studio::midi::{bindings_text, read_bindings};
use musicvae_tui::studio::{Binding, Control, Target};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::trial::run;

/// Values of the kinds that people and programs write.
const VALUES: [&str; 24] = [
    "",
    "-1",
    "0",
    "1e400",
    "nan",
    "-inf",
    "0.1.2",
    "99999999999999999999",
    "0xff",
    "1979-05-27T07:32:00Z",
    "true",
    "True",
    "off",
    "'x'",
    "\"x",
    "\"C:\\Users\\me\\kit.sf2\"",
    "\"my\\ drums\"",
    "“x”",
    "\"\"\"x",
    "[]",
    "[1, \"x\", [2]]",
    "{}",
    "{ note = 1, channel = 99 }",
    "{ a = { b = { c = 1 } } }",
];

/// The bytes of a text with one rule broken.
fn broken(text: &str, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    let settings: Vec<usize> = (0..lines.len())
        .filter(|line| !lines[*line].starts_with('#') && lines[*line].contains('='))
        .collect();
    let line = *settings.choose(rng).unwrap();
    let place = rng.random_range(0..lines.len());
    let rule = rng.random_range(0..20);
    let (key, _) = lines[line].split_once('=').unwrap();
    let key = key.to_string();
    match rule {
        0 => lines.insert(place, lines[line].clone()),
        1 => drop(lines.remove(place)),
        2 => lines.swap(line, place),
        3..=7 => lines[line] = format!("{key}= {}", VALUES.choose(rng).unwrap()),
        8 => lines[line].insert(0, 'x'),
        9 => lines.push("[another]\nsetting = 1".into()),
        10 => lines[line] = format!("{key}= {}", "[".repeat(5000)),
        11 => lines.push(format!("{}x = 1", "a.".repeat(3000))),
        12 => lines[line] = format!("\t{}\t", lines[line]),
        _ => {}
    }
    let end = *["\n", "\r\n", "\r"].choose(rng).unwrap();
    let text = lines.join(if rule == 13 { end } else { "\n" });
    let mut bytes = match rule {
        14 => format!("\u{feff}{text}").into_bytes(),
        15 => format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect(),
        16 => text
            .replacen('=', "= \u{e9}", 1)
            .chars()
            .map(|it| it as u32 as u8)
            .collect(),
        _ => text.into_bytes(),
    };
    let place = rng.random_range(0..bytes.len());
    match rule {
        17 => bytes.truncate(place),
        18 => bytes[place] = rng.random(),
        19 => bytes.insert(place, *b"\"'[]{}=\\\0\x1b#".choose(rng).unwrap()),
        _ => {}
    }
    bytes
}

/// Tries texts like `text`, which `read` reads or refuses in one sentence that names the file.
fn try_out(what: &str, text: &str, read: impl Fn(&Path) -> Result<(), String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.toml");
    run(what, 150, |rng| {
        fs::write(&path, broken(text, rng)).unwrap();
        match read(&path) {
            Ok(()) => true,
            Err(error) => {
                assert!(error.contains("x.toml") && !error.contains('\n'), "{error}");
                false
            }
        }
    });
}

#[test]
fn broken_configurations_are_read_or_refused() {
    try_out("config.toml", DEFAULT_TEXT, |path| {
        Config::read(path)
            .map(drop)
            .map_err(|error| error.to_string())
    });
}

#[test]
fn broken_drum_maps_are_read_or_refused() {
    try_out("drum map", &DrumMap::general_midi().to_text(), |path| {
        DrumMap::read(path)
            .map(drop)
            .map_err(|error| error.to_string())
    });
}

#[test]
fn broken_presets_are_read_or_refused() {
    try_out("preset", &Preset::groovae_4bar().to_toml(), |path| {
        let preset = Preset::read(path);
        preset.map(drop).map_err(|error| error.to_string())
    });
}

#[test]
fn broken_bindings_are_read_or_refused() {
    let tempo = Control::Controller(Controller {
        channel: 1,
        number: 7,
    });
    let pad = Control::Note(PadNote {
        channel: 10,
        note: 36,
    });
    let bindings = [(Target::Tempo, tempo), (Target::Pad(Lane::Kick), pad)];
    let text = bindings_text(&bindings.map(|(target, control)| Binding { target, control }));
    try_out("midi.toml", &text, |path| read_bindings(path).map(drop));
}
