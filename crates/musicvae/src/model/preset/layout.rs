//! What follows from a preset's sizes: levels, scopes, and the name and shape of every weight.

use super::{Head, Preset, written};
use crate::model::{ModelError, Tensors};
use crate::music::Representation;

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

    /// Levels of the encoder, one where it is flat.
    pub fn encoder_depth(&self) -> usize {
        self.encoder_levels.len().max(1)
    }

    /// Units a direction of each layer of the encoder's level `level`, bottom first.
    pub fn encoder_units(&self, level: usize) -> &[usize] {
        match level > 0 && !self.encoder_above.is_empty() {
            true => &self.encoder_above,
            false => &self.encoder,
        }
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
        for level in 0..self.encoder_depth() {
            let scope = self.encoder_scope(level);
            for (layer, &units) in self.encoder_units(level).iter().enumerate() {
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
        let mut sizes = [&self.encoder, &self.encoder_above, &self.decoder]
            .into_iter()
            .flatten();
        if self.encoder.is_empty() || self.decoder.is_empty() || sizes.any(|&units| units == 0) {
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
