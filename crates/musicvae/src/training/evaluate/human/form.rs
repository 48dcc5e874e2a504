//! How bars follow each other: what returns, and where fills and crashes are.

use serde::{Deserialize, Serialize};

use super::super::statistics::{Interval, Resampling, Sums};
use crate::music::{Groove, Lane, Step, measures};

/// Sixteenths of a bar.
const PLACES: usize = 16;

/// Bars between two that are held against each other.
pub const DISTANCES: [usize; 4] = [1, 2, 4, 8];

const TOMS: [Lane; 3] = [Lane::LowTom, Lane::MidTom, Lane::HighTom];

/// How the bars of grooves follow each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The F1 of the strokes of bars that lie [`DISTANCES`] apart, on average; `None` where no groove has
    /// such bars.
    pub likeness: [Option<Interval>; DISTANCES.len()],
    /// Each bar, from the first on.
    pub bars: Vec<FormBar>,
}

/// What the bars at one place of the grooves are like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormBar {
    /// How much is not as in the bar before: 1 less the F1 of their strokes. `None` of the first bar.
    pub change: Option<Interval>,
    /// Strokes on toms.
    pub toms: Interval,
    /// Strokes on the crash.
    pub crashes: Interval,
}

/// A sum and how many it is of.
type Mean = (f64, f64);

fn mean((sum, count): Mean) -> f64 {
    sum / count
}

#[derive(Clone, Copy, Default)]
struct Likeness([Mean; DISTANCES.len()]);

impl Sums for Likeness {
    fn add(&mut self, other: &Likeness) {
        for (mean, other) in self.0.iter_mut().zip(other.0) {
            *mean = (mean.0 + other.0, mean.1 + other.1);
        }
    }
}

impl Likeness {
    fn of(bars: &[&[Step]]) -> Likeness {
        Likeness(DISTANCES.map(|distance| {
            let pairs = bars.iter().zip(bars.iter().skip(distance));
            let all = pairs.filter_map(|(bar, later)| measures::likeness(bar, later));
            all.fold((0.0, 0.0), |(sum, count), it| (sum + it, count + 1.0))
        }))
    }
}

#[derive(Clone, Copy, Default)]
struct BarSums {
    change: Mean,
    toms: f64,
    crashes: f64,
    bars: f64,
}

impl Sums for BarSums {
    fn add(&mut self, other: &BarSums) {
        self.change = (
            self.change.0 + other.change.0,
            self.change.1 + other.change.1,
        );
        self.toms += other.toms;
        self.crashes += other.crashes;
        self.bars += other.bars;
    }
}

impl BarSums {
    /// Nothing where the groove has no such bar.
    fn of(bars: &[&[Step]], place: usize) -> BarSums {
        let Some(bar) = bars.get(place) else {
            return BarSums::default();
        };
        let count = |lane: Lane| {
            let hits = bar.iter().filter(|step| step[lane.index()].is_some());
            hits.count() as f64
        };
        let before = place.checked_sub(1).and_then(|before| bars.get(before));
        let likeness = before.and_then(|before| measures::likeness(before, bar));
        BarSums {
            change: likeness.map_or((0.0, 0.0), |it| (1.0 - it, 1.0)),
            toms: TOMS.map(count).iter().sum(),
            crashes: count(Lane::Crash),
            bars: 1.0,
        }
    }
}

/// The form of grooves; `plan` says which belong together.
pub(super) fn form(grooves: &[Groove], plan: &Resampling) -> Form {
    let bars: Vec<Vec<&[Step]>> = (grooves.iter())
        .map(|groove| groove.steps.chunks_exact(PLACES).collect())
        .collect();
    let likeness: Vec<Likeness> = bars.iter().map(|bars| Likeness::of(bars)).collect();
    let longest = bars.iter().map(Vec::len).max().unwrap_or_default();
    let at = |place: usize| {
        let sums: Vec<BarSums> = bars.iter().map(|bars| BarSums::of(bars, place)).collect();
        let [change, toms, crashes] = plan.intervals(&sums, |sums| {
            let each = |count: f64| count / sums.bars;
            [mean(sums.change), each(sums.toms), each(sums.crashes)]
        });
        FormBar {
            change: change.meant(),
            toms,
            crashes,
        }
    };
    Form {
        likeness: plan
            .intervals(&likeness, |sums| sums.0.map(mean))
            .map(Interval::meant),
        bars: (0..longest).map(at).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::Hit;

    #[test]
    fn a_fill_changes_its_bar_and_the_one_after() {
        // A kick on each beat of four bars; in the fourth, two toms take two of its places.
        let hit = Some(Hit::new(0.5, 0.0));
        let mut groove = Groove::empty(4 * PLACES);
        for step in (0..4 * PLACES).step_by(4) {
            groove.steps[step][Lane::Kick.index()] = hit;
        }
        groove.steps[0][Lane::Crash.index()] = hit;
        for step in [3 * PLACES + 8, 3 * PLACES + 12] {
            groove.steps[step] = [None; 9];
            groove.steps[step][Lane::LowTom.index()] = hit;
        }
        let found = form(&[groove], &Resampling::of_singles(1, 3, 0));
        let value = |it: Option<Interval>| it.map(|it| it.value);
        // Five strokes and four, four and four, two of four in common.
        let [first, second, third] = [8.0 / 9.0, 1.0, 0.5];
        let all = (first + second + third) / 3.0;
        assert!((value(found.likeness[0]).unwrap() - all).abs() < 1e-12);
        assert_eq!(found.likeness[2], None);
        let changes: Vec<_> = found.bars.iter().map(|bar| value(bar.change)).collect();
        assert_eq!(changes[0], None);
        assert!((changes[1].unwrap() - 1.0 / 9.0).abs() < 1e-12);
        assert_eq!(&changes[2..], [Some(0.0), Some(0.5)]);
        assert_eq!(found.bars[3].toms.value, 2.0);
        assert_eq!(found.bars[0].crashes.value, 1.0);
    }
}
