//! The chords of a sequence (those that it names, or else those that its notes suggest): as the
//! triads that models are given, as rows, and as text again.

mod heard;
mod symbols;

use self::symbols::NO_CHORD;
use super::grid::{NoWindows, Quantized};
use super::rows::{greatest, one_hot};
use crate::music::{CHORD_CLASSES, TextAnnotation};

pub(super) use self::heard::named;
pub use self::symbols::ChordClass;

/// The triad at every step that `quantized` has, the last one held on.
pub(super) struct Progression(Vec<ChordClass>);

impl Progression {
    /// # Errors
    /// Two different chords on one step, or a symbol that is no triad.
    pub fn of(quantized: &Quantized) -> Result<Progression, NoWindows> {
        let mut symbols = vec![NO_CHORD; quantized.steps.max(1)];
        let mut latest: Option<(usize, &str)> = None;
        for &(step, symbol) in &quantized.chords {
            match latest {
                Some((before, other)) if before == step && other != symbol => {
                    let problem = format!("`{other}` and `{symbol}` fall on one step");
                    return Err(NoWindows::Chords(problem));
                }
                _ => latest = Some((step, symbol)),
            }
            if let Some(rest) = symbols.get_mut(step..) {
                rest.fill(symbol);
            }
        }
        let classes = symbols.into_iter().map(symbols::class_of);
        let classes: Result<_, _> = classes.collect();
        classes.map(Progression).map_err(NoWindows::Chords)
    }

    pub fn at(&self, step: usize) -> ChordClass {
        self.0[step.min(self.0.len() - 1)]
    }
}

/// Texts that name the chords of a model's music where they change.
pub(super) fn annotations(chords: impl Iterator<Item = (f64, ChordClass)>) -> Vec<TextAnnotation> {
    let mut texts = Vec::new();
    let mut current = None;
    for (time, chord) in chords {
        if current != Some(chord) {
            current = Some(chord);
            texts.push(TextAnnotation {
                time,
                text: symbols::name_of(chord),
                annotation_type: TextAnnotation::CHORD_SYMBOL,
            });
        }
    }
    texts
}

/// The rows of chords.
pub(super) fn write(chords: impl ExactSizeIterator<Item = ChordClass>) -> Vec<f32> {
    one_hot(chords.map(usize::from), CHORD_CLASSES)
}

/// The chords that rows say.
pub(super) fn read(rows: &[f32]) -> impl Iterator<Item = ChordClass> {
    let rows = rows.chunks_exact(CHORD_CLASSES);
    rows.map(|row| greatest(row) as ChordClass)
}

/// Moves chords up by `semitones`.
pub(super) fn raise<'a>(chords: impl Iterator<Item = &'a mut ChordClass>, semitones: i32) {
    for chord in chords {
        if let Some(index) = chord.checked_sub(1) {
            let root = (i32::from(index % 12) + semitones).rem_euclid(12) as ChordClass;
            *chord = 1 + index / 12 * 12 + root;
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::{Note, NoteSequence};

    fn note(pitch: i32, start_time: f64, end_time: f64) -> Note {
        Note {
            pitch,
            velocity: 90,
            start_time,
            end_time,
            ..Note::default()
        }
    }

    fn texts(sequence: &NoteSequence) -> Vec<(f64, &str)> {
        let texts = sequence.text_annotations.iter();
        texts.map(|text| (text.time, &text.text[..])).collect()
    }

    /// Two bars at 120 quarter notes a minute: C, F, G7 and A minor, half a bar each.
    #[test]
    fn chords_are_heard() {
        let chords: [&[i32]; 4] = [
            &[60, 64, 67],
            &[65, 69, 72],
            &[55, 59, 62, 65],
            &[57, 60, 64],
        ];
        let notes = chords.iter().enumerate().flat_map(|(half, pitches)| {
            let start = half as f64;
            pitches
                .iter()
                .map(move |pitch| note(*pitch, start, start + 1.0))
        });
        let mut sequence = NoteSequence {
            notes: notes.collect(),
            total_time: 4.0,
            ..NoteSequence::default()
        };
        let named_ = named(&sequence, 4, |_| true).unwrap();
        assert_eq!(
            texts(&named_),
            [(0.0, "C"), (1.0, "F"), (2.0, "G7"), (3.0, "Am")]
        );
        let quantized = Quantized::of(&named_, 4).unwrap();
        let progression = Progression::of(&quantized).unwrap();
        let classes = [0, 7, 8, 16, 24, 31, 1000].map(|step| progression.at(step));
        assert_eq!(classes, [1, 1, 6, 8, 22, 22, 22]);

        // What is named stays.
        sequence.text_annotations = vec![TextAnnotation {
            time: 1.0,
            text: "Eb".into(),
            annotation_type: TextAnnotation::CHORD_SYMBOL,
        }];
        let as_it_is = named(&sequence, 4, |_| true).unwrap();
        assert_eq!(texts(&as_it_is), [(1.0, "Eb")]);
        let quantized = Quantized::of(&as_it_is, 4).unwrap();
        let progression = Progression::of(&quantized).unwrap();
        assert_eq!([7, 8].map(|step| progression.at(step)), [0, 4]);
    }

    #[test]
    fn silence_has_no_chord_and_a_held_chord_one_name() {
        let held = NoteSequence {
            notes: vec![note(62, 0.0, 4.0), note(65, 0.0, 4.0), note(69, 0.0, 4.0)],
            total_time: 4.0,
            ..NoteSequence::default()
        };
        assert_eq!(texts(&named(&held, 4, |_| true).unwrap()), [(0.0, "Dm")]);
        assert_eq!(texts(&named(&held, 4, |_| false).unwrap()).len(), 1);
        let nothing = NoteSequence::default();
        assert!(matches!(
            named(&nothing, 4, |_| true),
            Err(NoWindows::NoLength)
        ));
        let endless = NoteSequence {
            total_time: 1e9,
            ..held
        };
        assert!(matches!(
            named(&endless, 4, |_| true),
            Err(NoWindows::Chords(_))
        ));
    }

    #[test]
    fn two_chords_on_one_step_are_refused() {
        let chord = |time, text: &str| TextAnnotation {
            time,
            text: text.into(),
            annotation_type: TextAnnotation::CHORD_SYMBOL,
        };
        let mut sequence = NoteSequence {
            total_time: 2.0,
            text_annotations: vec![chord(1.0, "C"), chord(1.01, "C")],
            ..NoteSequence::default()
        };
        let problem = |sequence: &NoteSequence| {
            let quantized = Quantized::of(sequence, 4).unwrap();
            Progression::of(&quantized)
                .err()
                .map(|error| error.to_string())
        };
        assert_eq!(problem(&sequence), None);
        sequence.text_annotations[1].text = "F".into();
        assert_eq!(
            problem(&sequence).unwrap(),
            "its chords cannot be used: `C` and `F` fall on one step"
        );
        sequence.text_annotations[1] = chord(1.5, "Csus");
        assert!(problem(&sequence).unwrap().contains("`Csus`"));
    }
}
