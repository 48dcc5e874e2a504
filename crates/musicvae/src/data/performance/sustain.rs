//! The sustain pedal, heard.

use std::collections::{BTreeMap, BTreeSet};

use crate::music::{Note, NoteSequence};

/// The controller of the sustain pedal; from 64 on it is down.
const PEDAL: i32 = 64;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    PedalDown,
    PedalUp,
    Start,
    End,
}

/// The sequence with notes as long as the pedal makes them sound: to its release, or to the next note
/// of the same pitch and instrument. Drums are left alone. A note that the next one cuts off at once
/// is dropped. (note-seq's `apply_sustain_control_changes`.)
pub(super) fn applied(sequence: &NoteSequence) -> NoteSequence {
    let mut moments = Vec::new();
    for (index, note) in sequence.notes.iter().enumerate() {
        if !note.is_drum {
            moments.push((note.start_time, Moment::Start, note.instrument, index));
            moments.push((note.end_time, Moment::End, note.instrument, index));
        }
    }
    for control in &sequence.control_changes {
        if control.control_number == PEDAL {
            let moment = match control.control_value {
                64.. => Moment::PedalDown,
                _ => Moment::PedalUp,
            };
            moments.push((control.time, moment, control.instrument, 0));
        }
    }
    moments.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));

    let mut notes: Vec<Note> = sequence.notes.clone();
    let mut total_time = sequence.total_time;
    let mut dropped = BTreeSet::new();
    let mut down = BTreeSet::new();
    let mut sounding: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    let mut now = 0.0;
    for (time, moment, instrument, index) in moments {
        now = time;
        let sounding = sounding.entry(instrument).or_default();
        match moment {
            Moment::PedalDown => {
                down.insert(instrument);
            }
            Moment::PedalUp => {
                down.remove(&instrument);
                sounding.retain(|held| {
                    let note = &mut notes[*held];
                    if note.end_time >= time {
                        return true;
                    }
                    note.end_time = time;
                    total_time = total_time.max(time);
                    false
                });
            }
            Moment::Start => {
                if down.contains(&instrument) {
                    let pitch = notes[index].pitch;
                    sounding.retain(|held| {
                        let note = &mut notes[*held];
                        if note.pitch != pitch {
                            return true;
                        }
                        note.end_time = time;
                        if note.start_time == time {
                            dropped.insert(*held);
                        }
                        false
                    });
                }
                sounding.push(index);
            }
            Moment::End if down.contains(&instrument) => {}
            Moment::End => sounding.retain(|held| *held != index),
        }
    }
    for held in sounding.into_values().flatten() {
        notes[held].end_time = now;
        total_time = now;
    }
    let mut place = 0..;
    notes.retain(|_| place.next().is_some_and(|place| !dropped.contains(&place)));
    NoteSequence {
        notes,
        total_time,
        ..sequence.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::ControlChange;

    fn note(pitch: i32, start_time: f64, end_time: f64) -> Note {
        Note {
            pitch,
            start_time,
            end_time,
            ..Note::default()
        }
    }

    fn heard(notes: Vec<Note>, pedal: &[(f64, i32)]) -> Vec<(i32, f64, f64)> {
        let pedal = pedal.iter().map(|&(time, control_value)| ControlChange {
            time,
            control_number: PEDAL,
            control_value,
            ..ControlChange::default()
        });
        let sequence = NoteSequence {
            total_time: notes.iter().map(|note| note.end_time).fold(0.0, f64::max),
            notes,
            control_changes: pedal.collect(),
            ..NoteSequence::default()
        };
        let applied = applied(&sequence);
        let ends = applied.notes.iter().map(|note| note.end_time);
        assert_eq!(applied.total_time, ends.fold(0.0, f64::max));
        let notes = applied.notes.iter();
        notes.map(|n| (n.pitch, n.start_time, n.end_time)).collect()
    }

    #[test]
    fn notes_last_as_long_as_the_pedal_is_down() {
        let notes = || vec![note(60, 0.0, 1.0), note(60, 2.0, 3.0), note(64, 2.0, 9.0)];
        assert_eq!(
            heard(notes(), &[(0.5, 127), (5.0, 63)]),
            [(60, 0.0, 2.0), (60, 2.0, 5.0), (64, 2.0, 9.0)]
        );
        assert_eq!(heard(notes(), &[(0.5, 127)])[1], (60, 2.0, 9.0));
        assert_eq!(heard(notes(), &[(1.5, 63)])[0], (60, 0.0, 1.0));
        let mut drums = notes();
        for note in &mut drums {
            note.is_drum = true;
        }
        assert_eq!(heard(drums, &[(0.5, 127), (5.0, 0)])[0], (60, 0.0, 1.0));
        let doubled = vec![note(60, 1.0, 2.0), note(60, 1.0, 3.0)];
        assert_eq!(heard(doubled, &[(0.0, 127)]), [(60, 1.0, 3.0)]);
    }
}
