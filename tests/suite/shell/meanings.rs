//! Names and words: they mean the same everywhere, and the configuration counts.

use std::fs;

use serde_json::Value;

use super::{bytes, ok, refused, run, workplace};
use crate::support::corpus;

#[test]
fn a_wrong_value_or_word_is_what_the_message_is_about() {
    let folder = workplace();
    for (line, said) in [
        ("sampel -o x.mid", "did you mean `sample`?"),
        ("sample --tempo -5 -o x.mid", "a tempo is a number from 20"),
        ("sample -n 4294967295 -o x", "is not in 1..=10000"),
        ("sample -n -1 -o x", "is not in 1..=10000"),
        ("sample --render - -o -", "name a file for one of them"),
        ("render a.mid --bars 3-2 -o x.wav", "the first comes first"),
        ("decode a.mid -o x.mid", "a.mid is no text"),
    ] {
        let refused = run(&folder, line);
        let told = String::from_utf8(refused.stderr).unwrap();
        let is_refused = !refused.status.success() && told.contains(said);
        assert!(is_refused, "{line}: {told}");
    }
}

#[test]
fn a_checkpoint_has_the_same_names_in_every_command() {
    let folder = workplace();
    corpus(&folder.path().join("corpus"));
    fs::create_dir(folder.path().join("checkpoints")).unwrap();
    let tiny = folder.path().join("tiny.safetensors");
    fs::copy(tiny, folder.path().join("checkpoints/mine.safetensors")).unwrap();
    let fingerprint = |name: &str| {
        let about = ok(&folder, &format!("checkpoint info {name} --json"));
        let about: Value = serde_json::from_str(&about).unwrap();
        about["fingerprint"].clone()
    };
    let expected = fingerprint("tiny.safetensors");
    for name in ["run", "run/best.safetensors", "mine"] {
        assert_eq!(fingerprint(name), expected, "{name}");
        ok(
            &folder,
            &format!("sample --seed 1 -o s --checkpoint {name}"),
        );
        ok(
            &folder,
            &format!("checkpoint export {name} x.safetensors --force"),
        );
        let fit = format!("checkpoint fit-prior {name} y.safetensors --data corpus --force");
        ok(&folder, &fit);
    }
    for name in ["embedded", "embedded/humanize"] {
        ok(
            &folder,
            &format!("checkpoint export {name} e.safetensors --force"),
        );
        assert_eq!(fingerprint("e.safetensors"), fingerprint(name));
    }
    let eval = "eval --data corpus --parts losses --resamples 2 --checkpoint";
    ok(&folder, &format!("{eval} mine"));
    let train = "train --data corpus --steps 1 --batch 1 --out t --from embedded";
    let run = run(&folder, train);
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{said}");
    // A checkpoint of no file has its attributes where the command runs.
    fs::write(folder.path().join("embedded.attributes.json"), "mine").unwrap();
    let said = refused(&folder, "attributes make embedded --data corpus");
    assert!(
        said.contains("`embedded.attributes.json` already exists"),
        "{said}"
    );
    assert!(refused(&folder, "sample -o s --checkpoint s").contains("without best.safetensors"));
}

#[test]
fn the_configuration_counts_in_every_command() {
    let folder = workplace();
    let write = |text: &str| fs::write(folder.path().join("my.toml"), text).unwrap();
    for line in [
        "devices",
        "sample -o x.mid",
        "checkpoint list",
        "presets",
        "train --data c --out o",
    ] {
        let said = refused(&folder, &format!("{line} --config nowhere.toml"));
        assert!(said.contains("nowhere.toml: can't be read"), "{said}");
        write("[sampling]\ntemprature = 1\n");
        let said = refused(&folder, &format!("{line} --config my.toml"));
        assert!(said.contains("did you mean `temperature`?"), "{said}");
    }
    write(
        "[sampling]\nseed = 7\ntemperature = 1.5\n[playing]\ntempo = 90\n[checkpoints]\n\
         open = \"~/tiny.safetensors\"\n",
    );
    ok(&folder, "sample -o configured.mid --config my.toml");
    let spelled = "sample --seed 7 --temperature 1.5 --tempo 90 --checkpoint tiny.safetensors";
    ok(&folder, &format!("{spelled} -o spelled.mid"));
    assert_eq!(
        bytes(&folder, "configured.mid"),
        bytes(&folder, "spelled.mid")
    );
    write("[soundfont]\npath = \"~/none.sf2\"\n");
    let said = refused(&folder, "render a.mid -o a.wav --config my.toml");
    let home = folder.path().join("none.sf2");
    assert!(said.contains(&home.display().to_string()), "{said}");
    write("[checkpoints]\nfolders = [\"run\"]\n");
    assert!(ok(&folder, "checkpoint list --config my.toml").contains("best "));
    let named = "sample --seed 1 -o best.mid --checkpoint best --config my.toml";
    ok(&folder, named);
}

#[test]
fn a_preset_of_ones_own_is_shown_listed_trained_and_kept() {
    let folder = workplace();
    let mine = "like = 'groovae_4bar'\nz_size = 8\nencoder = [6]\ndecoder = [5, 4]\n";
    fs::write(folder.path().join("mine.toml"), mine).unwrap();
    let shown = ok(&folder, "presets --show groovae_4bar");
    fs::write(folder.path().join("copy.toml"), &shown).unwrap();
    let copied = ok(&folder, "presets --show ./copy.toml");
    assert!(copied.contains("name = \"copy\""), "{copied}");
    let listed = ok(&folder, "presets mine.toml");
    let line = listed.lines().find(|line| line.starts_with("mine "));
    assert!(line.is_some_and(|line| line.contains(" 64 ")), "{listed}");

    corpus(&folder.path().join("corpus"));
    ok(
        &folder,
        "train --preset mine.toml --data corpus --out own --steps 1 --batch 4",
    );
    let about = ok(&folder, "checkpoint info own/latest.safetensors --json");
    let about: serde_json::Value = serde_json::from_str(&about).unwrap();
    assert_eq!(about["preset"]["name"], "mine");
    assert_eq!(about["preset"]["decoder"], serde_json::json!([5, 4]));
    // It is found among the checkpoints when its file is gone.
    let listed = ok(&folder, "presets own");
    assert!(
        listed.lines().any(|line| line.starts_with("mine ")),
        "{listed}"
    );

    fs::write(
        folder.path().join("bad.toml"),
        "like = 'groovae_4bar'\nz_sise = 8\n",
    )
    .unwrap();
    let run = run(&folder, "train --preset bad.toml --data corpus --out bad");
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(
        said.contains("bad.toml") && said.contains("z_sise"),
        "{said}"
    );
    assert!(!folder.path().join("bad").exists());
}

#[test]
fn without_a_terminal_the_workstation_says_so() {
    let folder = workplace();
    let said = refused(&folder, "--ascii");
    assert!(
        said.contains("needs a terminal on standard output"),
        "{said}"
    );
}
