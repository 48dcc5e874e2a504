//! The differentiable model: posterior, teacher-forced decoder and loss, on any device.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::ops::sigmoid;

use super::lstm::{Direction, LstmWeights, Precision, lstm};
use super::{ModelError, Preset, Tensors};
use crate::music::{FEATURES, LANES};

/// Windows side by side, time first.
pub struct Batch {
    /// `[steps, batch, 27]`, laid out as [`crate::music::Groove::to_features`] does.
    pub x: Tensor,
    /// How many steps of each window count; `None` when all do.
    pub lengths: Option<Vec<usize>>,
}

/// What dropout does to the input of a recurrent layer: [`keep_all`] where there is none.
pub type InputMask<'a> = &'a mut dyn FnMut(&Tensor) -> Result<Tensor>;

/// No dropout.
pub fn keep_all(x: &Tensor) -> Result<Tensor> {
    Ok(x.clone())
}

/// A Gaussian over the latent space for each window, `[batch, z_size]`.
pub struct Gaussian {
    pub mu: Tensor,
    /// Standard deviations.
    pub sigma: Tensor,
}

/// The terms of the loss, one number a window (`[batch]`).
pub struct Losses {
    /// Cross entropy of the hits in nats, summed over steps and lanes.
    pub hits: Tensor,
    /// Squared error of the velocities, summed likewise.
    pub velocities: Tensor,
    /// Squared error of the doubled offsets, summed likewise.
    pub offsets: Tensor,
    /// Divergence of the posterior from the prior in nats, before free bits.
    pub kl: Tensor,
}

impl Losses {
    /// What training minimizes, per window: reconstruction plus `beta` times the divergence past
    /// the preset's free bits.
    pub fn total(&self, preset: &Preset, beta: f64) -> Result<Tensor> {
        let free_nats = preset.free_bits * std::f64::consts::LN_2;
        let reconstruction = ((&self.hits + &self.velocities)? + &self.offsets)?;
        reconstruction + ((&self.kl - free_nats)?.relu()? * beta)?
    }
}

/// Trainable weights under the reference's names.
pub struct Network {
    preset: Preset,
    variables: BTreeMap<String, Var>,
    device: Device,
    precision: Precision,
}

impl Network {
    /// The network of `preset` with the given weights.
    ///
    /// # Errors
    /// The first tensor that is missing, unknown or of another shape, by name.
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
        let variables = weights.iter().map(variable).collect::<Result<_>>()?;
        Ok(Network {
            preset,
            variables,
            device: device.clone(),
            precision: Precision::Float32,
        })
    }

    /// The same network with the products of its recurrent layers in another precision.
    pub fn with_precision(self, precision: Precision) -> Network {
        Network { precision, ..self }
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
        self.variables[name].as_tensor()
    }

    fn lstm_weights(&self, scope: &str) -> LstmWeights {
        LstmWeights {
            kernel: self.tensor(&format!("{scope}/kernel")).clone(),
            bias: self.tensor(&format!("{scope}/bias")).clone(),
            precision: self.precision,
        }
    }

    fn dense(&self, scope: &str, x: &Tensor) -> Result<Tensor> {
        let kernel = self.tensor(&format!("{scope}/kernel"));
        x.matmul(kernel)?
            .broadcast_add(self.tensor(&format!("{scope}/bias")))
    }

    /// The posterior of each window: the bidirectional encoder's last states, through two dense
    /// layers.
    pub fn encode(&self, batch: &Batch, mask: InputMask) -> Result<Gaussian> {
        let (steps, size, _) = batch.x.dims3()?;
        let lengths = batch.lengths.as_deref();
        let ends = Ends::new(lengths, steps, size, &batch.x)?;
        let mut input = batch.x.clone();
        let mut last = Vec::new();
        for (index, &units) in self.preset.encoder.iter().enumerate() {
            let state = Tensor::zeros((size, 2 * units), DType::F32, input.device())?;
            let scope = |direction: &str| Preset::encoder_cell("encoder", index, direction);
            let above_data = index > 0;

            let weights = self.lstm_weights(&scope("fw"));
            let forward = lstm(
                &mask(&input)?,
                &weights,
                &state,
                Direction::Forward,
                above_data,
            )?;
            let weights = self.lstm_weights(&scope("bw"));
            // A short window is read backward from its own end, so it is turned round by gathering.
            let backward = if lengths.is_some() {
                let turned = ends.reverse(&mask(&input)?)?;
                let output = lstm(&turned, &weights, &state, Direction::Forward, above_data)?;
                ends.reverse(&output)?
            } else {
                lstm(
                    &mask(&input)?,
                    &weights,
                    &state,
                    Direction::Backward,
                    above_data,
                )?
            };
            last = vec![ends.last(&forward)?, backward.get(0)?];
            input = ends.silence_past_end(&Tensor::cat(&[forward, backward], 2)?)?;
        }
        let top = Tensor::cat(&last, 1)?;
        let mu = self.dense("encoder/mu", &top)?;
        let sigma = softplus(&self.dense("encoder/sigma", &top)?)?;
        Ok(Gaussian { mu, sigma })
    }

    /// The decoder's logits (`[steps, batch, 27]`) for latents `z` (`[batch, z_size]`) when it is
    /// told what was really played before each step (teacher forcing).
    pub fn decode(&self, z: &Tensor, batch: &Batch, mask: InputMask) -> Result<Tensor> {
        let (steps, size, _) = batch.x.dims3()?;
        let silence = Tensor::zeros((1, size, FEATURES), DType::F32, z.device())?;
        let previous = Tensor::cat(&[&silence, &batch.x.narrow(0, 0, steps - 1)?], 0)?;
        let z_every_step = z
            .unsqueeze(0)?
            .broadcast_as((steps, size, self.preset.z_size))?;
        let mut hidden = Tensor::cat(&[&previous, &z_every_step.contiguous()?], 2)?;
        let states = self.dense("decoder/z_to_initial_state", z)?.tanh()?;
        let mut first = 0;
        for (index, &units) in self.preset.decoder.iter().enumerate() {
            let state = states.narrow(1, first, 2 * units)?;
            let weights = self.lstm_weights(&self.preset.cores()[0].cell(index));
            hidden = lstm(&mask(&hidden)?, &weights, &state, Direction::Forward, true)?;
            first += 2 * units;
        }
        let flat = hidden.reshape((steps * size, ()))?;
        self.dense("decoder/output_projection", &flat)?
            .reshape((steps, size, FEATURES))
    }

    /// The loss terms of a batch, with `noise` (`[batch, z_size]`, standard normal) to draw `z`
    /// from the posterior.
    pub fn losses(&self, batch: &Batch, noise: &Tensor, mask: InputMask) -> Result<Losses> {
        let posterior = self.encode(batch, mask)?;
        let z = (&posterior.mu + (&posterior.sigma * noise)?)?;
        let logits = self.decode(&z, batch, mask)?;
        reconstruction_losses(batch, &logits, divergence(&posterior)?)
    }
}

/// `KL(posterior || N(0, I))` in nats, summed over the latent space: `[batch]`.
fn divergence(posterior: &Gaussian) -> Result<Tensor> {
    let squares = (posterior.mu.sqr()? + posterior.sigma.sqr()?)?;
    (((squares - 1.0)? * 0.5)? - posterior.sigma.log()?)?.sum(1)
}

/// The loss terms of teacher-forced `logits`.
fn reconstruction_losses(batch: &Batch, logits: &Tensor, kl: Tensor) -> Result<Losses> {
    /// Keeps the logarithms finite (TensorFlow's `log_loss`).
    const EPSILON: f64 = 1e-7;
    let (steps, size, _) = batch.x.dims3()?;
    let ends = Ends::new(batch.lengths.as_deref(), steps, size, &batch.x)?;
    let part = |tensor: &Tensor, index: usize| tensor.narrow(2, index * LANES, LANES);
    let per_window = |losses: Tensor| ends.silence_past_end(&losses)?.sum((0, 2));

    let hits = part(&batch.x, 0)?;
    let p = sigmoid(&part(logits, 0)?)?;
    let present = (&hits * (&p + EPSILON)?.log()?)?;
    let absent = (hits.affine(-1.0, 1.0)? * p.affine(-1.0, 1.0 + EPSILON)?.log()?)?;
    let velocities = (part(&batch.x, 1)? - sigmoid(&part(logits, 1)?)?)?.sqr()?;
    let offsets = (part(&batch.x, 2)? - part(logits, 2)?.tanh()?)?.sqr()?;
    Ok(Losses {
        hits: per_window((present + absent)?.neg()?)?,
        velocities: per_window(velocities)?,
        offsets: per_window(offsets)?,
        kl,
    })
}

/// `ln(1 + e^x)` without overflow.
fn softplus(x: &Tensor) -> Result<Tensor> {
    x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}

/// Where each window of a batch ends, as indices that gather rows of a `[steps, batch, width]`
/// tensor. Empty when every window is whole.
struct Ends {
    steps: usize,
    /// Row of the last step of each window, of each step turned round, and 1 for each row that
    /// counts; `None` when every window is whole.
    short: Option<(Tensor, Tensor, Tensor)>,
}

impl Ends {
    fn new(lengths: Option<&[usize]>, steps: usize, size: usize, like: &Tensor) -> Result<Ends> {
        let Some(lengths) = lengths else {
            return Ok(Ends { steps, short: None });
        };
        let row = |step: usize, window: usize| (step * size + window) as u32;
        let windows = || lengths.iter().enumerate();
        let last: Vec<u32> = windows().map(|(w, &len)| row(len.max(1) - 1, w)).collect();
        let turned = |step: usize, len: usize| if step < len { len - 1 - step } else { step };
        let turned: Vec<u32> = (0..steps)
            .flat_map(|step| windows().map(move |(w, &len)| row(turned(step, len), w)))
            .collect();
        let counts: Vec<f32> = (0..steps)
            .flat_map(|step| {
                lengths
                    .iter()
                    .map(move |&len| f32::from(u8::from(step < len)))
            })
            .collect();
        let device = like.device();
        Ok(Ends {
            steps,
            short: Some((
                Tensor::from_vec(last, size, device)?,
                Tensor::from_vec(turned, steps * size, device)?,
                Tensor::from_vec(counts, (steps, size, 1), device)?,
            )),
        })
    }

    /// The rows of the last step: `[batch, width]`. A window of no steps gets zeros.
    fn last(&self, x: &Tensor) -> Result<Tensor> {
        let Some((last, ..)) = &self.short else {
            return x.get(self.steps - 1);
        };
        self.silence_past_end(x)?
            .flatten(0, 1)?
            .index_select(last, 0)
    }

    /// Each window's own steps in reverse order.
    fn reverse(&self, x: &Tensor) -> Result<Tensor> {
        let Some((_, turned, _)) = &self.short else {
            return x.flip(&[0]);
        };
        self.silence_past_end(
            &x.flatten(0, 1)?
                .index_select(turned, 0)?
                .reshape(x.shape())?,
        )
    }

    /// Zeros past each window's end.
    fn silence_past_end(&self, x: &Tensor) -> Result<Tensor> {
        self.short
            .as_ref()
            .map_or(Ok(x.clone()), |(.., counts)| x.broadcast_mul(counts))
    }
}
