//! Attribute vectors: where grooves with a property are in the latent space, and what moving there
//! does.

mod apart;
mod scene;

use std::collections::BTreeMap;
use std::path::Path;

use super::TrainingError;
use super::evaluate::{Subject, quantile};
use crate::checkpoint::attributes::{Attribute, Attributes, Kind};
use crate::checkpoint::{Checkpoint, Metadata};
use crate::data::{Corpus, DataError, Windows};
use crate::drummer::Fill;
use crate::model::latent::attribute_vector;
use crate::model::{Compute, Decoding, Latent, MusicVae};
use crate::music::{Groove, Measure};
use scene::{Scene, StyleJudge};

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
/// no vector, nor has a style of fewer than [`STYLE_FILES`] files, nor have so few fills. Where they are to
/// be `apart`, each is then changed so that it moves its own measure or style by one standard deviation and
/// the others as little as can be.
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
    apart: bool,
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
    if apart {
        apart::move_apart(&mut found, &model, train, styles)?;
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
