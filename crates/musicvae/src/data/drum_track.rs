//! Drums on the grid, without dynamics: the reference's `DrumsConverter`.
//!
//! A step is a set of drums, one bit for each class. One set is a row one-hot over every possible
//! set, or a row with a column a class (a roll).

use super::grid::{NoWindows, Quantized, STEPS_PER_BAR};
use crate::music::{DrumClasses, Lane, Note};

/// The drums of one step, bit `i` for class `i`.
pub type DrumSet = u64;

/// The 61 drums of General MIDI in the reference's order, grouped by the nine lanes.
const FULL: [u8; 61] = [
    36, 35, 38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85, 42, 44, 54, 68, 69, 70, 71,
    73, 78, 80, 46, 67, 72, 74, 79, 81, 45, 29, 41, 61, 64, 84, 48, 47, 60, 63, 77, 86, 87, 50, 30,
    43, 62, 76, 83, 49, 55, 57, 58, 51, 52, 53, 59, 82,
];

/// The class that a pitch belongs to: models of drums on the grid were trained with General MIDI's
/// idea of the toms.
fn class_of(classes: DrumClasses, pitch: i32) -> Option<usize> {
    let pitch = u8::try_from(pitch).ok()?;
    match classes {
        DrumClasses::Reduced => Lane::of_general_midi(pitch).map(Lane::index),
        DrumClasses::Full => FULL.iter().position(|drum| *drum == pitch),
    }
}

/// The pitch that stands for a class in what a model makes.
fn pitch_of(classes: DrumClasses, class: usize) -> i32 {
    let pitch = match classes {
        DrumClasses::Reduced => match Lane::ALL[class] {
            Lane::LowTom => 45,
            Lane::MidTom => 48,
            lane => lane.pitch(),
        },
        DrumClasses::Full => FULL[class],
    };
    i32::from(pitch)
}

/// Stretches of drums: where each begins on the grid and its steps, whole bars. A stretch ends
/// where `gap` steps are silent; `None` keeps all in one.
pub(super) fn tracks(
    quantized: &Quantized,
    classes: DrumClasses,
    gap: Option<usize>,
) -> Vec<(usize, Vec<DrumSet>)> {
    let mut hits: Vec<(usize, DrumSet)> = quantized
        .notes
        .iter()
        .filter(|on_grid| on_grid.note.is_drum && on_grid.note.velocity != 0)
        .filter_map(|on_grid| {
            let class = class_of(classes, on_grid.note.pitch)?;
            Some((on_grid.start, 1 << class))
        })
        .collect();
    hits.sort_by_key(|(step, _)| *step);
    let mut tracks: Vec<(usize, Vec<DrumSet>)> = Vec::new();
    for (step, drum) in hits {
        if let Some((start, steps)) = tracks.last_mut() {
            let at = step - *start;
            let silent = at.saturating_sub(steps.len());
            if gap.is_none_or(|gap| silent < gap) {
                steps.resize(at + 1, 0);
                steps[at] |= drum;
                continue;
            }
        }
        let start = step - step % STEPS_PER_BAR;
        let mut steps = vec![0; step - start + 1];
        steps[step - start] = drum;
        tracks.push((start, steps));
    }
    for (_, steps) in &mut tracks {
        steps.resize(steps.len().next_multiple_of(STEPS_PER_BAR), 0);
    }
    tracks
}

/// Why a sequence has no drums on the grid.
pub(super) fn no_drums(quantized: &Quantized) -> NoWindows {
    match quantized.notes.len() {
        0 => NoWindows::NoNotes,
        notes => NoWindows::NoDrums(notes),
    }
}

/// Drum notes of no class.
pub(super) fn unknown(quantized: &Quantized, classes: DrumClasses) -> usize {
    let unknown = quantized
        .notes
        .iter()
        .filter(|on_grid| on_grid.note.is_drum && class_of(classes, on_grid.note.pitch).is_none());
    unknown.count()
}

/// Rows with a column a class; the column after them, where `depth` has one more, says "nothing".
pub(super) fn rolls(steps: &[DrumSet], classes: usize, depth: usize) -> Vec<f32> {
    let mut rows = vec![0.0; steps.len() * depth];
    for (row, drums) in rows.chunks_exact_mut(depth).zip(steps) {
        for (column, cell) in row.iter_mut().enumerate() {
            let set = if column < classes {
                drums >> column & 1 == 1
            } else {
                *drums == 0
            };
            *cell = f32::from(u8::from(set));
        }
    }
    rows
}

/// The drums that a row with a column a class says.
pub(super) fn read_roll(row: &[f32]) -> DrumSet {
    let classes = row.iter().enumerate().filter(|(_, value)| **value > 0.5);
    classes.fold(0, |drums, (class, _)| drums | 1 << class)
}

/// The notes of drums from time 0 on, each one step long.
pub(super) fn notes(
    steps: impl Iterator<Item = DrumSet>,
    classes: DrumClasses,
    step_seconds: f64,
) -> Vec<Note> {
    let mut notes = Vec::new();
    for (step, drums) in steps.enumerate() {
        for class in (0..classes.count()).filter(|class| drums >> class & 1 == 1) {
            notes.push(Note {
                pitch: pitch_of(classes, class),
                velocity: super::window::VELOCITY,
                start_time: step as f64 * step_seconds,
                end_time: (step + 1) as f64 * step_seconds,
                instrument: 9,
                program: 0,
                is_drum: true,
            });
        }
    }
    notes
}
