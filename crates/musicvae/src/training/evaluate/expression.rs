//! How well velocities and microtiming are predicted, for strokes whose place is given.

use serde::{Deserialize, Serialize};

use super::statistics::{Histogram, Interval, Resampling, Sums};
use crate::music::{Groove, Hit};

/// Velocities in 32 bins, 4 of MIDI's 128 steps each.
pub type Velocities = Histogram<32>;
/// Microtiming in 41 bins of 1/40 sixteenth, three ticks each at the usual 480 to a quarter.
pub type Offsets = Histogram<41>;

/// The ranges of the bins. Their edges lie between the steps of MIDI and between the ticks, so that
/// no rounding moves a stroke to the next bin.
pub const VELOCITIES: (f64, f64) = (-0.5 / 127.0, 127.5 / 127.0);
/// The range of the bins of offsets, in steps.
pub const OFFSETS: (f64, f64) = (-0.5125, 0.5125);

/// Errors of velocities and microtiming, and how far their distributions are from the played ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// Mean absolute error of microtiming in milliseconds at each file's tempo.
    pub timing_mae_ms: Interval,
    /// Mean squared error of microtiming in sixteenths squared.
    pub timing_mse: Interval,
    /// `KL(played || made)` of microtiming in nats, over 41 bins of 1/40 sixteenth with half
    /// a count added to each.
    pub timing_kl: Interval,
    /// Mean absolute error of velocities, 0..=1.
    pub velocity_mae: Interval,
    /// `KL(played || made)` of velocities in nats, over 32 bins with half a count added to each.
    pub velocity_kl: Interval,
}

/// What [`Expression`] is computed from.
#[derive(Clone, Debug, Default)]
pub struct ExpressionSums {
    count: f64,
    absolute_ms: f64,
    squared: f64,
    velocity: f64,
    played: (Velocities, Offsets),
    made: (Velocities, Offsets),
}

impl Sums for ExpressionSums {
    fn add(&mut self, other: &ExpressionSums) {
        self.count += other.count;
        self.absolute_ms += other.absolute_ms;
        self.squared += other.squared;
        self.velocity += other.velocity;
        self.played.0.add(&other.played.0);
        self.played.1.add(&other.played.1);
        self.made.0.add(&other.made.0);
        self.made.1.add(&other.made.1);
    }
}

impl ExpressionSums {
    /// Compares a played stroke with a made one, on a grid of steps of `step_seconds`.
    pub fn compare(&mut self, played: Hit, made: Hit, step_seconds: f64) {
        let error = f64::from(made.offset) - f64::from(played.offset);
        self.count += 1.0;
        self.absolute_ms += error.abs() * step_seconds * 1e3;
        self.squared += error * error;
        self.velocity += (f64::from(made.velocity) - f64::from(played.velocity)).abs();
        for (histograms, hit) in [(&mut self.played, played), (&mut self.made, made)] {
            histograms.0.count(f64::from(hit.velocity), VELOCITIES);
            histograms.1.count(f64::from(hit.offset), OFFSETS);
        }
    }

    /// The figures of `windows`.
    pub fn figures(windows: &[ExpressionSums], plan: &Resampling) -> Expression {
        let [
            timing_mae_ms,
            timing_mse,
            timing_kl,
            velocity_mae,
            velocity_kl,
        ] = plan.intervals(windows, |sums| {
            [
                sums.absolute_ms / sums.count,
                sums.squared / sums.count,
                sums.played.1.divergence(&sums.made.1),
                sums.velocity / sums.count,
                sums.played.0.divergence(&sums.made.0),
            ]
        });
        Expression {
            timing_mae_ms,
            timing_mse,
            timing_kl,
            velocity_mae,
            velocity_kl,
        }
    }

    /// The figures of strokes made for every stroke of `grooves`, in the order of
    /// [`Groove::hits`].
    pub fn of_made(grooves: &[Groove], made: &[Vec<Hit>], plan: &Resampling) -> Expression {
        let compare = |(groove, made): (&Groove, &Vec<Hit>)| {
            let mut sums = ExpressionSums::default();
            for ((.., played), made) in groove.hits().zip(made) {
                sums.compare(played, *made, groove.step_seconds());
            }
            sums
        };
        let windows: Vec<_> = grooves.iter().zip(made).map(compare).collect();
        ExpressionSums::figures(&windows, plan)
    }
}

/// The distributions of played and made strokes, for pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distributions {
    /// Of velocities.
    pub velocities: Velocities,
    /// Of offsets.
    pub offsets: Offsets,
}

impl Distributions {
    /// The distributions of strokes.
    pub fn of<'a>(hits: impl Iterator<Item = &'a Hit>) -> Distributions {
        let mut all = Distributions::default();
        for hit in hits {
            all.velocities.count(f64::from(hit.velocity), VELOCITIES);
            all.offsets.count(f64::from(hit.offset), OFFSETS);
        }
        all
    }
}
