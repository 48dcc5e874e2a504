//! Which strokes came back.

use super::statistics::{Interval, Resampling, Sums};
use crate::music::LANES;

/// Strokes of one or more windows, by lane.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HitSums {
    pub both: [f64; LANES],
    pub played: [f64; LANES],
    pub made: [f64; LANES],
}

impl Sums for HitSums {
    fn add(&mut self, other: &HitSums) {
        let add = |sums: &mut [f64; LANES], others: &[f64; LANES]| {
            sums.iter_mut().zip(others).for_each(|(a, b)| *a += b);
        };
        add(&mut self.both, &other.both);
        add(&mut self.played, &other.played);
        add(&mut self.made, &other.made);
    }
}

impl HitSums {
    /// Counts one cell.
    pub fn compare(&mut self, lane: usize, played: bool, made: bool) {
        self.both[lane] += f64::from(u8::from(played && made));
        self.played[lane] += f64::from(u8::from(played));
        self.made[lane] += f64::from(u8::from(made));
    }

    /// Strokes of both, played and made ones, over all lanes.
    pub fn totals(&self) -> [f64; 3] {
        [self.both, self.played, self.made].map(|lanes| lanes.iter().sum())
    }

    /// F1 over all lanes; 0 where nothing is met.
    pub fn f1(&self) -> f64 {
        let [both, played, made] = self.totals();
        if both > 0.0 {
            2.0 * both / (played + made)
        } else {
            0.0
        }
    }

    /// Precision, recall and F1 over all lanes.
    pub fn overall(windows: &[HitSums], plan: &Resampling) -> [Interval; 3] {
        plan.intervals(windows, |sums| {
            let [both, played, made] = sums.totals();
            let share = |of: f64| if of > 0.0 { both / of } else { 0.0 };
            [share(made), share(played), sums.f1()]
        })
    }

    /// F1 of each lane; `None` where neither has a stroke.
    pub fn by_lane(windows: &[HitSums], plan: &Resampling) -> [Option<Interval>; LANES] {
        let f1 = |sums: &HitSums| {
            std::array::from_fn(|lane| {
                2.0 * sums.both[lane] / (sums.played[lane] + sums.made[lane])
            })
        };
        plan.intervals::<_, LANES>(windows, f1).map(Interval::meant)
    }
}
