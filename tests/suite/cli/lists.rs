//! Help, and what there is.

use musicvae::model::Preset;
use tempfile::TempDir;

use super::{json, ok, save_small};

#[test]
fn every_command_explains_itself() {
    let folder = TempDir::new().unwrap();
    let commands = [
        "sample",
        "encode",
        "decode",
        "interpolate",
        "reconstruct",
        "render",
        "prepare",
        "train",
        "log",
        "eval",
        "experiment",
        "experiment hierarchy",
        "checkpoint",
        "checkpoint list",
        "checkpoint info",
        "checkpoint import",
        "checkpoint export",
        "checkpoint whiten",
        "checkpoint fit-prior",
        "presets",
        "devices",
        "kit",
    ];
    let overview = ok(&folder, &["--help"]);
    for command in commands {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = ok(&folder, &words);
        let (about, rest) = help.split_once("\n\n").unwrap();
        assert!(
            about.len() > 20 && !about.starts_with("Usage"),
            "{command}: {about}"
        );
        assert!(
            rest.contains(&format!("Usage: musicvae-tui {command} ")),
            "{command}: {rest}"
        );
        assert!(
            overview.contains(&format!("\n  {} ", words[0])),
            "{command}"
        );
    }
}

#[test]
fn presets_are_listed_with_what_is_at_hand() {
    let folder = TempDir::new().unwrap();
    save_small(&folder, "hier-mel_16bar");
    let table = ok(&folder, &["presets", "."]);
    let line = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(
        line("groovae_4bar_strokes ").ends_with("4.13 M  yes   embedded"),
        "{table}"
    );
    assert!(
        line("hier-mel_16bar ").ends_with("yes   hier-mel_16bar"),
        "{table}"
    );
    assert!(line("cat-mel_2bar_big").ends_with("-"), "{table}");
    let listed = json(&ok(&folder, &["presets", "--json", "."]));
    let presets = listed["presets"].as_array().unwrap();
    // Those built in, and that of the melodies' checkpoint, which has sizes of its own.
    assert_eq!(presets.len(), Preset::all().len() + 1);
    assert!(line("hierdec-mel_16bar_small ").contains("embedded/melody"));
    for preset in presets {
        let name = preset["name"].as_str().unwrap();
        assert!(
            line(name).contains(preset["makes"].as_str().unwrap()),
            "{name}"
        );
        // Either it can be converted, or the reason is there to read.
        let obstacle = preset["obstacle"].as_str();
        assert_eq!(preset["convertible"], obstacle.is_none(), "{name}");
        assert!(
            obstacle.is_none_or(|reason| table.contains(reason)),
            "{name}"
        );
    }
    assert_eq!(presets[17]["parameters"], 4_085_019);
    let strokes = presets
        .iter()
        .find(|it| it["name"] == "groovae_4bar_strokes");
    assert_eq!(strokes.unwrap()["checkpoints"][0], "embedded");
}

#[test]
fn devices_are_listed_or_their_absence_explained() {
    let folder = TempDir::new().unwrap();
    let text = ok(&folder, &["devices"]);
    assert!(
        text.contains("Audio outputs:\n  ") && text.contains("MIDI outputs:\n  "),
        "{text}"
    );
    let value = json(&ok(&folder, &["devices", "--json"]));
    for kind in ["audio", "midi"] {
        let found = value[format!("{kind}_outputs")].as_array().unwrap();
        assert!(
            !found.is_empty() || value[format!("{kind}_reason")].is_string(),
            "{value}"
        );
    }
}
