//! Every hyper-parameter of a model and of its training.

mod built_in;
mod head;
mod layout;
mod written;

pub use head::Head;
pub use layout::Core;
pub use written::PresetError;

use serde::{Deserialize, Serialize};

use crate::music::Representation;

/// A model's architecture and how it is trained. Serialized whole into a checkpoint's metadata, so
/// that a checkpoint describes itself; fields that the first checkpoints did not have default to
/// what those were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Its name, the reference's where it has one.
    pub name: String,
    /// What a window of music becomes for the model.
    #[serde(default)]
    pub representation: Representation,
    /// Length of a window in bars of 4/4.
    pub bars: usize,
    /// Size of the latent vector.
    pub z_size: usize,
    /// Units a direction of each bidirectional encoder layer, bottom first.
    pub encoder: Vec<usize>,
    /// The same of a hierarchy's levels above the lowest; empty where all levels are alike, as in the
    /// reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub encoder_above: Vec<usize>,
    /// Lengths of the encoder's levels, lowest first; empty for a flat encoder. Segments of the
    /// first length are encoded to one embedding each, groups of the second length of those to one
    /// each, and so on; the product is the length of a window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub encoder_levels: Vec<usize>,
    /// Units of each decoder layer, bottom first; the same for conductors and for what they lead.
    pub decoder: Vec<usize>,
    /// Lengths of the decoder's levels, topmost first; empty for a flat decoder. All but the last
    /// are conductors, which turn `z` (or an embedding from above) into so many embeddings; the
    /// last is the length of a segment. The product is the length of a window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decoder_levels: Vec<usize>,
    /// Levels of the decoder, counted from the topmost, whose conductor hears the last state of
    /// what it led before its next step; the others hear one zero a step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub autoregressive_levels: Vec<usize>,
    /// Columns of separate decoders, side by side, which share what leads them; empty for one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<usize>,
    /// What the decoder's outputs mean (each one's of a split decoder).
    #[serde(default)]
    pub head: Head,
    /// Share of steps before which the decoder hears its own output and not what was played.
    #[serde(default)]
    pub sampling: Sampling,
    /// Weight of a groove's velocities and offsets in the loss, beside its hits. The reference's 1 is
    /// the likelihood of a Gaussian with a variance of a half (up to a constant), more than either
    /// varies in all.
    #[serde(default = "one")]
    pub stroke_weight: f64,
    /// Bits of divergence from the prior that cost nothing.
    pub free_bits: f64,
    /// Weight of the divergence in the loss once annealing is over.
    pub max_beta: f64,
    /// Annealing of that weight: `beta = (1 - beta_rate^step) * max_beta`.
    pub beta_rate: f64,
    /// Probability that an input of a recurrent layer is kept in training (the reference applies
    /// dropout to the inputs of every layer, never to the state).
    pub dropout_keep: f64,
    /// Examples a step.
    pub batch_size: usize,
    /// Learning rate at step 0; it decays as
    /// `(learning_rate - min_learning_rate) * decay_rate^step + min_learning_rate`.
    pub learning_rate: f64,
    /// Where the learning rate ends.
    pub min_learning_rate: f64,
    /// What is left of its distance from there after each step.
    pub decay_rate: f64,
    /// Gradients are scaled down to this global norm.
    pub gradient_clip: f64,
    /// A global norm from here on makes the whole gradient zero instead.
    pub gradient_norm_to_zero: f64,
}

fn one() -> f64 {
    1.0
}

/// Scheduled sampling (Bengio et al. 2015): the probability that a training step's decoder hears
/// what it would have played, rather than what was, as a function of the optimizer step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// This probability, 0..=1. With 0 the decoder is always told the truth (teacher forcing).
    Constant(f64),
    /// `1 - rate^step`, for a rate between 0 and 1.
    Exponential(f64),
    /// `1 - rate / (rate + e^(step / rate))`, for a rate of at least 1.
    InverseSigmoid(f64),
}

impl Default for Sampling {
    fn default() -> Sampling {
        Sampling::Constant(0.0)
    }
}

impl Sampling {
    /// The probability at optimizer step `step`, counted from 0.
    pub fn probability_at(self, step: u64) -> f64 {
        let step = step as f64;
        match self {
            Sampling::Constant(probability) => probability,
            Sampling::Exponential(rate) => 1.0 - rate.powf(step),
            Sampling::InverseSigmoid(rate) => 1.0 - rate / (rate + (step / rate).exp()),
        }
    }

    /// The probability when a model is evaluated: whoever is trained on itself at all is evaluated
    /// on nothing but itself, as the reference does.
    pub fn in_evaluation(self) -> f64 {
        match self {
            Sampling::Constant(0.0) => 0.0,
            _ => 1.0,
        }
    }
}

impl Preset {
    /// The presets of the reference's configuration map, in its order, and then others.
    pub fn all() -> Vec<Preset> {
        built_in::PRESETS.clone()
    }

    /// The built-in preset of that name.
    pub fn by_name(name: &str) -> Option<Preset> {
        let mut presets = built_in::PRESETS.iter();
        presets.find(|preset| preset.name == name).cloned()
    }

    /// `groovae_4bar`: four bars of drums as performed.
    pub fn groovae_4bar() -> Preset {
        match Preset::by_name("groovae_4bar") {
            Some(preset) => preset,
            None => unreachable!("it is built in"),
        }
    }

    /// The built-in preset of that name as it is written down, to begin one's own with.
    pub fn text_of(name: &str) -> Option<&'static str> {
        let texts = built_in::TEXTS.iter();
        texts
            .copied()
            .find_map(|(known, text)| (known == name).then_some(text))
    }

    /// Rows of a window (sixteenth-note steps, where it is not of events). A batch may be shorter.
    pub fn steps(&self) -> usize {
        self.representation.max_steps(self.bars)
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
}
