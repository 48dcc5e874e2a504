//! The reference's model written down plainly, one window and one number at a time, in float64:
//! what the fast one is held against where the reference left no numbers.

use std::collections::BTreeMap;

use musicvae::model::{Core, Head, Preset, Spread, StrokeHead, Tensors};

pub type Row = Vec<f64>;

/// One window.
#[derive(Clone)]
pub struct Window {
    pub input: Vec<Row>,
    pub output: Vec<Row>,
    pub controls: Option<Vec<Row>>,
    /// Steps of each segment that count.
    pub lengths: Vec<usize>,
}

/// What replaces the truth before the next step: of row and step, given the parameters.
pub type Hear<'a> = &'a mut dyn FnMut(usize, usize, &[f64]) -> Option<Row>;

pub struct Naive<'a> {
    pub preset: &'a Preset,
    weights: BTreeMap<String, Row>,
    /// Multiplies column `c` of every recurrent layer's input, if there is dropout.
    pub mask: fn(usize) -> f64,
}

impl<'a> Naive<'a> {
    pub fn new(preset: &'a Preset, weights: &Tensors) -> Naive<'a> {
        let numbers = |tensor: &candle_core::Tensor| {
            let numbers = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            numbers.into_iter().map(f64::from).collect()
        };
        Naive {
            preset,
            weights: weights
                .iter()
                .map(|(name, tensor)| (name.clone(), numbers(tensor)))
                .collect(),
            mask: |_| 1.0,
        }
    }

    fn dense(&self, scope: &str, x: &[f64]) -> Row {
        let bias = &self.weights[&format!("{scope}/bias")];
        let kernel = &self.weights[&format!("{scope}/kernel")];
        assert_eq!(kernel.len(), x.len() * bias.len(), "{scope}");
        let column = |j: usize| -> f64 {
            x.iter()
                .enumerate()
                .map(|(i, x)| x * kernel[i * bias.len() + j])
                .sum()
        };
        (0..bias.len()).map(|j| bias[j] + column(j)).collect()
    }

    fn cell(&self, scope: &str, x: &[f64], state: &mut (Row, Row)) {
        let masked = x.iter().enumerate().map(|(c, x)| x * (self.mask)(c));
        let joined: Row = masked.chain(state.1.iter().copied()).collect();
        let gates = self.dense(scope, &joined);
        let units = gates.len() / 4;
        for unit in 0..units {
            let gate = |index: usize| gates[index * units + unit];
            let kept = state.0[unit] * sigmoid(gate(2) + 1.0);
            state.0[unit] = kept + sigmoid(gate(0)) * gate(1).tanh();
            state.1[unit] = sigmoid(gate(3)) * state.0[unit].tanh();
        }
    }

    /// The last states of both directions of the top layer.
    fn read(&self, level: usize, rows: &[Row], length: usize) -> Row {
        let scope = match self.preset.encoder_levels[..] {
            [] => "encoder".into(),
            _ => format!("encoder/hierarchical_level_{level}"),
        };
        let is_above = level > 0 && !self.preset.encoder_above.is_empty();
        let layers = match is_above {
            true => &self.preset.encoder_above,
            false => &self.preset.encoder,
        };
        let mut rows = rows.to_vec();
        let mut last = Row::new();
        for (layer, &units) in layers.iter().enumerate() {
            let run = |direction: &str, order: &mut dyn Iterator<Item = usize>| {
                let mut state = (vec![0.0; units], vec![0.0; units]);
                let mut outputs = vec![vec![0.0; units]; rows.len()];
                for step in order {
                    self.cell(
                        &Preset::encoder_cell(&scope, layer, direction),
                        &rows[step],
                        &mut state,
                    );
                    outputs[step] = state.1.clone();
                }
                (state.1, outputs)
            };
            let (forward, outputs) = run("fw", &mut (0..length));
            let (backward, turned) = run("bw", &mut (0..length).rev());
            last = [forward, backward].concat();
            rows = outputs
                .into_iter()
                .zip(turned)
                .map(|(a, b)| [a, b].concat())
                .collect();
        }
        last
    }

    /// Mean and standard deviation of the posterior.
    pub fn encode(&self, window: &Window) -> (Row, Row) {
        let mut rows = window.input.clone();
        if let Some(controls) = &window.controls {
            rows = rows
                .into_iter()
                .zip(controls)
                .map(|(x, c)| [x, c.clone()].concat())
                .collect();
        }
        let top = if self.preset.encoder_levels.is_empty() {
            self.read(0, &rows, window.lengths.iter().sum())
        } else {
            for (level, &length) in self.preset.encoder_levels.iter().enumerate() {
                let read = |(segment, rows): (usize, &[Row])| {
                    let length = if level == 0 {
                        window.lengths[segment]
                    } else {
                        length
                    };
                    self.read(level, rows, length)
                };
                rows = rows.chunks(length).enumerate().map(read).collect();
            }
            assert_eq!(rows.len(), 1);
            rows.remove(0)
        };
        let sigma = self.dense("encoder/sigma", &top);
        (
            self.dense("encoder/mu", &top),
            sigma.into_iter().map(|x| x.exp().ln_1p()).collect(),
        )
    }

    fn states(&self, scope: &str, leader: &[f64]) -> Vec<(Row, Row)> {
        let mut rest = self.dense(scope, leader).into_iter().map(f64::tanh);
        let mut take = |units: usize| -> Row { rest.by_ref().take(units).collect() };
        self.preset
            .decoder
            .iter()
            .map(|&units| (take(units), take(units)))
            .collect()
    }

    /// The parameters of every step. `ends` are the steps after which the reference leaves a
    /// segment: those of the longest in its batch.
    pub fn decode(&self, z: &[f64], window: &Window, ends: &[usize], hear: Hear) -> Vec<Row> {
        let silence = vec![0.0; window.output[0].len()];
        let previous = [
            std::slice::from_ref(&silence),
            &window.output[..window.output.len() - 1],
        ]
        .concat();
        let segments: usize = self.preset.conductors().iter().product();
        let length = previous.len() / segments;
        let mut walk = Walk {
            naive: self,
            window,
            previous,
            ends,
            length,
            made: Vec::new(),
            hear,
        };
        walk.lead(0, z);
        walk.made.concat()
    }

    /// The loss of a step's parameters.
    pub fn loss(&self, made: &[f64], truth: &[f64]) -> f64 {
        let mut first = 0;
        let cores = self.preset.cores();
        cores
            .iter()
            .map(|core| {
                let wide = self.preset.head.parameters(core.columns);
                first += wide;
                let truth = &truth[core.first..core.first + core.columns];
                self.core_loss(core, &made[first - wide..first], truth)
            })
            .sum()
    }

    fn core_loss(&self, core: &Core, made: &[f64], truth: &[f64]) -> f64 {
        let binary = |p: f64, t: f64, e: f64| -t * (p + e).ln() - (1.0 - t) * (1.0 - p + e).ln();
        let category = |made: &[f64], truth: &[f64]| -> f64 {
            let total: f64 = made.iter().map(|x| x.exp()).sum();
            made.iter()
                .zip(truth)
                .map(|(x, t)| -t * (x.exp() / total).ln())
                .sum()
        };
        match &self.preset.head {
            Head::Groove => {
                let lanes = truth.len() / 3;
                let part = |column: usize, x: f64, t: f64| match column / lanes {
                    0 => binary(sigmoid(x), t, 1e-7),
                    1 => self.preset.stroke_weight * (t - sigmoid(x)).powi(2),
                    _ => self.preset.stroke_weight * (t - x.tanh()).powi(2),
                };
                (0..truth.len()).map(|c| part(c, made[c], truth[c])).sum()
            }
            Head::Categorical => category(made, truth),
            Head::MultiCategorical(groups) => {
                let mut first = 0;
                groups
                    .iter()
                    .map(|columns| {
                        let range = first..first + columns;
                        first += columns;
                        category(&made[range.clone()], &truth[range])
                    })
                    .sum()
            }
            Head::Boolean => made
                .iter()
                .zip(truth)
                .map(|(&x, &t)| binary(sigmoid(x), t, 0.0))
                .sum(),
            Head::Strokes(head) => {
                let mut loss = 0.0;
                let lanes = truth.len() / 3;
                self.strokes(head, core, made, &mut |lane, told| match told {
                    Told::Hit(logit) => {
                        loss += binary(sigmoid(logit), truth[lane], 0.0);
                        truth[lane]
                    }
                    Told::Velocity(spread, made) => {
                        let value = truth[lanes + lane];
                        loss -= self.preset.stroke_weight * share(spread, made, value, 128).ln();
                        value
                    }
                    Told::Offset(spread, made) => {
                        let value = truth[2 * lanes + lane];
                        let place = (value + 1.0) / 2.0;
                        loss -= self.preset.stroke_weight * share(spread, made, place, 121).ln();
                        value
                    }
                });
                loss
            }
            Head::Nade { .. } => {
                let mut loss = 0.0;
                self.estimate(core, made, &mut |column, p| {
                    loss += binary(p, truth[column], 1e-6);
                    truth[column]
                });
                loss
            }
        }
    }

    /// Walks the strokes of a step in the order in which they are told; `each` is told what is known
    /// of the next number of a lane and says what it is.
    pub fn strokes(
        &self,
        head: &StrokeHead,
        core: &Core,
        made: &[f64],
        each: &mut dyn FnMut(usize, Told) -> f64,
    ) {
        let beside = &self.weights[&core.lane_by_lane()];
        let lanes = core.columns / 3;
        let (velocity, offset) = (head.velocity.parameters(), head.offset.parameters());
        let wide = 1 + velocity + offset;
        let mut row = vec![0.0; core.columns];
        for lane in 0..lanes {
            // What all that was told adds to a parameter of this lane.
            let known = |row: &[f64], parameter: usize| {
                let parameter = lane * wide + parameter;
                let heard = row.iter().enumerate();
                let heard =
                    heard.map(|(column, told)| told * beside[column * made.len() + parameter]);
                made[parameter] + heard.sum::<f64>()
            };
            let all = |row: &[f64], first: usize, count: usize| -> Row {
                (first..first + count).map(|it| known(row, it)).collect()
            };
            let hit = each(lane, Told::Hit(known(&row, 0)));
            if hit == 0.0 {
                continue;
            }
            let made_of = all(&row, 1, velocity);
            let loudness = each(lane, Told::Velocity(head.velocity, &made_of));
            // Of its own lane, an offset hears the velocity alone.
            row[lanes + lane] = loudness;
            let made_of = all(&row, 1 + velocity, offset);
            row[2 * lanes + lane] = each(lane, Told::Offset(head.offset, &made_of));
            row[lane] = 1.0;
        }
    }

    /// Walks a NADE's columns; `each` is told a column's probability and says what it is.
    pub fn estimate(&self, core: &Core, made: &[f64], each: &mut dyn FnMut(usize, f64) -> f64) {
        let weights = |name: &str| &self.weights[&format!("{}/nade/{name}", core.scope)];
        let (w_enc, w_dec) = (weights("w_enc"), weights("w_dec_t"));
        let hidden = made.len() - core.columns;
        let (mut a, biases) = (made[..hidden].to_vec(), &made[hidden..]);
        for (column, bias) in biases.iter().enumerate() {
            let logit: f64 = (0..hidden)
                .map(|j| sigmoid(a[j]) * w_dec[column * hidden + j])
                .sum();
            let value = each(column, sigmoid(bias + logit));
            for j in 0..hidden {
                a[j] += value * w_enc[column * hidden + j];
            }
        }
    }
}

/// A decoder on its way through a window, depth first.
struct Walk<'a, 'b> {
    naive: &'a Naive<'a>,
    window: &'a Window,
    previous: Vec<Row>,
    ends: &'a [usize],
    length: usize,
    /// Parameters of the segments so far.
    made: Vec<Vec<Row>>,
    hear: Hear<'b>,
}

impl Walk<'_, '_> {
    /// The last states of what was led.
    fn lead(&mut self, level: usize, leader: &[f64]) -> Row {
        let preset = self.naive.preset;
        let Some(&steps) = preset.conductors().get(level) else {
            return self.segment(leader);
        };
        let scope = format!("decoder/hierarchical_level_{level}");
        let mut states = self.naive.states(&format!("{scope}/initial_state"), leader);
        let mut heard: Option<Row> = None;
        for _ in 0..steps {
            let mut x = vec![0.0];
            if preset.autoregressive_levels.contains(&level) {
                let below = if level + 1 == preset.conductors().len() {
                    preset.cores().len()
                } else {
                    1
                };
                let size = below * 2 * preset.decoder.iter().sum::<usize>();
                x = [heard.unwrap_or(vec![0.0; size]), leader.to_vec()].concat();
            }
            for (layer, state) in states.iter_mut().enumerate() {
                self.naive
                    .cell(&format!("{scope}/cell_{layer}/lstm_cell"), &x, state);
                x = state.1.clone();
            }
            heard = Some(self.lead(level + 1, &x));
        }
        states
            .into_iter()
            .flat_map(|(c, h)| [c, h])
            .flatten()
            .collect()
    }

    fn segment(&mut self, leader: &[f64]) -> Row {
        let index = self.made.len();
        let first = index * self.length;
        let mut made = vec![Row::new(); self.length];
        let mut last = vec![Vec::new(); 2 * self.naive.preset.decoder.len()];
        for core in self.naive.preset.cores() {
            let mut states = self
                .naive
                .states(&format!("{}/z_to_initial_state", core.scope), leader);
            let mut at_end = states.clone();
            let mut heard: Option<Row> = None;
            for step in 0..self.length {
                let truth = &self.previous[first + step][core.first..core.first + core.columns];
                let mut x = heard.take().unwrap_or(truth.to_vec());
                x.extend(leader);
                x.extend(
                    self.window
                        .controls
                        .iter()
                        .flat_map(|controls| &controls[first + step]),
                );
                for (layer, state) in states.iter_mut().enumerate() {
                    self.naive.cell(&core.cell(layer), &x, state);
                    x = state.1.clone();
                }
                let output = self
                    .naive
                    .dense(&format!("{}/output_projection", core.scope), &x);
                heard = (self.hear)(index, step, &output);
                made[step].extend(output);
                if step + 1 == self.ends[index] {
                    at_end = states.clone();
                }
            }
            for (all, state) in last
                .iter_mut()
                .zip(at_end.into_iter().flat_map(|(c, h)| [c, h]))
            {
                all.extend(state);
            }
        }
        self.made.push(made);
        last.concat()
    }
}

pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// What is known of a number of a stroke before it is told.
pub enum Told<'a> {
    /// The logit of a hit.
    Hit(f64),
    Velocity(Spread, &'a [f64]),
    /// A doubled offset, which lies where half of it and a half do.
    Offset(Spread, &'a [f64]),
}

/// The share of a distribution under `x`.
fn under(spread: Spread, made: &[f64], x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let weights = |logits: &[f64]| -> Row {
        let all: f64 = logits.iter().map(|x| x.exp()).sum();
        logits.iter().map(|x| x.exp() / all).collect()
    };
    match spread {
        Spread::Logistics(parts) => {
            let part = |(part, weight): (usize, &f64)| {
                let scale = made[2 * parts + part].exp() + 0.0025;
                weight * sigmoid((x - 0.5 - made[parts + part] / 4.0) / scale)
            };
            weights(&made[..parts]).iter().enumerate().map(part).sum()
        }
        Spread::Classes(count) => {
            let place = x * count as f64;
            let weights = weights(made);
            let whole: f64 = weights[..place as usize].iter().sum();
            whole + weights[place as usize] * place.fract()
        }
    }
}

/// The share of the cell of a grid that `value` lies in; of classes, as much of the value's class as a
/// cell is wide.
pub fn share(spread: Spread, made: &[f64], value: f64, cells: usize) -> f64 {
    let of = |grid: usize| {
        let cell = (value * grid as f64).floor().clamp(0.0, grid as f64 - 1.0);
        under(spread, made, (cell + 1.0) / grid as f64) - under(spread, made, cell / grid as f64)
    };
    match spread {
        Spread::Logistics(_) => of(cells),
        Spread::Classes(count) => of(count) * count as f64 / cells as f64,
    }
}

/// The number under which a share of `chance` lies.
pub fn quantile(spread: Spread, made: &[f64], chance: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        match under(spread, made, middle) < chance {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}
