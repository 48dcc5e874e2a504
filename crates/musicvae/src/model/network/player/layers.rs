//! Recurrent layers that run a step at a time, on any device.

use candle_core::{DType, Result, Tensor, bail};

use crate::model::lstm::lstm_cell;
use crate::model::network::{InputMask, Network};
use crate::model::plan;

/// Weights of layers on top of each other.
pub struct Stack<'a> {
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
pub struct Playing {
    /// Cell and output of each layer, `[rows, units]`.
    pub states: Vec<(Tensor, Tensor)>,
    /// What the lowest layer hears at every step, if anything.
    leader: Option<Tensor>,
    /// What is added to the gates of each layer at every step.
    bases: Vec<Tensor>,
    /// What dropout leaves of the inputs of each layer, if anything is dropped.
    masks: Vec<Tensor>,
    /// Steps so far.
    turn: usize,
    /// 1 for the sequences whose segment has not ended, `[rows, 1]`; `None` where none ever ends.
    pub going_on: Option<Tensor>,
}

impl<'a> Stack<'a> {
    pub fn new(network: &Network, plan: &'a plan::Stack) -> Result<Stack<'a>> {
        let cell = |cell: &plan::Cell| {
            let kernel = network.tensor(&format!("{}/kernel", cell.scope));
            let bias = network.tensor(&format!("{}/bias", cell.scope));
            let part = |first: usize, end: usize| kernel.narrow(0, first, end - first);
            let (known, all) = (&cell.known, kernel.dim(0)?);
            let bias = bias.unsqueeze(0)?;
            if known.is_empty() {
                let (known, step) = (None, kernel.clone());
                return Ok(Cell { known, step, bias });
            }
            let step = match known.start {
                0 => part(known.end, all)?.contiguous()?,
                start => Tensor::cat(&[part(0, start)?, part(known.end, all)?], 0)?,
            };
            let known = Some(part(known.start, known.end)?.contiguous()?);
            Ok(Cell { known, step, bias })
        };
        Ok(Stack {
            plan,
            cells: plan.cells.iter().map(cell).collect::<Result<_>>()?,
        })
    }

    /// What dropout leaves of ones for the inputs of each layer, `[steps, rows, inputs]`; empty where
    /// nothing is dropped.
    pub fn masks(&self, steps: usize, rows: usize, mask: InputMask) -> Result<Vec<Tensor>> {
        if mask.keeps_all() {
            return Ok(Vec::new());
        }
        let layers = self.cells.iter().zip(&self.plan.cells);
        let left = |(cell, plan): (&Cell, &plan::Cell)| {
            let inputs = cell.step.dim(0)? - plan.units + plan.known.len();
            let ones = Tensor::ones((steps, rows, inputs), DType::F32, cell.step.device())?;
            mask.apply(&ones)
        };
        layers.map(left).collect()
    }

    /// The layers before their first step; `led` says that the lowest hears its leader.
    pub fn start(
        &self,
        network: &Network,
        leader: &Tensor,
        led: bool,
        masks: Vec<Tensor>,
    ) -> Result<Playing> {
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
            Some(known) if led && masks.is_empty() => {
                leader.matmul(known)?.broadcast_add(&cell.bias)
            }
            _ => Ok(cell.bias.clone()),
        };
        Ok(Playing {
            states,
            leader: led.then(|| leader.clone()),
            bases: self.cells.iter().map(base).collect::<Result<_>>()?,
            masks,
            turn: 0,
            going_on: None,
        })
    }

    /// A step with the inputs `x` of the lowest layer; the outputs of the topmost.
    pub fn step(&self, layers: &mut Playing, x: Option<Tensor>) -> Result<Tensor> {
        let mut below = x;
        for (layer, cell) in self.cells.iter().enumerate() {
            let mut base = layers.bases[layer].clone();
            if let Some(kept) = layers.masks.get(layer) {
                let kept = kept.get(layers.turn)?;
                let known = &self.plan.cells[layer].known;
                if let (Some(weights), Some(leader)) = (&cell.known, &layers.leader) {
                    let leader = (leader * kept.narrow(1, known.start, known.len())?)?;
                    base = leader.matmul(weights)?.broadcast_add(&base)?;
                }
                let others = [(0, known.start), (known.end, kept.dim(1)?)];
                let others = others.iter().filter(|(first, end)| first < end);
                let others = others.map(|&(first, end)| kept.narrow(1, first, end - first));
                let others = others.collect::<Result<Vec<_>>>()?;
                below = match below {
                    Some(x) => Some((x * Tensor::cat(&others, 1)?)?),
                    None => None,
                };
            }
            let (c, h) = &mut layers.states[layer];
            let joined = match below {
                Some(x) => Tensor::cat(&[&x, &*h], 1)?,
                None => h.clone(),
            };
            let gates = joined.matmul(&cell.step)?.broadcast_add(&base)?;
            let (next_c, next_h) = lstm_cell(&gates, c)?;
            // What has ended stays as it was.
            (*c, *h) = match &layers.going_on {
                None => (next_c, next_h),
                Some(on) => (either(on, &next_c, c)?, either(on, &next_h, h)?),
            };
            below = Some(h.clone());
        }
        layers.turn += 1;
        match below {
            Some(outputs) => Ok(outputs),
            None => bail!("a decoder without layers"),
        }
    }
}

/// `this` in the rows where `chosen` (`[rows, 1]`) is 1, `other` where it is 0.
pub fn either(chosen: &Tensor, this: &Tensor, other: &Tensor) -> Result<Tensor> {
    let kept = other.broadcast_mul(&chosen.affine(-1.0, 1.0)?)?;
    this.broadcast_mul(chosen)? + kept
}
