//! A stretch of music as one kind of model takes it: its notes, and the same higher or lower.

use std::ops::RangeInclusive;

use super::chords::{self, ChordClass};
use super::drums::{self, DrumSet};
use super::grid::STEPS_PER_BAR;
use super::melody::{self, MelodyEvent};
use super::performance::Performance;
use super::trio::Trio;
use crate::music::{
    DrumClasses, Groove, Note, NoteSequence, PerformanceOptions, STEPS_PER_QUARTER, Tempo,
    Transpose,
};

/// Ticks a quarter note that the reference writes into what it makes.
const TICKS_PER_QUARTER: i32 = 220;

/// A stretch of music as one kind of model takes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// Drums as performed.
    Groove(Groove),
    /// Drums on the grid of sixteenths.
    Drums {
        /// Which drums are told apart.
        classes: DrumClasses,
        /// The drums of every step.
        steps: Vec<DrumSet>,
        /// Quarter notes a minute.
        qpm: f64,
    },
    /// One voice on the grid of sixteenths.
    Melody {
        /// The event of every step.
        events: Vec<MelodyEvent>,
        /// The chord of every step; empty without chords.
        chords: Vec<ChordClass>,
        /// Quarter notes a minute.
        qpm: f64,
    },
    /// Melody, bass and drums on the grid of sixteenths.
    Trio {
        /// The three voices.
        trio: Trio,
        /// Quarter notes a minute.
        qpm: f64,
    },
    /// Several instruments as performed.
    Performance {
        /// The tracks of every bar.
        performance: Performance,
        /// What their tokens mean.
        options: PerformanceOptions,
        /// Quarter notes a minute.
        qpm: f64,
    },
}

impl Window {
    /// Quarter notes a minute.
    pub fn qpm(&self) -> f64 {
        match self {
            Window::Groove(groove) => groove.qpm,
            Window::Drums { qpm, .. }
            | Window::Melody { qpm, .. }
            | Window::Trio { qpm, .. }
            | Window::Performance { qpm, .. } => *qpm,
        }
    }

    /// The window at another number of quarter notes a minute.
    pub fn at_tempo(mut self, tempo: f64) -> Window {
        match &mut self {
            Window::Groove(groove) => groove.qpm = tempo,
            Window::Drums { qpm, .. }
            | Window::Melody { qpm, .. }
            | Window::Trio { qpm, .. }
            | Window::Performance { qpm, .. } => *qpm = tempo,
        }
        self
    }

    /// How long it lasts at its own tempo.
    fn seconds(&self) -> f64 {
        let steps = match self {
            Window::Groove(groove) => groove.steps.len(),
            Window::Drums { steps, .. } => steps.len(),
            Window::Melody { events, .. } => events.len(),
            Window::Trio { trio, .. } => trio.drums.len(),
            Window::Performance { performance, .. } => performance.bars.len() * STEPS_PER_BAR,
        };
        steps as f64 * 60.0 / self.qpm() / STEPS_PER_QUARTER as f64
    }

    /// The window as notes from time 0 on, at its own tempo.
    pub fn to_note_sequence(&self) -> NoteSequence {
        let step_seconds = 60.0 / self.qpm() / STEPS_PER_QUARTER as f64;
        let mut text_annotations = Vec::new();
        let notes = match self {
            Window::Groove(groove) => return groove.to_note_sequence(),
            Window::Drums { classes, steps, .. } => {
                drums::notes(steps.iter().copied(), *classes, step_seconds)
            }
            Window::Melody { events, chords, .. } => {
                let chords = chords.iter().enumerate();
                let timed = chords.map(|(step, chord)| (step as f64 * step_seconds, *chord));
                text_annotations = chords::annotations(timed);
                melody::notes(events.iter().copied(), step_seconds)
            }
            Window::Trio { trio, .. } => trio.notes(step_seconds),
            Window::Performance {
                performance,
                options,
                qpm,
            } => {
                let (notes, chords) = performance.notes(options, *qpm);
                text_annotations = chords;
                notes
            }
        };
        let end = |note: &Note| note.end_time;
        NoteSequence {
            ticks_per_quarter: TICKS_PER_QUARTER,
            tempos: vec![Tempo {
                time: 0.0,
                qpm: self.qpm(),
            }],
            total_time: notes.iter().map(end).fold(self.seconds(), f64::max),
            notes,
            text_annotations,
            ..NoteSequence::default()
        }
    }

    /// Semitones that the window can be moved by within `range` without losing a note.
    pub(super) fn room(&self, range: Transpose) -> Transpose {
        let (known, pitches): (RangeInclusive<i32>, Vec<i32>) = match self {
            Window::Melody { events, .. } => (melody::PITCHES, melody::pitches(events).collect()),
            Window::Performance {
                performance,
                options,
                ..
            } => (0..=127, performance.pitches(options)),
            Window::Groove(_) | Window::Drums { .. } | Window::Trio { .. } => return range,
        };
        match (pitches.iter().min(), pitches.iter().max()) {
            (Some(lowest), Some(highest)) => Transpose {
                min: range.min.max(known.start() - lowest),
                max: range.max.min(known.end() - highest),
            },
            _ => range,
        }
    }

    /// The window `semitones` higher with its chords, drums left alone; they must be within its
    /// [`Window::room`].
    pub(super) fn transposed(&self, semitones: i32) -> Window {
        let mut moved = self.clone();
        match &mut moved {
            Window::Melody { events, chords, .. } => {
                melody::raise(events, semitones);
                chords::raise(chords.iter_mut(), semitones);
            }
            Window::Performance {
                performance,
                options,
                ..
            } => performance.raise(options, semitones),
            Window::Groove(_) | Window::Drums { .. } | Window::Trio { .. } => {}
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::performance::events::{Event, Token, Vocabulary};

    const WIDE: Transpose = Transpose { min: -5, max: 5 };

    #[test]
    fn melodies_move_with_their_chords_and_stay_on_the_piano() {
        // Pitch 23 (the third lowest), its end, nothing; over no chord, C, Bm.
        let melody = Window::Melody {
            events: vec![4, 1, 0],
            chords: vec![0, 1, 24],
            qpm: 90.0,
        };
        assert_eq!(melody.room(WIDE), Transpose { min: -2, max: 5 });
        let Window::Melody { events, chords, .. } = melody.transposed(2) else {
            panic!("no melody")
        };
        assert_eq!((events, chords), (vec![6, 1, 0], vec![0, 3, 14]));
        assert_eq!(melody.transposed(0), melody);
        assert_eq!(melody.transposed(-2).transposed(2), melody);
    }

    #[test]
    fn performances_move_but_for_their_drums() {
        let options = PerformanceOptions {
            chords: true,
            ..PerformanceOptions::default()
        };
        let words = Vocabulary::of(&options);
        let track = |program: Token, pitch: i32| {
            let events = [Event::On(pitch), Event::Shift(96), Event::Off(pitch)];
            let events = events.map(|event| words.encode(event));
            [&[words.events + program], &events[..], &[words.end()]].concat()
        };
        let window = |pitch, chord| Window::Performance {
            performance: Performance {
                bars: vec![vec![track(0, pitch), track(128, 36)]],
                chords: vec![vec![vec![chord; 5], vec![chord; 5]]],
            },
            options: options.clone(),
            qpm: 120.0,
        };
        assert_eq!(window(125, 5).room(WIDE), Transpose { min: -5, max: 2 });
        assert_eq!(window(125, 5).transposed(2), window(127, 7));
        assert_eq!(window(60, 2).transposed(-3), window(57, 11));
    }
}
