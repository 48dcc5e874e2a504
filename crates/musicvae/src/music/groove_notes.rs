//! A groove as timed notes.

use super::{Groove, Note, NoteSequence, Tempo, TimeSignature};

/// The instrument number that the reference gives drums in what it makes.
const DRUM_INSTRUMENT: i32 = 9;

/// Farthest from its step that a stroke is written, in steps: a tick of a usual MIDI file (480 to the
/// quarter note) less than half a step, so that rounding finds it on its own step.
const FARTHEST: f64 = 0.5 - 1.0 / 120.0;

impl Groove {
    /// The groove as notes at its own tempo, by the rules of the reference's `from_tensors`: the
    /// General MIDI pitch of each lane, velocity x 127 rounded half to even, and every note one
    /// step long from `(step - offset)` steps on. An early hit on the first step therefore begins
    /// **before** time 0.
    ///
    /// Said otherwise than by the reference: the groove's own tempo instead of 120, its time signature,
    /// and `total_time`, the end of its last bar, where every note ends at the latest. And a stroke
    /// halfway between two steps is held a little nearer to its own.
    pub fn to_note_sequence(&self) -> NoteSequence {
        let step_seconds = self.step_seconds();
        let bar_seconds = self.steps_per_bar().max(1) as f64 * step_seconds;
        let total_time = self.bars() as f64 * bar_seconds;
        let notes: Vec<Note> = self
            .hits()
            .map(|(step, lane, hit)| {
                let offset = f64::from(hit.offset).clamp(-FARTHEST, FARTHEST);
                let start_time = (step as f64 - offset) * step_seconds;
                Note {
                    pitch: i32::from(lane.pitch()),
                    velocity: midi_velocity(hit.velocity),
                    start_time,
                    end_time: (start_time + step_seconds).min(total_time),
                    instrument: DRUM_INSTRUMENT,
                    program: 0,
                    is_drum: true,
                }
            })
            .collect();
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
        groove.steps[0][Lane::Kick.index()] = Some(Hit::new(1.0, 0.5));
        groove.steps[1][Lane::Snare.index()] = Some(Hit::new(0.0, -0.5));
        let sequence = groove.to_note_sequence();
        let times: Vec<_> = sequence
            .notes
            .iter()
            .map(|n| (n.start_time, n.end_time))
            .collect();
        // A 480th of a quarter note less than half a step.
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        let tick = 1.0 / 480.0;
        assert!(near(times[0].0, -0.125 + tick) && near(times[0].1, 0.125 + tick));
        assert!(near(times[1].0, 0.375 - tick) && near(times[1].1, 0.625 - tick));
        assert_eq!(sequence.total_time, 4.0);
        assert_eq!(sequence.tempos[0].qpm, 60.0);
    }

    #[test]
    fn no_note_lasts_beyond_the_last_bar() {
        let mut groove = Groove::empty(64);
        groove.steps[63][Lane::Ride.index()] = Some(Hit::new(0.5, -0.25));
        let sequence = groove.to_note_sequence();
        assert_eq!(sequence.total_time, 8.0);
        assert_eq!(sequence.notes[0].end_time, 8.0);
    }

    #[test]
    fn velocities_are_rounded_and_held_to_midi() {
        assert_eq!(midi_velocity(0.5), 64); // 63.5
        assert_eq!(midi_velocity(2.0), 127);
        assert_eq!(midi_velocity(f32::NAN), 0);
    }
}
