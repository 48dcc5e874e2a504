//! Strokes looked up in a table, as a guess that any model should beat.

use super::hits::HitSums;
use crate::music::{Groove, LANES, Lane};

/// Sixteenths of a bar.
const PLACES: usize = 16;

/// How often each lane is hit at each place of the bar, on its own or apart for steps at which
/// something that is shown sounds and at which nothing does.
pub struct Lookup {
    chances: Vec<[f64; LANES]>,
    /// A stroke is made if its probability is higher: the threshold with the best F1 on the windows
    /// that were counted.
    threshold: f64,
}

/// Whether something that is shown sounds at a step of a groove.
pub type Sounds<'a> = &'a dyn Fn(&Groove, usize) -> bool;

/// Row of the table.
fn row(groove: &Groove, step: usize, sounds: Option<Sounds>) -> usize {
    let sounding = sounds.is_some_and(|sounds| sounds(groove, step));
    step % PLACES + PLACES * usize::from(sounding)
}

impl Lookup {
    /// Counts in `grooves`, and chooses the threshold for `lanes`. Half a stroke is added to both
    /// outcomes.
    pub fn learn(grooves: &[Groove], lanes: &[Lane], sounds: Option<Sounds>) -> Lookup {
        let mut hits = vec![[0.0; LANES]; 2 * PLACES];
        let mut seen = vec![0.0; 2 * PLACES];
        for groove in grooves {
            for step in 0..groove.steps.len() {
                seen[row(groove, step, sounds)] += 1.0;
            }
            for (step, lane, _) in groove.hits() {
                hits[row(groove, step, sounds)][lane.index()] += 1.0;
            }
        }
        let chance = |(hits, seen): (&[f64; LANES], &f64)| hits.map(|it| (it + 0.5) / (seen + 1.0));
        let chances: Vec<[f64; LANES]> = hits.iter().zip(&seen).map(chance).collect();
        let f1 = |threshold: f64| {
            let mut sums = HitSums::default();
            for (row, chances) in chances.iter().enumerate() {
                for lane in lanes.iter().map(|lane| lane.index()) {
                    sums.played[lane] += hits[row][lane];
                    if chances[lane] > threshold {
                        sums.made[lane] += seen[row];
                        sums.both[lane] += hits[row][lane];
                    }
                }
            }
            sums.f1()
        };
        let thresholds = (1..100).map(|percent| f64::from(percent) / 100.0);
        let best = thresholds.max_by(|a, b| f1(*a).total_cmp(&f1(*b)));
        Lookup {
            threshold: best.unwrap_or(0.5),
            chances,
        }
    }

    /// How likely a stroke is.
    pub fn chance(&self, groove: &Groove, step: usize, lane: Lane, sounds: Option<Sounds>) -> f64 {
        self.chances[row(groove, step, sounds)][lane.index()]
    }

    /// Whether a stroke is made.
    pub fn makes(&self, groove: &Groove, step: usize, lane: Lane, sounds: Option<Sounds>) -> bool {
        self.chance(groove, step, lane, sounds) > self.threshold
    }
}

/// The beat that everybody learns first: kick on the first and third beat, snare on the second and
/// fourth, and the closed hat in eighths.
pub fn plain_beat(step: usize, lane: Lane) -> bool {
    let place = step % PLACES;
    match lane {
        Lane::Kick => place.is_multiple_of(8),
        Lane::Snare => place % 8 == 4,
        Lane::ClosedHat => place.is_multiple_of(2),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::Hit;

    #[test]
    fn a_table_that_is_told_the_taps_knows_more() {
        // A snare at every kick, which is anywhere.
        let groove = |steps: &[usize]| {
            let mut groove = Groove::empty(2 * PLACES);
            for step in steps {
                for lane in [Lane::Kick, Lane::Snare] {
                    groove.steps[*step][lane.index()] = Some(Hit::new(0.5, 0.0));
                }
            }
            groove
        };
        let heard = [groove(&[0, 5, 20]), groove(&[0, 9]), groove(&[2, 30])];
        let kick = |groove: &Groove, step: usize| groove.hit(step, Lane::Kick).is_some();
        let lanes = [Lane::Snare];
        let told = Lookup::learn(&heard, &lanes, Some(&kick));
        let alone = Lookup::learn(&heard, &lanes, None);
        let unseen = groove(&[5, 20]);
        for step in 0..unseen.steps.len() {
            let played = unseen.hit(step, Lane::Snare).is_some();
            assert_eq!(told.makes(&unseen, step, Lane::Snare, Some(&kick)), played);
        }
        // Two of six bars.
        let chance = alone.chance(&unseen, 0, Lane::Snare, None);
        assert!((chance - 2.5 / 7.0).abs() < 1e-12, "{chance}");
        assert!(alone.makes(&unseen, 0, Lane::Snare, None));
    }

    #[test]
    fn the_plain_beat_is_what_it_says() {
        let beat = |lane| -> Vec<usize> { (0..16).filter(|it| plain_beat(*it, lane)).collect() };
        assert_eq!(beat(Lane::Kick), [0, 8]);
        assert_eq!(beat(Lane::Snare), [4, 12]);
        assert_eq!(beat(Lane::ClosedHat).len(), 8);
        assert!(beat(Lane::Ride).is_empty());
    }
}
