//! Performances as notes, and moved up or down.

use super::events::{BAR, DRUMS, Event, Token, Vocabulary, set_length, steps_of};
use super::{DEFAULT_VELOCITY, Performance};
use crate::data::chords::{self, ChordClass};
use crate::music::{Note, PERFORMANCE_STEPS_PER_QUARTER, PerformanceOptions, TextAnnotation};

impl Performance {
    /// The notes of all tracks, and the chords where they change.
    pub(in crate::data) fn notes(
        &self,
        options: &PerformanceOptions,
        qpm: f64,
    ) -> (Vec<Note>, Vec<TextAnnotation>) {
        let words = Vocabulary::of(options);
        let step_seconds = 60.0 / (PERFORMANCE_STEPS_PER_QUARTER as f64 * qpm);
        let mut notes = Vec::new();
        let mut timed_chords: Vec<(usize, ChordClass)> = Vec::new();
        let count = self.bars.iter().map(Vec::len).max().unwrap_or(0);
        for instrument in 0..count {
            let mut events = Vec::new();
            let mut program = None;
            for (number, bar) in self.bars.iter().enumerate() {
                let tokens = bar.get(instrument).map_or(&[][..], |track| &track[..]);
                let chords = self.chords.get(number).and_then(|bar| bar.get(instrument));
                let mut of_bar = Vec::new();
                for (place, token) in tokens.iter().enumerate() {
                    if *token == words.end() {
                        break;
                    }
                    if *token >= words.events {
                        if number == 0 {
                            program.get_or_insert(i32::from(token - words.events));
                        }
                        continue;
                    }
                    let step = steps_of(&of_bar);
                    if let Some(chord) = chords.and_then(|chords| chords.get(place))
                        && step < BAR
                    {
                        timed_chords.push((number * BAR + step, *chord));
                    }
                    of_bar.push(words.decode(*token));
                }
                set_length(&mut of_bar, BAR);
                events.extend(of_bar);
            }
            let program = program.unwrap_or(0);
            notes.extend(words.notes(&events, 0).into_iter().map(|played| Note {
                pitch: played.pitch,
                velocity: match played.velocity {
                    0 => DEFAULT_VELOCITY,
                    bin => words.velocity(bin),
                },
                start_time: played.start as f64 * step_seconds,
                end_time: played.end as f64 * step_seconds,
                instrument: instrument as i32,
                program: if program == DRUMS { 0 } else { program },
                is_drum: program == DRUMS,
            }));
        }
        timed_chords.sort_unstable();
        let timed = timed_chords
            .into_iter()
            .map(|(step, chord)| (step as f64 * step_seconds, chord));
        (notes, chords::annotations(timed))
    }

    /// Every pitch but those of drums.
    pub(in crate::data) fn pitches(&self, options: &PerformanceOptions) -> Vec<i32> {
        let words = Vocabulary::of(options);
        let tracks = self.bars.iter().flatten();
        let tokens = tracks.flat_map(|track| words.pitched(track));
        let pitch = |token: &Token| match words.decode(*token) {
            Event::On(pitch) | Event::Off(pitch) => Some(pitch),
            _ => None,
        };
        tokens.filter_map(pitch).collect()
    }

    /// Moves all but the drums up by `semitones`, with the chords.
    pub(in crate::data) fn raise(&mut self, options: &PerformanceOptions, semitones: i32) {
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
        chords::raise(self.chords.iter_mut().flatten().flatten(), semitones);
    }
}
