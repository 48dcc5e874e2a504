//! The seed paper's central claim as an experiment: over sixteen bars, does a decoder with a
//! conductor reconstruct better than a flat one? (Roberts et al. 2018, *A Hierarchical Latent
//! Vector Model for Learning Long-Term Structure in Music*, section 5.2.)

mod measure;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::evaluate::{Interval, Resampling, Unit};
use super::examples::converter;
use super::{Control, Earlier, Event, Log, TrainOptions, TrainingError, Variation, train};
use crate::checkpoint::Checkpoint;
use crate::data::{Split, Windows, load_windows};
use crate::model::lstm::Factors;
use crate::model::{DeviceChoice, Head, Preset, Sampling};
use crate::music::{DrumClasses, DrumsOptions, Reading, Representation};

pub use measure::Returned;

/// Sixteenths of a bar: what a conductor's embedding leads.
const BAR: usize = 16;

/// Layer sizes of both models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Units a direction of the encoder's layer.
    pub encoder: usize,
    /// Size of the latent vector.
    pub z: usize,
    /// Units of each of the two layers of the hierarchical decoder, and of its conductor; those of
    /// the flat one follow.
    pub decoder: usize,
}

/// One of the two models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rival {
    /// One decoder over all steps.
    Flat,
    /// A conductor over a decoder of each bar.
    Hierarchical,
}

impl Rival {
    /// Both, in the order of tables.
    pub const BOTH: [Rival; 2] = [Rival::Flat, Rival::Hierarchical];

    /// Also the name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Rival::Flat => "flat",
            Rival::Hierarchical => "hierarchical",
        }
    }

    /// The model: drums on the grid as one class out of 512 a step, the reference's training of
    /// sixteen bars (256 free bits, a weight of 0.2, told the truth). Both have the same encoder,
    /// latent space and training; the flat decoder's two layers are so wide that it has as many
    /// weights as the other one.
    pub fn preset(self, bars: usize, sizes: Sizes) -> Preset {
        let hierarchical = Preset {
            name: format!("experiment-drums_{bars}bar_hierarchical"),
            representation: Representation::Drums(DrumsOptions {
                classes: DrumClasses::Reduced,
                roll_input: true,
                roll_output: false,
            }),
            bars,
            z_size: sizes.z,
            encoder: vec![sizes.encoder],
            encoder_levels: Vec::new(),
            decoder: vec![sizes.decoder; 2],
            decoder_levels: vec![bars, BAR],
            autoregressive_levels: Vec::new(),
            split: Vec::new(),
            head: Head::Categorical,
            sampling: Sampling::Constant(0.0),
            free_bits: 256.0,
            max_beta: 0.2,
            beta_rate: 0.0,
            dropout_keep: 1.0,
            batch_size: 64,
            ..Preset::groovae_4bar()
        };
        match self {
            Rival::Hierarchical => hierarchical,
            Rival::Flat => {
                let flat = Preset {
                    name: format!("experiment-drums_{bars}bar_flat"),
                    decoder_levels: Vec::new(),
                    ..hierarchical.clone()
                };
                as_large(flat, decoder_parameters(&hierarchical))
            }
        }
    }
}

/// Numbers that a model learns, of all its weights whose names `counts` admits.
fn parameters(preset: &Preset, counts: impl Fn(&str) -> bool) -> usize {
    let shapes = preset.parameter_shapes().into_iter();
    let counted = shapes.filter(|(name, _)| counts(name));
    counted
        .map(|(_, shape)| shape.iter().product::<usize>())
        .sum()
}

fn decoder_parameters(preset: &Preset) -> usize {
    parameters(preset, |name| !name.starts_with("encoder/"))
}

/// `preset` with the two widths of decoder layers that bring its decoder nearest to `wanted`
/// parameters: as equal ones as do it.
fn as_large(preset: Preset, wanted: usize) -> Preset {
    let with = |layers: [usize; 2]| Preset {
        decoder: layers.to_vec(),
        ..preset.clone()
    };
    let misses = |layers: [usize; 2]| decoder_parameters(&with(layers)).abs_diff(wanted);
    // It grows with the width: the first one that is too wide, by halving.
    let (mut low, mut high) = (1, 1);
    while decoder_parameters(&with([high, high])) < wanted {
        (low, high) = (high, 2 * high);
    }
    while high - low > 1 {
        let middle = low.midpoint(high);
        match decoder_parameters(&with([middle, middle])) < wanted {
            true => low = middle,
            false => high = middle,
        }
    }
    // Whole units are coarse where layers are small; the upper layer's width is finer.
    let uppers = low.saturating_sub(low / 4).max(1)..=high + high / 4;
    let each = [low, high].map(|lower| uppers.clone().map(move |upper| [lower, upper]));
    let nearest = each
        .into_iter()
        .flatten()
        .min_by_key(|layers| (misses(*layers), layers[0].abs_diff(layers[1])));
    with(nearest.unwrap_or([low, low]))
}

/// The experiment: both models are trained on the same batches for as many steps, then measured on
/// the validation split.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    /// A folder, zip or TFRecord of performances with training and validation splits.
    pub data: PathBuf,
    /// Folder for a run of each model.
    pub out: PathBuf,
    /// Optimizer steps of each run.
    pub steps: u64,
    /// Examples a step.
    pub batch: usize,
    /// Of all random numbers.
    pub seed: u64,
    /// Bars of a window.
    pub bars: usize,
    /// Sizes of both models.
    pub sizes: Sizes,
    /// Optimizer steps between two looks at the validation split.
    pub validate_every: u64,
    /// What trains and measures.
    pub device: DeviceChoice,
    /// Of the recurrent layers' products.
    pub factors: Factors,
}

/// What came out of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Bars of a window.
    pub bars: usize,
    /// Sizes of both models.
    pub sizes: Sizes,
    /// Examples a step.
    pub batch: usize,
    /// Of all random numbers.
    pub seed: u64,
    /// Of the recurrent layers' products.
    pub factors: Factors,
    /// Windows and files of the validation split that both were measured on.
    pub windows: usize,
    /// Files that the windows come from.
    pub files: usize,
    /// Steps of those windows with no drum at all, as a share.
    pub silent: f64,
    /// Data sets drawn by file for each interval.
    pub resamples: usize,
    /// The two models, as [`Rival::BOTH`] has them.
    pub rivals: Vec<Measured>,
}

/// One model of the two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Which one it is.
    pub rival: Rival,
    /// Widths of the decoder's layers.
    pub decoder: Vec<usize>,
    /// Numbers that it learns: in the decoder (conductor included), and in all.
    pub decoder_parameters: usize,
    /// Numbers that the whole model learns.
    pub parameters: usize,
    /// Optimizer steps behind the weights.
    pub step: u64,
    /// What the decoder says of the true windows when it is told the past, nats a window, with `z`
    /// drawn from the posterior.
    pub reconstruction: Interval,
    /// Divergence of the posterior from the prior, bits a window.
    pub kl_bits: Interval,
    /// What comes back from the posterior's mean: told the past, and hearing itself, when the
    /// likeliest class is taken or one is drawn (at temperature 1).
    pub told: Returned,
    /// Hearing itself, by the likeliest class.
    pub likeliest: Returned,
    /// Hearing itself, by classes drawn.
    pub drawn: Returned,
    /// The validation split during training.
    pub curve: Vec<Look>,
}

/// A look at the validation split during training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Optimizer steps behind the weights.
    pub step: u64,
    /// Nats a window.
    pub reconstruction: f64,
    /// Divergence of the posterior from the prior, bits.
    pub kl_bits: f64,
    /// Share of steps whose class was the likeliest.
    pub accuracy: Option<f64>,
}

impl Hierarchy {
    /// Runs the experiment, or goes on with it where `out` holds a part of it; `tell` hears what
    /// the runs say. `None` when it was stopped before both models had all their steps.
    ///
    /// # Errors
    /// Those of [`train`]; and a corpus without windows of that length in either split.
    pub fn run(
        &self,
        control: &Control,
        tell: &mut dyn FnMut(Rival, Event),
    ) -> Result<Option<Comparison>, TrainingError> {
        // What can't be measured need not be trained.
        let windows = self.validation()?;
        for rival in Rival::BOTH {
            let options = self.training(rival);
            let steps = train(options, control, &mut |event| tell(rival, event))?;
            if steps < self.steps {
                return Ok(None);
            }
        }
        self.measure(&windows).map(Some)
    }

    /// Whether `out` holds a part of it.
    pub fn has_begun(&self) -> bool {
        let mut folders = Rival::BOTH.iter().map(|rival| self.folder(*rival));
        folders.any(|folder| latest(&folder).exists())
    }

    /// The folder of a model's run.
    pub fn folder(&self, rival: Rival) -> PathBuf {
        self.out.join(rival.name())
    }

    fn training(&self, rival: Rival) -> TrainOptions {
        let out = self.folder(rival);
        TrainOptions {
            preset: rival.preset(self.bars, self.sizes),
            data: self.data.clone(),
            earlier: match latest(&out).exists() {
                true => Earlier::Continued,
                false => Earlier::Refused,
            },
            out,
            steps: self.steps,
            batch: self.batch,
            seed: self.seed,
            hop_bars: 1,
            every_window: true,
            reading: Reading::Played,
            variation: Variation::NONE,
            average: None,
            validate_every: self.validate_every,
            from: None,
            device: self.device,
            factors: self.factors,
        }
    }

    /// Windows that do not overlap.
    fn validation(&self) -> Result<Windows<crate::data::Window>, TrainingError> {
        // Both models take the same ones.
        let mut converter = converter(&Rival::Flat.preset(self.bars, self.sizes))?;
        converter.hop = Some(self.bars);
        converter.max_windows = None;
        Ok(load_windows(
            &self.data,
            Some(Split::Validation),
            &converter,
        )?)
    }

    fn measure(&self, windows: &Windows<crate::data::Window>) -> Result<Comparison, TrainingError> {
        const RESAMPLES: usize = 1000;
        let plan = Resampling::of(windows, Unit::File, RESAMPLES, 0);
        let compute = self.device.open()?;
        let measured = Rival::BOTH.map(|rival| {
            let folder = self.folder(rival);
            let checkpoint = Checkpoint::load(&latest(&folder))?;
            let log = folder.join("log.csv");
            let records =
                Log::read(&log).map_err(|reason| TrainingError::LogUnread { path: log, reason })?;
            let validation = records
                .into_iter()
                .filter(|record| record.split == Split::Validation);
            let curve = validation.map(|record| Look {
                step: record.step,
                reconstruction: record.reconstruction,
                kl_bits: record.kl_bits,
                accuracy: record.accuracy,
            });
            let windows = &windows.windows;
            measure::measure(
                rival,
                &checkpoint,
                &compute,
                windows,
                &plan,
                curve.collect(),
            )
        });
        Ok(Comparison {
            bars: self.bars,
            sizes: self.sizes,
            batch: self.batch,
            seed: self.seed,
            factors: self.factors,
            windows: windows.windows.len(),
            files: windows.files.len(),
            silent: measure::silent(&windows.windows),
            resamples: RESAMPLES,
            rivals: measured.into_iter().collect::<Result<_, _>>()?,
        })
    }
}

fn latest(folder: &Path) -> PathBuf {
    folder.join("latest.safetensors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_decoders_are_as_large() {
        for (bars, encoder, z, decoder) in [
            (16, 256, 256, 256),
            (16, 128, 128, 128),
            (16, 256, 512, 512),
            (4, 16, 8, 8),
            (2, 8, 6, 8),
        ] {
            let sizes = Sizes {
                encoder,
                z,
                decoder,
            };
            let [flat, hierarchical] = Rival::BOTH.map(|rival| rival.preset(bars, sizes));
            for preset in [&flat, &hierarchical] {
                assert_eq!(preset.contradiction(), None);
            }
            assert_eq!(flat.encoder, hierarchical.encoder);
            let counts = [&flat, &hierarchical].map(decoder_parameters);
            let off = counts[0].abs_diff(counts[1]) as f64 / counts[1] as f64;
            assert!(off < 0.02, "{sizes:?}: {counts:?}, {:?}", flat.decoder);
            assert!(
                flat.decoder.iter().sum::<usize>() > 2 * decoder,
                "{:?}",
                flat.decoder
            );
        }
    }

    #[test]
    fn parameters_are_counted_by_hand() {
        let sizes = Sizes {
            encoder: 3,
            z: 5,
            decoder: 4,
        };
        let preset = Rival::Hierarchical.preset(2, sizes);
        // Conductor: first state, then layers that hear one zero and the layer below.
        let conductor = (5 + 1) * 16 + (1 + 4 + 1) * 16 + (4 + 4 + 1) * 16;
        // Decoder: first state, layers, classes.
        let decoder = (4 + 1) * 16 + (512 + 4 + 4 + 1) * 16 + (4 + 4 + 1) * 16 + (4 + 1) * 512;
        assert_eq!(decoder_parameters(&preset), conductor + decoder);
        let encoder = 2 * (10 + 3 + 1) * 12 + 2 * (6 + 1) * 5;
        assert_eq!(parameters(&preset, |_| true), conductor + decoder + encoder);
    }
}
