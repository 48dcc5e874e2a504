//! What moving along a direction does to windows: every measure and style before and after.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{LIKELIEST, NEIGHBOURS, RESAMPLES, common_styles, means};
use crate::checkpoint::attributes::{Change, Effect};
use crate::data::Windows;
use crate::model::latent::moved;
use crate::model::{Latent, MusicVae};
use crate::music::{Groove, Measure};
use crate::training::TrainingError;
use crate::training::evaluate::{HitGrid, Resampling, Sums, Unit};

/// Tells styles by the pattern alone, independently of the model: a groove is of a style as far as
/// its nearest training windows (by Dice's coefficient of hits) are.
pub(super) struct StyleJudge {
    names: Vec<String>,
    /// Patterns with the place of their style in `names`, if it is there.
    windows: Vec<(HitGrid, Option<usize>)>,
}

impl StyleJudge {
    pub fn new(train: &Windows, styles: &[String]) -> StyleJudge {
        let names = common_styles(styles);
        let style = |origin: &usize| names.iter().position(|name| *name == styles[*origin]);
        let grids = train.windows.iter().map(HitGrid::new);
        let windows = grids.zip(train.origin.iter().map(style)).collect();
        StyleJudge { names, windows }
    }

    /// The share of each style among the nearest windows.
    fn shares(&self, groove: &Groove) -> Vec<f64> {
        let grid = HitGrid::new(groove);
        let mut likeness: Vec<(f64, usize)> = self
            .windows
            .iter()
            .enumerate()
            .map(|(place, (other, _))| (-grid.likeness(other), place))
            .collect();
        let count = NEIGHBOURS.min(likeness.len());
        let mut shares = vec![0.0; self.names.len()];
        if count == 0 || self.names.is_empty() {
            return shares;
        }
        let nearer = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        likeness.select_nth_unstable_by(count - 1, nearer);
        for (_, place) in &likeness[..count] {
            if let Some(style) = self.windows[*place].1 {
                shares[style] += 1.0 / count as f64;
            }
        }
        shares
    }

    /// Every measure and style of a groove, in the order of [`StyleJudge::names`].
    fn judge(&self, groove: &Groove) -> Vec<Option<f64>> {
        let measures = Measure::ALL.into_iter().map(|measure| measure.of(groove));
        let shares = self.shares(groove).into_iter().map(Some);
        measures.chain(shares).collect()
    }

    pub fn names(&self) -> Vec<String> {
        let measures = Measure::ALL.map(|measure| measure.name().to_string());
        measures.into_iter().chain(self.names.clone()).collect()
    }
}

/// The validation windows before anything is moved.
pub(super) struct Scene<'a> {
    model: &'a MusicVae,
    judge: &'a StyleJudge,
    plan: Resampling,
    latents: Vec<Latent>,
    /// What they decode to, as hits and as judged.
    grids: Vec<HitGrid>,
    judged: Vec<Vec<Option<f64>>>,
    /// Standard deviation of each measure and style over the decoded windows.
    deviations: Vec<f64>,
}

/// Sum and count of one change.
#[derive(Clone, Copy, Default)]
struct Mean(f64, f64);

impl Sums for Mean {
    fn add(&mut self, other: &Mean) {
        self.0 += other.0;
        self.1 += other.1;
    }
}

impl<'a> Scene<'a> {
    pub fn new(
        model: &'a MusicVae,
        validation: &Windows,
        judge: &'a StyleJudge,
    ) -> Result<Scene<'a>, TrainingError> {
        let latents = means(model, &validation.windows)?;
        let grooves = model.decode(&latents, LIKELIEST)?;
        let judged: Vec<_> = grooves.par_iter().map(|it| judge.judge(it)).collect();
        let deviation = |place: usize| {
            let values: Vec<f64> = judged.iter().filter_map(|values| values[place]).collect();
            let count = values.len().max(1) as f64;
            let mean = values.iter().sum::<f64>() / count;
            let squares = values.iter().map(|value| (value - mean).powi(2));
            (squares.sum::<f64>() / count).sqrt()
        };
        Ok(Scene {
            model,
            judge,
            plan: Resampling::of(validation, Unit::File, RESAMPLES, 0),
            deviations: (0..judge.names().len()).map(deviation).collect(),
            grids: grooves.iter().map(HitGrid::new).collect(),
            latents,
            judged,
        })
    }

    /// What moving every window `amount` times along `vector` does.
    pub fn effect(&self, vector: &[f32], amount: f32) -> Result<Effect, TrainingError> {
        let latents: Vec<Latent> = self
            .latents
            .iter()
            .map(|z| moved(z, vector, amount))
            .collect();
        let grooves = self.model.decode(&latents, LIKELIEST)?;
        let judged: Vec<_> = grooves.par_iter().map(|it| self.judge.judge(it)).collect();
        let mut changes = BTreeMap::new();
        for (place, name) in self.judge.names().into_iter().enumerate() {
            let change = |(before, after): (&Vec<Option<f64>>, &Vec<Option<f64>>)| {
                let pair = before[place].zip(after[place]);
                pair.map_or(Mean::default(), |(before, after)| Mean(after - before, 1.0))
            };
            let each: Vec<Mean> = self.judged.iter().zip(&judged).map(change).collect();
            let [mean] = self.plan.intervals(&each, |sums| [sums.0 / sums.1]);
            // Nothing to compare, or nothing that varies.
            let deviation = self.deviations[place];
            if let (Some(mean), true) = (mean.meant(), deviation > 0.0) {
                let change = Change {
                    mean: mean.value,
                    low: mean.low,
                    high: mean.high,
                    deviations: mean.value / deviation,
                };
                changes.insert(name, change);
            }
        }
        let likeness = self.grids.iter().zip(&grooves);
        let likeness = likeness.map(|(before, after)| before.likeness(&HitGrid::new(after)));
        let hits_changed = 1.0 - likeness.sum::<f64>() / self.grids.len().max(1) as f64;
        Ok(Effect {
            amount,
            changes,
            hits_changed,
        })
    }
}
