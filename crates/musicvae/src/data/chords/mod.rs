//! The chords of a sequence: those that it names, or those that its notes suggest.
//!
//! Chords are found as the reference does (note-seq's `chord_inference`): a hidden Markov model
//! whose states are pairs of a key and a chord, two chords to a bar of 4/4. A frame is likely under a
//! chord as its pitches point the chord's way.

mod symbols;

use std::borrow::Cow;

use self::symbols::{NO_CHORD, ROOTS};
use super::grid::{Grid, NoWindows, Quantized};
use super::rows::{greatest, one_hot};
use crate::music::{CHORD_CLASSES, Note, NoteSequence, TextAnnotation};

pub use self::symbols::ChordClass;

/// Kinds of chords that are looked for: name and pitch classes over the root.
const KINDS: [(&str, &[usize]); 8] = [
    ("", &[0, 4, 7]),
    ("m", &[0, 3, 7]),
    ("+", &[0, 4, 8]),
    ("dim", &[0, 3, 6]),
    ("7", &[0, 4, 7, 10]),
    ("maj7", &[0, 4, 7, 11]),
    ("m7", &[0, 3, 7, 10]),
    ("m7b5", &[0, 3, 6, 10]),
];
/// No chord, and every kind on every root.
const CHORDS: usize = 1 + 12 * KINDS.len();
/// The major scale.
const SCALE: [usize; 7] = [0, 2, 4, 5, 7, 9, 11];

/// Probabilities of the model, and how strongly a frame's pitches speak.
const KEY_CHANGE: f64 = 0.001;
const CHORD_CHANGE: f64 = 0.5;
const OUT_OF_KEY: f64 = 0.01;
const CONCENTRATION: f64 = 100.0;

/// Chords of a sequence, at most.
const MAX_CHORDS: usize = 1000;

/// Programs of General MIDI without pitch: sound effects and percussion.
fn is_unpitched(program: i32) -> bool {
    (96..104).contains(&program) || (112..128).contains(&program)
}

fn is_chord(text: &TextAnnotation) -> bool {
    text.annotation_type == TextAnnotation::CHORD_SYMBOL
}

/// The sequence with chords: as it is when it names any, else with those that `heard` notes of it
/// suggest.
pub(super) fn named<'a>(
    sequence: &'a NoteSequence,
    steps_per_quarter: usize,
    heard: impl Fn(&Note) -> bool,
) -> Result<Cow<'a, NoteSequence>, NoWindows> {
    if sequence.text_annotations.iter().any(is_chord) {
        return Ok(Cow::Borrowed(sequence));
    }
    let grid = Grid::of(sequence, steps_per_quarter)?;
    let per_bar = match (grid.meter.numerator, grid.meter.denominator) {
        (4, 4) => 2,
        (2, 2) => 1,
        (numerator, denominator) => {
            let problem =
                format!("it names none, and none are guessed in {numerator}/{denominator}");
            return Err(NoWindows::Chords(problem));
        }
    };
    let steps_per_second = steps_per_quarter as f64 * grid.qpm / 60.0;
    let seconds = (4 * steps_per_quarter / per_bar) as f64 / steps_per_second;
    let count = (sequence.total_time / seconds).ceil();
    if count > MAX_CHORDS as f64 {
        let problem = format!("it names none, and is too long to guess more than {MAX_CHORDS}");
        return Err(NoWindows::Chords(problem));
    }
    if count.is_nan() || count < 1.0 {
        return Err(NoWindows::NoLength);
    }
    let notes = sequence.notes.iter().filter(|note| heard(note));
    let frames = pitch_frames(notes, seconds, count as usize);
    let mut named = sequence.clone();
    let mut current = None;
    for (frame, chord) in likeliest(&frames).into_iter().enumerate() {
        if current != Some(chord) {
            current = Some(chord);
            named.text_annotations.push(TextAnnotation {
                time: frame as f64 * seconds,
                text: name(chord),
                annotation_type: TextAnnotation::CHORD_SYMBOL,
            });
        }
    }
    Ok(Cow::Owned(named))
}

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

fn name(chord: usize) -> String {
    match chord.checked_sub(1) {
        None => NO_CHORD.into(),
        Some(index) => format!(
            "{}{}",
            ROOTS[index / KINDS.len()],
            KINDS[index % KINDS.len()].0
        ),
    }
}

/// Pitch classes of every chord.
fn chord_pitches(chord: usize) -> impl Iterator<Item = usize> {
    let (root, kind): (usize, &[usize]) = match chord.checked_sub(1) {
        None => (0, &[]),
        Some(index) => (index / KINDS.len(), KINDS[index % KINDS.len()].1),
    };
    kind.iter().map(move |offset| (root + offset) % 12)
}

/// How long each pitch class sounds in each frame, as vectors of length 1 (or 0).
fn pitch_frames<'a>(
    notes: impl Iterator<Item = &'a Note>,
    seconds: f64,
    count: usize,
) -> Vec<[f64; 12]> {
    let edges: Vec<f64> = (1..count).map(|frame| seconds * frame as f64).collect();
    let mut frames = vec![[0.0; 12]; count];
    for note in notes.filter(|note| !note.is_drum && !is_unpitched(note.program)) {
        let pitch = note.pitch.rem_euclid(12) as usize;
        let first = edges.partition_point(|edge| *edge <= note.start_time);
        let last = edges.partition_point(|edge| *edge < note.end_time);
        if first >= last {
            frames[first][pitch] += note.end_time - note.start_time;
            continue;
        }
        frames[first][pitch] += edges[first] - note.start_time;
        for frame in first + 1..last {
            frames[frame][pitch] += edges[frame] - edges[frame - 1];
        }
        frames[last][pitch] += note.end_time - edges[last - 1];
    }
    for frame in &mut frames {
        let norm = frame.iter().map(|x| x * x).sum::<f64>().sqrt();
        if norm > 0.0 {
            frame.iter_mut().for_each(|x| *x /= norm);
        }
    }
    frames
}

/// The likeliest chord of every frame, by Viterbi's algorithm over keys and chords.
fn likeliest(frames: &[[f64; 12]]) -> Vec<usize> {
    // The probability of each chord in each key.
    let in_key = |key: usize| -> Vec<f64> {
        let weight = |chord| {
            let inside = |pitch: usize| SCALE.contains(&((pitch + 12 - key) % 12));
            chord_pitches(chord).fold(1.0, |weight, pitch| {
                weight
                    * if inside(pitch) {
                        1.0 - OUT_OF_KEY
                    } else {
                        OUT_OF_KEY
                    }
            })
        };
        let weights: Vec<f64> = (0..CHORDS).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    };
    let in_key: Vec<Vec<f64>> = (0..12).map(in_key).collect();
    // Within a key, from chord to chord.
    let within: Vec<Vec<f64>> = in_key
        .iter()
        .map(|of_key| {
            let change = |from: usize, to: usize| {
                let moved = if from == to {
                    1.0 - CHORD_CHANGE
                } else {
                    CHORD_CHANGE * (of_key[to] + of_key[from] / (CHORDS - 1) as f64)
                };
                ((1.0 - KEY_CHANGE) * moved).ln()
            };
            let pairs = (0..CHORDS).flat_map(|to| (0..CHORDS).map(move |from| (from, to)));
            pairs.map(|(from, to)| change(from, to)).collect()
        })
        .collect();
    let heard = |frame: &[f64; 12], chord: usize| {
        let length = (chord_pitches(chord).count() as f64).sqrt().max(1.0);
        CONCENTRATION
            * chord_pitches(chord)
                .map(|pitch| frame[pitch] / length)
                .sum::<f64>()
    };

    let mut scores: Vec<f64> = Vec::new();
    let mut paths: Vec<Vec<usize>> = Vec::new();
    for frame in frames {
        let heard: Vec<f64> = (0..CHORDS).map(|chord| heard(frame, chord)).collect();
        if scores.is_empty() {
            scores = (0..12 * CHORDS)
                .map(|state| {
                    let (key, chord) = (state / CHORDS, state % CHORDS);
                    -(12.0_f64.ln()) + in_key[key][chord].ln() + heard[chord]
                })
                .collect();
            continue;
        }
        // From another key only its best state matters.
        let best_of_key: Vec<usize> = (0..12)
            .map(|key| first_greatest(key * CHORDS..(key + 1) * CHORDS, |state| scores[state]))
            .collect();
        let mut path = Vec::with_capacity(12 * CHORDS);
        let mut next = Vec::with_capacity(12 * CHORDS);
        for state in 0..12 * CHORDS {
            let (key, chord) = (state / CHORDS, state % CHORDS);
            let elsewhere = (KEY_CHANGE / 11.0 * in_key[key][chord]).ln();
            let row = &within[key][chord * CHORDS..][..CHORDS];
            let stay = |from: usize| scores[from] + row[from % CHORDS];
            let same_key = first_greatest(key * CHORDS..(key + 1) * CHORDS, stay);
            let score = |other: usize| {
                if other == key {
                    stay(same_key)
                } else {
                    scores[best_of_key[other]] + elsewhere
                }
            };
            let from_key = first_greatest(0..12, score);
            path.push(if from_key == key {
                same_key
            } else {
                best_of_key[from_key]
            });
            next.push(score(from_key) + heard[chord]);
        }
        scores = next;
        paths.push(path);
    }
    if scores.is_empty() {
        return Vec::new();
    }
    let mut state = first_greatest(0..scores.len(), |state| scores[state]);
    let mut chords = vec![state % CHORDS];
    for path in paths.iter().rev() {
        state = path[state];
        chords.push(state % CHORDS);
    }
    chords.reverse();
    chords
}

/// The first place with the greatest score; places are not empty.
fn first_greatest(places: std::ops::Range<usize>, score: impl Fn(usize) -> f64) -> usize {
    let first = (places.start, score(places.start));
    let (place, _) = places.skip(1).fold(first, |best, place| {
        let score = score(place);
        if score > best.1 { (place, score) } else { best }
    });
    place
}

#[cfg(test)]
mod tests {
    use super::*;

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
