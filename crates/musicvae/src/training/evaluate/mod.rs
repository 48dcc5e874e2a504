//! How good a model is on a split: the published protocols, with intervals and simple baselines.

mod accompaniment;
mod baselines;
mod expression;
mod grid;
mod hits;
mod human;
mod humanization;
mod interpolation;
mod linear;
mod lookup;
mod ngram;
mod part;
mod played;
mod prior;
mod reconstruction;
mod statistics;
mod subject;
mod temperature;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::examples::converter;
use super::{Examples, Terms, TrainingError, evaluate_each, evaluate_terms};
use crate::checkpoint::Checkpoint;
use crate::data::{Converter, Report, Split, Window, Windows, load_windows};
use crate::drummer::Drummer;
use crate::model::Compute;
use crate::model::network::Network;
use crate::music::Reading;

pub use accompaniment::{Accompaniment, Baseline, Guess};
pub use baselines::Baselines;
pub use expression::{Distributions, Expression, OFFSETS, VELOCITIES};
pub use grid::HitGrid;
pub use human::{
    ALIKE, DISTANCES, Distance, Distances, Form, FormBar, Group, Habits, Human, LAGS, Telling,
    Telltale,
};
pub use humanization::Humanization;
pub use interpolation::{Interpolation, Way};
pub use part::Part;
pub use prior::{NEAR_DUPLICATE, Prior, Profile, Samples};
pub use reconstruction::{Reconstruction, Returned};
pub use statistics::{Histogram, Interval, Resampling, Sums, Unit, quantile};
pub(super) use subject::Subject;
pub use temperature::{AtTemperature, Spread, Temperatures};

use human::Stage;

/// What to measure, and how thoroughly.
#[derive(Clone, Debug)]
pub struct Questions {
    /// The questions.
    pub parts: Vec<Part>,
    /// Grooves drawn from the prior at each temperature.
    pub samples: usize,
    /// Pairs of windows that are interpolated.
    pub pairs: usize,
    /// What intervals are drawn by.
    pub unit: Unit,
    /// Data sets drawn for each interval.
    pub resamples: usize,
    /// Of all random numbers but those of the losses, which are training's own.
    pub seed: u64,
}

/// A model's figures on one split. What was not measured is `None`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evaluation {
    /// Name of the model's preset.
    pub preset: String,
    /// Optimizer steps behind the weights, and their fingerprint.
    pub step: u64,
    /// Of the weights: see [`Checkpoint::fingerprint`].
    pub fingerprint: String,
    /// The split that was measured.
    pub split: Split,
    /// Files of it that yielded windows.
    pub files: usize,
    /// Windows of it.
    pub windows: usize,
    /// True hits in them, of grooves.
    pub hits: Option<usize>,
    /// What intervals were drawn by, and how often.
    pub resampled: Unit,
    /// Data sets drawn for each interval.
    pub resamples: usize,
    /// Answer to [`Part::Losses`].
    pub losses: Option<Losses>,
    /// Answer to [`Part::Baselines`].
    pub baselines: Option<Baselines>,
    /// Answer to [`Part::Reconstruction`].
    pub reconstruction: Option<Reconstruction>,
    /// Answer to [`Part::Humanization`].
    pub humanization: Option<Humanization>,
    /// Answer to [`Part::Prior`].
    pub prior: Option<Prior>,
    /// Answer to [`Part::Interpolation`].
    pub interpolation: Option<Interpolation>,
    /// Answer to [`Part::Accompaniment`].
    pub accompaniment: Option<Accompaniment>,
    /// Answer to [`Part::Human`].
    pub human: Option<Human>,
    /// Answer to [`Part::Temperature`].
    pub temperature: Option<Temperatures>,
}

/// Loss terms, means over windows; see [`super::Record`] for the units. They are those of the
/// training log's validation lines: `z` is drawn from the posterior with the same noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// What training minimizes, nats.
    pub total: Interval,
    /// What the head says of what the decoder made.
    pub reconstruction: Interval,
    /// Divergence of the posterior from the prior, bits.
    pub kl_bits: Interval,
    /// The parts of the reconstruction of performed grooves; `None` of others.
    pub hits: Option<Interval>,
    /// Squared error of the velocities.
    pub velocities: Option<Interval>,
    /// Squared error of the doubled offsets.
    pub offsets: Option<Interval>,
    /// Share of right predictions of classes; `None` of performed grooves.
    pub accuracy: Option<Interval>,
}

/// The windows that a model is asked about, and those of the training split.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// The split asked about.
    pub split: Split,
    /// Its windows.
    pub windows: &'a Windows,
    /// Windows at every bar; where they are missing, so are the figures that are learned from
    /// them.
    pub train: Option<&'a Windows>,
    /// Grooves from elsewhere that [`Part::Human`] holds against the split's too, with what they are
    /// called; windows of the model's length.
    pub others: Option<(&'a str, &'a Windows)>,
}

/// Measures `checkpoint` with the device `compute`; `tell` hears which part is being worked on.
///
/// # Errors
/// When the windows are not of the model's length, or a part asks what the model cannot answer.
pub fn evaluate(
    checkpoint: &Checkpoint,
    compute: &Compute,
    material: Material,
    questions: &Questions,
    tell: &mut dyn FnMut(Part),
) -> Result<Evaluation, TrainingError> {
    let Material {
        split,
        windows,
        train,
        others,
    } = material;
    let Questions {
        parts,
        samples,
        pairs,
        unit,
        resamples,
        seed,
    } = questions;
    let plan = Resampling::of(windows, *unit, *resamples, *seed);
    let whole = train.map(|train| apart(train, checkpoint.preset.bars));
    let apart = whole.as_ref();
    let whole = apart.map(|train| &train.windows[..]);
    let hits = windows.windows.iter().map(|groove| groove.hits().count());
    let mut evaluation = Evaluation::of(checkpoint, split, windows, questions)?;
    evaluation.hits = Some(hits.sum());
    let mut asks = |part: Part| {
        let asked = parts.contains(&part);
        if asked {
            tell(part);
        }
        asked
    };
    if asks(Part::Losses) {
        evaluation.losses = {
            let examples = Examples::of_grooves(&checkpoint.preset, &windows.windows)?;
            Some(losses(checkpoint, compute, &examples, &plan)?)
        };
    }
    if asks(Part::Baselines) {
        evaluation.baselines = Some(Baselines::measure(&windows.windows, whole, &plan));
    }
    if asks(Part::Human) {
        let stage = Stage {
            split: (split, windows),
            train: apart,
            others,
        };
        let measured = human::human(checkpoint, compute, stage, &plan, *samples, *seed)?;
        evaluation.human = Some(measured);
    }
    if asks(Part::Temperature) {
        let drummer = Drummer::on(compute, checkpoint)?;
        let grooves = &windows.windows;
        let measured = temperature::temperatures(&drummer, grooves, &plan, *samples, *seed)?;
        evaluation.temperature = Some(measured);
    }
    let needs_subject = |part: &Part| {
        use Part::{Baselines, Human, Losses, Temperature};
        !matches!(part, Losses | Baselines | Human | Temperature)
    };
    if !parts.iter().any(needs_subject) {
        return Ok(evaluation);
    }
    let subject = Subject::new(checkpoint, compute, &windows.windows, &plan)?;
    if asks(Part::Reconstruction) {
        evaluation.reconstruction = Some(reconstruction::reconstruction(&subject)?);
    }
    if asks(Part::Humanization) {
        evaluation.humanization = Some(humanization::humanization(&subject, *seed)?);
    }
    if asks(Part::Accompaniment) {
        evaluation.accompaniment = Some(accompaniment::accompaniment(&subject, whole)?);
    }
    if asks(Part::Interpolation) {
        let measured = interpolation::interpolation(&subject, windows, whole, *pairs, *seed)?;
        evaluation.interpolation = Some(measured);
    }
    if asks(Part::Prior) {
        let every_bar = train.map(|train| &train.windows[..]);
        let measured = prior::prior(&subject, &checkpoint.prior, every_bar, *samples, *seed)?;
        evaluation.prior = Some(measured);
    }
    Ok(evaluation)
}

/// Measures the loss terms alone, of any model that a corpus can be converted for. `tell` hears what
/// of the corpus was used.
///
/// # Errors
/// When the corpus cannot be read or yields nothing for the model.
pub fn evaluate_losses(
    checkpoint: &Checkpoint,
    compute: &Compute,
    data: &Path,
    split: Split,
    reading: Reading,
    questions: &Questions,
    tell: &mut dyn FnMut(Report),
) -> Result<Evaluation, TrainingError> {
    let mut converter = converter(&checkpoint.preset)?;
    converter.hop = Some(checkpoint.preset.bars);
    converter.reading = reading;
    let windows = load_windows(data, Some(split), &converter)?;
    tell(windows.report());
    let mut evaluation = Evaluation::of(checkpoint, split, &windows, questions)?;
    let Questions {
        unit,
        resamples,
        seed,
        ..
    } = questions;
    let plan = Resampling::of(&windows, *unit, *resamples, *seed);
    let examples = Examples::new(converter, windows.windows);
    evaluation.losses = Some(losses(checkpoint, compute, &examples, &plan)?);
    Ok(evaluation)
}

impl Evaluation {
    /// Nothing measured yet.
    fn of<W>(
        checkpoint: &Checkpoint,
        split: Split,
        windows: &Windows<W>,
        questions: &Questions,
    ) -> Result<Evaluation, TrainingError> {
        Ok(Evaluation {
            preset: checkpoint.preset.name.clone(),
            step: checkpoint.metadata.step,
            fingerprint: checkpoint.fingerprint()?,
            split,
            files: windows.files.len(),
            windows: windows.windows.len(),
            hits: None,
            resampled: questions.unit,
            resamples: questions.resamples,
            losses: None,
            baselines: None,
            reconstruction: None,
            humanization: None,
            prior: None,
            interpolation: None,
            accompaniment: None,
            human: None,
            temperature: None,
        })
    }
}

/// Of windows at every bar those that do not overlap: every `bars`-th of each file.
fn apart(windows: &Windows, bars: usize) -> Windows {
    let mut place = 0;
    let mut file = None;
    let mut chosen = Windows {
        files: windows.files.clone(),
        ..Windows::default()
    };
    for (groove, origin) in windows.windows.iter().zip(&windows.origin) {
        if file != Some(origin) {
            (file, place) = (Some(origin), 0);
        }
        if place % bars.max(1) == 0 {
            chosen.windows.push(groove.clone());
            chosen.origin.push(*origin);
        }
        place += 1;
    }
    chosen
}

impl Sums for Terms {
    fn add(&mut self, other: &Terms) {
        *self = Terms::add(*self, *other);
    }
}

/// The mean loss of the model on windows that `converter` made, in nats a window, as in validation
/// during training.
///
/// # Errors
/// When windows and model do not fit.
pub fn mean_loss(
    checkpoint: &Checkpoint,
    compute: &Compute,
    converter: &Converter,
    windows: Vec<Window>,
) -> Result<f64, TrainingError> {
    let network = Network::new(
        checkpoint.preset.clone(),
        &checkpoint.tensors,
        compute.trainer(),
    )?;
    let examples = Examples::new(converter.clone(), windows);
    let terms = evaluate_terms(&network, &examples, SEED, checkpoint.metadata.step)?;
    Ok(terms.mean().loss)
}

/// Seed of what evaluation draws: as in training, so that the numbers compare.
const SEED: u64 = 0;

/// The loss terms of `examples`, as in validation during training.
pub(super) fn losses(
    checkpoint: &Checkpoint,
    compute: &Compute,
    examples: &Examples,
    plan: &Resampling,
) -> Result<Losses, TrainingError> {
    let preset = checkpoint.preset.clone();
    let grooves = preset.head.makes_strokes();
    let network = Network::new(preset, &checkpoint.tensors, compute.trainer())?;
    let each = evaluate_each(&network, examples, SEED, checkpoint.metadata.step)?;
    let figures = plan.intervals(&each, |sums| {
        let mean = sums.mean();
        [
            mean.loss,
            mean.reconstruction,
            mean.kl / std::f64::consts::LN_2,
            mean.hits,
            mean.velocities,
            mean.offsets,
            sums.accuracy().unwrap_or(f64::NAN),
        ]
    });
    let [
        total,
        reconstruction,
        kl_bits,
        hits,
        velocities,
        offsets,
        accuracy,
    ] = figures;
    Ok(Losses {
        total,
        reconstruction,
        kl_bits,
        hits: grooves.then_some(hits),
        velocities: grooves.then_some(velocities),
        offsets: grooves.then_some(offsets),
        accuracy: accuracy.meant(),
    })
}
