//! Grooves that are drawn, encoded, decoded, morphed and heard.

use std::fs;
use std::path::Path;

use musicvae::music::{NoteSequence, midi_file};
use serde_json::Value;
use tempfile::TempDir;

use super::{TINY, json, ok, run, with_tiny, workplace};
use crate::support::data;

#[test]
fn samples_are_files_that_a_seed_repeats() {
    let folder = workplace();
    let base = with_tiny(&[
        "sample",
        "--seed",
        "5",
        "--temperature",
        "0.7",
        "--tempo",
        "90",
    ]);
    let sample = |more: &[&str]| ok(&folder, &[&base[..], more].concat());
    assert_eq!(
        sample(&["-n", "3", "-o", "out"]),
        "out/groove-01.mid\nout/groove-02.mid\nout/groove-03.mid\n"
    );
    let bytes = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(sample(&["-o", "one.mid"]), "one.mid\n");
    assert_eq!(bytes("one.mid"), bytes("out/groove-01.mid"));
    assert_ne!(bytes("one.mid"), bytes("out/groove-02.mid"));
    let sequence = midi_file::read(&bytes("one.mid")).unwrap();
    assert!((sequence.tempos[0].qpm - 90.0).abs() < 1e-3);
    assert!(sequence.notes.iter().all(|note| note.is_drum));
    // Without a seed, the one that was drawn is said and gives the same groove again.
    let drawn = run(&folder, &with_tiny(&["sample", "-o", "drawn.mid"]));
    let said = String::from_utf8(drawn.stderr).unwrap();
    let seed = said
        .lines()
        .find_map(|line| line.strip_prefix("seed "))
        .unwrap();
    ok(
        &folder,
        &with_tiny(&["sample", "--seed", seed, "-o", "again.mid"]),
    );
    assert_eq!(bytes("drawn.mid"), bytes("again.mid"));
}

#[test]
fn a_sample_is_the_same_alone_or_among_others() {
    let folder = workplace();
    let notes = |path: &Path| midi_file::read(&fs::read(path).unwrap()).unwrap().notes;
    let sample = |more: &[&str]| {
        let mut arguments = vec!["sample"];
        arguments.extend(TINY);
        arguments.extend(more);
        ok(&folder, &arguments);
    };
    sample(&["-n", "5", "--seed", "5", "--out", "many"]);
    let many = fs::read_dir(folder.path().join("many")).unwrap();
    let mut many: Vec<_> = many.map(|file| file.unwrap().path()).collect();
    many.sort();
    for (seed, among) in (5..).zip(&many) {
        let (seed, out) = (seed.to_string(), format!("{seed}.mid"));
        sample(&["--seed", &seed, "--out", &out]);
        let alone = notes(&folder.path().join(out));
        assert!(!alone.is_empty());
        assert_eq!(alone, notes(among), "seed {seed}");
    }
}

#[test]
fn the_model_inside_the_program_plays_drums() {
    let folder = TempDir::new().unwrap();
    ok(&folder, &["sample", "--seed", "1", "-o", "one.mid"]);
    let sequence = midi_file::read_path(&folder.path().join("one.mid")).unwrap();
    assert!(sequence.notes.len() > 8, "{} notes", sequence.notes.len());
    let text = ok(&folder, &["encode", "one.mid", "--json"]);
    assert_eq!(
        json(&text)["windows"][0]["mu"].as_array().unwrap().len(),
        256
    );
}

#[test]
fn what_encode_prints_decode_reads() {
    let folder = workplace();
    let printed = ok(&folder, &with_tiny(&["encode", "b.mid", "--json"]));
    let encoded = json(&printed);
    let windows = encoded["windows"].as_array().unwrap();
    assert_eq!([&windows[0]["start_bar"], &windows[1]["start_bar"]], [0, 4]);
    assert_eq!(windows.len(), 2);
    assert!(
        windows[0]["sigma"]
            .as_array()
            .unwrap()
            .iter()
            .all(|s| s.as_f64().unwrap() > 0.0)
    );
    fs::write(folder.path().join("encoded.json"), &printed).unwrap();
    let z: Vec<_> = windows.iter().map(|window| window["mu"].clone()).collect();
    fs::write(
        folder.path().join("plain.json"),
        serde_json::json!({ "z": z }).to_string(),
    )
    .unwrap();
    for (input, out) in [
        ("encoded.json", "from-encoded"),
        ("plain.json", "from-plain"),
    ] {
        let decode = [
            "decode",
            input,
            "--temperature",
            "0",
            "--seed",
            "1",
            "-o",
            out,
        ];
        assert_eq!(ok(&folder, &with_tiny(&decode)).lines().count(), 2);
    }
    // Through the latent and back is the same road in one step.
    let reconstruct = ["reconstruct", "b.mid", "-o", "back"];
    assert_eq!(ok(&folder, &with_tiny(&reconstruct)).lines().count(), 2);
    for name in ["groove-01.mid", "groove-02.mid"] {
        let read = |out: &str| midi_file::read_path(&folder.path().join(out).join(name)).unwrap();
        let (encoded, plain, back) = (read("from-encoded"), read("from-plain"), read("back"));
        // Plain numbers say nothing of a tempo.
        let qpm = |sequence: &NoteSequence| sequence.tempos[0].qpm.round();
        assert_eq!(
            (qpm(&encoded), qpm(&plain), qpm(&back)),
            (100.0, 120.0, 100.0)
        );
        let strokes = |sequence: &musicvae::music::NoteSequence| {
            sequence
                .notes
                .iter()
                .map(|note| (note.pitch, note.velocity))
                .collect::<Vec<_>>()
        };
        assert_eq!(strokes(&encoded), strokes(&plain));
        assert_eq!(strokes(&encoded), strokes(&back));
    }
    let table = ok(&folder, &with_tiny(&["encode", "b.mid"]));
    assert_eq!(table.lines().count(), 3);
    assert!(
        table.lines().nth(2).unwrap().trim_start().starts_with("5 "),
        "{table}"
    );
}

#[test]
fn a_performance_of_the_dataset_goes_through_the_latent() {
    let Some(groove) = data("groove/drummer1/session1") else {
        return;
    };
    let mut files: Vec<_> = fs::read_dir(groove)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let beat = files
        .iter()
        .find(|path| path.to_str().unwrap().ends_with("_beat_4-4.mid"))
        .unwrap();
    let folder = TempDir::new().unwrap();
    let out = ok(
        &folder,
        &["reconstruct", beat.to_str().unwrap(), "-o", "back.mid"],
    );
    assert_eq!(out, "back.mid\n");
    let notes = |path: &Path| midi_file::read_path(path).unwrap().notes.len() as f64;
    let (there, back) = (notes(beat), notes(&folder.path().join("back.mid")));
    assert!((0.4..2.0).contains(&(back / there)), "{there} {back}");
}

#[test]
fn interpolation_starts_and_ends_at_its_ends() {
    let folder = workplace();
    let steps = ["interpolate", "a.mid", "b.mid", "--steps", "4", "-o", "way"];
    assert_eq!(ok(&folder, &with_tiny(&steps)).lines().count(), 4);
    for (file, end) in [("a.mid", "groove-01.mid"), ("b.mid", "groove-04.mid")] {
        ok(
            &folder,
            &with_tiny(&["reconstruct", file, "-o", file.trim_end_matches(".mid")]),
        );
        let whole = folder
            .path()
            .join(file.trim_end_matches(".mid"))
            .join("groove-01.mid");
        let whole = midi_file::read_path(&whole).unwrap();
        let way = midi_file::read_path(&folder.path().join("way").join(end)).unwrap();
        assert_eq!(whole.notes, way.notes);
    }
    let one = [
        "interpolate",
        "a.mid",
        "b.mid",
        "--steps",
        "3",
        "-o",
        "row.mid",
    ];
    assert_eq!(ok(&folder, &with_tiny(&one)), "row.mid\n");
}

#[test]
fn rendered_sound_is_heard() {
    let folder = workplace();
    let said = ok(&folder, &["render", "a.mid", "-o", "a.wav"]);
    assert!(
        said.starts_with("a.wav: ") && said.contains(" strokes, 15."),
        "{said}"
    );
    // Five bars at 100 quarter notes a minute are 12 seconds; the last strokes ring on.
    let mut wav = hound::WavReader::open(folder.path().join("a.wav")).unwrap();
    let loud = wav
        .samples::<i32>()
        .map(|sample| sample.unwrap().abs())
        .max()
        .unwrap();
    assert!(loud > 1 << 20, "{loud}");
}

#[test]
fn what_computes_is_chosen_and_said() {
    let folder = workplace();
    let sample = |more: &[&str]| {
        let mut arguments = vec!["sample", "--seed", "1", "--out", "made"];
        arguments.extend(TINY);
        arguments.extend(more);
        let run = run(&folder, &arguments);
        let said = String::from_utf8(run.stderr).unwrap();
        // What the files could not hold is said too.
        let said = said.lines().filter(|line| !line.starts_with("note: "));
        let said: Vec<_> = said.map(str::to_string).collect();
        (run.status.code(), said.join("\n"))
    };
    // A groove by the CPU is a matter of course; many, or what was asked for, are not.
    assert_eq!(sample(&[]), (Some(0), String::new()));
    assert_eq!(
        sample(&["--device", "cpu"]),
        (Some(0), "device: cpu".into())
    );
    let (code, many) = sample(&["-n", "25"]);
    assert!(code == Some(0) && many.starts_with("device: "), "{many}");
    let listed = json(&ok(&folder, &["devices", "--json"]));
    for word in ["cuda", "metal:3"] {
        let (interface, _) = word.split_once(':').unwrap_or((word, ""));
        let devices = listed["compute"].as_array().unwrap();
        let is_there = |device: &Value| device.as_str().unwrap().starts_with(interface);
        if devices.iter().any(is_there) {
            continue;
        }
        let (code, refused) = sample(&["--device", word]);
        assert_eq!(code, Some(1), "{refused}");
        assert!(refused.contains(" can't be used: "), "{refused}");
        assert_eq!(refused.lines().count(), 1, "{refused}");
    }
    // The configuration chooses, and an option stands above it.
    let text = "[compute]\ndevice = \"cuda:99\"\n";
    fs::write(folder.path().join("my.toml"), text).unwrap();
    let (code, refused) = sample(&["--config", "my.toml"]);
    assert_eq!(code, Some(1), "{refused}");
    assert!(refused.contains("cuda:99 can't be used"), "{refused}");
    let (code, _) = sample(&["--config", "my.toml", "--device", "auto"]);
    assert_eq!(code, Some(0));
}
