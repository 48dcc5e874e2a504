//! Recurrent layers for playing, not for training: packed weights, no tape, states in place.

use candle_core::{DType, Result, Tensor};

use super::Tensors;
use super::cpu::{LeftPanels, Matrix, Onto, RightPanels, gates_forward, matmul, matvec};

/// Up to this many rows are multiplied one by one: fewer than fill a register tile.
const FEW_ROWS: usize = 3;

/// A dense layer or a part of one: `[inputs, outputs]` weights, packed once.
pub(super) struct Weights {
    kernel: RightPanels,
}

impl Weights {
    /// Packs the rows `from..from + inputs` of a row-major kernel.
    pub fn new(kernel: &[f32], from: usize, inputs: usize, outputs: usize) -> Weights {
        let rows = &kernel[from * outputs..(from + inputs) * outputs];
        Weights {
            kernel: RightPanels::pack(Matrix::new(rows, inputs, outputs)),
        }
    }

    /// `out += x * weights` for every row of `x`.
    pub fn add_product(&self, x: &[f32], out: &mut [f32]) {
        let (inputs, outputs) = (self.kernel.depth(), self.kernel.columns());
        let rows = x.len() / inputs;
        if rows <= FEW_ROWS {
            for (x, out) in x.chunks_exact(inputs).zip(out.chunks_exact_mut(outputs)) {
                matvec(x, &self.kernel, out);
            }
        } else {
            let mut left = LeftPanels::zeros(rows, inputs);
            left.pack(0, Matrix::new(x, rows, inputs));
            matmul(&left, &self.kernel, Onto::Output, out);
        }
    }
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
        let inputs = kernel.len() / bias.len();
        Ok(Dense {
            weights: Weights::new(&kernel, 0, inputs, bias.len()),
            bias,
        })
    }

    /// The outputs for every row of `x`.
    pub fn run(&self, x: &[f32]) -> Vec<f32> {
        let rows = x.len() / self.weights.kernel.depth();
        let mut out = self.bias.repeat(rows);
        self.weights.add_product(x, &mut out);
        out
    }
}

/// One LSTM layer whose input has a part that changes every step and a part that does not.
pub(super) struct Cell {
    /// For `[x_t ; h_(t-1)]`.
    step: Weights,
    /// For the part of the input that stays the same; no rows where there is none.
    constant: Weights,
    bias: Vec<f32>,
    units: usize,
}

impl Cell {
    /// The layer under `scope`, whose input is `changing` numbers and then a constant rest.
    pub fn new(tensors: &Tensors, scope: &str, changing: usize) -> Result<Cell> {
        let bias = numbers(tensors, &format!("{scope}/bias"))?;
        let kernel = numbers(tensors, &format!("{scope}/kernel"))?;
        let (outputs, units) = (bias.len(), bias.len() / 4);
        let inputs = kernel.len() / outputs - units;
        let mut step = kernel[..changing * outputs].to_vec();
        step.extend_from_slice(&kernel[inputs * outputs..]);
        Ok(Cell {
            step: Weights::new(&step, 0, changing + units, outputs),
            constant: Weights::new(&kernel, changing, inputs - changing, outputs),
            bias,
            units,
        })
    }

    /// The layer at rest for `rows` sequences with the constant part of their inputs.
    pub fn start(&self, rows: usize, constant: &[f32]) -> CellState<'_> {
        let mut base = self.bias.repeat(rows);
        if !constant.is_empty() {
            self.constant.add_product(constant, &mut base);
        }
        let state = vec![0.0; rows * self.units];
        let inputs = self.step.kernel.depth();
        CellState {
            cell: self,
            base,
            gates: vec![0.0; rows * 4 * self.units],
            input: vec![0.0; rows * inputs],
            c_before: state.clone(),
            c: state.clone(),
            h: state,
        }
    }
}

/// An LSTM layer in the middle of `rows` sequences.
pub(super) struct CellState<'a> {
    cell: &'a Cell,
    /// What bias and constant input add to the gates.
    base: Vec<f32>,
    gates: Vec<f32>,
    /// `[x_t ; h_(t-1)]` of every sequence.
    input: Vec<f32>,
    c_before: Vec<f32>,
    c: Vec<f32>,
    /// Outputs of the last step, `[rows, units]`.
    pub h: Vec<f32>,
}

impl CellState<'_> {
    /// Sets the state from rows that hold `c` and `h` somewhere: `first` is where `c` begins in a
    /// row of `width` numbers.
    pub fn set(&mut self, states: &[f32], width: usize, first: usize) {
        let units = self.cell.units;
        for (row, state) in states.chunks_exact(width).enumerate() {
            let state = &state[first..first + 2 * units];
            self.c[row * units..][..units].copy_from_slice(&state[..units]);
            self.h[row * units..][..units].copy_from_slice(&state[units..]);
        }
    }

    /// One step with inputs `x` (`[rows, changing]`).
    pub fn step(&mut self, x: &[f32]) {
        let units = self.cell.units;
        let width = self.cell.step.kernel.depth();
        let inputs = width - units;
        for ((row, x), h) in self
            .input
            .chunks_exact_mut(width)
            .zip(x.chunks_exact(inputs))
            .zip(self.h.chunks_exact(units))
        {
            row[..inputs].copy_from_slice(x);
            row[inputs..].copy_from_slice(h);
        }
        self.gates.copy_from_slice(&self.base);
        self.cell.step.add_product(&self.input, &mut self.gates);
        std::mem::swap(&mut self.c, &mut self.c_before);
        gates_forward(
            units,
            &mut self.gates,
            &self.c_before,
            &mut self.c,
            &mut self.h,
        );
    }
}

/// The numbers of a weight that [`super::Preset::check`] found present.
fn numbers(tensors: &Tensors, name: &str) -> Result<Vec<f32>> {
    let tensor: &Tensor = &tensors[name];
    tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
}
