//! Drumify and its relations: how well the lanes that a model was not shown are met.

use serde::{Deserialize, Serialize};

use super::super::TrainingError;
use super::hits::HitSums;
use super::lookup::{Lookup, Sounds, plain_beat};
use super::statistics::{Interval, Resampling, Sums};
use super::subject::{LIKELIEST, Subject};
use crate::drummer::Rework;
use crate::music::{FEATURES, Groove, GrooveOptions, LANES, Lane};

/// Sixteenths of a bar.
const PLACES: usize = 16;

/// What a model adds to what it is shown, beside simple guesses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accompaniment {
    /// The lanes that the model must find: those that it was not shown, or all of a tapped pattern.
    pub lanes: Vec<String>,
    /// The model's guess.
    pub model: Guess,
    /// Guesses without a network. Those that are learned need training windows.
    pub baselines: Vec<Baseline>,
}

/// A guess with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// How it is guessed: "place" by how often each lane is hit at each place of the bar in the
    /// training split; "place and shown" by the same apart for steps at which something that is
    /// shown sounds (a tap, another lane) and for others; "plain beat" is always the same: kick on
    /// 1 and 3, snare on 2 and 4, closed hat in eighths; "silence" is no stroke at all.
    pub name: String,
    /// How well.
    pub guess: Guess,
}

/// How well the hits on those lanes are guessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// Cross entropy of the true hits in nats a bar: the less, the likelier the true accompaniment.
    /// The model is told what was played before each step. `None` of a guess that knows no chances.
    pub nats_per_bar: Option<Interval>,
    /// The model hears only itself, strikes as readily as [`Rework::lean`] says, and to taps at each of
    /// them and nowhere else; a table strikes over the threshold with the best F1 on the training split.
    pub precision: Interval,
    /// Share of true hits that were made.
    pub recall: Interval,
    /// Harmonic mean of precision and recall.
    pub f1: Interval,
    /// F1 of each lane, in tensor order; `None` where neither has a hit.
    pub lane_f1: [Option<Interval>; LANES],
    /// Share of cells, silent ones too, that are as played: "hit accuracy". Most cells are
    /// silent, so silence alone has much of it.
    pub accuracy: Interval,
}

/// The lanes that a model of these options must find; none where it is shown the whole pattern.
pub fn added_lanes(options: &GrooveOptions) -> Vec<Lane> {
    match options.tapify {
        true => Lane::ALL.to_vec(),
        false => options.add_instruments.clone(),
    }
}

#[derive(Clone, Copy, Default)]
struct GuessSums {
    hits: HitSums,
    nats: f64,
    bars: f64,
    cells: f64,
}

impl Sums for GuessSums {
    fn add(&mut self, other: &GuessSums) {
        self.hits.add(&other.hits);
        self.nats += other.nats;
        self.bars += other.bars;
        self.cells += other.cells;
    }
}

/// Measures accompaniment; `train` are windows for tables to learn from.
pub fn accompaniment(
    subject: &Subject,
    train: Option<&[Groove]>,
) -> Result<Accompaniment, TrainingError> {
    let lanes = added_lanes(&subject.options);
    let rework = Rework::of(subject.model.preset());
    let alone = match rework {
        Some(rework) => {
            rework.play(&subject.model, &subject.means(), subject.grooves, LIKELIEST)?
        }
        None => subject.alone()?,
    };
    let told = subject.told()?;
    let at = |step: usize, lane: Lane| step * FEATURES + lane.index();
    let logistic = |logit: f32| 1.0 / (1.0 + (-f64::from(logit)).exp());
    let asked = Asked {
        grooves: subject.grooves,
        lanes: &lanes,
        plan: subject.plan,
    };
    let model = asked.guess(
        Some(&|window, step, lane| logistic(told[window][at(step, lane)])),
        &|window, step, lane| alone[window][at(step, lane)] > 0.5,
    );
    // A tapped pattern shows where anything sounds.
    let is_shown = |lane: &Lane| subject.options.tapify || !lanes.contains(lane);
    let sounds = |groove: &Groove, step: usize| {
        let mut shown = Lane::ALL.into_iter().filter(is_shown);
        shown.any(|lane| groove.hit(step, lane).is_some())
    };
    let mut baselines = Vec::new();
    for (name, sounds) in [
        ("place", None),
        ("place and shown", Some(&sounds as Sounds)),
    ] {
        let Some(train) = train else { continue };
        let table = Lookup::learn(train, &lanes, sounds);
        let groove = |window: usize| &subject.grooves[window];
        let guess = asked.guess(
            Some(&|window, step, lane| table.chance(groove(window), step, lane, sounds)),
            &|window, step, lane| table.makes(groove(window), step, lane, sounds),
        );
        baselines.push((name, guess));
    }
    baselines.push((
        "plain beat",
        asked.guess(None, &|_, step, lane| plain_beat(step, lane)),
    ));
    baselines.push(("silence", asked.guess(None, &|_, _, _| false)));
    let named = |(name, guess): (&str, Guess)| Baseline {
        name: name.into(),
        guess,
    };
    Ok(Accompaniment {
        model,
        baselines: baselines.into_iter().map(named).collect(),
        lanes: lanes.iter().map(|lane| lane.short_name().into()).collect(),
    })
}

/// Of a window, a step and a lane.
type Of<'a, T> = &'a dyn Fn(usize, usize, Lane) -> T;

/// What is to be guessed.
struct Asked<'a> {
    grooves: &'a [Groove],
    lanes: &'a [Lane],
    plan: &'a Resampling,
}

impl Asked<'_> {
    fn guess(&self, chance: Option<Of<f64>>, made: Of<bool>) -> Guess {
        /// Keeps logarithms finite, as the training loss does.
        const EPSILON: f64 = 1e-7;
        let sums = |(window, groove): (usize, &Groove)| {
            let steps = groove.steps.len();
            let mut sums = GuessSums {
                bars: steps as f64 / PLACES as f64,
                cells: (steps * self.lanes.len()) as f64,
                ..GuessSums::default()
            };
            for step in 0..steps {
                for &lane in self.lanes {
                    let played = groove.hit(step, lane).is_some();
                    if let Some(chance) = chance {
                        let p = chance(window, step, lane);
                        let p = if played { p } else { 1.0 - p };
                        sums.nats -= (p + EPSILON).ln();
                    }
                    let made = made(window, step, lane);
                    sums.hits.compare(lane.index(), played, made);
                }
            }
            sums
        };
        let sums: Vec<GuessSums> = self.grooves.iter().enumerate().map(sums).collect();
        let hits: Vec<HitSums> = sums.iter().map(|sums| sums.hits).collect();
        let [precision, recall, f1] = HitSums::overall(&hits, self.plan);
        let [nats, accuracy] = self.plan.intervals(&sums, |sums| {
            let [both, played, made] = sums.hits.totals();
            let wrong = played + made - 2.0 * both;
            [sums.nats / sums.bars, 1.0 - wrong / sums.cells]
        });
        Guess {
            nats_per_bar: chance.map(|_| nats),
            precision,
            recall,
            f1,
            lane_f1: HitSums::by_lane(&hits, self.plan),
            accuracy,
        }
    }
}
