//! Every hyper-parameter of a model and of its training.

mod built_in;
mod written;

pub use written::PresetError;

use serde::{Deserialize, Serialize};

use super::head::{Heat, StrokeHead};
use super::{ModelError, Tensors};
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
    /// Units a direction of each bidirectional encoder layer, bottom first; the same at every
    /// level of a hierarchy.
    pub encoder: Vec<usize>,
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

fn is_within(weight: &str, scope: &str) -> bool {
    let rest = weight.strip_prefix(scope);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// What a decoder's outputs of one step mean: their loss, and how they are drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// A third each of hits (logits), velocities (logistic) and doubled offsets (hyperbolic
    /// tangent).
    #[default]
    Groove,
    /// Hits, velocities and doubled offsets as distributions to draw from, lane by lane.
    Strokes(StrokeHead),
    /// Logits of one class out of all columns.
    Categorical,
    /// Logits of one class out of each of these groups of columns.
    MultiCategorical(Vec<usize>),
    /// A logit of "yes" a column.
    Boolean,
    /// The parameters of a neural autoregressive distribution estimator (Uria et al. 2016) over
    /// binary columns: biases of its hidden units, then of the columns.
    Nade {
        /// Number of hidden units.
        hidden: usize,
    },
}

impl Head {
    /// Whether rows hold hits, velocities and doubled offsets.
    pub fn makes_strokes(&self) -> bool {
        matches!(self, Head::Groove | Head::Strokes(_))
    }

    /// How far chances count at a `temperature`: 1 where everything is drawn as it was learned. The
    /// reference divides logits by the temperature, so that this is at 1. Strokes of a head that draws
    /// them whole are as a good drummer's at one half, which is where a player's knob stands; at 2
    /// they are twice as wide.
    pub fn heat(&self, temperature: f32) -> Heat {
        /// What is learned from windows that were varied and heard through noise is a little wider
        /// than drummers are, their velocities above all. With these factors grooves at one half spread as
        /// drummers do, and are told from those of the training split less than as learned (docs/training.md).
        const AS_DRUMMERS: Heat = Heat {
            choice: 0.9,
            velocity: 0.7,
            offset: 0.95,
            lean: 0.0,
        };
        let heat = self.heat_of_posteriors(temperature);
        match self {
            Head::Strokes(_) => Heat {
                choice: heat * AS_DRUMMERS.choice,
                velocity: heat * AS_DRUMMERS.velocity,
                offset: heat * AS_DRUMMERS.offset,
                lean: 0.0,
            },
            _ => Heat::even(heat),
        }
    }

    /// How far a latent is drawn from the middle of a posterior at a `temperature`.
    pub fn heat_of_posteriors(&self, temperature: f32) -> f32 {
        match self {
            Head::Strokes(_) => 3.0 * temperature / (1.0 + temperature),
            _ => temperature,
        }
    }

    /// How far a latent is drawn from the middle of its Gaussian at a `temperature`: of the
    /// reference's heads as far as ever.
    pub fn heat_of_latents(&self, temperature: f32) -> f32 {
        match self {
            Head::Strokes(_) => self.heat_of_posteriors(temperature),
            _ => 1.0,
        }
    }

    /// Numbers that the output layer makes for `columns` columns.
    pub fn parameters(&self, columns: usize) -> usize {
        match self {
            Head::Nade { hidden } => hidden + columns,
            Head::Strokes(strokes) => strokes.parameters(columns),
            _ => columns,
        }
    }
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

/// One of the decoders that stand side by side at the bottom of a decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    /// Scope of its weights.
    pub scope: String,
    /// Where its columns begin in a row.
    pub first: usize,
    /// How many they are.
    pub columns: usize,
}

impl Core {
    /// Scope of a recurrent layer.
    pub fn cell(&self, layer: usize) -> String {
        format!("{}/multi_rnn_cell/cell_{layer}/lstm_cell", self.scope)
    }

    /// What the strokes of a step say of later ones, of a head of strokes.
    pub fn lane_by_lane(&self) -> String {
        format!("{}/lane_by_lane/kernel", self.scope)
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

    /// Lengths of the conductors, topmost first; none in a flat decoder.
    pub fn conductors(&self) -> &[usize] {
        match self.decoder_levels.split_last() {
            Some((_, conductors)) => conductors,
            None => &[],
        }
    }

    /// Segments that the decoder divides a window into.
    pub fn segments(&self) -> usize {
        self.conductors().iter().product()
    }

    /// Segments at the lowest level of the encoder.
    pub fn encoder_segments(&self) -> usize {
        self.encoder_levels.iter().skip(1).product()
    }

    /// Whether the conductor of decoder level `level` hears what it led.
    pub fn is_autoregressive(&self, level: usize) -> bool {
        self.autoregressive_levels.contains(&level)
    }

    /// Size of what leads the decoders at the bottom: `z`, or a conductor's output.
    pub fn embedding_size(&self) -> usize {
        match self.conductors() {
            [] => self.z_size,
            _ => self.decoder.last().copied().unwrap_or_default(),
        }
    }

    /// Cell and output states of one stack of decoder layers.
    fn state_size(&self) -> usize {
        self.decoder.iter().map(|units| 2 * units).sum()
    }

    /// The decoders at the bottom, side by side.
    pub fn cores(&self) -> Vec<Core> {
        let above = match self.decoder_levels[..] {
            [] => "",
            _ => "core_decoder/",
        };
        if self.split.is_empty() {
            return vec![Core {
                scope: format!("{above}decoder"),
                first: 0,
                columns: self.representation.output_depth(),
            }];
        }
        let mut first = 0;
        let core = |(index, &columns): (usize, &usize)| {
            let scope = format!("{above}core_decoder_{index}/decoder");
            first += columns;
            Core {
                scope,
                first: first - columns,
                columns,
            }
        };
        self.split.iter().enumerate().map(core).collect()
    }

    /// Scope of the encoder's level `level` (0 in a flat encoder).
    pub fn encoder_scope(&self, level: usize) -> String {
        match self.encoder_levels[..] {
            [] => "encoder".into(),
            _ => format!("encoder/hierarchical_level_{level}"),
        }
    }

    /// Scope of the cell of a bidirectional `layer` under `scope`; `direction` is `fw` or `bw`.
    pub fn encoder_cell(scope: &str, layer: usize, direction: &str) -> String {
        format!(
            "{scope}/cell_{layer}/bidirectional_rnn/{direction}/multi_rnn_cell/cell_0/lstm_cell"
        )
    }

    /// Whether a weight belongs to the lowest level of a hierarchy: to what plays its segments, or to what
    /// reads them. Nothing of a flat model does.
    pub fn is_of_lowest_level(&self, weight: &str) -> bool {
        let plays = self
            .cores()
            .into_iter()
            .any(|core| is_within(weight, &core.scope));
        let reads = is_within(weight, &self.encoder_scope(0));
        !self.decoder_levels.is_empty() && plays || !self.encoder_levels.is_empty() && reads
    }

    /// Scope of the conductor at decoder level `level`.
    pub fn conductor_scope(level: usize) -> String {
        format!("decoder/hierarchical_level_{level}")
    }

    /// Width of a conductor's input.
    fn conductor_inputs(&self, level: usize, embedding: usize) -> usize {
        if !self.is_autoregressive(level) {
            return 1;
        }
        let led = match level + 1 < self.conductors().len() {
            true => 1,
            false => self.cores().len(),
        };
        led * self.state_size() + embedding
    }

    /// Name and shape of every trainable tensor, in the reference's order.
    pub fn parameter_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let mut shapes = Shapes::default();
        let controls = self.representation.control_depth();

        let mut embedding = self.z_size;
        for level in 0..self.conductors().len() {
            let scope = Preset::conductor_scope(level);
            shapes.dense(
                format!("{scope}/initial_state"),
                embedding,
                self.state_size(),
            );
            let mut inputs = self.conductor_inputs(level, embedding);
            for (layer, &units) in self.decoder.iter().enumerate() {
                shapes.lstm(format!("{scope}/cell_{layer}/lstm_cell"), inputs, units);
                inputs = units;
            }
            embedding = inputs;
        }
        for core in self.cores() {
            let scope = &core.scope;
            if let Head::Nade { hidden } = self.head {
                shapes.add(format!("{scope}/nade/w_enc"), vec![core.columns, 1, hidden]);
                shapes.add(
                    format!("{scope}/nade/w_dec_t"),
                    vec![core.columns, hidden, 1],
                );
            }
            if let Head::Strokes(strokes) = self.head {
                let parameters = strokes.parameters(core.columns);
                shapes.add(core.lane_by_lane(), vec![core.columns, parameters]);
            }
            shapes.dense(
                format!("{scope}/z_to_initial_state"),
                embedding,
                self.state_size(),
            );
            let mut inputs = core.columns + embedding + controls;
            for (layer, &units) in self.decoder.iter().enumerate() {
                shapes.lstm(core.cell(layer), inputs, units);
                inputs = units;
            }
            let outputs = self.head.parameters(core.columns);
            shapes.dense(format!("{scope}/output_projection"), inputs, outputs);
        }

        let mut inputs = self.representation.input_depth() + controls;
        for level in 0..self.encoder_levels.len().max(1) {
            let scope = self.encoder_scope(level);
            for (layer, &units) in self.encoder.iter().enumerate() {
                for direction in ["fw", "bw"] {
                    shapes.lstm(
                        Preset::encoder_cell(&scope, layer, direction),
                        inputs,
                        units,
                    );
                }
                inputs = 2 * units;
            }
        }
        shapes.dense("encoder/mu".into(), inputs, self.z_size);
        shapes.dense("encoder/sigma".into(), inputs, self.z_size);
        shapes.0
    }

    /// What in the preset contradicts itself, as a clause; `None` when a model of it can be built.
    pub fn contradiction(&self) -> Option<String> {
        let product = |lengths: &[usize]| {
            let product = |product: usize, &length: &usize| product.checked_mul(length);
            lengths.iter().try_fold(1, product)
        };
        // A flat model fits windows of any length, and memory does not.
        if self.bars > written::MOST_BARS {
            let (bars, most) = (self.bars, written::MOST_BARS);
            return Some(format!("its windows of {bars} bars are longer than {most}"));
        }
        let steps = self.steps();
        for (what, levels) in [
            ("encoder", &self.encoder_levels),
            ("decoder", &self.decoder_levels),
        ] {
            if !levels.is_empty() && product(levels) != Some(steps) {
                return Some(format!(
                    "the lengths of its {what}'s levels, {levels:?}, do not make its {steps} steps"
                ));
            }
        }
        let sizes = self.encoder.iter().chain(&self.decoder);
        if self.encoder.is_empty() || self.decoder.is_empty() || sizes.copied().min() == Some(0) {
            return Some("it has an empty layer or none".into());
        }
        if self.bars == 0 || self.z_size == 0 {
            return Some("its windows or latents are empty".into());
        }
        if let Some(level) = self
            .autoregressive_levels
            .iter()
            .find(|&&level| level >= self.conductors().len())
        {
            return Some(format!("its decoder has no conductor {level}"));
        }
        if self.head.makes_strokes() && !matches!(self.representation, Representation::Groove(_)) {
            return Some("its head makes strokes, but its representation is no groove".into());
        }
        let depth = self.representation.output_depth();
        if !self.split.is_empty() && self.split.iter().sum::<usize>() != depth {
            let split = &self.split;
            return Some(format!(
                "its decoders {split:?} do not share out {depth} columns"
            ));
        }
        self.cores()
            .iter()
            .find_map(|core| self.head.contradiction(core.columns))
    }

    /// Holds `weights` against [`Preset::parameter_shapes`].
    ///
    /// # Errors
    /// A preset that contradicts itself, the first tensor that is missing or mis-shaped in the
    /// preset's order, else the first that the preset does not know.
    pub fn check(&self, weights: &Tensors) -> Result<(), ModelError> {
        let preset = || self.name.clone();
        if let Some(reason) = self.contradiction() {
            return Err(ModelError::Contradiction {
                preset: preset(),
                reason,
            });
        }
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

impl Head {
    /// Why the head can't stand on `columns` columns, as a clause.
    fn contradiction(&self, columns: usize) -> Option<String> {
        match self {
            Head::Groove if !columns.is_multiple_of(3) => Some(format!(
                "{columns} columns are not hits, velocities and offsets"
            )),
            Head::Strokes(strokes) => strokes.contradiction(columns),
            Head::MultiCategorical(groups) if groups.iter().sum::<usize>() != columns => Some(
                format!("its groups {groups:?} do not share out {columns} columns"),
            ),
            Head::MultiCategorical(groups) if groups.contains(&0) => {
                Some(format!("its groups {groups:?} have an empty one"))
            }
            Head::Nade { hidden: 0 } => Some("its estimator has no hidden units".into()),
            _ if columns == 0 => Some("a decoder has no columns".into()),
            _ => None,
        }
    }
}

/// Names and shapes of weights, as they are listed.
#[derive(Default)]
struct Shapes(Vec<(String, Vec<usize>)>);

impl Shapes {
    fn add(&mut self, name: String, shape: Vec<usize>) {
        self.0.push((name, shape));
    }

    fn dense(&mut self, scope: String, inputs: usize, outputs: usize) {
        self.add(format!("{scope}/kernel"), vec![inputs, outputs]);
        self.add(format!("{scope}/bias"), vec![outputs]);
    }

    fn lstm(&mut self, scope: String, inputs: usize, units: usize) {
        self.dense(scope, inputs + units, 4 * units);
    }
}
