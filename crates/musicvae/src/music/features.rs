//! A groove as the numbers a model sees, and back.

use super::{Groove, Hit, LANES, Meter, Step};

/// Width of one step: hits, velocities and offsets of every lane, in that order.
pub const FEATURES: usize = 3 * LANES;

impl Groove {
    /// The groove as `steps x 27` numbers, row by row: columns 0-8 hits (0 or 1), 9-17 velocities
    /// (0..=1), 18-26 offsets doubled to -1..=1 (positive = early). Silent cells are all zero.
    /// This is the layout of the reference's `GrooveConverter`.
    pub fn to_features(&self) -> Vec<f32> {
        let mut features = vec![0.0; self.steps.len() * FEATURES];
        for (step, lane, hit) in self.hits() {
            let row = &mut features[step * FEATURES..][..FEATURES];
            row[lane.index()] = 1.0;
            row[LANES + lane.index()] = hit.velocity;
            row[2 * LANES + lane.index()] = 2.0 * hit.offset;
        }
        features
    }

    /// The groove that `features` (laid out as [`Groove::to_features`] does) stands for: a hit
    /// where column 0-8 is over one half, velocities and offsets clipped to their ranges. A last
    /// row that is not whole is ignored.
    pub fn from_features(features: &[f32], qpm: f64) -> Groove {
        let steps = features.chunks_exact(FEATURES).map(step_from_row).collect();
        Groove {
            steps,
            qpm,
            meter: Meter::COMMON,
        }
    }
}

fn step_from_row(row: &[f32]) -> Step {
    std::array::from_fn(|lane| {
        (row[lane] > 0.5).then(|| Hit {
            velocity: row[LANES + lane].clamp(0.0, 1.0),
            offset: (row[2 * LANES + lane] / 2.0).clamp(-0.5, 0.5),
        })
    })
}
