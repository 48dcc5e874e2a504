//! Models of other music than drums.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use musicvae::music::{Note, NoteSequence, Tempo, midi_file};
use serde_json::Value;
use tempfile::TempDir;

use super::{json, ok, run, save_small, workplace};
use crate::support::data;

/// Sixteen bars of a melody on a flute, a bass and drums.
fn band() -> NoteSequence {
    let mut notes = Vec::new();
    let note = |pitch, eighth: usize, program, instrument| Note {
        pitch,
        velocity: 90,
        start_time: eighth as f64 * 0.25,
        end_time: (eighth + 1) as f64 * 0.25,
        instrument,
        program,
        is_drum: instrument == 9,
    };
    for eighth in 0..16 * 8 {
        let pitch = [60, 62, 64, 67, 69, 72, 71, 65][(eighth + eighth / 8 * 3) % 8];
        notes.push(note(pitch, eighth, 0, 0));
        notes.push(note([36, 43][eighth / 4 % 2], eighth, 33, 1));
        notes.push(note([36, 42, 38, 42][eighth % 4], eighth, 0, 9));
    }
    NoteSequence {
        tempos: vec![Tempo {
            time: 0.0,
            qpm: 120.0,
        }],
        total_time: 32.0,
        notes,
        ..NoteSequence::default()
    }
}

/// The (program, is it drums) of every instrument of a MIDI file, and its notes and length.
fn instruments(path: &Path) -> (BTreeSet<(i32, bool)>, usize, f64) {
    let sequence = midi_file::read_path(path).unwrap();
    let instruments = sequence
        .notes
        .iter()
        .map(|note| (note.program, note.is_drum));
    (
        instruments.collect(),
        sequence.notes.len(),
        sequence.total_time,
    )
}

#[test]
fn models_of_other_music_are_played_from_the_shell() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("band.mid"),
        midi_file::write(&band()).unwrap(),
    )
    .unwrap();
    let drums = || BTreeSet::from([(0, true)]);
    let piano = || BTreeSet::from([(0, false)]);
    let all = BTreeSet::from([(0, false), (33, false), (0, true)]);
    for (preset, noun, expected, bars) in [
        ("cat-mel_2bar_small", "melody", piano(), 2),
        ("hier-mel_16bar", "melody", piano(), 16),
        ("cat-drums_2bar_small", "drums", drums(), 2),
        ("nade-drums_2bar_full", "drums", drums(), 2),
        ("hierdec-trio_16bar", "trio", all.clone(), 16),
        ("flat-trio_16bar", "trio", all, 16),
    ] {
        save_small(&folder, preset);
        let file = format!("{preset}.safetensors");
        let run = |arguments: &[&str]| {
            let model = ["--checkpoint", &file];
            ok(&folder, &[arguments, &model[..]].concat())
        };
        let path = |name: &str| folder.path().join(name);
        let printed = run(&["sample", "-n", "2", "--seed", "1", "-o", preset]);
        let [one, two] = ["01", "02"].map(|number| format!("{preset}/{noun}-{number}.mid"));
        assert_eq!(printed, format!("{one}\n{two}\n"));
        let (found, notes, _) = instruments(&path(&one));
        assert_eq!(found, expected, "{preset}");
        assert!(notes > bars, "{preset}: {notes} notes");
        assert_ne!(fs::read(path(&one)).unwrap(), fs::read(path(&two)).unwrap());

        // There and back; equal windows count once.
        let encoded = run(&["encode", "band.mid", "--json"]);
        let windows = json(&encoded)["windows"].as_array().unwrap().clone();
        assert!(
            !windows.is_empty() && windows.len() <= 2 * 16 / bars,
            "{preset}"
        );
        assert_eq!(windows[0]["mu"].as_array().unwrap().len(), 8);
        assert_eq!(windows[0]["start_bar"], Value::Null, "{preset}");
        assert!(run(&["encode", "band.mid"]).starts_with(" no "));
        fs::write(path("z.json"), &encoded).unwrap();
        run(&[
            "decode",
            "z.json",
            "--temperature",
            "0",
            "--seed",
            "0",
            "--force",
            "-o",
            "decoded.mid",
        ]);
        run(&["reconstruct", "band.mid", "--force", "-o", "back.mid"]);
        let (found, _, length) = instruments(&path("back.mid"));
        assert!(found.is_subset(&expected), "{preset}: {found:?}");
        assert!(
            length <= 2.0 * (windows.len() * bars) as f64 + 1e-3,
            "{preset}"
        );
        let same = ["decoded.mid", "back.mid"].map(|name| fs::read(path(name)).unwrap());
        assert_eq!(same[0], same[1], "{preset}");
        let interpolate = [
            "interpolate",
            "band.mid",
            "band.mid",
            "--steps",
            "3",
            "-o",
            "morph",
        ];
        assert_eq!(run(&interpolate).lines().count(), 3);
    }
}

#[test]
fn performances_and_melodies_on_chords_are_played_from_the_shell() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("band.mid"), midi_file::write(&band()).unwrap()).unwrap();
    for preset in ["hier-multiperf_vel_1bar_med", "cat-mel_2bar_med_chords"] {
        save_small(&folder, preset);
        let model = ["--checkpoint", &format!("{preset}.safetensors")];
        let reconstruct = ["reconstruct", "band.mid", "--force", "-o", "back.mid"];
        ok(&folder, &[&reconstruct[..], &model].concat());
        assert!(instruments(&path("back.mid")).1 > 0, "{preset}");
        let interpolate = [
            "interpolate",
            "band.mid",
            "band.mid",
            "--force",
            "-o",
            "morph.mid",
        ];
        ok(&folder, &[&interpolate[..], &model].concat());
        let sample = ["sample", "--seed", "1", "-n", "2", "-o", preset];
        let sampled = run(&folder, &[&sample[..], &model].concat());
        // Chords have to be told.
        assert_eq!(
            sampled.status.success(),
            !preset.contains("chords"),
            "{sampled:?}"
        );
    }
    let one = path("hier-multiperf_vel_1bar_med/performance-01.mid");
    assert!(instruments(&one).1 > 0);
}

#[test]
fn a_model_that_is_told_the_hits_needs_some() {
    let folder = workplace();
    let name = "groovae_2bar_hits_control_tfds";
    save_small(&folder, name);
    let model = ["--checkpoint", &format!("{name}.safetensors")];
    let sampled = run(&folder, &[&["sample", "-o", "x.mid"], &model[..]].concat());
    assert_eq!(sampled.status.code(), Some(1));
    let said = String::from_utf8(sampled.stderr).unwrap();
    assert!(
        said.contains("must be told the controls of every step"),
        "{said}"
    );
    ok(
        &folder,
        &[&["reconstruct", "b.mid", "-o", "x.mid"], &model[..]].concat(),
    );
    assert_eq!(
        instruments(&folder.path().join("x.mid")).0,
        [(0, true)].into()
    );
}

#[test]
fn a_magenta_checkpoint_is_imported_and_sampled() {
    let folder = TempDir::new().unwrap();
    let Some(melody) = data("oracle/other/cat-mel_2bar_small/ckpt") else {
        return;
    };
    let melody = melody.to_str().unwrap();
    let said = ok(
        &folder,
        &["checkpoint", "import", melody, "mel.safetensors"],
    );
    assert!(said.contains("preset cat-mel_2bar_small"), "{said}");
    let sample = [
        "sample",
        "--checkpoint",
        "mel.safetensors",
        "--seed",
        "1",
        "-o",
        "m.mid",
    ];
    ok(&folder, &sample);
    assert_eq!(
        instruments(&folder.path().join("m.mid")).0,
        [(0, false)].into()
    );

    // What two presets could have made is said, and can be told.
    let tar = data("oracle/groovae_4bar.tar").unwrap();
    let import = [
        "checkpoint",
        "import",
        tar.to_str().unwrap(),
        "g.safetensors",
    ];
    let doubtful = run(&folder, &import);
    let note = String::from_utf8(doubtful.stderr).unwrap();
    assert!(
        note.contains("groovae_2bar_humanize") && note.contains("--preset"),
        "{note}"
    );
    let preset = ["--force", "--preset", "groovae_2bar_humanize"];
    let told = [&import[..], &preset].concat();
    let told = run(&folder, &told);
    assert!(told.stderr.is_empty(), "{told:?}");
    assert!(
        String::from_utf8(told.stdout)
            .unwrap()
            .contains("preset groovae_2bar_humanize")
    );
    let unknown = run(&folder, &[&import[..], &["--preset", "groovae"]].concat());
    assert_eq!(unknown.status.code(), Some(2));
}
