//! Smoothness of the way from one groove to another, as the MusicVAE paper measures it (Roberts et
//! al. 2018, section 5.3).

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::super::TrainingError;
use super::grid::words;
use super::ngram::NGrams;
use super::statistics::{Interval, Resampling, Sums};
use super::subject::{LIKELIEST, Subject};
use crate::data::Windows;
use crate::model::latent::slerp;
use crate::music::Groove;

/// Stations of the way, both ends among them.
const STATIONS: usize = 11;

/// Ways through the latent space, and ways that blend the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interpolation {
    /// Pairs of windows that were measured.
    pub pairs: usize,
    /// Spherical interpolation of the posteriors' means, decoded with hits by threshold.
    pub latent: Way,
    /// The same two ends, each step taken whole from the second with the probability of the
    /// station.
    pub blend: Way,
}

/// Means over pairs, at the stations from the first groove to the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Way {
    /// Steps whose lanes differ from the first groove's (Hamming distance), as a share of the steps
    /// that differ between the two ends.
    pub distance: [f64; STATIONS],
    /// Cost by a 5-gram model of the training split (nats a step). `None` without
    /// one.
    pub cost: Option<[f64; STATIONS]>,
    /// Mean cost of the stations between the ends, less that of the straight line from end to end:
    /// above 0 the in-betweens are less ordinary than the ends.
    pub excess_cost: Option<Interval>,
    /// Sum of the distances from station to station as a share of the distance of the ends: 1 goes
    /// straight, more takes detours.
    pub length: Interval,
    /// The largest distance from one station to the next, as a share likewise: 0.1 is even, 1 is a
    /// single jump.
    pub largest_jump: Interval,
}

#[derive(Clone, Debug, Default)]
struct WaySums {
    ways: f64,
    distance: [f64; STATIONS],
    cost: [f64; STATIONS],
    length: f64,
    jump: f64,
}

impl Sums for WaySums {
    fn add(&mut self, other: &WaySums) {
        self.ways += other.ways;
        for (sums, others) in [
            (&mut self.distance, &other.distance),
            (&mut self.cost, &other.cost),
        ] {
            sums.iter_mut().zip(others).for_each(|(a, b)| *a += b);
        }
        self.length += other.length;
        self.jump += other.jump;
    }
}

impl WaySums {
    /// Of one way; its ends differ in `apart` steps.
    fn of(stations: &[Vec<u16>], apart: f64, judge: Option<&NGrams>) -> WaySums {
        let mut sums = WaySums {
            ways: 1.0,
            ..WaySums::default()
        };
        for (place, station) in stations.iter().enumerate() {
            sums.distance[place] = differing(station, &stations[0]) / apart;
            sums.cost[place] = judge.map_or(0.0, |judge| judge.cost(station));
        }
        for pair in stations.windows(2) {
            let jump = differing(&pair[0], &pair[1]) / apart;
            sums.length += jump;
            sums.jump = sums.jump.max(jump);
        }
        sums
    }

    fn means(ways: &[WaySums], plan: &Resampling, judged: bool) -> Way {
        let mut all = WaySums::default();
        ways.iter().for_each(|way| all.add(way));
        let mean = |sums: [f64; STATIONS]| sums.map(|sum| sum / all.ways);
        let [length, largest_jump, excess_cost] = plan.intervals(ways, |sums| {
            let inner = &sums.cost[1..STATIONS - 1];
            let ends = (sums.cost[0] + sums.cost[STATIONS - 1]) / 2.0;
            let inner = inner.iter().sum::<f64>() / inner.len() as f64;
            [
                sums.length / sums.ways,
                sums.jump / sums.ways,
                (inner - ends) / sums.ways,
            ]
        });
        Way {
            distance: mean(all.distance),
            cost: judged.then(|| mean(all.cost)),
            excess_cost: judged.then_some(excess_cost),
            length,
            largest_jump,
        }
    }
}

/// Steps that differ.
fn differing(a: &[u16], b: &[u16]) -> f64 {
    a.iter().zip(b).filter(|(a, b)| a != b).count() as f64
}

/// Measures `wanted` pairs of windows of different files; the in-betweens are judged by the
/// patterns of `train`. Pairs whose ends decode to the same are left out, so that there may be
/// fewer.
pub fn interpolation(
    subject: &Subject,
    windows: &Windows,
    train: Option<&[Groove]>,
    wanted: usize,
    seed: u64,
) -> Result<Interpolation, TrainingError> {
    let judge = train.map(|train| {
        let learned: Vec<_> = train.iter().map(words).collect();
        NGrams::learn(learned.iter().map(Vec::as_slice))
    });
    let means = subject.means();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut latent, mut blend) = (Vec::new(), Vec::new());
    for (from, to) in pairs(&windows.origin, wanted, &mut rng) {
        let way = |station: usize| station as f32 / (STATIONS - 1) as f32;
        let latents: Vec<_> = (0..STATIONS)
            .map(|station| slerp(&means[from], &means[to], way(station)))
            .collect();
        let stations: Vec<_> = subject
            .model
            .decode(&latents, LIKELIEST)?
            .iter()
            .map(words)
            .collect();
        let (first, last) = (&stations[0], &stations[STATIONS - 1]);
        let chances: Vec<f32> = first.iter().map(|_| rng.random()).collect();
        let apart = differing(first, last);
        if apart == 0.0 {
            continue;
        }
        let blended = |station: usize| {
            let steps = first.iter().zip(last).zip(&chances);
            steps
                .map(|((a, b), chance)| if *chance < way(station) { *b } else { *a })
                .collect()
        };
        let blended: Vec<Vec<u16>> = (0..STATIONS).map(blended).collect();
        latent.push(WaySums::of(&stations, apart, judge.as_ref()));
        blend.push(WaySums::of(&blended, apart, judge.as_ref()));
    }
    let plan = subject.plan.singles(latent.len());
    Ok(Interpolation {
        pairs: latent.len(),
        latent: WaySums::means(&latent, &plan, judge.is_some()),
        blend: WaySums::means(&blend, &plan, judge.is_some()),
    })
}

/// Pairs of windows that come from different files.
fn pairs(origin: &[usize], wanted: usize, rng: &mut ChaCha8Rng) -> Vec<(usize, usize)> {
    /// Shuffles after which a corpus of hardly any files is given up.
    const ATTEMPTS: usize = 1000;
    let mut order: Vec<usize> = (0..origin.len()).collect();
    let mut pairs = Vec::with_capacity(wanted);
    for _ in 0..ATTEMPTS {
        order.shuffle(rng);
        for pair in order.chunks_exact(2) {
            if pairs.len() < wanted && origin[pair[0]] != origin[pair[1]] {
                pairs.push((pair[0], pair[1]));
            }
        }
        if pairs.len() == wanted {
            break;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_way_and_a_jump() {
        let station = |changed: usize| {
            let mut words = vec![0; 10];
            words[..changed].fill(7);
            words
        };
        let straight: Vec<Vec<u16>> = (0..STATIONS).map(station).collect();
        let sums = WaySums::of(&straight, 10.0, None);
        assert!((sums.length - 1.0).abs() < 1e-9 && (sums.jump - 0.1).abs() < 1e-9);
        assert!((sums.distance[3] - 0.3).abs() < 1e-9);
        let jump: Vec<Vec<u16>> = (0..STATIONS)
            .map(|place| station(if place < 5 { 0 } else { 10 }))
            .collect();
        let sums = WaySums::of(&jump, 10.0, None);
        assert_eq!((sums.length, sums.jump), (1.0, 1.0));
    }

    #[test]
    fn pairs_come_from_different_files() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let origin = [0, 0, 0, 0, 0, 1, 2];
        let pairs = pairs(&origin, 100, &mut rng);
        assert_eq!(pairs.len(), 100);
        assert!(pairs.iter().all(|(a, b)| origin[*a] != origin[*b]));
        assert!(super::pairs(&[0, 0, 0], 5, &mut rng).is_empty());
    }
}
