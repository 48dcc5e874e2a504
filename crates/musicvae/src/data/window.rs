//! A stretch of music as one kind of model takes it, and its notes.

use super::chord_symbols::ChordClass;
use super::chords;
use super::drum_track::{self, DrumSet};
use super::grid::STEPS_PER_BAR;
use super::melody::{self, MelodyEvent};
use super::performance::Performance;
use super::trio::{self, Trio};
use crate::music::{
    DrumClasses, Groove, Note, NoteSequence, PerformanceOptions, STEPS_PER_QUARTER, Tempo,
};

/// Velocity of the notes that models without dynamics make.
pub(super) const VELOCITY: i32 = 80;

/// Ticks a quarter note that the reference writes into what it makes.
const TICKS_PER_QUARTER: i32 = 220;

/// A stretch of music as one kind of model takes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    Groove(Groove),
    Drums {
        classes: DrumClasses,
        steps: Vec<DrumSet>,
        /// Quarter notes a minute.
        qpm: f64,
    },
    Melody {
        events: Vec<MelodyEvent>,
        /// The chord of every step; empty without chords.
        chords: Vec<ChordClass>,
        qpm: f64,
    },
    Trio {
        trio: Trio,
        qpm: f64,
    },
    Performance {
        performance: Performance,
        options: PerformanceOptions,
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
                drum_track::notes(steps.iter().copied(), *classes, step_seconds)
            }
            Window::Melody { events, chords, .. } => {
                let chords = chords.iter().enumerate();
                let timed = chords.map(|(step, chord)| (step as f64 * step_seconds, *chord));
                text_annotations = chords::annotations(timed);
                melody::notes(events.iter().copied(), step_seconds)
            }
            Window::Trio { trio, .. } => trio::notes(trio, step_seconds),
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
}
