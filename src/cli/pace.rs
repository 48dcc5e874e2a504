//! How fast each bar of a piece goes, where that changes: what was made of the piece goes with it.

use musicvae::data::GrooveConverter;
use musicvae::music::{Groove, NoteSequence, Tempo};

/// Quarter notes a minute of each bar, from the first on; the last one holds for bars after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace(Vec<f64>);

impl Pace {
    /// That of the bars in 4/4, as [`GrooveConverter::whole`] joins them; `None` where it stays the same.
    pub fn of(sequence: &NoteSequence) -> Option<Pace> {
        let bars = GrooveConverter { bars: 1, hop: None }
            .convert(sequence)
            .ok()?;
        let tempos: Vec<f64> = bars.windows.iter().map(|bar| bar.qpm).collect();
        let changes = tempos
            .windows(2)
            .any(|pair| (pair[0] - pair[1]).abs() > 0.01);
        changes.then_some(Pace(tempos))
    }

    /// The groove as it is played at this pace.
    pub fn played(&self, groove: &Groove) -> NoteSequence {
        let mut sequence = groove.to_note_sequence();
        let bar = groove.steps_per_bar().max(1) as f64 * groove.step_seconds();
        for note in &mut sequence.notes {
            note.start_time = self.seconds(note.start_time / bar, groove);
            note.end_time = self.seconds(note.end_time / bar, groove);
        }
        sequence.total_time = self.seconds(groove.bars() as f64, groove);
        let tempos = self.0.iter().enumerate().take(groove.bars().max(1));
        let tempos = tempos.map(|(bar, qpm)| Tempo {
            time: self.seconds(bar as f64, groove),
            qpm: *qpm,
        });
        sequence.tempos = tempos.collect();
        sequence
            .tempos
            .dedup_by(|later, earlier| later.qpm == earlier.qpm);
        sequence
    }

    /// When the place `bars` is reached; one before the beginning is before 0.
    fn seconds(&self, bars: f64, groove: &Groove) -> f64 {
        let quarters = groove.qpm * groove.step_seconds() / 60.0 * groove.steps_per_bar() as f64;
        let bar = |tempo: &f64| 60.0 / tempo * quarters;
        let last = self.0.len().saturating_sub(1);
        let whole = (bars.max(0.0) as usize).min(last);
        let before: f64 = self.0[..whole].iter().map(bar).sum();
        before + (bars - whole as f64) * self.0.get(whole).map_or(0.0, bar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use musicvae::music::{Hit, Lane};

    #[test]
    fn a_groove_goes_as_fast_as_the_bars_that_it_was_made_of() {
        let mut groove = Groove {
            qpm: 100.0,
            ..Groove::empty(48)
        };
        for step in [0, 16, 24, 40] {
            groove.steps[step][Lane::Kick.index()] = Some(Hit::new(1.0, 0.0));
        }
        // A bar of 120 takes 2 s, one of 60 takes 4 s; the third has none of its own.
        let sequence = Pace(vec![120.0, 60.0]).played(&groove);
        let starts: Vec<f64> = sequence.notes.iter().map(|note| note.start_time).collect();
        assert_eq!(starts, [0.0, 2.0, 4.0, 8.0]);
        assert_eq!(sequence.total_time, 10.0);
        let tempos: Vec<_> = sequence.tempos.iter().map(|it| (it.time, it.qpm)).collect();
        assert_eq!(tempos, [(0.0, 120.0), (2.0, 60.0)]);
    }
}
