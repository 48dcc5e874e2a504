//! The model as an instrument plays it: music to posteriors, latents to music.
//!
//! A few latents or windows run on the CPU, on weights packed for it: they are hundreds of small
//! dependent products, and on a GPU launching them would take longer than computing them. Many run on
//! a GPU, if the chosen device has one; the same seed then draws the same music, up to rounding.

mod draw;
mod ear;
mod encoder;
mod on_device;
mod packed;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use self::encoder::{Encoder, Sequences};
use self::packed::Decoder;
use super::cpu::Kernels;
use super::network::Network;
use super::recurrent::Dense;
use super::walk::{Performance, Track};
use super::{Compute, Head, Heat, Latent, ModelError, Preset, Strokes, Tensors};

/// The encoder's belief about a window: a diagonal Gaussian over the latent space.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    /// Means.
    pub mu: Latent,
    /// Standard deviations.
    pub sigma: Latent,
}

/// How latents become music.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decoding {
    /// Divides the logits before anything is drawn; 0 takes the likeliest.
    pub temperature: f32,
    /// The same seed draws the same random numbers for every latent, so that a change of latent
    /// or temperature morphs the music and does not flicker it.
    pub seed: u64,
}

/// Rows of numbers, one a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Number of rows.
    pub steps: usize,
    /// Numbers in a row.
    pub depth: usize,
    /// Row by row.
    pub values: Vec<f32>,
}

/// A window as an encoder reads it. Only flat encoders take windows that are not of
/// [`Preset::steps`] steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shown<'a> {
    /// Rows of the representation's input depth, one after the other.
    pub input: &'a [f32],
    /// As many rows of its control depth.
    pub controls: &'a [f32],
    /// How many rows count: of each segment of a hierarchy's lowest level, or of the whole window.
    /// Empty when all do.
    pub lengths: &'a [usize],
}

/// What a decoder is told besides latents; by default nothing, and it plays a whole window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Guide<'a> {
    /// A seed for each latent, in place of [`Decoding::seed`] for all of them; empty for that.
    pub seeds: &'a [u64],
    /// Steps to play, of a flat decoder; a hierarchy plays [`Preset::steps`] and nothing else.
    pub steps: Option<usize>,
    /// Rows of the representation's control depth, as many as steps: one set for each latent, or
    /// one for all of them. Empty for a model without controls.
    pub controls: &'a [Rows],
    /// The known numbers of a groove model's rows (hits of 0 or 1, velocities, doubled offsets), as
    /// many rows as steps, one set for each latent or one for all. The decoder hears them in place of
    /// its own draws. NaN where the model plays. Empty if the model plays everything.
    pub known: &'a [Rows],
    /// The class whose drawing ends a sequence (in a hierarchy: a segment), of a single decoder of
    /// classes. The reference does not stop there unless told so.
    pub end: Option<usize>,
    /// How readily a groove model strikes: added to the logits of its hits.
    pub lean: f32,
    /// Whether [`Played::parameters`] are wanted.
    pub parameters: bool,
}

/// What a decoder made of one latent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Played {
    /// Rows of the representation's output depth, zeros past an end: what was drawn, as it was
    /// heard before the next step.
    pub rows: Rows,
    /// The decoder's outputs (logits, of most heads), before anything was drawn.
    pub parameters: Option<Rows>,
    /// Steps of each segment (of the whole, in a flat decoder), the one that ended it included.
    pub lengths: Vec<usize>,
}

/// A model ready to run.
pub struct MusicVae {
    preset: Preset,
    compute: Compute,
    encoder: Encoder,
    mu: Dense,
    sigma: Dense,
    decoder: Decoder,
    /// The same weights on a GPU, where there is one.
    on_device: Option<Network>,
    strokes: Strokes,
}

impl MusicVae {
    /// Builds the model of `preset` from its `weights`.
    ///
    /// # Errors
    /// A preset that contradicts itself, or the first tensor that is missing, unknown or of
    /// another shape, by name; [`Kernels`] that can't be used.
    pub fn new(preset: Preset, weights: &Tensors) -> Result<MusicVae, ModelError> {
        MusicVae::on(&Compute::CPU, preset, weights)
    }

    /// [`MusicVae::new`], run by `compute`.
    ///
    /// # Errors
    /// Those of [`MusicVae::new`], and a device without room for the weights.
    pub fn on(
        compute: &Compute,
        preset: Preset,
        weights: &Tensors,
    ) -> Result<MusicVae, ModelError> {
        preset.check(weights)?;
        Kernels::chosen()?;
        let network = |device| Network::new(preset.clone(), weights, device);
        let on_device = compute.player(usize::MAX).map(network).transpose()?;
        Ok(MusicVae {
            compute: compute.clone(),
            encoder: Encoder::new(&preset, weights)?,
            mu: Dense::new(weights, "encoder/mu")?,
            sigma: Dense::new(weights, "encoder/sigma")?,
            decoder: Decoder::new(&preset, weights)?,
            on_device: on_device.as_ref().map(Network::off_the_tape),
            preset,
            strokes: Strokes::default(),
        })
    }

    /// The model whose velocities and offsets are read in another way.
    #[must_use]
    pub fn with_strokes(self, strokes: Strokes) -> MusicVae {
        MusicVae { strokes, ..self }
    }

    /// How its velocities and offsets are read: as they are, where they are not means.
    pub fn strokes(&self) -> Strokes {
        match self.preset.head {
            Head::Groove => self.strokes,
            _ => Strokes::Magenta,
        }
    }

    /// What the model is.
    pub fn preset(&self) -> &Preset {
        &self.preset
    }

    /// What plays or reads `count` latents or windows at once, as options name it.
    pub fn device(&self, count: usize) -> String {
        self.compute.name(count)
    }

    /// The posterior of each window.
    ///
    /// # Errors
    /// Rows or lengths that are not the model's.
    pub fn encode_rows(&self, windows: &[Shown]) -> Result<Vec<Posterior>, ModelError> {
        for window in windows {
            self.check_window(window)?;
        }
        match self.on_device(windows.len()) {
            Some(network) => in_parts(windows, |windows| {
                on_device::encode(network, self.sequences(windows))
            }),
            None => side_by_side(windows, |windows| Ok(self.posteriors(windows))),
        }
    }

    /// What runs `count` latents or windows beside the CPU's own way.
    fn on_device(&self, count: usize) -> Option<&Network> {
        self.on_device
            .as_ref()
            .filter(|_| self.compute.player(count).is_some())
    }

    fn check_window(&self, window: &Shown) -> Result<(), ModelError> {
        let representation = &self.preset.representation;
        let (depth, controls) = (representation.input_depth(), representation.control_depth());
        let (steps, segments) = (window.input.len() / depth, self.preset.encoder_segments());
        if !window.input.len().is_multiple_of(depth) {
            return Err(misfit(
                format!("rows of {depth} numbers"),
                format!("{} numbers", window.input.len()),
            ));
        }
        if !self.preset.encoder_levels.is_empty() && steps != self.preset.steps() {
            return Err(misfit(format!("{} steps", self.preset.steps()), steps));
        }
        if window.controls.len() != steps * controls {
            return Err(misfit(
                format!("{steps} rows of {controls} controls"),
                format!("{} numbers", window.controls.len()),
            ));
        }
        let (lengths, longest) = (window.lengths, steps / segments);
        if !lengths.is_empty() && lengths.len() != segments {
            return Err(misfit(format!("{segments} lengths"), lengths.len()));
        }
        match lengths.iter().find(|&&length| length > longest) {
            Some(length) => Err(misfit(format!("lengths of {longest} at most"), length)),
            None => Ok(()),
        }
    }

    /// Windows as the lowest level of the encoder reads them.
    fn sequences(&self, windows: &[Shown]) -> Sequences {
        let representation = &self.preset.representation;
        let (depth, controls) = (representation.input_depth(), representation.control_depth());
        let (width, segments) = (depth + controls, self.preset.encoder_segments());
        let longest = windows
            .iter()
            .map(|window| window.input.len() / depth)
            .max();
        let longest = longest.unwrap_or(0);
        let mut lengths = Vec::with_capacity(windows.len() * segments);
        let mut values = Vec::with_capacity(windows.len() * longest * width);
        for (place, window) in windows.iter().enumerate() {
            let steps = window.input.len() / depth;
            match window.lengths {
                [] => lengths.extend(std::iter::repeat_n(steps / segments, segments)),
                given => lengths.extend_from_slice(given),
            }
            if controls == 0 {
                values.extend_from_slice(window.input);
            } else {
                let rows = window.input.chunks_exact(depth);
                let rows = rows.zip(window.controls.chunks_exact(controls));
                rows.for_each(|(row, controls)| values.extend(row.iter().chain(controls)));
            }
            values.resize((place + 1) * longest * width, 0.0);
        }
        Sequences {
            steps: longest / segments,
            width,
            lengths,
            values,
        }
    }

    fn posteriors(&self, windows: &[Shown]) -> Vec<Posterior> {
        let top = self.encoder.run(self.sequences(windows));
        let softplus = |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let sigma: Vec<f32> = self.sigma.run(&top).into_iter().map(softplus).collect();
        let z_size = self.preset.z_size;
        let both = self.mu.run(&top);
        let both = both.chunks_exact(z_size).zip(sigma.chunks_exact(z_size));
        both.map(|(mu, sigma)| Posterior {
            mu: mu.to_vec(),
            sigma: sigma.to_vec(),
        })
        .collect()
    }

    /// What the decoder plays for each latent.
    ///
    /// # Errors
    /// A latent that is not `preset.z_size` numbers long, or a guide that does not fit the model.
    pub fn decode_rows<'a>(
        &self,
        z: &[Latent],
        how: Decoding,
        guide: &Guide<'a>,
    ) -> Result<Vec<Played>, ModelError> {
        let z_size = self.preset.z_size;
        if let Some(latent) = z.iter().find(|latent| latent.len() != z_size) {
            let expected = format!("latents of {z_size} numbers");
            return Err(misfit(expected, latent.len()));
        }
        let steps = guide.steps.unwrap_or(self.preset.steps());
        self.check_guide(z.len(), steps, guide)?;
        let chances = self.chances(steps, how.seed, guide.seeds);
        let of_latent = |sets: &'a [Rows], row: usize| match sets {
            [] => &[],
            [all] => &all.values[..],
            each => &each[row].values,
        };
        let each: Vec<usize> = (0..z.len()).collect();
        let play = |some: &[usize], network: Option<&Network>| {
            let rows = || some.iter().copied();
            let z: Vec<f32> = rows().flat_map(|row| &z[row]).copied().collect();
            let chances: Vec<_> = rows()
                .map(|row| &chances[row % chances.len()][..])
                .collect();
            let controls: Vec<_> = rows().map(|row| of_latent(guide.controls, row)).collect();
            let known: Vec<_> = rows().map(|row| of_latent(guide.known, row)).collect();
            let performance = Performance {
                heat: Heat {
                    lean: guide.lean,
                    ..self.preset.head.heat(how.temperature)
                },
                chances,
                steps,
                controls,
                control_depth: self.preset.representation.control_depth(),
                known,
                end: guide.end,
                keep_parameters: guide.parameters,
            };
            Ok(match network {
                Some(network) => network.play(z, &performance)?,
                None => self.decoder.play(&z, &performance)?,
            })
        };
        let tracks = match self.on_device(z.len()) {
            Some(network) => in_parts(&each, |some| play(some, Some(network)))?,
            None => side_by_side(&each, |some| play(some, None))?,
        };
        let rows = |values: Vec<f32>| Rows {
            steps,
            depth: values.len() / steps.max(1),
            values,
        };
        let played = |track: Track| Played {
            parameters: guide.parameters.then(|| rows(track.parameters)),
            rows: rows(track.rows),
            lengths: track.lengths,
        };
        Ok(tracks.into_iter().map(played).collect())
    }

    /// The random numbers of each latent; one set where they share a seed.
    fn chances(&self, steps: usize, seed: u64, seeds: &[u64]) -> Vec<Vec<f32>> {
        let one = |seed: &u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(*seed);
            let chances = steps * self.decoder.plan().chances;
            (0..chances).map(|_| rng.random()).collect()
        };
        match seeds {
            [] => vec![one(&seed)],
            seeds => seeds.iter().map(one).collect(),
        }
    }

    fn check_guide(&self, latents: usize, steps: usize, guide: &Guide) -> Result<(), ModelError> {
        let preset = &self.preset;
        if !preset.decoder_levels.is_empty() && steps != preset.steps() {
            return Err(misfit(format!("{} steps", preset.steps()), steps));
        }
        if !guide.seeds.is_empty() && guide.seeds.len() != latents {
            return Err(misfit(
                format!("seeds for {latents} latents"),
                guide.seeds.len(),
            ));
        }
        let depth = preset.representation.control_depth();
        if depth > 0 && guide.controls.is_empty() {
            return Err(ModelError::NoControls {
                preset: preset.name.clone(),
            });
        }
        let columns = match preset.head {
            Head::Groove | Head::Strokes(_) if preset.split.is_empty() => {
                preset.representation.output_depth()
            }
            _ => 0,
        };
        for (what, sets, depth) in [
            ("controls", guide.controls, depth),
            ("known numbers", guide.known, columns),
        ] {
            match (depth, sets.len()) {
                (_, 0) => continue,
                (0, count) => return Err(misfit(format!("no {what}"), format!("{count} sets"))),
                (_, count) if count > 1 && count != latents => {
                    return Err(misfit(format!("{what} for {latents} latents"), count));
                }
                _ => {}
            }
            let fits = |rows: &&Rows| rows.depth == depth && rows.values.len() == steps * depth;
            if let Some(rows) = sets.iter().find(|rows| !fits(rows)) {
                return Err(misfit(
                    format!("{steps} rows of {depth} {what}"),
                    format!("{} numbers in rows of {}", rows.values.len(), rows.depth),
                ));
            }
        }
        match guide.end {
            Some(_) if !preset.split.is_empty() || preset.head != Head::Categorical => Err(misfit(
                "a single decoder of classes to stop at an end",
                format!("preset {}", preset.name),
            )),
            Some(end) if end >= preset.representation.output_depth() => Err(misfit(
                format!(
                    "an end among {} classes",
                    preset.representation.output_depth()
                ),
                end,
            )),
            _ => Ok(()),
        }
    }
}

/// What was given where something else is needed.
pub(crate) fn misfit(expected: impl Into<String>, found: impl ToString) -> ModelError {
    ModelError::Input {
        expected: expected.into(),
        found: found.to_string(),
    }
}

/// Runs `work` on neighbouring parts of `items`, one after the other; results in order.
fn in_parts<T, R>(
    items: &[T],
    work: impl Fn(&[T]) -> Result<Vec<R>, ModelError>,
) -> Result<Vec<R>, ModelError> {
    /// A larger part would only hold more memory of the device.
    const LARGEST: usize = 1024;
    let parts: Result<Vec<_>, _> = items.chunks(LARGEST).map(work).collect();
    Ok(parts?.into_iter().flatten().collect())
}

/// Runs `work` on neighbouring parts of `items`, one a core; results in order.
fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Result<Vec<R>, ModelError> + Sync,
) -> Result<Vec<R>, ModelError> {
    /// A smaller part would only read the weights twice.
    const SMALLEST: usize = 4;
    /// A larger part would only hold more memory at once.
    const LARGEST: usize = 64;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = items.len().div_ceil(cores).clamp(SMALLEST, LARGEST);
    if items.len() <= part {
        return if items.is_empty() {
            Ok(Vec::new())
        } else {
            work(items)
        };
    }
    let work = &work;
    let mut results = Vec::with_capacity(items.len());
    for round in items.chunks(part * cores) {
        std::thread::scope(|scope| {
            let parts: Vec<_> = round
                .chunks(part)
                .map(|part| scope.spawn(move || work(part)))
                .collect();
            for part in parts {
                let part = part.join();
                let part = part.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                results.extend(part?);
            }
            Ok::<(), ModelError>(())
        })?;
    }
    Ok(results)
}
