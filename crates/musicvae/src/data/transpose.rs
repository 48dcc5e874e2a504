//! Windows moved up or down.

use super::chord_symbols::ChordClass;
use super::melody::{self, MelodyEvent};
use super::performance::Performance;
use super::performance_events::{Event, Token, Vocabulary};
use super::window::Window;
use crate::music::{PerformanceOptions, Transpose};

impl Window {
    /// Semitones that the window can be moved by within `range` without losing a note.
    pub(super) fn room(&self, range: Transpose) -> Transpose {
        let (known, pitches): (_, Vec<i32>) = match self {
            Window::Melody { events, .. } => {
                let pitches = events.iter().filter_map(|event| melody::pitch(*event));
                (melody::PITCHES, pitches.collect())
            }
            Window::Performance {
                performance,
                options,
                ..
            } => {
                let words = Vocabulary::of(options);
                let tracks = performance.bars.iter().flatten();
                let tokens = tracks.flat_map(|track| words.pitched(track));
                let pitch = |token: &Token| match words.decode(*token) {
                    Event::On(pitch) | Event::Off(pitch) => Some(pitch),
                    _ => None,
                };
                (0..=127, tokens.filter_map(pitch).collect())
            }
            _ => (0..=127, Vec::new()),
        };
        let lowest = pitches.iter().min().unwrap_or(known.start());
        let highest = pitches.iter().max().unwrap_or(known.end());
        match pitches.is_empty() {
            true => range,
            false => Transpose {
                min: range.min.max(known.start() - lowest),
                max: range.max.min(known.end() - highest),
            },
        }
    }

    /// The window `semitones` higher with its chords, drums left alone; they must be within its
    /// [`Window::room`].
    pub(super) fn transposed(&self, semitones: i32) -> Window {
        let mut moved = self.clone();
        match &mut moved {
            Window::Melody { events, chords, .. } => {
                for event in events {
                    if melody::pitch(*event).is_some() {
                        *event = (i32::from(*event) + semitones) as MelodyEvent;
                    }
                }
                chords.iter_mut().for_each(|chord| raise(chord, semitones));
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

impl Performance {
    fn raise(&mut self, options: &PerformanceOptions, semitones: i32) {
        let words = Vocabulary::of(options);
        for track in self.bars.iter_mut().flatten() {
            let pitched = words.pitched(track).len();
            let first = track.len() - pitched;
            for token in &mut track[first..] {
                *token = match words.decode(*token) {
                    Event::On(pitch) => words.encode(Event::On(pitch + semitones)),
                    Event::Off(pitch) => words.encode(Event::Off(pitch + semitones)),
                    _ => *token,
                };
            }
        }
        let chords = self.chords.iter_mut().flatten().flatten();
        chords.for_each(|chord| raise(chord, semitones));
    }
}

impl Vocabulary {
    /// The tokens of a track that may be pitches: all after its program; none of drums.
    fn pitched<'a>(&self, track: &'a [Token]) -> &'a [Token] {
        match track.split_first() {
            Some((&program, events)) if program != self.drums() => events,
            _ => &[],
        }
    }
}

fn raise(chord: &mut ChordClass, semitones: i32) {
    if let Some(index) = chord.checked_sub(1) {
        let root = (i32::from(index % 12) + semitones).rem_euclid(12) as ChordClass;
        *chord = 1 + index / 12 * 12 + root;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
