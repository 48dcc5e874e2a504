//! Grooves out of the prior against real ones.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::TrainingError;
use super::expression::{OFFSETS, Offsets, VELOCITIES, Velocities};
use super::grid::HitGrid;
use super::statistics::{Histogram, Interval, Resampling, Sums};
use super::subject::Subject;
use crate::model::{self, Latent};
use crate::music::{Groove, LANES, measures};

/// Temperatures that samples are drawn at.
pub const TEMPERATURES: [f32; 4] = [0.3, 0.5, 0.7, 1.0];
/// A window is a near-duplicate of another when they share this much of their hits: 95 % of the
/// hits of both (Dice's coefficient), some six cells of sixty-odd hits.
pub const NEAR_DUPLICATE: f64 = 0.95;
/// Sixteenths of a bar.
const PLACES: usize = 16;

/// Samples beside the split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// The windows of the split themselves. Their near-duplicates in the training split are what a
    /// drummer's habits make.
    pub split: Profile,
    /// Grooves drawn at each temperature.
    pub samples: usize,
    /// The samples, by temperature.
    pub temperatures: Vec<Samples>,
}

/// The samples of one temperature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// What the logits were divided by.
    pub temperature: f32,
    /// The samples in numbers.
    pub profile: Profile,
    /// The largest difference of a lane's density from the split's, in strokes a step, and which
    /// lane it is.
    pub density_gap: f64,
    /// The place of that lane in [`Lane::ALL`](crate::music::Lane::ALL).
    pub density_gap_lane: usize,
    /// `KL(split || samples)` in nats of the places of hits in the bar (16 bins), of velocities (32
    /// bins) and of offsets (41 bins), half a count added to each bin.
    pub places_kl: Interval,
    /// Of velocities.
    pub velocity_kl: Interval,
    /// Of offsets.
    pub timing_kl: Interval,
}

/// A set of grooves in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Strokes a step of each lane.
    pub lane_density: [Interval; LANES],
    /// Strokes a step of all lanes.
    pub density: Interval,
    /// Longuet-Higgins & Lee a bar; see [`measures::syncopation`].
    pub syncopation: Interval,
    /// What neighbouring bars have in common; see [`measures::repetition`].
    pub repetition: Interval,
    /// Share of grooves with no stroke, or strokes on one lane only.
    pub degenerate: Interval,
    /// Share of grooves that a training window resembles to [`NEAR_DUPLICATE`]; `None` without a
    /// training split.
    pub near_duplicates: Option<Interval>,
    /// Share of bars in which each lane is hit at each place.
    pub pattern: [[f64; PLACES]; LANES],
}

#[derive(Clone, Debug, Default)]
struct ProfileSums {
    grooves: f64,
    steps: f64,
    cells: Histogram<{ LANES * PLACES }>,
    velocities: Velocities,
    offsets: Offsets,
    syncopation: (f64, f64),
    repetition: (f64, f64),
    degenerate: f64,
    near_duplicates: f64,
}

impl Sums for ProfileSums {
    fn add(&mut self, other: &ProfileSums) {
        self.grooves += other.grooves;
        self.steps += other.steps;
        self.cells.add(&other.cells);
        self.velocities.add(&other.velocities);
        self.offsets.add(&other.offsets);
        self.syncopation.0 += other.syncopation.0;
        self.syncopation.1 += other.syncopation.1;
        self.repetition.0 += other.repetition.0;
        self.repetition.1 += other.repetition.1;
        self.degenerate += other.degenerate;
        self.near_duplicates += other.near_duplicates;
    }
}

impl ProfileSums {
    fn of(groove: &Groove, train: &[HitGrid]) -> ProfileSums {
        let mut sums = ProfileSums {
            grooves: 1.0,
            steps: groove.steps.len() as f64,
            ..ProfileSums::default()
        };
        let mut lanes = [false; LANES];
        for (step, lane, hit) in groove.hits() {
            lanes[lane.index()] = true;
            sums.cells.0[lane.index() * PLACES + step % PLACES] += 1.0;
            sums.velocities.count(f64::from(hit.velocity), VELOCITIES);
            sums.offsets.count(f64::from(hit.offset), OFFSETS);
        }
        if let Some(syncopation) = measures::syncopation(groove) {
            sums.syncopation = (syncopation, 1.0);
        }
        if let Some(repetition) = measures::repetition(groove) {
            sums.repetition = (repetition, 1.0);
        }
        let used = lanes.iter().filter(|used| **used).count();
        sums.degenerate = f64::from(u8::from(used < 2));
        let grid = HitGrid::new(groove);
        let alike = train.iter().any(|it| grid.likeness(it) >= NEAR_DUPLICATE);
        sums.near_duplicates = f64::from(u8::from(alike));
        sums
    }

    fn lane_hits(&self, lane: usize) -> f64 {
        self.cells.0[lane * PLACES..][..PLACES].iter().sum()
    }

    fn places(&self) -> Histogram<PLACES> {
        Histogram(std::array::from_fn(|place| {
            (0..LANES)
                .map(|lane| self.cells.0[lane * PLACES + place])
                .sum()
        }))
    }

    fn profile(windows: &[ProfileSums], plan: &Resampling, has_train: bool) -> Profile {
        let lane_density = plan.intervals::<_, LANES>(windows, |sums| {
            std::array::from_fn(|lane| sums.lane_hits(lane) / sums.steps)
        });
        let [
            density,
            syncopation,
            repetition,
            degenerate,
            near_duplicates,
        ] = plan.intervals(windows, |sums| {
            [
                sums.cells.0.iter().sum::<f64>() / sums.steps,
                sums.syncopation.0 / sums.syncopation.1,
                sums.repetition.0 / sums.repetition.1,
                sums.degenerate / sums.grooves,
                sums.near_duplicates / sums.grooves,
            ]
        });
        let all = total(windows);
        let bars = (all.steps / PLACES as f64).max(1.0);
        let share = |lane: usize, place: usize| all.cells.0[lane * PLACES + place] / bars;
        Profile {
            lane_density,
            density,
            syncopation,
            repetition,
            degenerate,
            near_duplicates: has_train.then_some(near_duplicates),
            pattern: std::array::from_fn(|lane| std::array::from_fn(|place| share(lane, place))),
        }
    }
}

fn total(windows: &[ProfileSums]) -> ProfileSums {
    let mut all = ProfileSums::default();
    windows.iter().for_each(|window| all.add(window));
    all
}

/// Draws `samples` grooves at each temperature `from` a prior and holds them against those of the
/// subject. The latents and random numbers of the draws are those of `sample --seed SEED` and the
/// seeds after it, the same at every temperature. `train` are training windows at every bar, to look
/// for duplicates in.
pub fn prior(
    subject: &Subject,
    from: &model::Prior,
    train: Option<&[Groove]>,
    samples: usize,
    seed: u64,
) -> Result<Prior, TrainingError> {
    let Subject {
        model,
        grooves,
        plan,
        ..
    } = subject;
    let grids: Vec<HitGrid> = train.unwrap_or(&[]).iter().map(HitGrid::new).collect();
    let sums_of = |groove: &Groove| ProfileSums::of(groove, &grids);
    let real: Vec<ProfileSums> = grooves.par_iter().map(sums_of).collect();
    let all = total(&real);
    let split = ProfileSums::profile(&real, plan, train.is_some());
    // The same times of resampling, but samples stand for themselves.
    let singles = plan.singles(samples);
    let mut temperatures = Vec::new();
    for temperature in TEMPERATURES {
        let preset = model.preset();
        let heat = preset.head.heat_of_latents(temperature);
        let seeds: Vec<u64> = (seed..).take(samples).collect();
        let sample = |seed: &u64| from.sample(preset.z_size, *seed, heat);
        let z: Vec<Latent> = seeds.iter().map(sample).collect();
        let made = model.decode_each(&z, temperature, &seeds)?;
        let drawn: Vec<ProfileSums> = made.par_iter().map(sums_of).collect();
        let profile = ProfileSums::profile(&drawn, &singles, train.is_some());
        let [places_kl, velocity_kl, timing_kl] = singles.intervals(&drawn, |sums| {
            [
                all.places().divergence(&sums.places()),
                all.velocities.divergence(&sums.velocities),
                all.offsets.divergence(&sums.offsets),
            ]
        });
        let gap = |lane: &usize| {
            (profile.lane_density[*lane].value - split.lane_density[*lane].value).abs()
        };
        let widest = (0..LANES).max_by(|a, b| gap(a).total_cmp(&gap(b)));
        let density_gap_lane = widest.unwrap_or(0);
        temperatures.push(Samples {
            temperature,
            density_gap: gap(&density_gap_lane),
            density_gap_lane,
            profile,
            places_kl,
            velocity_kl,
            timing_kl,
        });
    }
    Ok(Prior {
        split,
        samples,
        temperatures,
    })
}
