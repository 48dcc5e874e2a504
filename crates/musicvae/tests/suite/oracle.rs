//! Reading the reference's numbers (`oracle/`).

use std::path::Path;

use candle_core::{DType, npy::NpzTensors};
use musicvae::music::midi_file;
use musicvae::music::{
    InstrumentInfo, KeySignature, Note, NoteSequence, Reading, Tempo, TimeSignature,
};
use serde_json::Value;

/// A tensor of an npz file as float64 with its shape; `None` when it is not in the file.
pub fn array(path: &Path, name: &str) -> Option<(Vec<usize>, Vec<f64>)> {
    let file = NpzTensors::new(path).unwrap();
    if !file.names().iter().any(|found| *found == name) {
        return None;
    }
    let tensor = file.get(name).unwrap()?.to_dtype(DType::F64).unwrap();
    let values = tensor.flatten_all().unwrap().to_vec1().unwrap();
    Some((tensor.dims().to_vec(), values))
}

/// A MIDI file as the reference reads it.
pub fn read_as_magenta(path: &Path) -> NoteSequence {
    let read = midi_file::read_path_as(path, Reading::Magenta).unwrap();
    assert!(read.mended.is_empty(), "{}", read.mended);
    read.sequence
}

pub fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A note sequence as the oracle's JSON files write it: controller and pitch-wheel movements only
/// as counts, and those come as the second and third value.
pub fn sequence(value: &Value) -> (NoteSequence, usize, usize) {
    let number = |value: &Value, key: &str| value[key].as_f64().unwrap();
    let integer = |value: &Value, key: &str| value[key].as_i64().unwrap() as i32;
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_string();
    let list = |key: &str| value[key].as_array().unwrap().iter();
    let sequence = NoteSequence {
        id: text("id"),
        filename: text("filename"),
        collection_name: text("collection_name"),
        ticks_per_quarter: integer(value, "ticks_per_quarter"),
        total_time: number(value, "total_time"),
        tempos: list("tempos")
            .map(|tempo| Tempo {
                time: number(tempo, "time"),
                qpm: number(tempo, "qpm"),
            })
            .collect(),
        time_signatures: list("time_signatures")
            .map(|meter| TimeSignature {
                time: number(meter, "time"),
                numerator: integer(meter, "numerator"),
                denominator: integer(meter, "denominator"),
            })
            .collect(),
        key_signatures: list("key_signatures")
            .map(|key| KeySignature {
                time: number(key, "time"),
                key: integer(key, "key"),
                mode: integer(key, "mode"),
            })
            .collect(),
        instrument_infos: list("instrument_infos")
            .map(|info| InstrumentInfo {
                instrument: integer(info, "instrument"),
                name: info["name"].as_str().unwrap().to_string(),
            })
            .collect(),
        notes: list("notes")
            .map(|note| Note {
                pitch: integer(note, "pitch"),
                velocity: integer(note, "velocity"),
                start_time: number(note, "start_time"),
                end_time: number(note, "end_time"),
                instrument: integer(note, "instrument"),
                program: integer(note, "program"),
                is_drum: note["is_drum"].as_bool().unwrap(),
            })
            .collect(),
        ..NoteSequence::default()
    };
    let count = |key: &str| value[key].as_u64().unwrap() as usize;
    (sequence, count("n_control_changes"), count("n_pitch_bends"))
}

/// Compares a sequence with the oracle's, every number bit by bit.
pub fn assert_same(ours: &NoteSequence, expected: &Value, name: &str) {
    let (expected, controls, bends) = sequence(expected);
    assert_eq!(ours.control_changes.len(), controls, "{name}");
    assert_eq!(ours.pitch_bends.len(), bends, "{name}");
    assert_eq!(ours.notes.len(), expected.notes.len(), "{name}");
    for (place, (ours, expected)) in ours.notes.iter().zip(&expected.notes).enumerate() {
        assert_eq!(ours, expected, "{name}, note {place}");
    }
    let ours = NoteSequence {
        control_changes: Vec::new(),
        pitch_bends: Vec::new(),
        source_info: None,
        ..ours.clone()
    };
    assert_eq!(ours, expected, "{name}");
}
