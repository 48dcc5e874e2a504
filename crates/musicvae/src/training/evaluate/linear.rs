//! Linear regression of velocity and microtiming on the pattern.

use crate::music::{FEATURES, Groove, Hit, LANES};

/// Steps before and after a stroke whose hits explain it.
const REACH: isize = 8;
/// Sixteenths of a bar, each with a level of its own.
const PLACES: usize = 16;
/// Places in the bar, the tempo, and the hits of all lanes in reach.
const INPUTS: usize = PLACES + 1 + (2 * REACH as usize + 1) * LANES;
/// Added to the diagonal: keeps columns that were never seen at 0.
const RIDGE: f64 = 1.0;

/// One regression a lane. A stroke is explained by its place in the bar (one of 16), the tempo, and
/// which lanes are hit in the eight steps before, at, and in the eight steps after it; least
/// squares with a ridge of 1 stroke.
pub struct Linear {
    lanes: Vec<[Vec<f64>; 2]>,
}

/// The columns that are not 0 for the stroke at `step`, with their values.
fn inputs(hits: &[f32], step: usize, qpm: f64) -> Vec<(usize, f64)> {
    let mut inputs = vec![(step % PLACES, 1.0), (PLACES, qpm / 100.0 - 1.0)];
    for distance in -REACH..=REACH {
        let Some(from) = step.checked_add_signed(distance) else {
            continue;
        };
        let first = PLACES + 1 + (distance + REACH) as usize * LANES;
        let row = hits.chunks_exact(FEATURES).nth(from);
        for (lane, hit) in row
            .into_iter()
            .flat_map(|row| row[..LANES].iter().enumerate())
        {
            if *hit > 0.5 {
                inputs.push((first + lane, 1.0));
            }
        }
    }
    inputs
}

impl Linear {
    /// Fits to every stroke of `grooves`.
    pub fn fit(grooves: &[Groove]) -> Linear {
        let mut normal: Vec<_> = (0..LANES).map(|_| Normal::new()).collect();
        for groove in grooves {
            let features = groove.to_features();
            for (step, lane, hit) in groove.hits() {
                let inputs = inputs(&features, step, groove.qpm);
                normal[lane.index()].add(&inputs, [hit.velocity, hit.offset].map(f64::from));
            }
        }
        Linear {
            lanes: normal.into_iter().map(Normal::solve).collect(),
        }
    }

    /// The stroke expected at each stroke of `groove`.
    pub fn predict(&self, groove: &Groove) -> Vec<Hit> {
        let features = groove.to_features();
        let stroke = |(step, lane, _): (usize, crate::music::Lane, Hit)| {
            let inputs = inputs(&features, step, groove.qpm);
            let [velocity, offset] = self.lanes[lane.index()].each_ref().map(|weights| {
                inputs
                    .iter()
                    .map(|(column, value)| weights[*column] * value)
                    .sum::<f64>()
            });
            Hit::new(
                velocity.clamp(0.0, 1.0) as f32,
                offset.clamp(-0.5, 0.5) as f32,
            )
        };
        groove.hits().map(stroke).collect()
    }
}

/// The normal equations of one lane with two right sides.
struct Normal {
    /// Lower triangle, row by row in a full square.
    matrix: Vec<f64>,
    right: [Vec<f64>; 2],
}

impl Normal {
    fn new() -> Normal {
        let mut matrix = vec![0.0; INPUTS * INPUTS];
        for diagonal in 0..INPUTS {
            matrix[diagonal * INPUTS + diagonal] = RIDGE;
        }
        Normal {
            matrix,
            right: [vec![0.0; INPUTS], vec![0.0; INPUTS]],
        }
    }

    fn add(&mut self, inputs: &[(usize, f64)], targets: [f64; 2]) {
        for (row, a) in inputs {
            for (column, b) in inputs.iter().filter(|(column, _)| column <= row) {
                self.matrix[row * INPUTS + column] += a * b;
            }
            for (right, target) in self.right.iter_mut().zip(targets) {
                right[*row] += a * target;
            }
        }
    }

    /// The weights, by Cholesky's decomposition; the ridge keeps the matrix positive definite.
    fn solve(self) -> [Vec<f64>; 2] {
        let Normal {
            mut matrix,
            mut right,
        } = self;
        for row in 0..INPUTS {
            for column in 0..=row {
                let (a, b) = (row * INPUTS, column * INPUTS);
                let dot: f64 = (0..column).map(|k| matrix[a + k] * matrix[b + k]).sum();
                let rest = matrix[a + column] - dot;
                matrix[a + column] = if row == column {
                    rest.sqrt()
                } else {
                    rest / matrix[b + column]
                };
            }
        }
        for right in &mut right {
            for row in 0..INPUTS {
                let dot: f64 = (0..row).map(|k| matrix[row * INPUTS + k] * right[k]).sum();
                right[row] = (right[row] - dot) / matrix[row * INPUTS + row];
            }
            for row in (0..INPUTS).rev() {
                let dot: f64 = (row + 1..INPUTS)
                    .map(|k| matrix[k * INPUTS + row] * right[k])
                    .sum();
                right[row] = (right[row] - dot) / matrix[row * INPUTS + row];
            }
        }
        right
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_linear_rule_is_found() {
        // A kick is loud on the beat and early when a hat follows on the next step.
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut grooves = Vec::new();
        for _ in 0..200 {
            let mut groove = Groove::empty(32);
            for step in 0..32 {
                for lane in [0, 2] {
                    groove.steps[step][lane] = rng.random_bool(0.4).then_some(Hit::new(0.5, 0.0));
                }
            }
            for step in 0..32 {
                let hat_follows = step < 31 && groove.steps[step + 1][2].is_some();
                if let Some(kick) = &mut groove.steps[step][0] {
                    kick.velocity = if step % 4 == 0 { 0.9 } else { 0.3 };
                    kick.offset = if hat_follows { 0.2 } else { -0.1 };
                }
            }
            grooves.push(groove);
        }
        let linear = Linear::fit(&grooves);
        let unseen = grooves.pop().unwrap();
        for ((_, lane, played), made) in unseen.hits().zip(linear.predict(&unseen)) {
            if lane.index() == 0 {
                assert!((played.velocity - made.velocity).abs() < 0.02, "{made:?}");
                assert!((played.offset - made.offset).abs() < 0.02, "{made:?}");
            }
        }
    }
}
