//! Recurrent layers for playing, not for training: packed weights, no tape, states in place.

use std::ops::Range;

use candle_core::{DType, Result, Tensor};

use super::Tensors;
use super::cpu::{
    Half, Kernels, LeftPanels, Matrix, Onto, RightPanels, Weight, gates_forward, matmul, matvec,
    tanh,
};

/// Up to this many rows are multiplied one by one: fewer than fill a register tile.
const FEW_ROWS: usize = 3;

/// A dense layer or a part of one: `[inputs, outputs]` weights, packed once.
struct Weights {
    kernels: Kernels,
    kernel: Packed,
}

enum Packed {
    Full(RightPanels),
    /// Where nothing is lost by it: the weights of a checkpoint that keeps them so. One groove costs
    /// the reading of them.
    Half(RightPanels<Half>),
}

impl Weights {
    /// Packs matrices of `outputs` columns on top of each other.
    fn stack(kernels: Kernels, parts: &[&[f32]], outputs: usize) -> Weights {
        let matrices: Vec<_> = (parts.iter())
            .map(|part| Matrix::new(part, part.len() / outputs, outputs))
            .collect();
        let half =
            kernels.widens_halves() && (parts.iter()).all(|part| Half::holds_all(kernels, part));
        let kernel = match half {
            true => Packed::Half(RightPanels::stack(kernels, &matrices)),
            false => Packed::Full(RightPanels::stack(kernels, &matrices)),
        };
        Weights { kernels, kernel }
    }

    fn inputs(&self) -> usize {
        match &self.kernel {
            Packed::Full(kernel) => kernel.depth(),
            Packed::Half(kernel) => kernel.depth(),
        }
    }

    /// `out = from + x * weights` for every row of `x`; of a few rows, the first takes the weights
    /// `from_end` or not (see [`matvec`]).
    fn product(&self, x: &[f32], from: Onto, from_end: bool, out: &mut [f32]) {
        match &self.kernel {
            Packed::Full(kernel) => product(self.kernels, kernel, x, from, from_end, out),
            Packed::Half(kernel) => product(self.kernels, kernel, x, from, from_end, out),
        }
    }
}

/// [`Weights::product`] with weights of one format.
fn product<W: Weight<f32>>(
    kernels: Kernels,
    kernel: &RightPanels<W>,
    x: &[f32],
    from: Onto,
    from_end: bool,
    out: &mut [f32],
) {
    let (inputs, outputs) = (kernel.depth(), kernel.columns());
    let rows = out.len() / outputs;
    if rows > FEW_ROWS && inputs > 0 {
        let mut left = LeftPanels::zeros(kernels, rows, inputs);
        left.pack(0, Matrix::new(x, rows, inputs));
        return matmul(&left, kernel, from, out);
    }
    match from {
        Onto::Output => {}
        Onto::Rows(all) if all.len() == out.len() => out.copy_from_slice(all),
        Onto::Rows(one) => out
            .chunks_exact_mut(outputs)
            .for_each(|out| out.copy_from_slice(one)),
    }
    if inputs > 0 {
        let rows = x.chunks_exact(inputs).zip(out.chunks_exact_mut(outputs));
        for (row, (x, out)) in rows.enumerate() {
            matvec(x, kernel, from_end ^ (row % 2 == 1), out);
        }
    }
}

/// The kernels that this process computes with.
fn chosen_kernels() -> Result<Kernels> {
    Kernels::chosen().map_err(candle_core::Error::wrap)
}

/// A dense layer: `x * weights + bias`.
pub(super) struct Dense {
    weights: Weights,
    bias: Vec<f32>,
}

impl Dense {
    /// The layer whose kernel and bias stand under `scope`.
    pub fn new(tensors: &Tensors, scope: &str) -> Result<Dense> {
        let bias = numbers(tensors, &format!("{scope}/bias"))?;
        let kernel = numbers(tensors, &format!("{scope}/kernel"))?;
        Ok(Dense {
            weights: Weights::stack(chosen_kernels()?, &[&kernel], bias.len()),
            bias,
        })
    }

    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// The outputs for every row of `x`.
    pub fn run(&self, x: &[f32]) -> Vec<f32> {
        let rows = x.len() / self.weights.inputs();
        let mut out = vec![0.0; rows * self.outputs()];
        self.run_into(x, &mut out);
        out
    }

    /// [`Dense::run`] into the same memory.
    pub fn run_into(&self, x: &[f32], out: &mut [f32]) {
        self.weights.product(x, Onto::Rows(&self.bias), false, out);
    }
}

/// One LSTM layer, whose inputs are of up to three kinds.
pub(super) struct Cell {
    /// Rows of the first inputs, if those are 0 or 1: what is 1 is looked up and not multiplied.
    switches: Vec<f32>,
    /// For the inputs that are known before the first step.
    known: Weights,
    /// For `[x_t ; h_(t-1)]`, where `x_t` is the other inputs.
    step: Weights,
    bias: Vec<f32>,
    units: usize,
}

impl Cell {
    /// The layer under `scope`, whose first `switches` inputs are 0 or 1 and whose inputs `known`
    /// are known before the first step.
    pub fn new(
        tensors: &Tensors,
        scope: &str,
        switches: usize,
        known: Range<usize>,
    ) -> Result<Cell> {
        let bias = numbers(tensors, &format!("{scope}/bias"))?;
        let kernel = numbers(tensors, &format!("{scope}/kernel"))?;
        let kernels = chosen_kernels()?;
        let outputs = bias.len();
        let rows = |range: Range<usize>| &kernel[range.start * outputs..range.end * outputs];
        let all = kernel.len() / outputs;
        Ok(Cell {
            switches: rows(0..switches).to_vec(),
            step: Weights::stack(
                kernels,
                &[rows(switches..known.start), rows(known.end..all)],
                outputs,
            ),
            known: Weights::stack(kernels, &[rows(known)], outputs),
            units: outputs / 4,
            bias,
        })
    }

    pub fn units(&self) -> usize {
        self.units
    }

    /// What the known inputs of every row add to its gates, and the bias.
    pub fn gates(&self, known: &[f32], rows: usize) -> Vec<f32> {
        let mut gates = vec![0.0; rows * self.bias.len()];
        self.known
            .product(known, Onto::Rows(&self.bias), false, &mut gates);
        gates
    }

    /// [`Cell::gates`] where all known inputs are 0.
    fn idle_gates(&self, rows: usize) -> Vec<f32> {
        self.bias.repeat(rows)
    }

    /// The layer at rest for `rows` sequences.
    pub fn start(&self, rows: usize) -> CellState<'_> {
        let state = vec![0.0; rows * self.units];
        CellState {
            cell: self,
            input: vec![0.0; rows * self.step.inputs()],
            c_before: state.clone(),
            c: state.clone(),
            h: state,
            from_end: false,
        }
    }
}

/// An LSTM layer in the middle of some sequences.
pub(super) struct CellState<'a> {
    cell: &'a Cell,
    /// `[x_t ; h_(t-1)]` of every sequence.
    input: Vec<f32>,
    c_before: Vec<f32>,
    c: Vec<f32>,
    /// Outputs of the last step, `[rows, units]`.
    pub h: Vec<f32>,
    /// Which end of the weights the next step begins at: that where the last one ended.
    from_end: bool,
}

impl CellState<'_> {
    /// Adds the rows of the inputs that are 1, `ones` for each sequence, to `gates`.
    fn switch_on(&self, ones: &[Vec<usize>], gates: &mut [f32]) {
        let width = self.cell.bias.len();
        for (ones, gates) in ones.iter().zip(gates.chunks_exact_mut(width)) {
            for &one in ones {
                let weights = &self.cell.switches[one * width..][..width];
                for (gate, weight) in gates.iter_mut().zip(weights) {
                    *gate += weight;
                }
            }
        }
    }

    /// One step of the first sequences, as many as `gates` (`[rows, 4 * units]`) has rows: it
    /// comes with what the known inputs and the bias add, and is used up. `x` (`[rows, width]`) is
    /// the other inputs.
    pub fn step(&mut self, x: &[f32], gates: &mut [f32]) {
        let units = self.cell.units;
        let rows = gates.len() / (4 * units);
        let width = self.cell.step.inputs();
        let inputs = width - units;
        if inputs == 0 {
            let h = &self.h[..rows * units];
            self.cell
                .step
                .product(h, Onto::Output, self.from_end, gates);
        } else {
            let joined = &mut self.input[..rows * width];
            for ((row, x), h) in joined
                .chunks_exact_mut(width)
                .zip(x.chunks_exact(inputs))
                .zip(self.h.chunks_exact(units))
            {
                row[..inputs].copy_from_slice(x);
                row[inputs..].copy_from_slice(h);
            }
            self.cell
                .step
                .product(joined, Onto::Output, self.from_end, gates);
        }
        // An odd number of rows has ended where the next step begins.
        self.from_end ^= rows % 2 == 1;
        std::mem::swap(&mut self.c, &mut self.c_before);
        gates_forward(
            self.cell.step.kernels,
            units,
            gates,
            &self.c_before[..rows * units],
            &mut self.c[..rows * units],
            &mut self.h[..rows * units],
        );
    }
}

/// Layers on top of each other in the middle of `rows` sequences, whose known inputs (of the lowest
/// layer only) stay the same from step to step.
pub(super) struct Stack<'a> {
    layers: Vec<(CellState<'a>, Vec<f32>)>,
    /// Gates of one layer.
    gates: Vec<f32>,
}

impl<'a> Stack<'a> {
    /// The layers `cells` in the states that `initial` makes of `leader` (a row for each
    /// sequence): the hyperbolic tangents of its outputs are cell and output of each layer in
    /// turn. `known` is a row of known inputs for each sequence; `None` is all zeros.
    pub fn start(
        cells: &'a [Cell],
        initial: &Dense,
        leader: &[f32],
        known: Option<&[f32]>,
    ) -> Stack<'a> {
        let states: Vec<f32> = initial.run(leader).into_iter().map(tanh).collect();
        let width = initial.outputs();
        let rows = states.len() / width;
        let mut first = 0;
        let mut layers = Vec::with_capacity(cells.len());
        for (index, cell) in cells.iter().enumerate() {
            let units = cell.units;
            let mut layer = cell.start(rows);
            for (row, state) in states.chunks_exact(width).enumerate() {
                let state = &state[first..first + 2 * units];
                layer.c[row * units..][..units].copy_from_slice(&state[..units]);
                layer.h[row * units..][..units].copy_from_slice(&state[units..]);
            }
            first += 2 * units;
            let base = match known {
                Some(known) if index == 0 => cell.gates(known, rows),
                _ => cell.idle_gates(rows),
            };
            layers.push((layer, base));
        }
        let widest = layers.iter().map(|(_, base)| base.len()).max();
        Stack {
            layers,
            gates: vec![0.0; widest.unwrap_or(0)],
        }
    }

    /// One step with inputs `x` and the inputs `ones` that are 1, for each sequence, of the lowest
    /// layer; returns the outputs of the topmost, `[rows, units]`.
    pub fn step<'s>(&'s mut self, x: &'s [f32], ones: &[Vec<usize>]) -> &'s [f32] {
        let mut below = x;
        for (index, (layer, base)) in self.layers.iter_mut().enumerate() {
            let gates = &mut self.gates[..base.len()];
            gates.copy_from_slice(base);
            if index == 0 {
                layer.switch_on(ones, gates);
            }
            layer.step(below, gates);
            below = &layer.h;
        }
        below
    }

    /// Cell and output of every layer in turn, of sequence `row`.
    pub fn state(&self, row: usize) -> impl Iterator<Item = &[f32]> {
        self.layers.iter().flat_map(move |(layer, _)| {
            let units = layer.cell.units;
            [&layer.c, &layer.h].map(|all| &all[row * units..][..units])
        })
    }
}

/// The numbers of a weight that [`super::Preset::check`] found present.
pub(super) fn numbers(tensors: &Tensors, name: &str) -> Result<Vec<f32>> {
    let tensor: &Tensor = &tensors[name];
    tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
}
