//! Chords that notes suggest, found as the reference does (note-seq's `chord_inference`): a hidden
//! Markov model whose states are pairs of a key and a chord, two chords to a bar of 4/4. A frame is
//! likely under a chord if its pitches agree with the chord.

use std::borrow::Cow;

use super::symbols::{NO_CHORD, ROOTS};
use crate::data::grid::{Grid, NoWindows};
use crate::music::{Note, NoteSequence, TextAnnotation};

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
pub(in crate::data) fn named<'a>(
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
