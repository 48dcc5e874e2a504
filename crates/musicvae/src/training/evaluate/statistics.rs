//! How certain a figure is, and how far apart two distributions are.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::data::Windows;

/// A figure with the bounds that 95 % of resampled data sets give (percentile bootstrap, Efron
/// 1979).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The figure itself.
    pub value: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

impl Interval {
    /// `None` where the figure has no meaning (a mean of nothing).
    pub fn meant(self) -> Option<Interval> {
        self.value.is_finite().then_some(self)
    }
}

/// What is resampled to see how figures vary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Whole files: windows of one performance are alike, so this is the honest one.
    #[default]
    File,
    /// Single windows, as if each were a performance of its own: narrower.
    Window,
}

/// Sums over windows that figures are computed from.
pub trait Sums: Clone + Default {
    /// Adds the sums of other windows.
    fn add(&mut self, other: &Self);
}

/// A plan of resampling: which windows belong together, how often, and from which seed. The same
/// plan draws the same data sets for every figure, so that intervals of two models compare.
#[derive(Clone, Debug)]
pub struct Resampling {
    /// The unit of each window.
    units: Vec<usize>,
    times: usize,
    seed: u64,
}

impl Resampling {
    /// Of the windows of a corpus.
    pub fn of<W>(windows: &Windows<W>, unit: Unit, times: usize, seed: u64) -> Resampling {
        match unit {
            Unit::File => Resampling {
                units: windows.origin.clone(),
                times,
                seed,
            },
            Unit::Window => Resampling::of_singles(windows.windows.len(), times, seed),
        }
    }

    /// Of `count` things that do not belong together.
    pub fn of_singles(count: usize, times: usize, seed: u64) -> Resampling {
        Resampling {
            units: (0..count).collect(),
            times,
            seed,
        }
    }

    /// The same plan for `count` other things that do not belong together.
    pub fn singles(&self, count: usize) -> Resampling {
        Resampling::of_singles(count, self.times, self.seed)
    }

    /// The same plan for other things, which belong to these units.
    pub fn of_units(&self, units: Vec<usize>) -> Resampling {
        Resampling { units, ..*self }
    }

    /// Each of `statistics` of the sums over `windows`, with its interval. Resampled data sets on
    /// which a statistic is not finite do not count for it.
    pub fn intervals<S: Sums, const N: usize>(
        &self,
        windows: &[S],
        statistics: impl Fn(&S) -> [f64; N],
    ) -> [Interval; N] {
        let count = self.units.iter().max().map_or(0, |last| last + 1);
        let mut units = vec![S::default(); count];
        let mut all = S::default();
        for (unit, window) in self.units.iter().zip(windows) {
            units[*unit].add(window);
            all.add(window);
        }
        let mut drawn: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(self.times));
        self.draw(count, |chosen| {
            let mut sums = S::default();
            chosen.iter().for_each(|unit| sums.add(&units[*unit]));
            collect(&mut drawn, statistics(&sums));
        });
        bounded(statistics(&all), drawn)
    }

    /// Each of `statistics` that is no function of sums, with its interval: it is told how often
    /// each unit was drawn (once, for the figure itself).
    pub fn weighted<const N: usize>(
        &self,
        statistics: impl Fn(&[f64]) -> [f64; N],
    ) -> [Interval; N] {
        let count = self.units.iter().max().map_or(0, |last| last + 1);
        let mut drawn: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(self.times));
        let mut weights = vec![0.0; count];
        self.draw(count, |chosen| {
            weights.fill(0.0);
            chosen.iter().for_each(|unit| weights[*unit] += 1.0);
            collect(&mut drawn, statistics(&weights));
        });
        weights.fill(1.0);
        bounded(statistics(&weights), drawn)
    }

    /// Shows `see` the units of each data set that is drawn out of `count` of them.
    fn draw(&self, count: usize, mut see: impl FnMut(&[usize])) {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut chosen = vec![0; count];
        for _ in 0..if count > 0 { self.times } else { 0 } {
            chosen.fill_with(|| rng.random_range(0..count));
            see(&chosen);
        }
    }
}

/// Keeps each value that means something.
fn collect<const N: usize>(drawn: &mut [Vec<f64>; N], values: [f64; N]) {
    for (drawn, value) in drawn.iter_mut().zip(values) {
        if value.is_finite() {
            drawn.push(value);
        }
    }
}

/// Values with the bounds of those that were drawn.
fn bounded<const N: usize>(values: [f64; N], mut drawn: [Vec<f64>; N]) -> [Interval; N] {
    std::array::from_fn(|index| {
        let drawn = &mut drawn[index];
        drawn.sort_by(f64::total_cmp);
        let value = values[index];
        Interval {
            value,
            low: quantile(drawn, 0.025).unwrap_or(value),
            high: quantile(drawn, 0.975).unwrap_or(value),
        }
    })
}

/// The standard deviation of the numbers round their mean; `None` of fewer than two.
pub fn deviation(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / count).sqrt())
}

/// The `p`-quantile of sorted numbers, between the two nearest ones where it falls there.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = p.clamp(0.0, 1.0) * last as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let above = sorted[(below + 1).min(last)];
    Some(sorted[below] + part * (above - sorted[below]))
}

/// Counts in `N` equal bins of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram<const N: usize>(pub [f64; N]);

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Histogram([0.0; N])
    }
}

impl<const N: usize> Histogram<N> {
    /// Counts `value` in its bin between `low` and `high`; what lies outside falls into the last
    /// bin of its side.
    pub fn count(&mut self, value: f64, (low, high): (f64, f64)) {
        let bin = (value - low) / (high - low) * N as f64;
        self.0[(bin.max(0.0) as usize).min(N - 1)] += 1.0;
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Histogram<N>) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a += b);
    }

    /// `KL(self || model)` in nats. Half a count is added to every bin of both (Krichevsky and
    /// Trofimov 1981), so that a bin that the model never fills costs much and not without bound.
    pub fn divergence(&self, model: &Histogram<N>) -> f64 {
        let share = |counts: &[f64; N]| {
            let total: f64 = counts.iter().sum::<f64>() + 0.5 * N as f64;
            counts.map(|count| (count + 0.5) / total)
        };
        let terms = share(&self.0).into_iter().zip(share(&model.0));
        terms.map(|(p, q)| p * (p / q).ln()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Mean(f64, f64);

    impl Sums for Mean {
        fn add(&mut self, other: &Mean) {
            self.0 += other.0;
            self.1 += other.1;
        }
    }

    fn mean(sums: &Mean) -> [f64; 1] {
        [sums.0 / sums.1]
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_theory() {
        // 400 draws of a uniform distribution on 0..1: the standard error is 0.0144.
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let windows: Vec<Mean> = (0..400).map(|_| Mean(rng.random(), 1.0)).collect();
        let plan = Resampling::of_singles(400, 2000, 7);
        let [found] = plan.intervals(&windows, mean);
        let width = found.high - found.low;
        assert!((width - 2.0 * 1.96 * 0.0144).abs() < 0.006, "{found:?}");
        assert!(found.low < found.value && found.value < found.high);
        assert_eq!(plan.intervals(&windows, mean), [found]);
        // The same numbers in 20 files of 20 equal windows are known less well.
        let files: Vec<Mean> = (0..400).map(|i| windows[i / 20].clone()).collect();
        let plan = Resampling {
            units: (0..400).map(|i| i / 20).collect(),
            ..plan
        };
        let [by_file] = plan.intervals(&files, mean);
        assert!(by_file.high - by_file.low > 3.0 * width, "{by_file:?}");
    }

    #[test]
    fn nothing_has_no_figure() {
        let [nothing] = Resampling::of_singles(0, 10, 0).intervals(&[], mean);
        assert_eq!(nothing.meant(), None);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
    }

    #[test]
    fn divergence_is_zero_of_the_same_and_grows() {
        let mut even = Histogram::<4>::default();
        let mut skew = Histogram::<4>::default();
        for value in [0.0, 0.3, 0.6, 1.0, 7.0, -7.0] {
            even.count(value, (0.0, 1.0));
            skew.count(0.1, (0.0, 1.0));
        }
        assert_eq!(even.0, [2.0, 1.0, 1.0, 2.0]);
        assert_eq!(even.divergence(&even), 0.0);
        // By hand: p = (2.5, 1.5, 1.5, 2.5) / 8, q = (6.5, 0.5, 0.5, 0.5) / 8.
        let expected = 2.5 / 8.0 * (2.5f64 / 6.5).ln()
            + 2.0 * 1.5 / 8.0 * (1.5f64 / 0.5).ln()
            + 2.5 / 8.0 * (2.5f64 / 0.5).ln();
        assert!((even.divergence(&skew) - expected).abs() < 1e-12);
    }
}
