//! A decoder that hears itself, on any device: weights, states and random numbers stay there from the
//! first step to the last, and so do the rows that it plays.

use candle_core::{DType, Result, Tensor, bail};

use super::Network;
use crate::model::lstm::lstm_cell;
use crate::model::plan::{self, Plan};
use crate::model::walk::{Backend, Moment, Performance, Place, Track, walk};

impl Network {
    /// Plays latents, which stand one after the other in `z`.
    pub(in crate::model) fn play(
        &self,
        z: Vec<f32>,
        performance: &Performance,
    ) -> Result<Vec<Track>> {
        let plan = Plan::of(&self.preset);
        let z = Tensor::from_vec(
            z,
            (performance.chances.len(), self.preset.z_size),
            &self.device,
        )?;
        let mut band = Band::new(self, &plan, performance)?;
        walk(&plan, &mut band, &z, performance.steps)?;
        band.tracks()
    }
}

/// A decoder at play.
struct Band<'a> {
    network: &'a Network,
    plan: &'a Plan,
    conductors: Vec<Stack<'a>>,
    players: Vec<Stack<'a>>,
    /// Latents.
    rows: usize,
    temperature: f32,
    /// `[steps, rows, chances]`
    chances: Tensor,
    /// `[steps, rows, controls]`
    controls: Option<Tensor>,
    /// `[steps, rows, lanes]`
    hits: Option<Tensor>,
    end: Option<usize>,
    keep_parameters: bool,
    /// Of each player.
    parts: Vec<Part>,
}

/// What a player has played.
struct Part {
    /// Its last row, `[rows, columns]`.
    heard: Tensor,
    /// `[rows, columns]` a step.
    played: Vec<Tensor>,
    /// `[rows, parameters]` a step, where they are kept.
    parameters: Vec<Tensor>,
    /// Steps of each segment until it ended, where it can; `[rows, 1]`.
    lengths: Vec<Tensor>,
}

/// Weights of layers on top of each other.
struct Stack<'a> {
    plan: &'a plan::Stack,
    cells: Vec<Cell>,
}

/// Weights of a recurrent layer.
struct Cell {
    /// For the inputs that are known before the first step; `None` where there are none.
    known: Option<Tensor>,
    /// For `[x_t ; h_(t-1)]`, where `x_t` is the other inputs.
    step: Tensor,
    /// `[1, 4 * units]`
    bias: Tensor,
}

/// Layers at play.
struct Playing {
    /// Cell and output of each layer, `[rows, units]`.
    states: Vec<(Tensor, Tensor)>,
    /// What is added to the gates of each layer at every step.
    bases: Vec<Tensor>,
    /// 1 for the latents whose segment has not ended, `[rows, 1]`; `None` where none ever ends.
    going_on: Option<Tensor>,
}

impl<'a> Stack<'a> {
    fn new(network: &Network, plan: &'a plan::Stack) -> Result<Stack<'a>> {
        let cell = |cell: &plan::Cell| {
            let kernel = network.tensor(&format!("{}/kernel", cell.scope));
            let bias = network
                .tensor(&format!("{}/bias", cell.scope))
                .unsqueeze(0)?;
            let part = |first: usize, end: usize| kernel.narrow(0, first, end - first);
            let (known, all) = (&cell.known, kernel.dim(0)?);
            if known.is_empty() {
                let (known, step) = (None, kernel.clone());
                return Ok(Cell { known, step, bias });
            }
            let step = match known.start {
                0 => part(known.end, all)?.contiguous()?,
                _ => Tensor::cat(&[part(0, known.start)?, part(known.end, all)?], 0)?,
            };
            let known = Some(part(known.start, known.end)?.contiguous()?);
            Ok(Cell { known, step, bias })
        };
        Ok(Stack {
            plan,
            cells: plan.cells.iter().map(cell).collect::<Result<_>>()?,
        })
    }

    /// The layers before their first step; `led` says that the lowest hears its leader.
    fn start(&self, network: &Network, leader: &Tensor, led: bool) -> Result<Playing> {
        let states = network.dense(&self.plan.initial, leader)?.tanh()?;
        let mut first = 0;
        let state = |cell: &plan::Cell| {
            let at = first;
            first += 2 * cell.units;
            let part = |first| states.narrow(1, first, cell.units)?.contiguous();
            Ok((part(at)?, part(at + cell.units)?))
        };
        let states = self.plan.cells.iter().map(state).collect::<Result<_>>()?;
        let base = |cell: &Cell| match &cell.known {
            Some(known) if led => leader.matmul(known)?.broadcast_add(&cell.bias),
            _ => Ok(cell.bias.clone()),
        };
        Ok(Playing {
            states,
            bases: self.cells.iter().map(base).collect::<Result<_>>()?,
            going_on: None,
        })
    }

    /// A step with the inputs `x` of the lowest layer; the outputs of the topmost.
    fn step(&self, layers: &mut Playing, x: Option<Tensor>) -> Result<Tensor> {
        let mut below = x;
        let states = layers.states.iter_mut().zip(&layers.bases);
        for (cell, ((c, h), base)) in self.cells.iter().zip(states) {
            let joined = match below {
                Some(x) => Tensor::cat(&[&x, &*h], 1)?,
                None => h.clone(),
            };
            let gates = joined.matmul(&cell.step)?.broadcast_add(base)?;
            let (next_c, next_h) = lstm_cell(&gates, c)?;
            // What has ended stays as it was.
            (*c, *h) = match &layers.going_on {
                None => (next_c, next_h),
                Some(going_on) => (either(going_on, &next_c, c)?, either(going_on, &next_h, h)?),
            };
            below = Some(h.clone());
        }
        match below {
            Some(outputs) => Ok(outputs),
            None => bail!("a decoder without layers"),
        }
    }
}

/// `this` in the rows where `chosen` (`[rows, 1]`) is 1, `other` where it is 0.
fn either(chosen: &Tensor, this: &Tensor, other: &Tensor) -> Result<Tensor> {
    let kept = other.broadcast_mul(&chosen.affine(-1.0, 1.0)?)?;
    this.broadcast_mul(chosen)? + kept
}

impl<'a> Band<'a> {
    fn new(network: &'a Network, plan: &'a Plan, performance: &Performance) -> Result<Band<'a>> {
        let (rows, steps) = (performance.chances.len(), performance.steps);
        let device = &network.device;
        // Time first, so that a step is one piece of memory.
        let time_first = |rows: &[&[f32]], width: usize| {
            let mut values = Vec::with_capacity(steps * rows.len() * width);
            for step in 0..steps {
                (rows.iter())
                    .for_each(|row| values.extend_from_slice(&row[step * width..][..width]));
            }
            Tensor::from_vec(values, (steps, rows.len(), width), device)
        };
        let given = |rows: &[&[f32]], width: usize| match rows.first() {
            Some([_, ..]) => time_first(rows, width).map(Some),
            _ => Ok(None),
        };
        let part = |player: &plan::Player| {
            Ok(Part {
                heard: Tensor::zeros((rows, player.core.columns), DType::F32, device)?,
                played: Vec::with_capacity(steps),
                parameters: Vec::new(),
                lengths: Vec::new(),
            })
        };
        let stacks = |stacks: Vec<&'a plan::Stack>| -> Result<Vec<Stack>> {
            (stacks.into_iter())
                .map(|stack| Stack::new(network, stack))
                .collect()
        };
        Ok(Band {
            network,
            conductors: stacks(plan.conductors.iter().map(|it| &it.stack).collect())?,
            players: stacks(plan.players.iter().map(|it| &it.stack).collect())?,
            parts: plan.players.iter().map(part).collect::<Result<_>>()?,
            plan,
            rows,
            temperature: performance.temperature,
            chances: time_first(&performance.chances, plan.chances)?,
            controls: given(&performance.controls, performance.control_depth)?,
            hits: given(&performance.hits, plan.columns / 3)?,
            end: performance.end,
            keep_parameters: performance.keep_parameters,
        })
    }

    /// What was played, in the memory of the CPU.
    fn tracks(self) -> Result<Vec<Track>> {
        let side_by_side = |of: fn(&Part) -> &Vec<Tensor>| -> Result<Vec<Vec<f32>>> {
            let parts = self.parts.iter().map(|part| Tensor::stack(of(part), 1));
            let parts = parts.collect::<Result<Vec<_>>>()?;
            Tensor::cat(&parts, 2)?.flatten(1, 2)?.to_vec2()
        };
        let mut rows = side_by_side(|part| &part.played)?.into_iter();
        let mut parameters = match self.keep_parameters {
            true => side_by_side(|part| &part.parameters)?,
            false => Vec::new(),
        }
        .into_iter();
        let lengths = match &self.parts[0].lengths[..] {
            [] => {
                let steps = self.chances.dim(0)? / self.plan.segments;
                vec![vec![steps; self.plan.segments]; self.rows]
            }
            lengths => {
                let counted = Tensor::cat(lengths, 1)?.to_vec2::<f32>()?;
                let whole = |row: Vec<f32>| row.into_iter().map(|steps| steps as usize).collect();
                counted.into_iter().map(whole).collect()
            }
        };
        let track = |lengths| Track {
            rows: rows.next().unwrap_or_default(),
            parameters: parameters.next().unwrap_or_default(),
            lengths,
        };
        Ok(lengths.into_iter().map(track).collect())
    }
}

impl Backend for Band<'_> {
    type Rows = Tensor;
    type Layers = Playing;

    fn zeros(&self, width: usize) -> Result<Tensor> {
        Tensor::zeros((self.rows, width), DType::F32, &self.network.device)
    }

    fn start(&self, place: Place, leader: &Tensor) -> Result<Playing> {
        match place {
            // The one zero that it hears adds nothing.
            Place::Conductor(level) => {
                let led = self.plan.conductors[level].heard > 0;
                self.conductors[level].start(self.network, leader, led)
            }
            Place::Player(player) => {
                let mut layers = self.players[player].start(self.network, leader, true)?;
                if self.end.is_some() {
                    let all = Tensor::ones((self.rows, 1), DType::F32, &self.network.device)?;
                    layers.going_on = Some(all);
                }
                Ok(layers)
            }
        }
    }

    fn conduct(&self, level: usize, layers: &mut Playing, heard: &Tensor) -> Result<Tensor> {
        let heard = (heard.dim(1)? > 0).then(|| heard.clone());
        self.conductors[level].step(layers, heard)
    }

    fn step(&self, at: Moment, layers: &mut Playing) -> Result<Tensor> {
        let heard = &self.parts[at.player].heard;
        let x = match &self.controls {
            None => heard.clone(),
            Some(controls) => Tensor::cat(&[heard, &controls.get(at.step)?], 1)?,
        };
        self.players[at.player].step(layers, Some(x))
    }

    fn dense(&self, at: Moment, outputs: &Tensor) -> Result<Tensor> {
        self.network
            .dense(&self.plan.players[at.player].output, outputs)
    }

    fn draw(&mut self, at: Moment, parameters: Tensor, layers: &mut Playing) -> Result<bool> {
        let player = &self.plan.players[at.player];
        let chances = self.chances.get(at.step)?;
        let chances = chances.narrow(1, player.first_chance, player.chances)?;
        let (core, temperature) = (&player.core, self.temperature);
        let mut row = self
            .network
            .draw(core, &parameters, temperature, &chances)?;
        if let Some(hits) = &self.hits {
            let lanes = hits.dim(2)?;
            let others = row.narrow(1, lanes, core.columns - lanes)?;
            row = Tensor::cat(&[&hits.get(at.step)?, &others], 1)?;
        }
        let part = &mut self.parts[at.player];
        let (mut played, mut parameters) = (row.clone(), parameters);
        if let (Some(end), Some(going_on)) = (self.end, &mut layers.going_on) {
            played = row.broadcast_mul(going_on)?;
            parameters = parameters.broadcast_mul(going_on)?;
            row = either(going_on, &row, &part.heard)?;
            match part.lengths.get_mut(at.segment) {
                Some(length) => *length = (&*length + &*going_on)?,
                None => part.lengths.push(going_on.clone()),
            }
            *going_on = (&*going_on * row.narrow(1, end, 1)?.affine(-1.0, 1.0)?)?;
        }
        part.heard = row;
        part.played.push(played);
        if self.keep_parameters {
            part.parameters.push(parameters);
        }
        Ok(true)
    }

    fn states(&self, side_by_side: Vec<Playing>) -> Result<Tensor> {
        let mut joined = Vec::new();
        for layer in 0..side_by_side[0].states.len() {
            joined.extend(side_by_side.iter().map(|it| it.states[layer].0.clone()));
            joined.extend(side_by_side.iter().map(|it| it.states[layer].1.clone()));
        }
        Tensor::cat(&joined, 1)
    }
}
