//! An LSTM layer over a whole sequence, with its own backward pass.
//!
//! Weights are the reference's: one kernel `[inputs + units, 4 * units]` that multiplies
//! `[x_t ; h_(t-1)]`, gate order i, j, f, o, forget bias 1.0 added at run time.
//!
//! On a CPU the sequence is **one** operation of the tape. Automatic differentiation through single
//! steps would allocate and add the kernel's gradient at every step (measured: 40 times slower);
//! here the kernel is packed once a sequence and its gradient is one product over all steps. On
//! other devices the same operation is made of tensor operations (`by_tensors`). The tests hold
//! both equal to [`lstm_by_steps`].

mod by_tensors;
mod sequence;
mod sparse;
#[cfg(test)]
mod tests;

use candle_core::{Result, Tensor, bail};
use candle_nn::ops::sigmoid;

use super::cpu::{Bf16Pair, Kernels, Rounded, bf16_pays};
use by_tensors::LstmByTensors;
use sequence::LstmSequence;

/// The number format of the factors of matrix products; sums, states and weights are float32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Factors {
    /// Exact factors.
    #[default]
    Float32,
    /// Factors rounded to 8 bits: twice as fast where that [pays](Factors::pay), the same
    /// results as fast as float32 elsewhere.
    Bfloat16,
}

impl Factors {
    /// As it is written in options and files.
    pub fn name(self) -> &'static str {
        match self {
            Factors::Float32 => "float32",
            Factors::Bfloat16 => "bfloat16",
        }
    }

    /// Whether training on the CPU of this machine is faster with them than with float32.
    pub fn pay(self) -> bool {
        self == Factors::Bfloat16 && Kernels::chosen().is_ok_and(bf16_pays)
    }
}

/// Which end of the sequence the layer starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

/// The kernel and bias of one LSTM layer.
#[derive(Clone, Debug)]
pub struct LstmWeights {
    /// `[inputs + units, 4 * units]`
    pub kernel: Tensor,
    /// `[4 * units]`
    pub bias: Tensor,
    pub factors: Factors,
}

impl LstmWeights {
    /// Size of the state.
    pub fn units(&self) -> Result<usize> {
        Ok(self.bias.dim(0)? / 4)
    }
}

/// Runs the layer over `x` (`[steps, batch, inputs]`) from `state` (`[batch, 2 * units]`, cell
/// first) and returns every output `h` (`[steps, batch, units]`).
///
/// `constant` (`[batch, constant inputs]`) is the part of the input that is the same at every step;
/// its rows of the kernel stand between those of `x` and those of `h`, and it is multiplied once.
///
/// `differentiate_input` says whether anything below needs the gradient of `x`; data does not, and
/// leaving it out saves a product a step.
pub fn lstm(
    x: &Tensor,
    constant: Option<&Tensor>,
    weights: &LstmWeights,
    state: &Tensor,
    direction: Direction,
    differentiate_input: bool,
) -> Result<Tensor> {
    let &[steps, batch, inputs] = x.dims() else {
        bail!("an LSTM takes x [steps, batch, inputs], not {:?}", x.dims())
    };
    let units = weights.units()?;
    let rows = inputs + constant.map_or(Ok(0), |constant| constant.dim(1))? + units;
    if steps * batch * units == 0 {
        bail!(
            "an LSTM takes at least one step, example and unit, not {:?}",
            x.dims()
        )
    }
    if weights.kernel.dims() != [rows, 4 * units] || weights.bias.dims() != [4 * units] {
        bail!(
            "an LSTM kernel of {:?} and a bias of {:?} do not fit {rows} inputs and units",
            weights.kernel.dims(),
            weights.bias.dims()
        )
    }
    if state.dims() != [batch, 2 * units] {
        bail!(
            "an LSTM of {units} units takes a state [{batch}, {}], not {:?}",
            2 * units,
            state.dims()
        )
    }
    let sizes = Sizes {
        steps,
        batch,
        inputs,
        units,
        direction,
    };
    let (kernel, base) = match constant {
        None => {
            let base = weights.bias.broadcast_as((batch, 4 * units))?;
            (weights.kernel.clone(), base.contiguous()?)
        }
        Some(constant) => {
            let rows = constant.dim(1)?;
            let part = |first, rows| weights.kernel.narrow(0, first, rows);
            let kernel = Tensor::cat(&[part(0, inputs)?, part(inputs + rows, units)?], 0)?;
            let base = constant.matmul(&part(inputs, rows)?.contiguous()?)?;
            (kernel, base.broadcast_add(&weights.bias)?)
        }
    };
    let start = Tensor::cat(&[state, &base], 1)?;
    let (x, kernel) = (x.contiguous()?, kernel.contiguous()?);
    if !x.device().is_cpu() {
        let op = LstmByTensors::run(sizes, differentiate_input, &x, &kernel, &start)?;
        return x.apply_op3(&kernel, &start, op);
    }
    let kernels = Kernels::chosen().map_err(candle_core::Error::wrap)?;
    match weights.factors {
        Factors::Float32 => {
            let op = LstmSequence::<f32>::new(kernels, sizes, differentiate_input);
            x.apply_op3(&kernel, &start, op)
        }
        Factors::Bfloat16 if bf16_pays(kernels) => {
            let op = LstmSequence::<Bf16Pair>::new(kernels, sizes, differentiate_input);
            x.apply_op3(&kernel, &start, op)
        }
        Factors::Bfloat16 => {
            let op = LstmSequence::<Rounded>::new(kernels, sizes, differentiate_input);
            x.apply_op3(&kernel, &start, op)
        }
    }
}

/// [`lstm`] step by step in ordinary tensor operations, on any device: slow, and what the tests
/// compare with.
pub fn lstm_by_steps(
    x: &Tensor,
    weights: &LstmWeights,
    state: &Tensor,
    direction: Direction,
) -> Result<Tensor> {
    let (steps, units) = (x.dim(0)?, weights.units()?);
    let mut c = state.narrow(1, 0, units)?;
    let mut h = state.narrow(1, units, units)?;
    let mut outputs = Vec::with_capacity(steps);
    for step in 0..steps {
        let at = if direction == Direction::Forward {
            step
        } else {
            steps - 1 - step
        };
        (c, h) = lstm_step(&x.get(at)?, weights, &c, &h)?;
        outputs.push(h.clone());
    }
    if direction == Direction::Backward {
        outputs.reverse();
    }
    Tensor::stack(&outputs, 0)
}

/// One step of the layer in ordinary tensor operations: cell and output state (`[batch, units]`)
/// after `x` (`[batch, inputs]`) from those before.
pub fn lstm_step(
    x: &Tensor,
    weights: &LstmWeights,
    c: &Tensor,
    h: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let gates = Tensor::cat(&[x, h], 1)?
        .matmul(&weights.kernel)?
        .broadcast_add(&weights.bias)?;
    lstm_cell(&gates, c)
}

/// Cell and output state (`[batch, units]`) after the sums `gates` (`[batch, 4 * units]`) that a step's
/// input, output and bias make, from the cell state `c` before.
pub fn lstm_cell(gates: &Tensor, c: &Tensor) -> Result<(Tensor, Tensor)> {
    let gates = gates.chunk(4, 1)?;
    let kept = (c * sigmoid(&(&gates[2] + 1.0)?)?)?;
    let c = (kept + (sigmoid(&gates[0])? * gates[1].tanh()?)?)?;
    let h = (sigmoid(&gates[3])? * c.tanh()?)?;
    Ok((c, h))
}

/// Sizes of one run of the layer, and where things lie. A run starts from `[batch, 6 * units]`: cell
/// and output state, and what is added to the gates at every step.
#[derive(Clone, Copy)]
struct Sizes {
    steps: usize,
    batch: usize,
    inputs: usize,
    units: usize,
    direction: Direction,
}

impl Sizes {
    /// Steps in the order in which the layer runs, each with the one that ran before it.
    fn order(self) -> impl DoubleEndedIterator<Item = (usize, Option<usize>)> {
        let at = move |turn: usize| match self.direction {
            Direction::Forward => turn,
            Direction::Backward => self.steps - 1 - turn,
        };
        (0..self.steps).map(move |turn| (at(turn), turn.checked_sub(1).map(at)))
    }

    /// The `width` numbers a row of `step` in a `[steps, batch, width]` buffer.
    fn range(self, step: usize, width: usize) -> std::ops::Range<usize> {
        let len = self.batch * width;
        step * len..(step + 1) * len
    }
}
