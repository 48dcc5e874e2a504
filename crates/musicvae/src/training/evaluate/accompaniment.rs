//! Drumify and its relations: how well the lanes that a model was not shown are met.

use serde::{Deserialize, Serialize};

use super::super::TrainingError;
use super::hits::HitSums;
use super::statistics::{Interval, Resampling, Sums};
use super::subject::Subject;
use crate::music::{FEATURES, Groove, GrooveOptions, LANES, Lane};

/// Sixteenths of a bar.
const PLACES: usize = 16;

/// What a model adds to what it is shown, beside a guess by how often each lane is hit at each place
/// of the bar in the training split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accompaniment {
    /// The lanes that the model must find: those that it was not shown, or all of a tapped pattern.
    pub lanes: Vec<String>,
    /// The model's guess.
    pub model: Guess,
    /// The guess by frequencies; `None` without training windows.
    pub frequencies: Option<Guess>,
}

/// How well the hits on those lanes are guessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// Cross entropy of the true hits in nats a bar: the less, the likelier the true accompaniment.
    /// The model is told what was played before each step.
    pub nats_per_bar: Interval,
    /// The model hears only itself, hits by threshold.
    pub precision: Interval,
    /// Share of true hits that were made.
    pub recall: Interval,
    /// Harmonic mean of precision and recall.
    pub f1: Interval,
    /// F1 of each lane, in tensor order; `None` where neither has a hit.
    pub lane_f1: [Option<Interval>; LANES],
}

/// The lanes that a model of these options must find; none where it is shown the whole pattern.
pub fn added_lanes(options: &GrooveOptions) -> Vec<Lane> {
    match options.tapify {
        true => Lane::ALL.to_vec(),
        false => options.add_instruments.clone(),
    }
}

#[derive(Clone, Copy, Default)]
struct Cost {
    nats: f64,
    bars: f64,
}

impl Sums for Cost {
    fn add(&mut self, other: &Cost) {
        self.nats += other.nats;
        self.bars += other.bars;
    }
}

/// Measures accompaniment; `train` are windows to count frequencies in.
pub fn accompaniment(
    subject: &Subject,
    train: Option<&[Groove]>,
) -> Result<Accompaniment, TrainingError> {
    let lanes = added_lanes(&subject.options);
    let (told, alone) = (subject.told()?, subject.alone()?);
    let at = |step: usize, lane: Lane| step * FEATURES + lane.index();
    let logistic = |logit: f32| 1.0 / (1.0 + (-f64::from(logit)).exp());
    let model = guess(
        subject.grooves,
        &lanes,
        subject.plan,
        |window, step, lane| logistic(told[window][at(step, lane)]),
        |window, step, lane| alone[window][at(step, lane)] > 0.5,
    );
    let frequencies = train.map(|train| {
        let shares = shares(train);
        let share = |step: usize, lane: Lane| shares[step % PLACES][lane.index()];
        guess(
            subject.grooves,
            &lanes,
            subject.plan,
            |_, step, lane| share(step, lane),
            |_, step, lane| share(step, lane) > 0.5,
        )
    });
    Ok(Accompaniment {
        lanes: lanes.iter().map(|lane| lane.short_name().into()).collect(),
        model,
        frequencies,
    })
}

/// How often each lane is hit at each place of the bar; half a window is added to both outcomes.
fn shares(grooves: &[Groove]) -> [[f64; LANES]; PLACES] {
    let mut hits = [[0.5; LANES]; PLACES];
    let mut bars = 1.0;
    for groove in grooves {
        bars += groove.steps.len() as f64 / PLACES as f64;
        for (step, lane, _) in groove.hits() {
            hits[step % PLACES][lane.index()] += 1.0;
        }
    }
    hits.map(|lanes| lanes.map(|hits| hits / bars))
}

fn guess(
    grooves: &[Groove],
    lanes: &[Lane],
    plan: &Resampling,
    probability: impl Fn(usize, usize, Lane) -> f64,
    made: impl Fn(usize, usize, Lane) -> bool,
) -> Guess {
    /// Keeps logarithms finite, as the training loss does.
    const EPSILON: f64 = 1e-7;
    let mut costs = Vec::with_capacity(grooves.len());
    let mut hits = Vec::with_capacity(grooves.len());
    for (window, groove) in grooves.iter().enumerate() {
        let mut sums = HitSums::default();
        let mut cost = Cost {
            nats: 0.0,
            bars: groove.steps.len() as f64 / PLACES as f64,
        };
        for step in 0..groove.steps.len() {
            for &lane in lanes {
                let played = groove.hit(step, lane).is_some();
                let p = probability(window, step, lane);
                let p = if played { p } else { 1.0 - p };
                cost.nats -= (p + EPSILON).ln();
                sums.compare(lane.index(), played, made(window, step, lane));
            }
        }
        costs.push(cost);
        hits.push(sums);
    }
    let [nats_per_bar] = plan.intervals(&costs, |cost| [cost.nats / cost.bars]);
    let [precision, recall, f1] = HitSums::overall(&hits, plan);
    Guess {
        nats_per_bar,
        precision,
        recall,
        f1,
        lane_f1: HitSums::by_lane(&hits, plan),
    }
}
