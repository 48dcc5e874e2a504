//! How far sets of grooves lie apart, as Yang and Lerch measure generated music (*On the evaluation
//! of generative models in music*, Neural Computing and Applications 32, 2020).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::statistics::deviation;
use super::feel::offsets;
use super::set::Set;
use crate::music::{Groove, LANES};

/// Sixteenths of a bar.
const PLACES: usize = 16;
/// Points at which densities are compared, from the least distance to the greatest.
const POINTS: usize = 1000;
/// The least density that a point has, so that a point that one of them never reaches costs much and
/// not without bound.
const FLOOR: f64 = 1e-12;
/// Features that are compared, in the order of [`vectors`].
const FEATURES: [&str; 9] = [
    "lanes played",
    "strokes",
    "shares of the lanes",
    "shares of the places in the bar",
    "steps from onset to onset",
    "mean velocity",
    "spread of velocities",
    "mean offset",
    "spread of offsets",
];

/// How far a set of grooves lies from what drummers play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distances {
    /// What was compared.
    pub grooves: String,
    /// With which windows.
    pub drummers: String,
    /// Feature by feature.
    pub features: Vec<Distance>,
}

/// The distances of one feature: those of drummers' windows from one another, beside those of the
/// grooves from drummers' windows (Euclidean, of all pairs; densities by Gaussian kernels of Scott's
/// bandwidth).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// What it speaks of.
    pub feature: String,
    /// `KL(among drummers || from grooves to drummers)` in nats: 0 is the same.
    pub kl: f64,
    /// The area under both densities: 1 is the same.
    pub overlap: f64,
}

/// Measures `grooves` against `drummers`.
pub fn distances(grooves: &Set, drummers: &Set) -> Distances {
    let vectors = |set: &Set| -> Vec<_> { set.grooves.iter().map(vectors).collect() };
    let (made, played) = (vectors(grooves), vectors(drummers));
    let feature = |place: usize| {
        let among = played.iter().enumerate().flat_map(|(index, a)| {
            let others = played[index + 1..].iter();
            others.map(move |b| apart(&a[place], &b[place]))
        });
        let among: Vec<f64> = among.collect();
        let between = made
            .iter()
            .flat_map(|a| played.iter().map(|b| apart(&a[place], &b[place])));
        let between: Vec<f64> = between.collect();
        let (kl, overlap) = compare(&among, &between);
        Distance {
            feature: FEATURES[place].into(),
            kl,
            overlap,
        }
    };
    Distances {
        grooves: grooves.name.clone(),
        drummers: drummers.name.clone(),
        features: (0..FEATURES.len()).into_par_iter().map(feature).collect(),
    }
}

/// Each feature of a groove as a vector. A groove without strokes has 0 for what has no meaning.
fn vectors(groove: &Groove) -> [Vec<f64>; FEATURES.len()] {
    let mut lanes = vec![0.0; LANES];
    let mut places = vec![0.0; PLACES];
    let mut velocities = Vec::new();
    for (step, lane, hit) in groove.hits() {
        lanes[lane.index()] += 1.0;
        places[step % PLACES] += 1.0;
        velocities.push(f64::from(hit.velocity));
    }
    let offsets = offsets(groove, None);
    let strokes = velocities.len() as f64;
    let shares = |counts: &[f64]| counts.iter().map(|it| it / strokes.max(1.0)).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / strokes.max(1.0);
    let sounds = |step: &usize| groove.steps[*step].iter().any(Option::is_some);
    let onsets: Vec<usize> = (0..groove.steps.len()).filter(sounds).collect();
    let between = match onsets[..] {
        [first, .., last] => (last - first) as f64 / (onsets.len() - 1) as f64,
        _ => 0.0,
    };
    let played = lanes.iter().filter(|count| **count > 0.0).count();
    [
        vec![played as f64],
        vec![strokes],
        shares(&lanes),
        shares(&places),
        vec![between],
        vec![mean(&velocities)],
        vec![deviation(&velocities).unwrap_or(0.0)],
        vec![mean(&offsets)],
        vec![deviation(&offsets).unwrap_or(0.0)],
    ]
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

/// `KL(a || b)` of the densities of two sets of numbers, and the area under both.
fn compare(a: &[f64], b: &[f64]) -> (f64, f64) {
    let ends = a.iter().chain(b).fold((f64::MAX, f64::MIN), |ends, it| {
        (ends.0.min(*it), ends.1.max(*it))
    });
    let range = ends.1 - ends.0;
    if range.is_nan() || range <= 0.0 {
        return (0.0, 1.0);
    }
    let (p, q) = (density(a, ends), density(b, ends));
    let both = || p.iter().zip(&q);
    let kl = both().map(|(p, q)| p * (p / q).ln()).sum();
    (kl, both().map(|(p, q)| p.min(*q)).sum())
}

/// The density of numbers at [`POINTS`] points from `low` to `high`, which sums up to 1.
fn density(values: &[f64], (low, high): (f64, f64)) -> Vec<f64> {
    let point = (high - low) / (POINTS - 1) as f64;
    let mut counts = [0.0; POINTS];
    for value in values {
        counts[((value - low) / point).round() as usize] += 1.0;
    }
    // Narrower than a point, kernels would fall between them.
    let scott = deviation(values).unwrap_or(0.0) * (values.len() as f64).powf(-0.2);
    let width = (scott / point).max(0.5);
    let kernel: Vec<f64> = (0..POINTS)
        .map(|distance| (-0.5 * (distance as f64 / width).powi(2)).exp())
        .collect();
    let at = |place: usize| -> f64 {
        let counted = counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
        counted
            .map(|(other, count)| count * kernel[place.abs_diff(other)])
            .sum()
    };
    let density: Vec<f64> = (0..POINTS).map(at).collect();
    let total: f64 = density.iter().sum();
    density.iter().map(|it| (it / total).max(FLOOR)).collect()
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn the_same_is_not_apart_and_more_is_further() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut uniform =
            |low: f64| -> Vec<f64> { (0..2000).map(|_| low + rng.random::<f64>()).collect() };
        let (here, again, near, far) = (uniform(0.0), uniform(0.0), uniform(0.5), uniform(9.0));
        let (kl, overlap) = compare(&here, &here);
        assert!(kl.abs() < 1e-12 && (overlap - 1.0).abs() < 1e-9);
        assert!(compare(&here, &again).1 > 0.95);
        // Half of the one lies where the other is.
        assert!((compare(&here, &near).1 - 0.5).abs() < 0.06);
        let (kl, overlap) = compare(&here, &far);
        assert!(kl > 10.0 && overlap < 1e-3, "{kl} {overlap}");
        assert_eq!(compare(&[1.0, 1.0], &[1.0]), (0.0, 1.0));
    }
}
