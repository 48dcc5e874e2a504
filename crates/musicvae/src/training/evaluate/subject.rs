//! The model under test, and what it makes of the windows it is tested on.

use candle_core::{Device, Tensor};

use super::super::TrainingError;
use super::statistics::Resampling;
use crate::checkpoint::Checkpoint;
use crate::model::network::{Batch, KeepAll, Network};
use crate::model::{Compute, Decoding, Guide, Latent, MusicVae, Posterior, Preset};
use crate::music::{FEATURES, Groove, GrooveOptions, LANES, Representation};

/// Hits are taken by threshold.
pub const LIKELIEST: Decoding = Decoding {
    temperature: 0.0,
    seed: 0,
};

/// Windows at once in teacher forcing: enough for full speed, few enough for little memory.
const AT_ONCE: usize = 64;

/// A groove model and true windows, with what it is shown of them.
pub struct Subject<'a> {
    pub options: GrooveOptions,
    pub network: Network,
    pub model: MusicVae,
    pub grooves: &'a [Groove],
    /// How intervals over the windows are found.
    pub plan: &'a Resampling,
    posteriors: Vec<Posterior>,
}

impl<'a> Subject<'a> {
    /// The model of `checkpoint` with the posteriors of what it is shown of `grooves`. Strokes are
    /// never left out at random, as they are in training: an instrument is given a whole pattern.
    ///
    /// # Errors
    /// When it is no model of grooves, or its windows are of another length.
    pub fn new(
        checkpoint: &Checkpoint,
        compute: &Compute,
        grooves: &'a [Groove],
        plan: &'a Resampling,
    ) -> Result<Subject<'a>, TrainingError> {
        let preset = &checkpoint.preset;
        let options = Subject::tested(preset)?.clone();
        let network = Network::new(preset.clone(), &checkpoint.tensors, compute.trainer())?;
        let model = checkpoint.model_on(compute)?;
        let posteriors = model.encode(grooves)?;
        Ok(Subject {
            options,
            network,
            model,
            grooves,
            plan,
            posteriors,
        })
    }

    /// What a model is shown that can be tested: one whose rows are whole steps of numbers,
    /// without controls.
    pub fn options(preset: &Preset) -> Option<&GrooveOptions> {
        let Representation::Groove(options) = &preset.representation else {
            return None;
        };
        let whole =
            !options.hits_as_controls && !options.split_instruments && options.bins.is_none();
        (whole && preset.head.makes_strokes()).then_some(options)
    }

    /// [`Subject::options`] of a model that can be tested.
    ///
    /// # Errors
    /// When it is no model of grooves that can be.
    pub fn tested(preset: &Preset) -> Result<&GrooveOptions, TrainingError> {
        let refused = || TrainingError::NotMeasured(preset.name.clone());
        Subject::options(preset).ok_or_else(refused)
    }

    /// Means of the posteriors.
    pub fn means(&self) -> Vec<Latent> {
        self.posteriors.iter().map(|it| it.mu.clone()).collect()
    }

    /// A draw from each posterior.
    pub fn drawn(&self, seed: u64) -> Vec<Latent> {
        use rand::SeedableRng;
        use rand_distr::{Distribution, StandardNormal};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut draw = |(mu, sigma): (&f32, &f32)| {
            let noise: f32 = StandardNormal.sample(&mut rng);
            mu + sigma * noise
        };
        let posteriors = self.posteriors.iter();
        posteriors
            .map(|it| it.mu.iter().zip(&it.sigma).map(&mut draw).collect())
            .collect()
    }

    /// What the decoder makes of the posteriors' means when it hears only itself: rows of
    /// [`Groove::to_features`], hits by threshold, velocities and offsets also where it strikes not.
    pub fn alone(&self) -> Result<Vec<Vec<f32>>, TrainingError> {
        Ok(self
            .model
            .play(&self.means(), LIKELIEST, &Guide::default())?)
    }

    /// The same when it is told what was really played before each step; hits are logits.
    pub fn told(&self) -> Result<Vec<Vec<f32>>, TrainingError> {
        let mut outputs = Vec::with_capacity(self.grooves.len());
        let z_size = self.model.preset().z_size;
        let (means, device) = (self.means(), self.network.device());
        let core = &self.network.preset().cores()[0];
        for (grooves, means) in self.grooves.chunks(AT_ONCE).zip(means.chunks(AT_ONCE)) {
            let z = Tensor::from_vec(means.concat(), (grooves.len(), z_size), device)?;
            let logits = self
                .network
                .decode(&z, &batch(grooves, device)?, &mut KeepAll)?;
            for window in logits.transpose(0, 1)?.to_vec3::<f32>()? {
                let mut rows = Vec::with_capacity(window.len() * FEATURES);
                for step in window {
                    let mut row = self.network.likeliest_strokes(core, step)?;
                    let (hits, played) = row.split_at_mut(LANES);
                    self.model.strokes().for_the_ear(played, hits);
                    rows.extend(row);
                }
                outputs.push(rows);
            }
        }
        Ok(outputs)
    }
}

/// Grooves of equal length side by side.
fn batch(grooves: &[Groove], device: &Device) -> candle_core::Result<Batch> {
    let steps = grooves.first().map_or(0, |groove| groove.steps.len());
    let features: Vec<f32> = grooves.iter().flat_map(Groove::to_features).collect();
    let x = Tensor::from_vec(features, (grooves.len(), steps, FEATURES), device)?;
    Ok(Batch::of(x.transpose(0, 1)?.contiguous()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Metadata;
    use crate::model::{Prior, Shown, Tensors, init};
    use crate::music::{Hit, Lane};
    use crate::training::Examples;

    /// Taps of one velocity can't be tapped again: what a model is shown is made once.
    #[test]
    fn a_model_is_shown_what_it_was_trained_on() {
        let preset = Preset {
            z_size: 4,
            encoder: vec![6],
            decoder: vec![6],
            ..Preset::by_name("groovae_2bar_tap_fixed_velocity").unwrap()
        };
        let checkpoint = Checkpoint {
            tensors: init::random_weights(&preset, 1).unwrap(),
            preset: preset.clone(),
            optimizer: Tensors::new(),
            prior: Prior::default(),
            metadata: Metadata::of_this_run(1),
        };
        let mut groove = Groove::empty(preset.steps());
        for step in (0..preset.steps()).step_by(3) {
            groove.steps[step][Lane::Snare.index()] = Some(Hit::new(0.7, 0.1));
        }
        let grooves = [groove];
        let examples = Examples::of_grooves(&preset, &grooves).unwrap();
        let batch = examples.batch(&[0], &Device::Cpu).unwrap();
        let input: Vec<f32> = batch.input.flatten_all().unwrap().to_vec1().unwrap();
        assert!(input.iter().any(|&number| number != 0.0));
        let shown = Shown {
            input: &input,
            ..Shown::default()
        };
        let expected = checkpoint.model().unwrap().encode_rows(&[shown]).unwrap();
        let plan = Resampling::of_singles(1, 2, 0);
        let subject = Subject::new(&checkpoint, &Compute::CPU, &grooves, &plan).unwrap();
        assert_eq!(subject.means()[0], expected[0].mu);
    }
}
