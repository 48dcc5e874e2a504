//! Every hyper-parameter of a model and of its training, with the reference's values.

use serde::{Deserialize, Serialize};

use super::{ModelError, Tensors};

/// A model's architecture and how the reference trains it. Serialized whole into a checkpoint's
/// metadata, so that a checkpoint describes itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preset {
    pub name: String,
    /// Length of a window in bars of 4/4.
    pub bars: usize,
    /// Size of the latent vector.
    pub z_size: usize,
    /// Units a direction of each bidirectional encoder layer, bottom first.
    pub encoder: Vec<usize>,
    /// Units of each decoder layer, bottom first.
    pub decoder: Vec<usize>,
    /// Bits of divergence from the prior that cost nothing.
    pub free_bits: f64,
    /// Weight of the divergence in the loss once annealing is over.
    pub max_beta: f64,
    /// Annealing of that weight: `beta = (1 - beta_rate^step) * max_beta`.
    pub beta_rate: f64,
    /// Probability that an input of a recurrent layer is kept in training (the reference applies
    /// dropout to the inputs of every layer, never to the state).
    pub dropout_keep: f64,
    pub batch_size: usize,
    /// Learning rate at step 0; it decays as
    /// `(learning_rate - min_learning_rate) * decay_rate^step + min_learning_rate`.
    pub learning_rate: f64,
    pub min_learning_rate: f64,
    pub decay_rate: f64,
    /// Gradients are scaled down to this global norm.
    pub gradient_clip: f64,
    /// A global norm from here on makes the whole gradient zero instead.
    pub gradient_norm_to_zero: f64,
}

impl Preset {
    /// The presets that this program can build, in the reference's order.
    pub fn all() -> Vec<Preset> {
        vec![Preset::groovae_4bar()]
    }

    /// The preset of that name.
    pub fn by_name(name: &str) -> Option<Preset> {
        Preset::all().into_iter().find(|preset| preset.name == name)
    }

    /// `groovae_4bar` of the reference's configuration map: four bars of drums as performed.
    pub fn groovae_4bar() -> Preset {
        Preset {
            name: "groovae_4bar".into(),
            bars: 4,
            z_size: 256,
            encoder: vec![512],
            decoder: vec![256, 256],
            free_bits: 48.0,
            max_beta: 0.2,
            beta_rate: 0.0,
            dropout_keep: 0.3,
            batch_size: 512,
            learning_rate: 1e-3,
            min_learning_rate: 1e-5,
            decay_rate: 0.9999,
            gradient_clip: 1.0,
            gradient_norm_to_zero: 10_000.0,
        }
    }

    /// Length of a window in sixteenth-note steps.
    pub fn steps(&self) -> usize {
        self.bars * crate::music::Meter::COMMON.steps_per_bar()
    }

    /// Weight of the divergence at optimizer step `step`, counted from 0. (With a rate of 0 it is 0
    /// at step 0 and whole from step 1 on, as in the reference: `0^0 = 1`.)
    pub fn beta_at(&self, step: u64) -> f64 {
        (1.0 - self.beta_rate.powf(step as f64)) * self.max_beta
    }

    /// Learning rate of optimizer step `step`, counted from 0.
    pub fn learning_rate_at(&self, step: u64) -> f64 {
        (self.learning_rate - self.min_learning_rate) * self.decay_rate.powf(step as f64)
            + self.min_learning_rate
    }

    /// Name and shape of every trainable tensor, in the reference's order.
    pub fn parameter_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let features = crate::music::FEATURES;
        let mut shapes = Vec::new();
        let mut layer = |scope: String, inputs: usize, outputs: usize| {
            shapes.push((format!("{scope}/kernel"), vec![inputs, outputs]));
            shapes.push((format!("{scope}/bias"), vec![outputs]));
        };

        let state_size: usize = self.decoder.iter().map(|units| 2 * units).sum();
        layer("decoder/z_to_initial_state".into(), self.z_size, state_size);
        let mut inputs = features + self.z_size;
        for (index, &units) in self.decoder.iter().enumerate() {
            layer(Preset::decoder_scope(index), inputs + units, 4 * units);
            inputs = units;
        }
        layer("decoder/output_projection".into(), inputs, features);

        let mut inputs = features;
        for (index, &units) in self.encoder.iter().enumerate() {
            for direction in ["fw", "bw"] {
                layer(
                    Preset::encoder_scope(index, direction),
                    inputs + units,
                    4 * units,
                );
            }
            inputs = 2 * units;
        }
        layer("encoder/mu".into(), inputs, self.z_size);
        layer("encoder/sigma".into(), inputs, self.z_size);
        shapes
    }

    /// Scope of an encoder layer's weights; `direction` is `fw` or `bw`.
    pub(super) fn encoder_scope(layer: usize, direction: &str) -> String {
        format!(
            "encoder/cell_{layer}/bidirectional_rnn/{direction}/multi_rnn_cell/cell_0/lstm_cell"
        )
    }

    /// Scope of a decoder layer's weights.
    pub(super) fn decoder_scope(layer: usize) -> String {
        format!("decoder/multi_rnn_cell/cell_{layer}/lstm_cell")
    }

    /// Holds `weights` against [`Preset::parameter_shapes`].
    ///
    /// # Errors
    /// The first tensor that is missing or mis-shaped in the preset's order, else the first that
    /// the preset does not know.
    pub fn check(&self, weights: &Tensors) -> Result<(), ModelError> {
        let preset = || self.name.clone();
        let shapes = self.parameter_shapes();
        for (name, expected) in &shapes {
            match weights.get(name) {
                None => {
                    let (name, shape) = (name.clone(), expected.clone());
                    return Err(ModelError::Missing {
                        preset: preset(),
                        name,
                        shape,
                    });
                }
                Some(tensor) if tensor.dims() != expected => {
                    return Err(ModelError::Shape {
                        preset: preset(),
                        name: name.clone(),
                        found: tensor.dims().to_vec(),
                        expected: expected.clone(),
                    });
                }
                Some(_) => {}
            }
        }
        let known = |name: &String| shapes.iter().any(|(known, _)| known == name);
        match weights.keys().find(|name| !known(name)) {
            Some(name) => Err(ModelError::Unknown {
                preset: preset(),
                name: name.clone(),
            }),
            None => Ok(()),
        }
    }
}
