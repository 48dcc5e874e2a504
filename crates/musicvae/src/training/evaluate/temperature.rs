//! What the temperature does to samples.

use serde::{Deserialize, Serialize};

use super::super::TrainingError;
use super::human::spread;
use super::played::samples;
use super::statistics::{Interval, Resampling, Sums};
use crate::drummer::Drummer;
use crate::music::{Groove, Hit, measures};

/// Temperatures that are looked at; the first is what the others are held against.
const TEMPERATURES: [f32; 7] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0];

/// The same samples at one temperature after another, under the same seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Temperatures {
    /// Grooves at each temperature.
    pub samples: usize,
    /// What drummers' windows spread.
    pub drummers: Spread,
    /// From the lowest temperature to the highest.
    pub steps: Vec<AtTemperature>,
    /// Whether every step changes more strokes than the one before.
    pub strokes_monotone: bool,
    /// Whether every step spreads velocities more.
    pub velocities_monotone: bool,
    /// Whether every step spreads offsets more.
    pub offsets_monotone: bool,
}

/// How much grooves vary within themselves, on average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Strokes a groove.
    pub strokes: Interval,
    /// Standard deviation of velocities, 0..=1; `None` where no groove has any.
    pub velocities: Option<Interval>,
    /// Standard deviation of offsets, in sixteenths.
    pub offsets: Option<Interval>,
}

/// The samples of one temperature.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtTemperature {
    /// The temperature.
    pub temperature: f32,
    /// Strokes in common with the same samples at 0: the F1 of all strokes.
    pub common: Option<Interval>,
    /// By how much the velocities of those strokes differ on average, 0..=1.
    pub velocity_change: Option<Interval>,
    /// By how much their offsets differ on average, in sixteenths.
    pub offset_change: Option<Interval>,
    /// How much they vary.
    pub spread: Spread,
}

#[derive(Clone, Copy, Default)]
struct TemperatureSums {
    grooves: f64,
    strokes: f64,
    velocities: (f64, f64),
    offsets: (f64, f64),
    /// Strokes of both, of the one and of the other.
    common: f64,
    all: f64,
    changes: [f64; 2],
}

impl Sums for TemperatureSums {
    fn add(&mut self, other: &TemperatureSums) {
        self.grooves += other.grooves;
        self.strokes += other.strokes;
        for (mean, other) in [
            (&mut self.velocities, other.velocities),
            (&mut self.offsets, other.offsets),
        ] {
            *mean = (mean.0 + other.0, mean.1 + other.1);
        }
        self.common += other.common;
        self.all += other.all;
        let changes = self.changes.iter_mut().zip(other.changes);
        changes.for_each(|(a, b)| *a += b);
    }
}

impl TemperatureSums {
    fn of(groove: &Groove, coldest: &Groove) -> TemperatureSums {
        let one = |value: Option<f64>| value.map_or((0.0, 0.0), |value| (value, 1.0));
        let strokes = groove.hits().count() as f64;
        let mut sums = TemperatureSums {
            grooves: 1.0,
            strokes,
            velocities: one(measures::dynamics(groove)),
            offsets: one(spread(groove, None)),
            all: strokes + coldest.hits().count() as f64,
            ..TemperatureSums::default()
        };
        for (step, lane, hit) in groove.hits() {
            let Some(Hit {
                velocity, offset, ..
            }) = coldest.hit(step, lane)
            else {
                continue;
            };
            sums.common += 1.0;
            sums.changes[0] += f64::from((hit.velocity - velocity).abs());
            sums.changes[1] += f64::from((hit.offset - offset).abs());
        }
        sums
    }

    fn at(temperature: f32, grooves: &[TemperatureSums], plan: &Resampling) -> AtTemperature {
        let [
            strokes,
            velocities,
            offsets,
            common,
            velocity_change,
            offset_change,
        ] = plan.intervals(grooves, |sums| {
            [
                sums.strokes / sums.grooves,
                sums.velocities.0 / sums.velocities.1,
                sums.offsets.0 / sums.offsets.1,
                2.0 * sums.common / sums.all,
                sums.changes[0] / sums.common,
                sums.changes[1] / sums.common,
            ]
        });
        AtTemperature {
            temperature,
            common: common.meant(),
            velocity_change: velocity_change.meant(),
            offset_change: offset_change.meant(),
            spread: Spread {
                strokes,
                velocities: velocities.meant(),
                offsets: offsets.meant(),
            },
        }
    }
}

/// Draws `count` samples at each temperature from the same seeds, and holds them against those at 0
/// and against what drummers play, of which `plan` says how they belong together.
pub fn temperatures(
    drummer: &Drummer,
    windows: &[Groove],
    plan: &Resampling,
    count: usize,
    seed: u64,
) -> Result<Temperatures, TrainingError> {
    let itself = |groove: &Groove| TemperatureSums::of(groove, groove);
    let played: Vec<_> = windows.iter().map(itself).collect();
    let coldest = samples(drummer, TEMPERATURES[0], count, seed)?;
    let singles = plan.singles(count);
    let mut steps = Vec::with_capacity(TEMPERATURES.len());
    for temperature in TEMPERATURES {
        let drawn = samples(drummer, temperature, count, seed)?;
        let pairs = drawn.iter().zip(&coldest);
        let sums: Vec<_> = pairs.map(|(a, b)| TemperatureSums::of(a, b)).collect();
        steps.push(TemperatureSums::at(temperature, &sums, &singles));
    }
    let rises = |of: &dyn Fn(&AtTemperature) -> Option<f64>| {
        let mut pairs = steps.windows(2).map(|pair| (of(&pair[0]), of(&pair[1])));
        pairs.all(|(before, after)| before.zip(after).is_some_and(|(a, b)| a < b))
    };
    let value = |it: Option<Interval>| it.map(|it| it.value);
    Ok(Temperatures {
        samples: count,
        drummers: TemperatureSums::at(0.0, &played, plan).spread,
        strokes_monotone: rises(&|it| value(it.common).map(|common| -common)),
        velocities_monotone: rises(&|it| value(it.spread.velocities)),
        offsets_monotone: rises(&|it| value(it.spread.offsets)),
        steps,
    })
}
