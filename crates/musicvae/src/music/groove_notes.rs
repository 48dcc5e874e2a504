//! A groove as timed notes.

use super::{Groove, Note, NoteSequence, Tempo, TimeSignature};

/// The instrument number that the reference gives drums in what it makes.
const DRUM_INSTRUMENT: i32 = 9;

impl Groove {
    /// The groove as notes at its own tempo, by the rules of the reference's `from_tensors`: the
    /// General MIDI pitch of each lane, velocity x 127 rounded half to even, and every note one
    /// step long from `(step - offset)` steps on. An early hit on the first step therefore begins
    /// **before** time 0.
    ///
    /// Three things are said that the reference leaves out: the groove's own tempo instead of 120,
    /// its time signature, and `total_time`, the end of the last note.
    pub fn to_note_sequence(&self) -> NoteSequence {
        let step_seconds = self.step_seconds();
        let notes: Vec<Note> = self
            .hits()
            .map(|(step, lane, hit)| {
                let offset = f64::from(hit.offset).clamp(-0.5, 0.5);
                let start_time = (step as f64 - offset) * step_seconds;
                Note {
                    pitch: i32::from(lane.pitch()),
                    velocity: midi_velocity(hit.velocity),
                    start_time,
                    end_time: start_time + step_seconds,
                    instrument: DRUM_INSTRUMENT,
                    program: 0,
                    is_drum: true,
                }
            })
            .collect();
        let total_time = notes.iter().map(|note| note.end_time).fold(0.0, f64::max);
        NoteSequence {
            tempos: vec![Tempo {
                time: 0.0,
                qpm: self.qpm,
            }],
            time_signatures: vec![TimeSignature {
                time: 0.0,
                numerator: i32::from(self.meter.numerator),
                denominator: i32::from(self.meter.denominator),
            }],
            notes,
            total_time,
            ..NoteSequence::default()
        }
    }
}

/// A velocity of 0..=1 as MIDI counts it, 0..=127.
fn midi_velocity(velocity: f32) -> i32 {
    ((f64::from(velocity) * 127.0).round_ties_even() as i32).clamp(0, 127)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::{Hit, Lane};

    #[test]
    fn an_early_hit_on_the_first_step_starts_before_time_zero() {
        let mut groove = Groove {
            qpm: 60.0,
            ..Groove::empty(16)
        };
        groove.steps[0][Lane::Kick.index()] = Some(Hit {
            velocity: 1.0,
            offset: 0.5,
        });
        groove.steps[1][Lane::Snare.index()] = Some(Hit {
            velocity: 0.0,
            offset: -0.5,
        });
        let sequence = groove.to_note_sequence();
        let times: Vec<_> = sequence
            .notes
            .iter()
            .map(|n| (n.start_time, n.end_time))
            .collect();
        assert_eq!(times, [(-0.125, 0.125), (0.375, 0.625)]);
        assert_eq!(sequence.total_time, 0.625);
        assert_eq!(sequence.tempos[0].qpm, 60.0);
    }

    #[test]
    fn velocities_are_rounded_and_held_to_midi() {
        assert_eq!(midi_velocity(0.5), 64); // 63.5
        assert_eq!(midi_velocity(2.0), 127);
        assert_eq!(midi_velocity(f32::NAN), 0);
    }
}
