//! MIDI file to windows and windows to notes, against the reference's numbers under
//! `oracle/converter` and `oracle/tfds_4bar`.

use std::fs;

use musicvae::data::{Converted, GrooveConverter, NoWindows};
use musicvae::music::{FEATURES, Groove, NoteSequence};
use prost::Message;

use crate::oracle::{array, assert_same, json, read_as_magenta, sequence};
use crate::support::data;

const FOUR_BARS: GrooveConverter = GrooveConverter { bars: 4, hop: None };

/// The reference computes in float64 and hands float32 to the model: so do we, and the float32
/// must be the same, bit by bit.
fn assert_windows(windows: &[Groove], (shape, expected): (Vec<usize>, Vec<f64>), name: &str) {
    assert_eq!(windows.len(), shape[0], "{name}");
    assert_eq!(shape[2], FEATURES);
    let features: Vec<f32> = windows.iter().flat_map(Groove::to_features).collect();
    assert_eq!(features.len(), expected.len(), "{name}");
    for (place, (ours, expected)) in features.iter().zip(expected).enumerate() {
        let (step, column) = (place / FEATURES, place % FEATURES);
        assert_eq!(
            *ours, expected as f32,
            "{name}, step {step}, column {column}"
        );
    }
}

#[test]
fn midi_files_become_the_references_sequences_and_windows() {
    let Some(folder) = data("oracle/converter") else {
        return;
    };
    let about = json(&folder.join("about.json"));
    let files = about["files"].as_array().unwrap();
    assert_eq!(files.len(), 9);
    for file in files {
        let base = file["base"].as_str().unwrap();
        let read = read_as_magenta(&folder.join(format!("midi/{base}.mid")));
        let expected = json(&folder.join(format!("{base}.notesequence.json")));
        assert_same(&read, &expected, base);

        let outputs = array(&folder.join(format!("{base}.npz")), "outputs");
        match FOUR_BARS.convert_as_magenta(&read) {
            Ok(converted) => {
                assert_eq!(converted.unknown_notes, 0);
                let qpm = file["qpm"].as_f64().unwrap();
                assert!(
                    converted.windows.iter().all(|groove| groove.qpm == qpm),
                    "{base}"
                );
                assert_windows(&converted.windows, outputs.unwrap(), base);
            }
            Err(reason) => {
                assert_eq!(file["windows"], 0, "{base}: {reason}");
                assert!(outputs.is_none_or(|(shape, _)| shape[0] == 0));
                let expected = match &file["empty_because"].as_str().unwrap()[..6] {
                    "steps_" => matches!(reason, NoWindows::Meter { .. }),
                    "last o" => reason == NoWindows::TooShort { bars: 2, window: 4 },
                    other => panic!("{other}"),
                };
                assert!(expected, "{base}: {reason}");
            }
        }
    }
}

#[test]
fn edge_cases_become_the_references_windows() {
    let Some(folder) = data("oracle/converter/edge_cases") else {
        return;
    };
    let npz = folder.join("edge_cases.npz");
    let cases = json(&folder.join("edge_cases.json"));
    let cases = cases.as_object().unwrap();
    assert_eq!(cases.len(), 24);
    for (name, case) in cases {
        let bytes = fs::read(folder.join(format!("{name}.pb"))).unwrap();
        let read = NoteSequence::decode(&bytes[..]).unwrap();
        assert_same(&read, &case["sequence"], name);
        assert_eq!(read.encode_to_vec(), bytes, "{name}");
        // The one deviation: a pitch that the training table lacks has the class of the inference
        // table, where the reference stops training with an error.
        let table = if case["train"].get("error").is_some() {
            "infer"
        } else {
            "train"
        };
        let windows = array(&npz, &format!("{name}__{table}")).unwrap();
        match FOUR_BARS.convert_as_magenta(&read) {
            Ok(converted) => assert_windows(&converted.windows, windows, name),
            Err(reason) => assert_eq!(windows.0[0], 0, "{name}: {reason}"),
        }
    }
}

#[test]
fn each_empty_edge_case_has_its_reason() {
    let Some(folder) = data("oracle/converter/edge_cases") else {
        return;
    };
    let meter = |numerator, denominator| NoWindows::Meter {
        numerator,
        denominator,
    };
    let table = [
        (
            "last_onset_step_47_is_3_bars_empty",
            NoWindows::TooShort { bars: 3, window: 4 },
        ),
        ("tempo_change_empty", NoWindows::TempoChange),
        (
            "first_tempo_not_at_zero_and_not_120_empty",
            NoWindows::TempoChange,
        ),
        ("timesig_change_empty", NoWindows::MeterChange),
        ("timesig_3_4_empty", meter(3, 4)),
        ("timesig_bad_denominator_empty", meter(4, 5)),
        ("no_notes", NoWindows::NoNotes),
    ];
    for (name, reason) in table {
        let bytes = fs::read(folder.join(format!("{name}.pb"))).unwrap();
        let read = NoteSequence::decode(&bytes[..]).unwrap();
        assert_eq!(FOUR_BARS.convert_as_magenta(&read), Err(reason), "{name}");
    }
}

/// Windows of the same files, two bars long: the targets of the reference's input variants.
#[test]
fn two_bar_windows_are_the_references() {
    let Some(folder) = data("oracle/converter") else {
        return;
    };
    let npz = folder.join("variant_groovae_2bar_humanize.npz");
    let two_bars = GrooveConverter { bars: 2, hop: None };
    for (name, count) in [("drummer5_session2_20", 7), ("drummer4_session1_8", 2)] {
        let read = read_as_magenta(&folder.join(format!("midi/train__{name}.mid")));
        let Converted { windows, .. } = two_bars.convert_as_magenta(&read).unwrap();
        assert_eq!(windows.len(), count);
        assert_windows(
            &windows,
            array(&npz, &format!("{name}__outputs")).unwrap(),
            name,
        );
    }
}

#[test]
fn chunks_of_tfds_become_the_references_windows() {
    let Some(folder) = data("oracle/tfds_4bar") else {
        return;
    };
    let mut chunks = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "mid") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let read = read_as_magenta(&path);
            let outputs = array(&path.with_extension("npz"), "outputs").unwrap();
            match FOUR_BARS.convert_as_magenta(&read) {
                Ok(converted) => assert_windows(&converted.windows, outputs, &name),
                Err(reason) => assert_eq!(outputs.0[0], 0, "{name}: {reason}"),
            }
            chunks += 1;
        }
    }
    assert_eq!(chunks, 13);
}

#[test]
fn grooves_become_the_references_notes() {
    let Some(folder) = data("oracle/converter") else {
        return;
    };
    let cases = json(&folder.join("from_tensors.json"));
    let mut compared = 0;
    for case in cases.as_array().unwrap() {
        // The inference classes name other pitches for three lanes.
        if case["mode"] != "train" {
            continue;
        }
        let base = case["base"].as_str().unwrap();
        let window = case["window"].as_u64().unwrap() as usize;
        // Files of the test split are withheld.
        if base.starts_with("test__") {
            continue;
        }
        let (shape, outputs) = array(&folder.join(format!("{base}.npz")), "outputs").unwrap();
        let size = shape[1] * shape[2];
        let features: Vec<f32> = outputs[window * size..][..size]
            .iter()
            .map(|value| *value as f32)
            .collect();
        let ours = Groove::from_features(&features, 120.0).to_note_sequence();
        let (expected, ..) = sequence(&case["sequence"]);
        assert_eq!(ours.tempos, expected.tempos);
        assert_eq!(ours.notes.len(), expected.notes.len(), "{base} {window}");
        for (ours, expected) in ours.notes.iter().zip(&expected.notes) {
            // Ours hold the offset as float32, where the reference computes from float64; and a stroke
            // halfway between two steps is held a 480th of a quarter note nearer to its own.
            let step = 0.125;
            let halfway = (expected.start_time / step).rem_euclid(1.0) - 0.5;
            let tolerance = if halfway.abs() < 1.0 / 119.0 {
                step / 119.0
            } else {
                1e-8
            };
            let near = |a: f64, b: f64| (a - b).abs() < tolerance;
            assert!(
                near(ours.start_time, expected.start_time),
                "{ours:?} {expected:?}"
            );
            assert!(
                near(ours.end_time, expected.end_time),
                "{ours:?} {expected:?}"
            );
            let mut ours = ours.clone();
            (ours.start_time, ours.end_time) = (expected.start_time, expected.end_time);
            assert_eq!(ours, *expected, "{base} {window}");
        }
        compared += 1;
    }
    assert!(compared > 0);
}
