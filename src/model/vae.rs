//! The model as an instrument plays it: grooves to posteriors, latents to grooves.
//!
//! This runs on the CPU whatever trained the weights: one groove is 64 dependent steps of small
//! products, which are over sooner than another device could be told about them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::cpu::{sigmoid, tanh};
use super::recurrent::{Cell, Dense};
use super::{Latent, ModelError, Preset, Tensors};
use crate::music::{FEATURES, Groove, LANES};

/// The encoder's belief about a window: a diagonal Gaussian over the latent space.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    pub mu: Latent,
    /// Standard deviations.
    pub sigma: Latent,
}

/// How latents become grooves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decoding {
    /// Divides the hit logits before they are drawn; 0 means hits by threshold.
    pub temperature: f32,
    /// The same seed draws the same random numbers for every latent, so that a change of latent
    /// or temperature morphs the groove and does not flicker it.
    pub seed: u64,
}

/// Where the decoder's hits come from.
#[derive(Clone, Copy)]
enum Hits<'a> {
    /// Drawn from the logits with a temperature, by a number for every cell.
    Drawn {
        temperature: f32,
        chances: &'a [f32],
    },
    /// Those of a pattern for each latent.
    Given(&'a [&'a Groove]),
}

/// A model ready to run.
pub struct MusicVae {
    preset: Preset,
    /// Forward and backward cell of each encoder layer.
    encoder: Vec<[Cell; 2]>,
    mu: Dense,
    sigma: Dense,
    initial_state: Dense,
    decoder: Vec<Cell>,
    output: Dense,
}

impl MusicVae {
    /// Builds the model of `preset` from its `weights`.
    ///
    /// # Errors
    /// The first tensor that is missing, unknown or of another shape, by name.
    pub fn new(preset: Preset, weights: &Tensors) -> Result<MusicVae, ModelError> {
        preset.check(weights)?;
        let mut inputs = FEATURES;
        let mut encoder = Vec::new();
        for (layer, units) in preset.encoder.iter().enumerate() {
            let cell = |direction| {
                Cell::new(
                    weights,
                    &Preset::encoder_cell("encoder", layer, direction),
                    inputs,
                )
            };
            encoder.push([cell("fw")?, cell("bw")?]);
            inputs = 2 * units;
        }
        let mut inputs = FEATURES;
        let mut decoder = Vec::new();
        for (layer, &units) in preset.decoder.iter().enumerate() {
            decoder.push(Cell::new(weights, &preset.cores()[0].cell(layer), inputs)?);
            inputs = units;
        }
        Ok(MusicVae {
            encoder,
            mu: Dense::new(weights, "encoder/mu")?,
            sigma: Dense::new(weights, "encoder/sigma")?,
            initial_state: Dense::new(weights, "decoder/z_to_initial_state")?,
            decoder,
            output: Dense::new(weights, "decoder/output_projection")?,
            preset,
        })
    }

    pub fn preset(&self) -> &Preset {
        &self.preset
    }

    /// The posterior of each groove.
    ///
    /// # Errors
    /// When a groove is not `preset.steps()` steps long.
    pub fn encode(&self, grooves: &[Groove]) -> Result<Vec<Posterior>, ModelError> {
        let steps = self.preset.steps();
        if let Some(groove) = grooves.iter().find(|groove| groove.steps.len() != steps) {
            return Err(ModelError::Input {
                expected: format!("{steps} steps"),
                found: format!("{}", groove.steps.len()),
            });
        }
        Ok(side_by_side(grooves, |grooves| self.encode_rows(grooves)))
    }

    fn encode_rows(&self, grooves: &[Groove]) -> Vec<Posterior> {
        let (rows, steps) = (grooves.len(), self.preset.steps());
        // Time first: every step's inputs are neighbours.
        let mut inputs = vec![0.0; steps * rows * FEATURES];
        for (row, groove) in grooves.iter().enumerate() {
            for (step, features) in groove.to_features().chunks_exact(FEATURES).enumerate() {
                inputs[(step * rows + row) * FEATURES..][..FEATURES].copy_from_slice(features);
            }
        }
        let mut width = FEATURES;
        let mut last = [Vec::new(), Vec::new()];
        for (layer, units) in self.preset.encoder.iter().enumerate() {
            let top = layer + 1 == self.preset.encoder.len();
            let run = |cell: &Cell, backward: bool| {
                let mut state = cell.start(rows, &[]);
                let mut outputs = if top {
                    Vec::new()
                } else {
                    vec![0.0; steps * rows * units]
                };
                for turn in 0..steps {
                    let step = if backward { steps - 1 - turn } else { turn };
                    state.step(&inputs[step * rows * width..][..rows * width]);
                    if !top {
                        outputs[step * rows * units..][..rows * units].copy_from_slice(&state.h);
                    }
                }
                (state.h, outputs)
            };
            let [forward, backward] = &self.encoder[layer];
            // The two directions don't depend on each other; one groove alone keeps two cores busy.
            let ((fw, fw_outputs), (bw, bw_outputs)) = std::thread::scope(|scope| {
                let other = scope.spawn(|| run(backward, true));
                let this = run(forward, false);
                (
                    this,
                    other
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                )
            });
            last = [fw, bw];
            if !top {
                inputs = interleave(&fw_outputs, &bw_outputs, *units);
                width = 2 * units;
            }
        }
        let units = last[0].len() / rows.max(1);
        let top = interleave(&last[0], &last[1], units);
        let softplus = |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let sigma: Vec<f32> = self.sigma.run(&top).into_iter().map(softplus).collect();
        let z_size = self.preset.z_size;
        self.mu
            .run(&top)
            .chunks_exact(z_size)
            .zip(sigma.chunks_exact(z_size))
            .map(|(mu, sigma)| Posterior {
                mu: mu.to_vec(),
                sigma: sigma.to_vec(),
            })
            .collect()
    }

    /// A groove of `preset.steps()` steps at 120 quarter notes a minute for each latent.
    ///
    /// # Errors
    /// When a latent is not `preset.z_size` numbers long.
    pub fn decode(&self, z: &[Latent], how: Decoding) -> Result<Vec<Groove>, ModelError> {
        let features = self.decode_features(z, self.preset.steps(), how)?;
        Ok(features
            .iter()
            .map(|features| Groove::from_features(features, 120.0))
            .collect())
    }

    /// The decoder's outputs for each latent over any number of steps, `steps x 27` in the layout
    /// of [`Groove::to_features`]: drawn hits (0 or 1), velocities and doubled offsets, the latter
    /// two also where there is no hit.
    ///
    /// # Errors
    /// When a latent is not `preset.z_size` numbers long.
    pub fn decode_features(
        &self,
        z: &[Latent],
        steps: usize,
        how: Decoding,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        self.check_latents(z)?;
        let mut rng = ChaCha8Rng::seed_from_u64(how.seed);
        let chances: Vec<f32> = (0..steps * LANES).map(|_| rng.random()).collect();
        let hits = Hits::Drawn {
            temperature: how.temperature,
            chances: &chances,
        };
        Ok(side_by_side(z, |z| {
            self.decode_rows(z.concat(), steps, hits)
        }))
    }

    /// The decoder's outputs for each latent when the hits are those of a pattern, and only
    /// velocities and offsets are the model's: it hears the pattern with its own feel. The layout
    /// is that of [`MusicVae::decode_features`].
    ///
    /// # Errors
    /// When a latent is not `preset.z_size` numbers long, or there is not a pattern of
    /// `preset.steps()` steps for each.
    pub fn decode_given(
        &self,
        z: &[Latent],
        patterns: &[Groove],
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        self.check_latents(z)?;
        let steps = self.preset.steps();
        let whole = |pattern: &&Groove| pattern.steps.len() == steps;
        if patterns.iter().filter(whole).count() != z.len() || patterns.len() != z.len() {
            return Err(ModelError::Input {
                expected: format!("{} patterns of {steps} steps", z.len()),
                found: format!("{} patterns", patterns.len()),
            });
        }
        let pairs: Vec<(&Latent, &Groove)> = z.iter().zip(patterns).collect();
        Ok(side_by_side(&pairs, |pairs| {
            let z = pairs.iter().flat_map(|(z, _)| z.iter().copied()).collect();
            let patterns: Vec<&Groove> = pairs.iter().map(|(_, pattern)| *pattern).collect();
            self.decode_rows(z, steps, Hits::Given(&patterns))
        }))
    }

    fn check_latents(&self, z: &[Latent]) -> Result<(), ModelError> {
        let z_size = self.preset.z_size;
        if let Some(latent) = z.iter().find(|latent| latent.len() != z_size) {
            return Err(ModelError::Input {
                expected: format!("latents of {z_size} numbers"),
                found: format!("{}", latent.len()),
            });
        }
        Ok(())
    }

    /// `z` are the latents in one row.
    fn decode_rows(&self, z: Vec<f32>, steps: usize, hits: Hits) -> Vec<Vec<f32>> {
        let rows = z.len() / self.preset.z_size.max(1);
        let states: Vec<f32> = self.initial_state.run(&z).into_iter().map(tanh).collect();
        let width = states.len() / rows.max(1);
        let mut first = 0;
        let mut layers = Vec::new();
        for (index, (cell, units)) in self.decoder.iter().zip(&self.preset.decoder).enumerate() {
            let mut layer = cell.start(rows, if index == 0 { &z } else { &[] });
            layer.set(&states, width, first);
            layers.push(layer);
            first += 2 * units;
        }
        let mut grooves = vec![Vec::with_capacity(steps * FEATURES); rows];
        let mut previous = vec![0.0; rows * FEATURES];
        for step in 0..steps {
            let mut below: &[f32] = &previous;
            for layer in &mut layers {
                layer.step(below);
                below = &layer.h;
            }
            previous = self.output.run(below);
            let made = previous.chunks_exact_mut(FEATURES).zip(&mut grooves);
            for (place, (row, groove)) in made.enumerate() {
                let (logits, played) = row.split_at_mut(LANES);
                let (velocities, offsets) = played.split_at_mut(LANES);
                for (lane, logit) in logits.iter_mut().enumerate() {
                    let hit = match hits {
                        // At temperature 0 the quotient would be NaN where the logit is 0.
                        Hits::Drawn {
                            temperature,
                            chances,
                        } if temperature > 0.0 => {
                            chances[step * LANES + lane] < sigmoid(*logit / temperature)
                        }
                        Hits::Drawn { .. } => *logit > 0.0,
                        Hits::Given(patterns) => patterns[place].steps[step][lane].is_some(),
                    };
                    *logit = f32::from(u8::from(hit));
                }
                velocities
                    .iter_mut()
                    .for_each(|velocity| *velocity = sigmoid(*velocity));
                offsets
                    .iter_mut()
                    .for_each(|offset| *offset = tanh(*offset));
                groove.extend_from_slice(row);
            }
        }
        grooves
    }
}

/// Rows of `left` and `right` (`width` numbers each) joined.
fn interleave(left: &[f32], right: &[f32], width: usize) -> Vec<f32> {
    let rows = left
        .chunks_exact(width.max(1))
        .zip(right.chunks_exact(width.max(1)));
    rows.flat_map(|(left, right)| left.iter().chain(right))
        .copied()
        .collect()
}

/// Runs `work` on neighbouring parts of `items`, one a core; results in order.
fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    /// A smaller part would only read the weights twice.
    const SMALLEST: usize = 4;
    /// A larger part would only hold more memory at once.
    const LARGEST: usize = 64;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = items.len().div_ceil(cores).clamp(SMALLEST, LARGEST);
    if items.len() <= part {
        return if items.is_empty() {
            Vec::new()
        } else {
            work(items)
        };
    }
    let work = &work;
    items
        .chunks(part * cores)
        .flat_map(|round| {
            std::thread::scope(|scope| {
                let parts: Vec<_> = round
                    .chunks(part)
                    .map(|part| scope.spawn(move || work(part)))
                    .collect();
                let join = |part: std::thread::ScopedJoinHandle<'_, Vec<R>>| {
                    part.join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                parts.into_iter().flat_map(join).collect::<Vec<_>>()
            })
        })
        .collect()
}
