//! Note sequences moved up or down.

use super::chord_symbols;
use crate::music::{Note, NoteSequence, TextAnnotation};

/// The sequence `semitones` higher with its chords and keys, drums left alone. Notes that leave MIDI's pitches are dropped,
/// and the sequence ends with its last note: the reference's augmentation.
pub(super) fn transposed(sequence: &NoteSequence, semitones: i32) -> NoteSequence {
    let moved = |note: &Note| {
        let pitch = if note.is_drum {
            note.pitch
        } else {
            note.pitch.checked_add(semitones)?
        };
        let kept = note.is_drum || (0..=127).contains(&pitch);
        kept.then(|| Note {
            pitch,
            ..note.clone()
        })
    };
    let notes: Vec<Note> = sequence.notes.iter().filter_map(moved).collect();
    if notes.is_empty() {
        return NoteSequence {
            notes,
            ..sequence.clone()
        };
    }
    let mut moved = NoteSequence {
        total_time: notes.iter().map(|note| note.end_time).fold(0.0, f64::max),
        notes,
        ..sequence.clone()
    };
    for key in &mut moved.key_signatures {
        key.key = (key.key + semitones).rem_euclid(12);
    }
    for text in &mut moved.text_annotations {
        if text.annotation_type == TextAnnotation::CHORD_SYMBOL {
            text.text = chord_symbols::transposed(&text.text, semitones);
        }
    }
    moved
}
