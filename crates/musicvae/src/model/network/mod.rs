//! The differentiable model: posterior, decoder and loss, on any device.
//!
//! The parts are few: stacks of recurrent layers, dense layers and heads. A hierarchy is the same
//! stacks on segments that lie side by side as if they were windows, so that every level is one
//! pass over all of them.

mod decoder;
mod draw;
mod encoder;
mod heads;
mod player;
mod segments;

use std::collections::BTreeMap;

use candle_core::{DType, Device, Result, Tensor, Var};

use super::lstm::{Direction, Factors, LstmWeights, lstm, lstm_by_steps};
use super::{ModelError, Preset, Tensors};

pub use heads::GrooveLosses;

/// Windows side by side, time first.
pub struct Batch {
    /// What the encoder reads: `[steps, batch, input depth]`.
    pub input: Tensor,
    /// What the decoder is to make: `[steps, batch, output depth]`. The same tensor where the
    /// model is shown what it is to make.
    pub output: Tensor,
    /// What the decoder is told was made before each next step, where that is not `output` itself.
    pub told: Option<Tensor>,
    /// What encoder and decoder are told besides: `[steps, batch, control depth]`.
    pub controls: Option<Tensor>,
    /// How many steps of each window count; `None` when all do. A hierarchy takes one number a
    /// segment instead, window by window, or one a window that is all or nothing.
    pub lengths: Option<Vec<usize>>,
    /// What is taken from the latents before they are decoded.
    pub blur: Option<Blur>,
}

/// Latents that are less clear than the posterior, so that the decoder learns to continue from any
/// hint: `clarity * (clarity * z + sqrt(1 - clarity^2) * noise)`, which of a `z` that is distributed
/// as `N(0, I)` is what is to be expected of it after the noise.
pub struct Blur {
    /// 0 (nothing is known) to 1 (everything): `[batch, 1]`.
    pub clarity: Tensor,
    /// Standard normal: `[batch, z_size]`.
    pub noise: Tensor,
}

impl Blur {
    fn apply(&self, z: &Tensor) -> Result<Tensor> {
        let lost = (self.clarity.sqr()?.affine(-1.0, 1.0)?).sqrt()?;
        let kept = z.broadcast_mul(&self.clarity)?;
        let heard = (kept + self.noise.broadcast_mul(&lost)?)?;
        heard.broadcast_mul(&self.clarity)
    }
}

impl Batch {
    /// Whole windows of a model that is shown what it is to make.
    pub fn of(x: Tensor) -> Batch {
        Batch {
            input: x.clone(),
            output: x,
            told: None,
            controls: None,
            lengths: None,
            blur: None,
        }
    }
}

/// What dropout does to the input of a recurrent layer.
pub trait Mask {
    fn apply(&mut self, x: &Tensor) -> Result<Tensor>;

    /// Whether nothing is ever dropped.
    fn keeps_all(&self) -> bool {
        false
    }
}

impl<F: FnMut(&Tensor) -> Result<Tensor>> Mask for F {
    fn apply(&mut self, x: &Tensor) -> Result<Tensor> {
        self(x)
    }
}

/// No dropout.
pub struct KeepAll;

impl Mask for KeepAll {
    fn apply(&mut self, x: &Tensor) -> Result<Tensor> {
        Ok(x.clone())
    }

    fn keeps_all(&self) -> bool {
        true
    }
}

/// Dropout, or [`KeepAll`].
pub type InputMask<'a> = &'a mut dyn Mask;

/// What the decoder hears before each step.
pub enum Past<'a> {
    /// What was played (teacher forcing).
    Told,
    /// With this probability, a step and a window at a time, what it drew itself (scheduled
    /// sampling). The first step of a segment is always told.
    Mixed {
        probability: f64,
        /// Numbers in `0..1` to decide and draw with.
        uniform: &'a mut dyn FnMut() -> f32,
    },
}

/// A Gaussian over the latent space for each window, `[batch, z_size]`.
pub struct Gaussian {
    pub mu: Tensor,
    /// Standard deviations.
    pub sigma: Tensor,
}

/// The terms of the loss, one number a window (`[batch]`).
pub struct Losses {
    /// What the head says of the decoder's outputs, summed over steps: nats, where it is a
    /// likelihood.
    pub reconstruction: Tensor,
    /// Its parts, of a groove.
    pub groove: Option<GrooveLosses>,
    /// Divergence of the posterior from the prior in nats, before free bits.
    pub kl: Tensor,
    /// How many best guesses were right, where they are of classes.
    pub accuracy: Option<Accuracy>,
}

/// Best guesses of a window (`[batch]`), off the tape.
pub struct Accuracy {
    /// How many were right.
    pub right: Tensor,
    /// How many there were: one a step that counts, and a decoder of a split.
    pub all: Tensor,
}

impl Losses {
    /// What training minimizes, per window: reconstruction, with the preset's weight of strokes,
    /// plus `beta` times the divergence past its free bits.
    pub fn total(&self, preset: &Preset, beta: f64) -> Result<Tensor> {
        let free_nats = preset.free_bits * std::f64::consts::LN_2;
        let total = (&self.reconstruction + ((&self.kl - free_nats)?.relu()? * beta)?)?;
        match &self.groove {
            Some(groove) if preset.stroke_weight != 1.0 => {
                let strokes = (&groove.velocities + &groove.offsets)?;
                total + (strokes * (preset.stroke_weight - 1.0))?
            }
            _ => Ok(total),
        }
    }
}

/// Trainable weights under the reference's names.
pub struct Network {
    preset: Preset,
    variables: BTreeMap<String, Var>,
    /// The same numbers, as what computes them sees them: on the tape or off it.
    weights: Tensors,
    device: Device,
    factors: Factors,
    /// Whether recurrent layers run step by step.
    by_steps: bool,
}

impl Network {
    /// The network of `preset` with the given weights.
    ///
    /// # Errors
    /// A preset that contradicts itself, or the first tensor that is missing, unknown or of
    /// another shape, by name.
    pub fn new(
        preset: Preset,
        weights: &Tensors,
        device: &Device,
    ) -> std::result::Result<Network, ModelError> {
        preset.check(weights)?;
        let variable = |(name, tensor): (&String, &Tensor)| {
            let tensor = tensor
                .to_dtype(DType::F32)?
                .to_device(device)?
                .contiguous()?;
            Ok((name.clone(), Var::from_tensor(&tensor)?))
        };
        let variables = weights.iter().map(variable);
        let variables = variables.collect::<Result<BTreeMap<String, Var>>>()?;
        let weight = |(name, var): (&String, &Var)| (name.clone(), var.as_tensor().clone());
        Ok(Network {
            preset,
            weights: variables.iter().map(weight).collect(),
            variables,
            device: device.clone(),
            factors: Factors::Float32,
            by_steps: false,
        })
    }

    /// The same network off the tape: nothing is remembered of what it computes.
    pub fn off_the_tape(&self) -> Network {
        let off = |(name, weight): (&String, &Tensor)| (name.clone(), weight.detach());
        Network {
            preset: self.preset.clone(),
            variables: self.variables.clone(),
            weights: self.weights.iter().map(off).collect(),
            device: self.device.clone(),
            ..*self
        }
    }

    /// The same network with the factors of its recurrent layers' products in another format.
    pub fn with_factors(self, factors: Factors) -> Network {
        Network { factors, ..self }
    }

    /// The same network with recurrent layers in ordinary tensor operations, step by step: slow,
    /// and what the operations on whole sequences are held against.
    pub fn by_steps(self) -> Network {
        Network {
            by_steps: true,
            ..self
        }
    }

    pub fn preset(&self) -> &Preset {
        &self.preset
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Name and variable of every trainable tensor, by name.
    pub fn variables(&self) -> &BTreeMap<String, Var> {
        &self.variables
    }

    /// The weights as they are now, on the CPU.
    pub fn weights(&self) -> Result<Tensors> {
        let copy = |(name, var): (&String, &Var)| {
            Ok((name.clone(), var.copy()?.detach().to_device(&Device::Cpu)?))
        };
        self.variables.iter().map(copy).collect()
    }

    fn tensor(&self, name: &str) -> &Tensor {
        // Every name that is asked for is in `Preset::parameter_shapes`, which `new` checked.
        &self.weights[name]
    }

    fn lstm_weights(&self, scope: &str) -> LstmWeights {
        LstmWeights {
            kernel: self.tensor(&format!("{scope}/kernel")).clone(),
            bias: self.tensor(&format!("{scope}/bias")).clone(),
            factors: self.factors,
        }
    }

    /// A recurrent layer over a whole sequence; see [`lstm`].
    fn layer(
        &self,
        x: &Tensor,
        constant: Option<&Tensor>,
        weights: &LstmWeights,
        state: &Tensor,
        direction: Direction,
        differentiate_input: bool,
    ) -> Result<Tensor> {
        if !self.by_steps {
            return lstm(x, constant, weights, state, direction, differentiate_input);
        }
        match constant {
            None => lstm_by_steps(x, weights, state, direction),
            Some(constant) => {
                let x = beside_every_step(x, constant)?;
                lstm_by_steps(&x, weights, state, direction)
            }
        }
    }

    fn dense(&self, scope: &str, x: &Tensor) -> Result<Tensor> {
        let kernel = self.tensor(&format!("{scope}/kernel"));
        x.matmul(kernel)?
            .broadcast_add(self.tensor(&format!("{scope}/bias")))
    }

    /// The loss terms of a batch, with `noise` (`[batch, z_size]`, standard normal) to draw `z`
    /// from the posterior, when the decoder is told what was really played before each step.
    pub fn losses(&self, batch: &Batch, noise: &Tensor, mask: InputMask) -> Result<Losses> {
        self.losses_hearing(batch, noise, mask, &mut Past::Told)
    }

    /// [`Network::losses`] when the decoder hears `past`.
    pub fn losses_hearing(
        &self,
        batch: &Batch,
        noise: &Tensor,
        mask: InputMask,
        past: &mut Past,
    ) -> Result<Losses> {
        let posterior = self.encode(batch, mask)?;
        let z = (&posterior.mu + (&posterior.sigma * noise)?)?;
        let z = match &batch.blur {
            Some(blur) => blur.apply(&z)?,
            None => z,
        };
        let parameters = self.decode_hearing(&z, batch, mask, past)?;
        self.reconstruction_losses(batch, &parameters, divergence(&posterior)?)
    }
}

/// `x` (`[steps, rows, width]`) with the same `constant` (`[rows, more]`) behind every step.
fn beside_every_step(x: &Tensor, constant: &Tensor) -> Result<Tensor> {
    let (steps, rows, _) = x.dims3()?;
    let constant = constant.unsqueeze(0)?;
    let constant = constant.broadcast_as((steps, rows, constant.dim(2)?))?;
    Tensor::cat(&[x, &constant], 2)
}

/// `KL(posterior || N(0, I))` in nats, summed over the latent space: `[batch]`.
fn divergence(posterior: &Gaussian) -> Result<Tensor> {
    let squares = (posterior.mu.sqr()? + posterior.sigma.sqr()?)?;
    (((squares - 1.0)? * 0.5)? - posterior.sigma.log()?)?.sum(1)
}
