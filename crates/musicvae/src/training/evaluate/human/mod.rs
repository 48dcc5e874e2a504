//! Whether grooves can be told from those that drummers play.

mod boost;
mod distances;
mod features;
mod feel;
mod folds;
mod form;
mod habits;
mod set;
mod telling;

use serde::{Deserialize, Serialize};

use distances::distances;
pub use distances::{Distance, Distances};
pub use features::Group;
pub use feel::{LAGS, spread};
pub use form::{DISTANCES, Form, FormBar};
use habits::habits;
pub use habits::{ALIKE, Habits};
use set::Set;
use telling::tell;
pub use telling::{Telling, Telltale};

use super::super::TrainingError;
use super::played::{remade, samples};
use super::statistics::Resampling;
use crate::checkpoint::Checkpoint;
use crate::data::{Split, Windows};
use crate::drummer::{Drummer, Rework};
use crate::model::Compute;

/// The temperature that a player finds at first.
const TEMPERATURE: f32 = 0.5;

/// What a model plays, beside what drummers play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Human {
    /// How well a classifier tells them apart: first drummers from drummers, then each set from the
    /// drummers of the split, and at last new grooves from those of the training split, which are
    /// more, so that it learns more.
    pub tellings: Vec<Telling>,
    /// The habits of each set, drummers first.
    pub habits: Vec<Habits>,
    /// How far each set lies from the drummers of the split.
    pub distances: Vec<Distances>,
}

/// What drummers play, and what is held against it.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    /// The split that was asked about, and its windows.
    pub split: (Split, &'a Windows),
    /// Windows of the training split that do not overlap.
    pub train: Option<&'a Windows>,
    /// Grooves from elsewhere, with what they are called.
    pub others: Option<(&'a str, &'a Windows)>,
}

/// Measures what `checkpoint` plays: `count` new grooves if it makes such, and what it makes of the
/// split's windows.
pub fn human(
    checkpoint: &Checkpoint,
    compute: &Compute,
    stage: Stage,
    plan: &Resampling,
    count: usize,
    seed: u64,
) -> Result<Human, TrainingError> {
    let Stage {
        split: (split, windows),
        train,
        others,
    } = stage;
    let drummer = Drummer::on(compute, checkpoint)?;
    let files = windows.files.len();
    let played = |name: &str, windows: &Windows, first| {
        Set::new(name, &windows.windows, &windows.origin, first)
    };
    let drummers = played(&format!("drummers, {split}"), windows, 0);
    let train = train.filter(|_| split != Split::Train);
    let train = train.map(|train| played("drummers, train", train, files));
    // Each sample is a performance of its own, and none of the drummers'.
    let far = files + train.as_ref().map_or(0, |train| train.performances.len());
    let mut sets = Vec::new();
    let rework = Rework::of(&checkpoint.preset);
    if rework.is_none() {
        let grooves = samples(&drummer, TEMPERATURE, count, seed)?;
        let name = format!("samples at {TEMPERATURE}");
        sets.push(Set::new(
            &name,
            &grooves,
            &(0..count).collect::<Vec<_>>(),
            far,
        ));
    }
    let ways: &[(&str, f32)] = match rework {
        Some(Rework::Humanize) => &[("humanized", TEMPERATURE)],
        Some(Rework::Drumify) => &[("drumified", TEMPERATURE)],
        Some(Rework::AddHats) => &[("with added hats", TEMPERATURE)],
        None => &[("reconstructions", 0.0), ("reconstructions", TEMPERATURE)],
    };
    for (name, temperature) in ways {
        let grooves = remade(&drummer, &windows.windows, *temperature, seed)?;
        let name = format!("{name} at {temperature}");
        sets.push(Set::new(&name, &grooves, &windows.origin, 0));
    }
    if let Some((name, others)) = others {
        sets.push(played(name, others, far));
    }
    let compared = || train.iter().chain(&sets);
    let taught = sets
        .first()
        .filter(|_| rework.is_none())
        .zip(train.as_ref());
    let pairs = compared().map(|set| (set, &drummers)).chain(taught);
    Ok(Human {
        tellings: pairs
            .map(|(set, drummers)| tell(set, drummers, plan))
            .collect(),
        habits: std::iter::once(&drummers)
            .chain(compared())
            .map(|set| habits(set, plan))
            .collect(),
        distances: compared().map(|set| distances(set, &drummers)).collect(),
    })
}
