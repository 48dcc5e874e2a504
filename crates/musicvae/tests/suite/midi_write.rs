//! What happens to a note sequence that a MIDI file cannot hold as it is.

use musicvae::music::midi_file;
use musicvae::music::{Note, NoteSequence, Tempo, TimeSignature};

use crate::midi_file::{drums, note};

#[test]
fn early_silent_and_overlapping_notes_are_written_as_playable_ones() {
    let sequence = drums(vec![
        note(-0.25, 0.25, 36, 0),
        note(0.5, 2.0, 38, 200),
        note(1.0, 1.0, 38, 64),
        note(-0.5, -0.25, 42, 64),
    ]);
    let encoded = midi_file::encode(&sequence).unwrap();
    assert_eq!(encoded.clamped, 2);
    let mut read = midi_file::read(&encoded.bytes).unwrap().notes;
    read.sort_by(|a, b| {
        a.start_time
            .total_cmp(&b.start_time)
            .then(a.pitch.cmp(&b.pitch))
    });
    let tick = 1.0 / 960.0;
    let expected = [
        note(0.0, 0.25, 36, 1),
        note(0.0, tick, 42, 64),
        note(0.5, 1.0, 38, 127),
        note(1.0, 961.0 * (0.5 / 480.0), 38, 64),
    ];
    assert_eq!(read.len(), expected.len());
    for (read, expected) in read.iter().zip(&expected) {
        assert!(
            (read.end_time - expected.end_time).abs() < 1e-12,
            "{read:?}"
        );
        assert_eq!(
            *read,
            Note {
                end_time: read.end_time,
                ..expected.clone()
            }
        );
    }
}

#[test]
fn what_has_no_form_in_a_midi_file_is_refused() {
    let meter = |numerator, denominator| NoteSequence {
        time_signatures: vec![TimeSignature {
            time: 0.0,
            numerator,
            denominator,
        }],
        ..NoteSequence::default()
    };
    let tempo = |qpm| NoteSequence {
        tempos: vec![Tempo { time: 0.0, qpm }],
        ..NoteSequence::default()
    };
    let table = [
        (meter(4, 5), "a time signature of 4/5"),
        (meter(0, 4), "a time signature of 0/4"),
        (meter(300, 4), "a time signature of 300/4"),
        (tempo(0.0), "a tempo of 0 is not in 3.6..=60000000"),
        (tempo(f64::NAN), "a tempo of NaN is not in 3.6..=60000000"),
        (tempo(-120.0), "a tempo of -120 is not in 3.6..=60000000"),
        (
            drums(vec![note(0.0, 1.0, 128, 64)]),
            "a pitch of 128 is not in 0..=127",
        ),
        (
            drums(vec![note(f64::NAN, 1.0, 36, 64)]),
            "a time of NaN s is too far from the start",
        ),
        (
            drums(vec![note(0.0, f64::INFINITY, 36, 64)]),
            "a time of inf s is too far from the start",
        ),
        (
            drums(vec![note(1e6, 1e6, 36, 64)]),
            "a rest of 960001920 ticks is too long",
        ),
    ];
    for (sequence, expected) in table {
        let error = midi_file::encode(&sequence).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("cannot be written as a MIDI file: {expected}")
        );
    }
}
