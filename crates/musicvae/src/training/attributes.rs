//! Attribute vectors: where grooves with a property are in the latent space, and what moving there
//! does.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::TrainingError;
use super::evaluate::{HitGrid, Resampling, Subject, Sums, Unit, quantile};
use crate::checkpoint::attributes::{Attribute, Attributes, Change, Effect, Kind};
use crate::checkpoint::{Checkpoint, Metadata};
use crate::data::{Corpus, DataError, Windows};
use crate::drummer::Fill;
use crate::model::latent::{attribute_vector, moved};
use crate::model::{Compute, Decoding, Latent, MusicVae};
use crate::music::{Groove, Measure};

/// Amounts along a vector whose effect is measured.
pub const AMOUNTS: [f32; 4] = [-2.0, -1.0, 1.0, 2.0];
/// Training files that a style must have to be given a vector.
pub const STYLE_FILES: usize = 15;
/// Training windows that say what style a groove is nearest to.
const NEIGHBOURS: usize = 15;
/// Data sets drawn for each interval.
const RESAMPLES: usize = 1000;

/// Hits by threshold.
const LIKELIEST: Decoding = Decoding {
    temperature: 0.0,
    seed: 0,
};

/// The main style of each file of `windows` (what stands before the first `/` of its label), as the
/// corpus's `info.csv` names it; "" where it does not.
///
/// # Errors
/// When the corpus cannot be read.
pub fn styles(data: &Path, windows: &Windows) -> Result<Vec<String>, DataError> {
    let corpus = Corpus::open(data)?;
    let style = |name: &String| {
        let entry = corpus.entries().iter().find(|entry| entry.name == *name);
        let info = entry.and_then(|entry| entry.info.as_ref());
        info.and_then(|info| info.style.split('/').next())
            .unwrap_or_default()
            .to_string()
    };
    Ok(windows.files.iter().map(style).collect())
}

/// Bars that the corpus calls fills.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fills {
    /// One bar each.
    pub bars: Vec<Groove>,
    /// The main style of each.
    pub styles: Vec<String>,
}

impl Fills {
    /// Those of `bars`, windows of one bar, that are of files that `info.csv` calls fills.
    ///
    /// # Errors
    /// When the corpus cannot be read.
    pub fn among(data: &Path, bars: &Windows) -> Result<Fills, DataError> {
        let corpus = Corpus::open(data)?;
        let is_fill = |name: &String| {
            let entry = corpus.entries().iter().find(|entry| entry.name == *name);
            let info = entry.and_then(|entry| entry.info.as_ref());
            info.is_some_and(|info| info.beat_type == "fill")
        };
        let is_fill: Vec<bool> = bars.files.iter().map(is_fill).collect();
        let styles = styles(data, bars)?;
        let mut fills = Fills::default();
        for (bar, &file) in bars.windows.iter().zip(&bars.origin) {
            if is_fill[file] {
                fills.bars.push(bar.clone());
                fills.styles.push(styles[file].clone());
            }
        }
        Ok(fills)
    }

    /// Windows of `train` that are followed by no fill, and the same ones with a fill as their last
    /// bar: for each fill one of its own style, where there is one.
    fn beside(&self, train: &Windows, styles: &[String]) -> (Vec<Groove>, Vec<Groove>) {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for (number, (fill, style)) in self.bars.iter().zip(&self.styles).enumerate() {
            let of_style = |window: &usize| styles[train.origin[*window]] == *style;
            let mut chosen: Vec<usize> = (0..train.windows.len()).filter(of_style).collect();
            if chosen.is_empty() {
                chosen = (0..train.windows.len()).collect();
            }
            // A long way apart, so that they are of different files.
            let Some(&window) = chosen.get(number * 7919 % chosen.len().max(1)) else {
                continue;
            };
            let groove = &train.windows[window];
            let start = groove.steps.len().saturating_sub(fill.steps.len());
            let mut filled = groove.clone();
            let place = filled.steps.iter_mut().skip(start);
            place
                .zip(&fill.steps)
                .for_each(|(step, fill)| *step = *fill);
            without.push(groove.clone());
            with.push(filled);
        }
        (without, with)
    }
}

/// Computes the attribute vectors of `checkpoint` from `train` (posteriors' means; `styles` are
/// those of its files), and their effects on `validation`.
///
/// A measure's vector goes from the mean of the windows in its lowest quarter to the mean of those
/// in its highest, as in the MusicVAE paper; a style's from all other windows to its own; that of
/// fills from windows to the same ones with a fill as their last bar. A measure that does not vary has
/// no vector, nor has a style of fewer than [`STYLE_FILES`] files, nor have so few fills.
///
/// # Errors
/// When windows and model do not fit.
pub fn attributes(
    checkpoint: &Checkpoint,
    compute: &Compute,
    train: &Windows,
    styles: &[String],
    fills: &Fills,
    validation: Option<&Windows>,
) -> Result<Attributes, TrainingError> {
    let model = checkpoint.model_on(compute)?;
    let latents = means(&model, &train.windows)?;
    let mut found = Vec::new();
    for measure in Measure::ALL {
        let values: Vec<Option<f64>> = train.windows.iter().map(|it| measure.of(it)).collect();
        let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let quarters = quantile(&sorted, 0.25).zip(quantile(&sorted, 0.75));
        let Some((low, high)) = quarters.filter(|(low, high)| low < high) else {
            continue;
        };
        let within = |counts: &dyn Fn(f64) -> bool| {
            let mut chosen = Vec::new();
            for (z, value) in latents.iter().zip(&values) {
                if value.is_some_and(counts) {
                    chosen.push(z.as_slice());
                }
            }
            chosen
        };
        let (with, without) = (
            within(&|value| value >= high),
            within(&|value| value <= low),
        );
        found.extend(attribute(measure.name(), Kind::Measure, with, without));
    }
    for style in common_styles(styles) {
        let has = |window: &usize| styles[train.origin[*window]] == style;
        let (with, without): (Vec<usize>, Vec<usize>) = (0..latents.len()).partition(has);
        let slices = |windows: Vec<usize>| {
            let latents = windows.into_iter().map(|window| latents[window].as_slice());
            latents.collect()
        };
        found.extend(attribute(
            &style,
            Kind::Style,
            slices(with),
            slices(without),
        ));
    }
    if fills.bars.len() >= STYLE_FILES {
        let (without, with) = fills.beside(train, styles);
        let (without, with) = (means(&model, &without)?, means(&model, &with)?);
        fn slices(latents: &[Latent]) -> Vec<&[f32]> {
            latents.iter().map(Vec::as_slice).collect()
        }
        found.extend(attribute(
            Fill::ATTRIBUTE,
            Kind::Fill,
            slices(&with),
            slices(&without),
        ));
    }
    if let Some(validation) = validation {
        let judge = StyleJudge::new(train, styles);
        let scene = Scene::new(&model, validation, &judge)?;
        for attribute in &mut found {
            attribute.effects = AMOUNTS
                .iter()
                .map(|amount| scene.effect(&attribute.vector, *amount))
                .collect::<Result<_, _>>()?;
        }
    }
    let about = Metadata::of_this_run(checkpoint.metadata.step);
    Ok(Attributes {
        version: Attributes::VERSION,
        preset: checkpoint.preset.name.clone(),
        fingerprint: checkpoint.fingerprint()?,
        program: about.program.unwrap_or_default(),
        command: about.command.unwrap_or_default(),
        attributes: found,
    })
}

/// Means of the posteriors of what the model is shown of `grooves`.
fn means(model: &MusicVae, grooves: &[Groove]) -> Result<Vec<Latent>, TrainingError> {
    Subject::tested(model.preset())?;
    let posteriors = model.encode(grooves)?;
    Ok(posteriors.into_iter().map(|it| it.mu).collect())
}

fn attribute(name: &str, kind: Kind, with: Vec<&[f32]>, without: Vec<&[f32]>) -> Option<Attribute> {
    Some(Attribute {
        name: name.into(),
        kind,
        with: with.len(),
        without: without.len(),
        vector: attribute_vector(with, without)?,
        effects: Vec::new(),
    })
}

/// Styles of enough files, the commonest first.
fn common_styles(styles: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for style in styles.iter().filter(|style| !style.is_empty()) {
        *counts.entry(style).or_default() += 1;
    }
    let mut common: Vec<_> = counts
        .into_iter()
        .filter(|(_, files)| *files >= STYLE_FILES)
        .collect();
    common.sort_by_key(|(_, files)| std::cmp::Reverse(*files));
    common.into_iter().map(|(style, _)| style.into()).collect()
}

/// Tells styles by the pattern alone, independently of the model: a groove is of a style as far as
/// its nearest training windows (by Dice's coefficient of hits) are.
struct StyleJudge {
    names: Vec<String>,
    /// Patterns with the place of their style in `names`, if it is there.
    windows: Vec<(HitGrid, Option<usize>)>,
}

impl StyleJudge {
    fn new(train: &Windows, styles: &[String]) -> StyleJudge {
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

    fn names(&self) -> Vec<String> {
        let measures = Measure::ALL.map(|measure| measure.name().to_string());
        measures.into_iter().chain(self.names.clone()).collect()
    }
}

/// The validation windows before anything is moved.
struct Scene<'a> {
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
    fn new(
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
    fn effect(&self, vector: &[f32], amount: f32) -> Result<Effect, TrainingError> {
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
