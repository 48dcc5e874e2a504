//! Drummers' habits, as shares and means.

use serde::{Deserialize, Serialize};

use super::super::statistics::{Interval, Resampling, Sums};
use super::feel::{LAGS, autocorrelation, gap, spread};
use super::form::{Form, form};
use super::set::Set;
use crate::music::{Groove, LANES, Lane, Step, measures};

/// Sixteenths of a bar.
const PLACES: usize = 16;
/// Bars are alike whose strokes have this F1 against each other.
pub const ALIKE: f64 = 0.9;
/// The second and the fourth beat.
const BACKBEATS: [usize; 2] = [4, 12];

/// The habits of a set of grooves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Habits {
    /// Who plays.
    pub grooves: String,
    /// Strokes a step.
    pub density: Interval,
    /// Strokes a step of each lane.
    pub lane_density: [Interval; LANES],
    /// The standard deviation of a groove's offsets in sixteenths, on average.
    pub spread: Option<Interval>,
    /// Share of grooves whose first two bars are alike ([`ALIKE`]). `None`, as all that follows, where
    /// no groove has what it speaks of.
    pub alike: Option<Interval>,
    /// Share of grooves whose first two bars have the same strokes.
    pub identical: Option<Interval>,
    /// Share of bars with the snare on the second and on the fourth beat.
    pub backbeat: Option<Interval>,
    /// How alike offsets are that lie [`LAGS`] steps apart, on average.
    pub autocorrelation: [Option<Interval>; LAGS.len()],
    /// How far strokes lie apart that sound together, in sixteenths.
    pub gap: Option<Interval>,
    /// How their bars follow each other.
    pub form: Form,
}

/// A sum and how many it is of.
type Mean = (f64, f64);

#[derive(Clone, Copy, Default)]
struct HabitSums {
    steps: f64,
    hits: [f64; LANES],
    spread: Mean,
    alike: Mean,
    identical: Mean,
    backbeat: Mean,
    autocorrelation: [Mean; LAGS.len()],
    gap: Mean,
}

impl HabitSums {
    fn means(&mut self) -> impl Iterator<Item = &mut Mean> {
        let feel = self.autocorrelation.iter_mut();
        feel.chain([
            &mut self.spread,
            &mut self.alike,
            &mut self.identical,
            &mut self.backbeat,
            &mut self.gap,
        ])
    }

    fn of(groove: &Groove) -> HabitSums {
        let one = |value: Option<f64>| value.map_or((0.0, 0.0), |value| (value, 1.0));
        let share = |it: bool| f64::from(u8::from(it));
        let bars: Vec<&[Step]> = groove.steps.chunks_exact(PLACES).collect();
        let likeness = match bars[..] {
            [first, second, ..] => measures::likeness(first, second),
            _ => None,
        };
        let is_backbeat = |bar: &&&[Step]| {
            let snare = Lane::Snare.index();
            BACKBEATS.iter().all(|place| bar[*place][snare].is_some())
        };
        let backbeats = bars.iter().filter(is_backbeat).count();
        let mut hits = [0.0; LANES];
        groove
            .hits()
            .for_each(|(_, lane, _)| hits[lane.index()] += 1.0);
        HabitSums {
            steps: groove.steps.len() as f64,
            hits,
            spread: one(spread(groove, None)),
            alike: one(likeness.map(|it| share(it >= ALIKE))),
            identical: one(likeness.map(|it| share(it == 1.0))),
            backbeat: (backbeats as f64, bars.len() as f64),
            autocorrelation: LAGS.map(|lag| one(autocorrelation(groove, lag))),
            gap: one(gap(groove)),
        }
    }
}

impl Sums for HabitSums {
    fn add(&mut self, other: &HabitSums) {
        let mut other = *other;
        self.steps += other.steps;
        self.hits
            .iter_mut()
            .zip(other.hits)
            .for_each(|(a, b)| *a += b);
        for (mean, other) in self.means().zip(other.means()) {
            *mean = (mean.0 + other.0, mean.1 + other.1);
        }
    }
}

/// The habits of a set; bounds resample performances, as `plan` says.
pub fn habits(set: &Set, plan: &Resampling) -> Habits {
    let sums: Vec<HabitSums> = set.grooves.iter().map(HabitSums::of).collect();
    let plan = plan.of_units(set.counted());
    let mean = |(sum, count): Mean| sum / count;
    let [density, spread, alike, identical, backbeat, gap] = plan.intervals(&sums, |sums| {
        [
            sums.hits.iter().sum::<f64>() / sums.steps,
            mean(sums.spread),
            mean(sums.alike),
            mean(sums.identical),
            mean(sums.backbeat),
            mean(sums.gap),
        ]
    });
    Habits {
        grooves: set.name.clone(),
        density,
        lane_density: plan.intervals(&sums, |sums| sums.hits.map(|hits| hits / sums.steps)),
        spread: spread.meant(),
        alike: alike.meant(),
        identical: identical.meant(),
        backbeat: backbeat.meant(),
        autocorrelation: plan
            .intervals(&sums, |sums| sums.autocorrelation.map(mean))
            .map(Interval::meant),
        gap: gap.meant(),
        form: form(&set.grooves, &plan),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::Hit;

    #[test]
    fn a_backbeat_that_comes_back() {
        let mut groove = Groove::empty(4 * PLACES);
        let hit = Some(Hit::new(0.5, 0.0));
        for bar in 0..3 {
            for place in BACKBEATS {
                groove.steps[bar * PLACES + place][Lane::Snare.index()] = hit;
            }
        }
        let set = Set::new("three of four", &[groove], &[0], 0);
        let found = habits(&set, &Resampling::of_singles(1, 3, 0));
        let value = |it: Option<Interval>| it.map(|it| it.value);
        assert_eq!(value(found.backbeat), Some(0.75));
        assert_eq!(value(found.alike), Some(1.0));
        assert_eq!(value(found.identical), Some(1.0));
        assert_eq!(found.density.value, 6.0 / 64.0);
        assert_eq!(found.lane_density[Lane::Snare.index()].value, 6.0 / 64.0);
        assert_eq!(found.gap, None);
    }
}
