//! `musicvae-tui prepare`, as a shell runs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use musicvae::data::tfrecord;

use crate::support::data;

fn prepare(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_musicvae-tui"))
        .arg("prepare")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn records(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap();
    let records = tfrecord::records(&bytes).unwrap().into_iter();
    records.map(|range| bytes[range].to_vec()).collect()
}

#[test]
fn a_folder_becomes_the_references_file() {
    let Some(folder) = data("oracle/tfrecord") else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let out = out.path().join("out.tfrecord");
    let input = folder.join("midi_in");
    let run = prepare(&[text(&input), text(&out), "--reading", "magenta"]);
    assert!(run.status.success(), "{run:?}");
    assert!(run.stderr.is_empty(), "{run:?}");
    let said = String::from_utf8(run.stdout).unwrap();
    assert_eq!(
        said,
        format!("{}: 6 note sequences, 479 notes\n", out.display())
    );
    let (mut ours, mut theirs) = (
        records(&out),
        records(&folder.join("groove6_recursive.tfrecord")),
    );
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
}

#[test]
fn a_preset_leaves_out_what_it_cannot_use() {
    let Some(folder) = data("oracle/tfrecord") else {
        return;
    };
    let input = folder.join("midi_in");
    let out = tempfile::tempdir().unwrap();
    let out = out.path().join("out.tfrecord");
    let run = |preset: &str| {
        prepare(&[
            text(&input),
            text(&out),
            "--force",
            "--preset",
            preset,
            "--json",
        ])
    };
    let said = run("groovae_4bar");
    assert!(said.status.success(), "{said:?}");
    let report: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let skipped: Vec<_> = report["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|skipped| skipped["reason"].as_str().unwrap())
        .collect();
    assert!(skipped.contains(&"its time signature is 6/8: a bar needs 16 sixteenths, as in 4/4"));
    let written = report["written"].as_u64().unwrap() as usize;
    assert_eq!(written + skipped.len(), 6);
    assert_eq!(records(&out).len(), written);
    assert!(report["windows"].as_u64().unwrap() >= written as u64);

    let no_melodies = run("cat-mel_2bar_small");
    assert!(!no_melodies.status.success());
    let said = String::from_utf8(no_melodies.stderr).unwrap();
    assert!(
        said.contains("no MIDI file that can be used (6 skipped"),
        "{said}"
    );
    assert!(said.contains("notes can be part of a melody"), "{said}");

    let unknown = run("groovae_5bar");
    assert_eq!(unknown.status.code(), Some(2));
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(said.contains("there is no preset `groovae_5bar`: try groovae_4bar"));
}

#[test]
fn the_whole_dataset_is_prepared_with_one_warning() {
    let Some(groove) = data("groove") else { return };
    let out = tempfile::tempdir().unwrap();
    let out = out.path().join("validation.tfrecord");
    let run = prepare(&[text(&groove), text(&out), "--split", "validation", "--json"]);
    assert!(run.status.success(), "{run:?}");
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(report["written"], 124);
    assert_eq!(report["skipped"].as_array().unwrap().len(), 0);
    let warnings = report["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0]
            .as_str()
            .unwrap()
            .contains("lists 1150 MIDI files; missing: 129 (129 test; ")
    );
    assert_eq!(records(&out).len(), 124);
}

#[test]
fn what_goes_wrong_is_said_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("corpus/bad.mid");
    fs::create_dir(folder.path().join("corpus")).unwrap();
    fs::write(&bad, b"MThd").unwrap();
    let corpus = folder.path().join("corpus");
    let out = folder.path().join("out.tfrecord");
    let no_folder = folder.path().join("none/out.tfrecord");
    let good = folder.path().join("good.mid");
    let kick = musicvae::music::Note {
        pitch: 36,
        velocity: 100,
        end_time: 1.0,
        is_drum: true,
        ..Default::default()
    };
    let sequence = musicvae::music::NoteSequence {
        notes: vec![kick],
        ..Default::default()
    };
    musicvae::music::midi_file::write_path(&sequence, &good).unwrap();
    let table: [(&[&str], i32, &str); 5] = [
        (
            &[text(&corpus), text(&out)],
            1,
            "has no MIDI file that can be read (1 skipped; `bad.mid`: ",
        ),
        (
            &[text(&good), text(&no_folder)],
            1,
            "check that its folder exists and may be written to",
        ),
        (&["nowhere", text(&out)], 1, "cannot read `nowhere`"),
        (
            &[text(&good), text(&out), "--split", "trian"],
            2,
            "`trian` is no split",
        ),
        (&[text(&good)], 2, "required arguments were not provided"),
    ];
    for (arguments, code, expected) in table {
        let run = prepare(arguments);
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert_eq!(run.status.code(), Some(code), "{arguments:?}");
        assert!(!out.exists());
    }
    // A bad file beside a good one is named, and the good one written.
    fs::rename(&good, corpus.join("good.mid")).unwrap();
    let run = prepare(&[text(&corpus), text(&out)]);
    assert!(run.status.success(), "{run:?}");
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(
        said.starts_with("1 of 2 files left out:\n  `bad.mid`: it is not a playable MIDI file: "),
        "{said}"
    );
    assert!(
        String::from_utf8(run.stdout)
            .unwrap()
            .ends_with("1 notes\n")
    );
    assert_eq!(records(&out).len(), 1);
}
