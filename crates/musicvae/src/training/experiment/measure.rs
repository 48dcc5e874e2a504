//! Measuring a trained model.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::super::evaluate::{Interval, Resampling, losses};
use super::super::{Examples, TrainingError};
use super::returned::Returned;
use super::rivals::{Music, Rival, decoder_parameters, parameters};
use crate::checkpoint::Checkpoint;
use crate::model::latent::sample_prior;
use crate::model::network::{KeepAll, Network};
use crate::model::{Compute, Decoding, Guide, Latent, MusicVae};

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
    /// What comes back from the posterior's mean.
    pub means: Ways,
    /// What comes back from a draw of the posterior.
    pub draws: Ways,
    /// The validation split during training.
    pub curve: Vec<Look>,
}

/// Ways to decode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ways {
    /// Told the past: the likeliest class at each step.
    pub told: Returned,
    /// Hearing itself, by the likeliest class.
    pub likeliest: Returned,
    /// Hearing itself, by classes drawn at temperature 1.
    pub drawn: Returned,
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

/// Windows as the classes of their steps, as `examples` has them.
pub(super) fn classes(examples: &Examples, depth: usize) -> Vec<Vec<usize>> {
    let of = |index| classes_of(&examples.example(index).output, depth);
    (0..examples.len()).map(of).collect()
}

fn classes_of(rows: &[f32], depth: usize) -> Vec<usize> {
    let class = |row: &[f32]| row.iter().position(|cell| *cell == 1.0);
    let rows = rows.chunks_exact(depth.max(1));
    rows.map(|row| class(row).unwrap_or_default()).collect()
}

/// Measures a trained model on windows.
pub(super) fn measure(
    (music, rival): (Music, Rival),
    checkpoint: &Checkpoint,
    compute: &Compute,
    examples: &Examples,
    plan: &Resampling,
    curve: Vec<Look>,
) -> Result<Measured, TrainingError> {
    let preset = &checkpoint.preset;
    let losses = losses(checkpoint, compute, examples, plan)?;
    let player = Player {
        network: Network::new(preset.clone(), &checkpoint.tensors, compute.trainer())?,
        model: checkpoint.model_on(compute)?,
        examples,
    };
    let played = classes(examples, preset.representation.output_depth());
    let ways = |from| -> Result<Ways, TrainingError> {
        let returned = |made: Vec<_>| Returned::of(music, &played, &made, plan);
        let (told, latents) = player.told(from)?;
        Ok(Ways {
            told: returned(told),
            likeliest: returned(player.alone(&latents, 0.0)?),
            drawn: returned(player.alone(&latents, 1.0)?),
        })
    };
    Ok(Measured {
        rival,
        decoder: preset.decoder.clone(),
        decoder_parameters: decoder_parameters(preset),
        parameters: parameters(preset, |_| true),
        step: checkpoint.metadata.step,
        reconstruction: losses.reconstruction,
        kl_bits: losses.kl_bits,
        means: ways(From::Mean)?,
        draws: ways(From::Draw)?,
        curve,
    })
}

/// Where a window's latent is taken from its posterior.
#[derive(Clone, Copy)]
enum From {
    Mean,
    Draw,
}

/// A model both ways: as it is trained, and as it plays.
struct Player<'a> {
    network: Network,
    model: MusicVae,
    examples: &'a Examples,
}

impl Player<'_> {
    /// Windows at once: enough for full speed, few enough for little memory.
    const AT_ONCE: usize = 32;

    /// The likeliest class of every step of every window, told the past; and the windows' latents.
    fn told(&self, from: From) -> candle_core::Result<(Vec<Vec<usize>>, Vec<Latent>)> {
        let all: Vec<usize> = (0..self.examples.len()).collect();
        let (mut told, mut latents) = (Vec::new(), Vec::new());
        for chosen in all.chunks(Self::AT_ONCE) {
            let batch = self.examples.batch(chosen, self.network.device())?;
            let posterior = self.network.encode(&batch, &mut KeepAll)?;
            let z = match from {
                From::Mean => posterior.mu,
                From::Draw => {
                    let size = self.network.preset().z_size;
                    let noise: Vec<f32> = (chosen.iter())
                        .flat_map(|&index| sample_prior(size, index as u64))
                        .collect();
                    let noise =
                        Tensor::from_vec(noise, (chosen.len(), size), posterior.mu.device());
                    (posterior.mu + (posterior.sigma * noise?)?)?
                }
            };
            // [steps, windows, classes]
            let logits = self.network.decode(&z, &batch, &mut KeepAll)?;
            let classes = logits.argmax(2)?.transpose(0, 1)?.to_vec2::<u32>()?;
            told.extend(
                (classes.into_iter()).map(|window| window.iter().map(|&it| it as usize).collect()),
            );
            latents.extend(z.to_vec2::<f32>()?);
        }
        Ok((told, latents))
    }

    /// What the decoder plays of these latents when it hears itself, as classes.
    fn alone(
        &self,
        latents: &[Latent],
        temperature: f32,
    ) -> Result<Vec<Vec<usize>>, TrainingError> {
        let how = Decoding {
            temperature,
            seed: 0,
        };
        let mut made = Vec::with_capacity(latents.len());
        for latents in latents.chunks(Self::AT_ONCE) {
            let played = self.model.decode_rows(latents, how, &Guide::default())?;
            made.extend((played.iter()).map(|it| classes_of(&it.rows.values, it.rows.depth)));
        }
        Ok(made)
    }
}
