//! The gradient of a batch, computed by all cores.
//!
//! A batch is cut into shards that are independent until their gradients are summed. Each shard
//! runs on one core with its own tape and its own random numbers; sums go in the order of shards,
//! so the result depends neither on the number of cores nor on their timing. A GPU is given larger
//! shards, and so draws other random numbers.

use std::sync::LazyLock;

use candle_core::{Device, Result, Tensor, bail};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::{Examples, Variation};
use crate::model::network::{Batch, Blur, InputMask, KeepAll, Losses, Network, Past};
use crate::model::{Preset, Tensors};

/// Examples in one shard at most: more would not make the products faster, and activations grow
/// with it.
const SHARD: usize = 64;

/// The same on a GPU, which is busy with large products alone.
const GPU_SHARD: usize = 512;

/// Sums of the loss terms over a batch, and what they are sums of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// How many they are of.
    pub examples: usize,
    /// What training minimizes, nats.
    pub loss: f64,
    /// What the head says of what the decoder made.
    pub reconstruction: f64,
    /// Its parts, of a groove; 0 elsewhere. Cross entropy of hits, nats.
    pub hits: f64,
    /// Squared error of velocities.
    pub velocities: f64,
    /// Squared error of doubled offsets.
    pub offsets: f64,
    /// Divergence from the prior, nats.
    pub kl: f64,
    /// Predictions of classes that were right, and all that were made; 0 of a groove.
    pub right: f64,
    /// All predictions of classes that were made.
    pub judged: f64,
}

impl Terms {
    pub(super) fn add(self, other: Terms) -> Terms {
        Terms {
            examples: self.examples + other.examples,
            loss: self.loss + other.loss,
            reconstruction: self.reconstruction + other.reconstruction,
            hits: self.hits + other.hits,
            velocities: self.velocities + other.velocities,
            offsets: self.offsets + other.offsets,
            kl: self.kl + other.kl,
            right: self.right + other.right,
            judged: self.judged + other.judged,
        }
    }

    /// The terms of one example on average.
    pub fn mean(self) -> Terms {
        let scale = 1.0 / self.examples.max(1) as f64;
        Terms {
            examples: self.examples,
            loss: self.loss * scale,
            reconstruction: self.reconstruction * scale,
            hits: self.hits * scale,
            velocities: self.velocities * scale,
            offsets: self.offsets * scale,
            kl: self.kl * scale,
            right: self.right * scale,
            judged: self.judged * scale,
        }
    }

    /// The share of right predictions, where there were any.
    pub fn accuracy(self) -> Option<f64> {
        (self.judged > 0.0).then(|| self.right / self.judged)
    }
}

/// The gradient of the mean loss over a batch.
pub struct Gradients {
    /// By name of the weight.
    pub tensors: Tensors,
    /// Sums over the batch.
    pub terms: Terms,
}

impl Gradients {
    /// The norm of all gradients together.
    pub fn global_norm(&self) -> Result<f64> {
        let square = |(_, gradient): (&String, &Tensor)| {
            Ok(f64::from(gradient.sqr()?.sum_all()?.to_scalar::<f32>()?))
        };
        Ok(each_weight(&self.tensors, square)?
            .iter()
            .sum::<f64>()
            .sqrt())
    }

    /// Makes the gradient of such weights zero, so that they stay as they are.
    pub fn hold(&mut self, is_held: impl Fn(&str) -> bool) -> Result<()> {
        for (name, gradient) in &mut self.tensors {
            if is_held(name) {
                *gradient = gradient.zeros_like()?;
            }
        }
        Ok(())
    }

    /// Applies the reference's clipping for a gradient of norm `norm`: scaled down to the
    /// preset's bound, or zero altogether from the preset's threshold on. Returns what it was
    /// multiplied by.
    pub fn clip(&mut self, norm: f64, preset: &Preset) -> Result<f64> {
        let scale = if norm >= preset.gradient_norm_to_zero {
            0.0
        } else if norm > preset.gradient_clip {
            preset.gradient_clip / norm
        } else {
            return Ok(1.0);
        };
        for gradient in self.tensors.values_mut() {
            *gradient = (&*gradient * scale)?;
        }
        Ok(scale)
    }
}

/// Random numbers of one shard of one step.
fn shard_rng(seed: u64, step: u64, shard: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Streams of examples' order start at 0; these start far above.
    rng.set_stream((1 << 63) | (step << 16) | shard as u64);
    rng
}

/// What the decoder hears when it hears itself with `probability`, decided by numbers of a stream
/// of its own.
fn past<'a>(probability: f64, uniform: &'a mut dyn FnMut() -> f32) -> Past<'a> {
    match probability {
        0.0 => Past::Told,
        probability => Past::Mixed {
            probability,
            uniform,
        },
    }
}

/// Streams beside that of [`shard_rng`].
const SAMPLING: u64 = 1 << 62;
const CHANCES: u64 = 1 << 61;
const BLUR: u64 = 1 << 60;

/// Random numbers of one shard of one step, of another stream.
fn rng_beside(stream: u64, seed: u64, step: u64, shard: usize) -> ChaCha8Rng {
    let mut rng = shard_rng(seed, step, shard);
    rng.set_stream(rng.get_stream() | stream);
    rng
}

/// Numbers in `0..1` for [`past`].
fn uniform(seed: u64, step: u64, shard: usize) -> impl FnMut() -> f32 {
    let mut rng = rng_beside(SAMPLING, seed, step, shard);
    move || rng.random()
}

fn normal_noise(
    rng: &mut ChaCha8Rng,
    rows: usize,
    columns: usize,
    device: &Device,
) -> Result<Tensor> {
    let noise: Vec<f32> = StandardNormal
        .sample_iter(rng)
        .take(rows * columns)
        .collect();
    Tensor::from_vec(noise, (rows, columns), device)
}

/// Zeroes each input with probability `1 - keep`, and scales the rest to keep the mean.
fn dropout(x: &Tensor, keep: f64, rng: &mut ChaCha8Rng) -> Result<Tensor> {
    let kept = (1.0 / keep) as f32;
    let threshold = (keep * f64::from(u32::MAX)) as u32;
    let draw = || {
        if rng.next_u32() <= threshold {
            kept
        } else {
            0.0
        }
    };
    let mask: Vec<f32> = std::iter::repeat_with(draw).take(x.elem_count()).collect();
    x * Tensor::from_vec(mask, x.shape(), x.device())?
}

/// How clear the latent of each of so many examples is: of a `share` of them not wholly. Empty where
/// all are.
fn clarities(share: f64, examples: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let clarity = || match rng.random_bool(share) {
        // The bits that are left of a latent grow nearly in proportion to its square.
        true => rng.random::<f32>().sqrt(),
        false => 1.0,
    };
    match share {
        0.0 => Vec::new(),
        _ => std::iter::repeat_with(clarity).take(examples).collect(),
    }
}

/// `output` as it is `told` where the latent is clear, and whole where it is not.
fn told_where_clear(told: &Tensor, output: &Tensor, clarities: &[f32]) -> Result<Tensor> {
    let clear = clarities.iter().map(|&it| f32::from(u8::from(it == 1.0)));
    let shape = (1, clarities.len(), 1);
    let clear = Tensor::from_vec(clear.collect::<Vec<_>>(), shape, output.device())?;
    output + (told - output)?.broadcast_mul(&clear)?
}

/// The gradient of optimizer step `step` over the chosen examples.
pub fn gradients(
    network: &Network,
    examples: &Examples,
    chosen: &[usize],
    seed: u64,
    step: u64,
) -> Result<Gradients> {
    let preset = network.preset();
    let beta = preset.beta_at(step);
    let scale = 1.0 / chosen.len() as f64;
    let shards = by_shards(network.device(), chosen, |shard, chosen| {
        let device = network.device();
        let mut rng = shard_rng(seed, step, shard);
        let mut chances = rng_beside(CHANCES, seed, step, shard);
        let Variation { told, blurred, .. } = examples.variation();
        let mut blur = rng_beside(BLUR, seed, step, shard);
        let clarities = clarities(blurred, chosen.len(), &mut blur);
        let varies = |place: usize| clarities.get(place).is_none_or(|&it| it == 1.0);
        let mut batch = examples.varied_batch(chosen, varies, &mut rng, &mut chances, device)?;
        if told < 1.0 {
            let part = dropout(&batch.output, told, &mut rng)?;
            batch.told = Some(match clarities.is_empty() {
                true => part,
                false => told_where_clear(&part, &batch.output, &clarities)?,
            });
        }
        let noise = normal_noise(&mut rng, chosen.len(), preset.z_size, device)?;
        if !clarities.is_empty() {
            batch.blur = Some(Blur {
                noise: normal_noise(&mut blur, chosen.len(), preset.z_size, device)?,
                clarity: Tensor::from_vec(clarities, (chosen.len(), 1), device)?,
            });
        }
        let keep = preset.dropout_keep;
        let mut dropout = |x: &Tensor| dropout(x, keep, &mut rng);
        let mask: InputMask = if keep < 1.0 {
            &mut dropout
        } else {
            &mut KeepAll
        };
        let mut uniform = uniform(seed, step, shard);
        let mut past = past(preset.sampling.probability_at(step), &mut uniform);
        shard_gradient(network, &batch, &noise, beta, scale, mask, &mut past)
    })?;
    sum(shards)
}

/// The gradient of one shard: `scale` times its summed loss.
pub(super) fn shard_gradient(
    network: &Network,
    batch: &Batch,
    noise: &Tensor,
    beta: f64,
    scale: f64,
    mask: InputMask,
    past: &mut Past,
) -> Result<Gradients> {
    let losses = network.losses_hearing(batch, noise, mask, past)?;
    let total = losses.total(network.preset(), beta)?;
    let mut store = (total.sum_all()? * scale)?.backward()?;
    let mut tensors = Tensors::new();
    for (name, variable) in network.variables() {
        match store.remove(variable.as_tensor()) {
            // Detached: candle's gradients remember the activations that they were made from.
            Some(gradient) => tensors.insert(name.clone(), gradient.detach()),
            None => bail!("no gradient reached `{name}`"),
        };
    }
    let terms = each_terms(&losses, &total)?;
    Ok(Gradients {
        tensors,
        terms: terms.into_iter().fold(Terms::default(), Terms::add),
    })
}

/// The terms of each example.
fn each_terms(losses: &Losses, total: &Tensor) -> Result<Vec<Terms>> {
    let numbers = |tensor: &Tensor| -> Result<Vec<f64>> {
        Ok(tensor
            .to_vec1::<f32>()?
            .into_iter()
            .map(f64::from)
            .collect())
    };
    let mut each = vec![
        Terms {
            examples: 1,
            ..Terms::default()
        };
        total.dim(0)?
    ];
    let mut set = |tensor: &Tensor, term: fn(&mut Terms) -> &mut f64| -> Result<()> {
        for (terms, number) in each.iter_mut().zip(numbers(tensor)?) {
            *term(terms) = number;
        }
        Ok(())
    };
    set(total, |terms| &mut terms.loss)?;
    set(&losses.reconstruction, |terms| &mut terms.reconstruction)?;
    set(&losses.kl, |terms| &mut terms.kl)?;
    if let Some(groove) = &losses.groove {
        set(&groove.hits, |terms| &mut terms.hits)?;
        set(&groove.velocities, |terms| &mut terms.velocities)?;
        set(&groove.offsets, |terms| &mut terms.offsets)?;
    }
    if let Some(accuracy) = &losses.accuracy {
        set(&accuracy.right, |terms| &mut terms.right)?;
        set(&accuracy.all, |terms| &mut terms.judged)?;
    }
    Ok(each)
}

/// The sum of the loss terms of all examples; see [`evaluate_each`].
pub fn evaluate_terms(
    network: &Network,
    examples: &Examples,
    seed: u64,
    step: u64,
) -> Result<Terms> {
    let each = evaluate_each(network, examples, seed, step)?;
    Ok(each.into_iter().fold(Terms::default(), Terms::add))
}

/// The loss terms of every example, without dropout, with posterior noise drawn from `seed`, and
/// `beta` as of optimizer step `step`. A model that is trained on its own output is evaluated on
/// nothing else (see [`crate::model::Sampling::in_evaluation`]).
pub fn evaluate_each(
    network: &Network,
    examples: &Examples,
    seed: u64,
    step: u64,
) -> Result<Vec<Terms>> {
    let preset = network.preset();
    let beta = preset.beta_at(step);
    let all: Vec<usize> = (0..examples.len()).collect();
    let shards = by_shards(network.device(), &all, |shard, chosen| {
        let mut rng = shard_rng(seed, 0, shard);
        let batch = examples.batch(chosen, network.device())?;
        let noise = normal_noise(&mut rng, chosen.len(), preset.z_size, network.device())?;
        let mut uniform = uniform(seed, 0, shard);
        let mut past = past(preset.sampling.in_evaluation(), &mut uniform);
        let losses = network.losses_hearing(&batch, &noise, &mut KeepAll, &mut past)?;
        each_terms(&losses, &losses.total(preset, beta)?)
    })?;
    Ok(shards.concat())
}

/// Runs `work` on every shard of `chosen`, spread over the cores; results in the order of shards.
fn by_shards<T: Send>(
    device: &Device,
    chosen: &[usize],
    work: impl Fn(usize, &[usize]) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    // At least two shards, so that small batches use two cores; never a function of the machine.
    let shard_len = match device.is_cpu() {
        true => chosen.len().div_ceil(2).clamp(1, SHARD),
        false => GPU_SHARD,
    };
    let shards = chosen.par_chunks(shard_len).enumerate();
    pool()?.install(|| shards.map(|(index, shard)| work(index, shard)).collect())
}

/// One thread a core, kept for the whole program: an allocator hands a lasting thread its own
/// memory back, and fresh pages cost as much as a fifth of the arithmetic. Walking a tape recurses
/// once an operation, hence the stack.
fn pool() -> Result<&'static rayon::ThreadPool> {
    static POOL: LazyLock<Option<rayon::ThreadPool>> = LazyLock::new(|| {
        let pool = rayon::ThreadPoolBuilder::new()
            .thread_name(|index| format!("shard-{index}"))
            .num_threads(std::thread::available_parallelism().map_or(1, usize::from))
            .stack_size(16 << 20);
        pool.build().ok()
    });
    match &*POOL {
        Some(pool) => Ok(pool),
        None => bail!("the system has no threads left to train with: close other programs"),
    }
}

fn sum(shards: Vec<Gradients>) -> Result<Gradients> {
    let mut shards = shards.into_iter();
    let Some(mut sum) = shards.next() else {
        bail!("a batch needs at least one example")
    };
    let others: Vec<Gradients> = shards.collect();
    for shard in &others {
        sum.terms = sum.terms.add(shard.terms);
    }
    each_weight(&mut sum.tensors, |(name, gradient)| {
        for shard in &others {
            *gradient = (&*gradient + &shard.tensors[name])?;
        }
        Ok(())
    })?;
    Ok(sum)
}

/// Runs `work` on every one of a model's weights, spread over the cores; results in their order.
pub(super) fn each_weight<W: IntoParallelIterator + Send, T: Send>(
    weights: W,
    work: impl Fn(W::Item) -> Result<T> + Sync + Send,
) -> Result<Vec<T>> {
    pool()?.install(|| weights.into_par_iter().map(work).collect())
}
