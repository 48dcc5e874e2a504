//! How good a model is on a split: its losses, and what comes back when performances go through
//! the latent space.

use candle_core::Device;
use serde::Serialize;

use super::{Examples, Record, TrainingError, evaluate_terms};
use crate::checkpoint::Checkpoint;
use crate::data::{Split, Windows};
use crate::model::Decoding;
use crate::model::network::{Network, keep_all};
use crate::music::{FEATURES, Groove, LANES, Lane};

/// A model's measure on one split.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    pub split: Split,
    pub windows: usize,
    /// True hits in them.
    pub hits: usize,
    pub losses: Losses,
    /// The decoder hears what was really played before each step.
    pub teacher_forced: Reconstruction,
    /// The decoder hears only itself.
    pub autoregressive: Reconstruction,
    /// Hits copied with no microtiming.
    pub quantized: Timing,
    /// Hits copied with the training split's mean microtiming of their lane, where that is known.
    pub mean_offset: Option<Timing>,
}

/// Loss terms, means over windows; see [`Record`] for the units.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Losses {
    pub total: f64,
    pub hits: f64,
    pub velocities: f64,
    pub offsets: f64,
    pub kl_bits: f64,
}

/// What came back of windows that were encoded to the posterior's mean and decoded with hits by
/// threshold.
#[derive(Clone, Debug, Serialize)]
pub struct Reconstruction {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// F1 of each lane, in tensor order; `None` where neither has a hit.
    pub lane_f1: [Option<f64>; LANES],
    /// Mean absolute error of velocities over compared hits, 0..=1.
    pub velocity_mae: f64,
    /// Errors of microtiming over compared hits: all true hits when teacher-forced, those that
    /// came back when autoregressive.
    pub timing: Timing,
}

/// Errors of microtiming.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Timing {
    /// Mean absolute error in milliseconds at each file's tempo.
    pub mae_ms: f64,
    /// Mean squared error in sixteenth-note steps squared.
    pub mse: f64,
}

/// Sums of timing errors.
#[derive(Default)]
struct TimingSums {
    count: usize,
    absolute_ms: f64,
    squared: f64,
}

impl TimingSums {
    fn add(&mut self, error_steps: f64, step_seconds: f64) {
        self.count += 1;
        self.absolute_ms += error_steps.abs() * step_seconds * 1e3;
        self.squared += error_steps * error_steps;
    }

    fn mean(&self) -> Timing {
        let count = self.count.max(1) as f64;
        Timing {
            mae_ms: self.absolute_ms / count,
            mse: self.squared / count,
        }
    }
}

/// Measures `checkpoint` on `windows` of `split`. `mean_offsets` are the training split's, in
/// steps, by lane.
///
/// # Errors
/// When the windows are not of the model's length, or its weights don't fit its preset.
pub fn evaluate(
    checkpoint: &Checkpoint,
    split: Split,
    windows: &Windows,
    mean_offsets: Option<[f32; LANES]>,
) -> Result<Evaluation, TrainingError> {
    /// As in training, so that the numbers compare.
    const SEED: u64 = 0;
    let preset = &checkpoint.preset;
    let examples = Examples::of_grooves(preset, &windows.windows)?;
    let network = Network::new(preset.clone(), &checkpoint.tensors, &Device::Cpu)?;
    let model = checkpoint.model()?;
    let terms = evaluate_terms(&network, &examples, SEED, checkpoint.metadata.step)?;
    let record = Record::new(checkpoint.metadata.step, split, terms);

    let grooves = &windows.windows;
    let latents: Vec<_> = model
        .encode(grooves)?
        .into_iter()
        .map(|posterior| posterior.mu)
        .collect();
    let threshold = Decoding {
        temperature: 0.0,
        seed: SEED,
    };
    let alone = model.decode_features(&latents, preset.steps(), threshold)?;
    let told = teacher_forced(&network, &examples)?;

    let copied = |offsets: [f32; LANES]| {
        let mut sums = TimingSums::default();
        for groove in grooves {
            for (_, lane, hit) in groove.hits() {
                let error = f64::from(hit.offset - offsets[lane.index()]);
                sums.add(error, groove.step_seconds());
            }
        }
        sums
    };
    let quantized = copied([0.0; LANES]);
    Ok(Evaluation {
        split,
        windows: grooves.len(),
        hits: quantized.count,
        losses: Losses {
            total: record.loss,
            hits: record.hits,
            velocities: record.velocities,
            offsets: record.offsets,
            kl_bits: record.kl_bits,
        },
        teacher_forced: compare(grooves, &told, |_| true),
        autoregressive: compare(grooves, &alone, |came_back| came_back),
        quantized: quantized.mean(),
        mean_offset: mean_offsets.map(|offsets| copied(offsets).mean()),
    })
}

/// The decoder's outputs from each posterior's mean when it is told the past, laid out as
/// [`crate::model::MusicVae::decode_features`] does.
fn teacher_forced(network: &Network, examples: &Examples) -> candle_core::Result<Vec<Vec<f32>>> {
    /// Windows at once: enough for full speed, few enough for little memory.
    const AT_ONCE: usize = 64;
    let mut outputs = Vec::with_capacity(examples.len());
    for first in (0..examples.len()).step_by(AT_ONCE) {
        let chosen: Vec<usize> = (first..examples.len().min(first + AT_ONCE)).collect();
        let batch = examples.batch(&chosen, network.device())?;
        let posterior = network.encode(&batch, &mut keep_all)?;
        let logits = network.decode(&posterior.mu, &batch, &mut keep_all)?;
        for window in logits.transpose(0, 1)?.to_vec3::<f32>()? {
            outputs.push(window.into_iter().flat_map(activate).collect());
        }
    }
    Ok(outputs)
}

/// Logits of one step to hits by threshold, velocities and doubled offsets.
fn activate(mut row: Vec<f32>) -> Vec<f32> {
    for (index, value) in row.iter_mut().enumerate() {
        *value = match index / LANES {
            0 => f32::from(u8::from(*value > 0.0)),
            1 => 1.0 / (1.0 + (-*value).exp()),
            _ => value.tanh(),
        };
    }
    row
}

/// Compares what came back with what was played; `counts` tells from "the hit came back" whether
/// its velocity and timing are compared.
fn compare(
    grooves: &[Groove],
    outputs: &[Vec<f32>],
    counts: impl Fn(bool) -> bool,
) -> Reconstruction {
    let mut both = [0usize; LANES];
    let mut played = [0usize; LANES];
    let mut returned = [0usize; LANES];
    let mut velocity_error = 0.0;
    let mut timing = TimingSums::default();
    for (groove, output) in grooves.iter().zip(outputs) {
        for (step, row) in output.chunks_exact(FEATURES).enumerate() {
            for lane in Lane::ALL {
                let index = lane.index();
                let came_back = row[index] > 0.5;
                returned[index] += usize::from(came_back);
                let Some(hit) = groove.hit(step, lane) else {
                    continue;
                };
                played[index] += 1;
                both[index] += usize::from(came_back);
                if counts(came_back) {
                    velocity_error += f64::from((row[LANES + index] - hit.velocity).abs());
                    let offset = row[2 * LANES + index] / 2.0;
                    timing.add(f64::from(offset - hit.offset), groove.step_seconds());
                }
            }
        }
    }
    let total = |counts: &[usize; LANES]| counts.iter().sum::<usize>() as f64;
    let (hit, true_hits, found_hits) = (total(&both), total(&played), total(&returned));
    let f1 = |both: f64, sum: f64| (sum > 0.0).then(|| 2.0 * both / sum);
    Reconstruction {
        precision: if found_hits > 0.0 {
            hit / found_hits
        } else {
            0.0
        },
        recall: if true_hits > 0.0 {
            hit / true_hits
        } else {
            0.0
        },
        f1: f1(hit, true_hits + found_hits).unwrap_or(0.0),
        lane_f1: std::array::from_fn(|lane| {
            f1(both[lane] as f64, (played[lane] + returned[lane]) as f64)
        }),
        velocity_mae: velocity_error / timing.count.max(1) as f64,
        timing: timing.mean(),
    }
}
