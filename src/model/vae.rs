//! The variational autoencoder over grooves.

use candle_core::Device;

use super::{Latent, ModelError, Preset, Tensors};
use crate::music::Groove;

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

/// A model ready to run.
pub struct MusicVae {
    preset: Preset,
}

impl MusicVae {
    /// Builds the model of `preset` from its `weights` (names and shapes as
    /// [`Preset::parameter_shapes`] lists them, none missing, none more).
    pub fn new(
        preset: Preset,
        _weights: &Tensors,
        _device: &Device,
    ) -> Result<MusicVae, ModelError> {
        Ok(MusicVae { preset })
    }

    pub fn preset(&self) -> &Preset {
        &self.preset
    }

    /// The posterior of each groove. Every groove must have exactly `preset.steps()` steps.
    pub fn encode(&self, _grooves: &[Groove]) -> Result<Vec<Posterior>, ModelError> {
        todo!()
    }

    /// A groove of `preset.steps()` steps at 120 qpm for each latent.
    pub fn decode(&self, _z: &[Latent], _how: Decoding) -> Result<Vec<Groove>, ModelError> {
        todo!()
    }
}
