//! Inputs that public bug reports tell of (`cases/`), each by the commands that go wrong with it
//! elsewhere and their right values. (What of them can be seen without a command stands in the library's
//! tests.)

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use musicvae::checkpoint::Precision;
use musicvae::music::{NoteSequence, midi_file};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{data, new_model, small_preset};

/// A folder with the checkpoint `tiny.safetensors`.
fn workplace() -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tiny.safetensors");
    new_model(small_preset())
        .save(&path, Precision::Full)
        .unwrap();
    folder
}

/// What a command line does in which `CASE` stands for a case's file.
fn run(folder: &TempDir, line: &str, case: &Path) -> Output {
    let words = line.split(' ').map(|word| match word {
        "CASE" => case.as_os_str(),
        word => word.as_ref(),
    });
    Command::new(env!("CARGO_BIN_EXE_musicvae-tui"))
        .args(words)
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path().join("config"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What it prints, and what it says besides.
fn ok(folder: &TempDir, line: &str, case: &Path) -> (String, String) {
    let output = run(folder, line, case);
    assert!(
        output.status.success(),
        "{line} {}: {output:?}",
        case.display()
    );
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

fn written(folder: &TempDir, name: &str) -> NoteSequence {
    midi_file::read(&fs::read(folder.path().join(name)).unwrap()).unwrap()
}

/// `render` plays all 48 strokes, the last at its time, and says what it mended.
#[test]
fn the_beat_is_rendered() {
    let folder = workplace();
    for (case, last, mended) in [
        ("F01-no-note-offs/no_note_off.mid", 7.75, ""),
        ("F02-zero-length/zero_len.mid", 7.75, ""),
        ("F07-tempo-on-second-track/tempo_track1.mid", 10.333, ""),
        ("F32-recoverable-damage/rmid.mid", 7.75, "RIFF"),
        (
            "F32-recoverable-damage/unknown_chunk.mid",
            7.75,
            "number of tracks",
        ),
        ("F32-recoverable-damage/m_zero.mid", 7.75, "1 meter"),
        ("F32-recoverable-damage/tempo_extra0.mid", 7.75, "1 tempo"),
        ("F32-recoverable-damage/key_bad.mid", 7.75, "1 key"),
        ("F36-drums-on-channel-1/ch1.mid", 7.75, ""),
        ("F36-drums-on-channel-1/gs_ch11_drum.mid", 7.75, ""),
        ("F42-type-2/type2.mid", 7.75, "type 2"),
    ] {
        let Some(path) = data(&format!("cases/{case}")) else {
            return;
        };
        let (printed, said) = ok(
            &folder,
            "render CASE -o out.wav --rate 16000 --force",
            &path,
        );
        assert!(printed.contains("48 strokes"), "{case}: {printed}");
        assert!(said.contains(mended), "{case}: {said}");
        assert_eq!(
            said.lines().count(),
            usize::from(!mended.is_empty()),
            "{case}: {said}"
        );
        let sound = hound::WavReader::open(folder.path().join("out.wav")).unwrap();
        let seconds = f64::from(sound.duration()) / 16_000.0;
        // The last stroke's sound is over within two seconds.
        assert!((last..last + 2.0).contains(&seconds), "{case}: {seconds} s");
    }
}

/// `prepare` counts the notes of each file, and names what it leaves out.
#[test]
fn notes_are_prepared_and_what_is_none_is_named() {
    let folder = workplace();
    for (case, expected) in [
        (
            "F01-no-note-offs/no_note_off.mid",
            "1 note sequences, 48 notes",
        ),
        (
            "F03-last-note-open/last_no_off.mid",
            "1 note sequences, 48 notes",
        ),
        (
            "F34-track-lost-in-the-header/fewer_tracks.mid",
            "1 note sequences, 48 notes",
        ),
        ("F37-other-endings/ext", "6 note sequences, 288 notes"),
        ("F20-info-csv-ignored/csv_cr", "3 note sequences, 288 notes"),
        (
            "F22-info-csv-other-spelling/csv_nfd",
            "3 note sequences, 288 notes",
        ),
        (
            "F43-other-separators/csv_semicolon",
            "3 note sequences, 288 notes",
        ),
        (
            "F43-other-separators/csv_latin1",
            "3 note sequences, 288 notes",
        ),
    ] {
        let Some(path) = data(&format!("cases/{case}")) else {
            return;
        };
        let (printed, said) = ok(&folder, "prepare CASE all.tfrecord --force", &path);
        assert!(printed.contains(expected), "{case}: {printed}");
        assert!(!said.contains("missing"), "{case}: {said}");
    }
}

/// `encode` finds the windows that are there, and refuses what has none with the reason.
#[test]
fn windows_are_encoded_or_refused() {
    let folder = workplace();
    let encode = "encode CASE --json --checkpoint tiny.safetensors";
    for (case, expected) in [
        (
            "F05-song-with-bass-and-piano/song_drums_piano.mid",
            Ok((1, "were left out")),
        ),
        ("F09-meter-on-second-track/m34.mid", Err("3/4")),
        ("F09-meter-on-second-track/m_34_track1.mid", Err("3/4")),
        ("F12-last-bars-dropped/bars7.mid", Ok((2, "1 silent bar"))),
        ("F24-event-after-the-end/tempo_after_end.mid", Ok((1, ""))),
        ("F24-event-after-the-end/meter_after_end.mid", Ok((1, ""))),
        ("P06/m_dup.mid", Ok((1, ""))),
        ("P16/trunc.mid", Err("at byte")),
        ("P16/header_only.mid", Err("at byte")),
    ] {
        let Some(path) = data(&format!("cases/{case}")) else {
            return;
        };
        match expected {
            Ok((windows, note)) => {
                let (printed, said) = ok(&folder, encode, &path);
                let printed: Value = serde_json::from_str(&printed).unwrap();
                assert_eq!(
                    printed["windows"].as_array().unwrap().len(),
                    windows,
                    "{case}"
                );
                assert!(said.contains(note), "{case}: {said}");
                assert_eq!(said.is_empty(), note.is_empty(), "{case}: {said}");
            }
            Err(reason) => {
                let output = run(&folder, encode, &path);
                let said = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.code(), Some(1), "{case}: {said}");
                assert!(
                    said.contains(reason) && said.lines().count() == 1,
                    "{case}: {said}"
                );
            }
        }
    }
}

/// What is written keeps the tempo of what was read, ends on the bar line, and holds no toms that were
/// a bass or a piano.
#[test]
fn what_is_written_is_what_was_meant() {
    let folder = workplace();
    let Some(slow) = data("cases/F07-tempo-on-second-track/tempo_track1.mid") else {
        return;
    };
    let model = "--checkpoint tiny.safetensors";
    ok(
        &folder,
        &format!("reconstruct CASE -o slow.mid {model}"),
        &slow,
    );
    assert_eq!(written(&folder, "slow.mid").tempos[0].qpm.round(), 90.0);
    ok(&folder, &format!("encode CASE -o z.json {model}"), &slow);
    ok(
        &folder,
        &format!("decode z.json --seed 1 -o decoded.mid {model}"),
        &slow,
    );
    assert_eq!(written(&folder, "decoded.mid").tempos[0].qpm.round(), 90.0);
    let sample = format!("sample --seed 1 -n 4 --temperature 1 -o grooves {model}");
    ok(&folder, &sample, &slow);
    for file in fs::read_dir(folder.path().join("grooves")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        for track in midly::Smf::parse(&bytes).unwrap().tracks {
            let end: u32 = track.iter().map(|event| event.delta.as_int()).sum();
            assert_eq!(end, 7680, "four bars of 480 ticks a quarter note");
        }
    }
    // The same latent from the song as from its drums alone.
    let encoded = |name: &str| {
        let path = data(&format!("cases/F05-song-with-bass-and-piano/{name}")).unwrap();
        ok(&folder, &format!("encode CASE --json {model}"), &path).0
    };
    assert_eq!(
        encoded("song_drums_piano.mid"),
        encoded("song_drums_only.mid")
    );
}

/// The split of a list counts behind a TFRecord: three takes of eight bars, one in each.
#[test]
fn a_prepared_corpus_keeps_its_splits() {
    let folder = workplace();
    for case in [
        "F19-tfrecord-loses-split/csv_ok",
        "F20-info-csv-ignored/csv_cr",
    ] {
        let Some(path) = data(&format!("cases/{case}")) else {
            return;
        };
        ok(&folder, "prepare CASE all.tfrecord --force", &path);
        for split in ["train", "validation"] {
            let line = format!(
                "eval --data all.tfrecord --split {split} --parts losses --json --checkpoint \
                 tiny.safetensors"
            );
            let (printed, _) = ok(&folder, &line, &path);
            let printed: Value = serde_json::from_str(&printed).unwrap();
            let found = (&printed["files"], &printed["windows"]);
            assert_eq!(found, (&1.into(), &2.into()), "{case}, {split}: {printed}");
        }
    }
}
