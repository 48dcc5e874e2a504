//! An LSTM layer over a whole sequence, with its own backward pass.
//!
//! Weights are the reference's: one kernel `[inputs + units, 4 * units]` that multiplies
//! `[x_t ; h_(t-1)]`, gate order i, j, f, o, forget bias 1.0 added at run time.
//!
//! On a CPU the sequence is **one** operation of the tape. Automatic differentiation through single
//! steps would allocate and add the kernel's gradient at every step (measured: 40 times slower);
//! here the kernel is packed once a sequence and its gradient is one product over all steps. Other
//! devices take [`lstm_by_steps`], which the tests hold equal to it.

#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Storage, Tensor, bail};
use candle_nn::ops::sigmoid;

use super::cpu::{
    Bf16, GateGradients, LeftPanels, Matrix, Onto, Operand, RightPanels, gates_backward,
    gates_forward, matmul, recycle, scratch,
};

/// The number format of the factors of matrix products; sums, states and weights are float32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    #[default]
    Float32,
    /// Factors rounded to 8 bits: twice as fast on processors with AVX-512 BF16.
    Bfloat16,
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
    pub precision: Precision,
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
/// `differentiate_input` says whether anything below needs the gradient of `x`; data does not, and
/// leaving it out saves a product a step.
pub fn lstm(
    x: &Tensor,
    weights: &LstmWeights,
    state: &Tensor,
    direction: Direction,
    differentiate_input: bool,
) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return lstm_by_steps(x, weights, state, direction);
    }
    // The operation takes three tensors, so the bias rides as the kernel's last row.
    let bias_row = weights.bias.unsqueeze(0)?;
    let parameters = Tensor::cat(&[&weights.kernel, &bias_row], 0)?;
    let (x, state) = (x.contiguous()?, state.contiguous()?);
    match weights.precision {
        Precision::Float32 => {
            let op = LstmSequence::<f32>::new(direction, differentiate_input);
            x.apply_op3(&parameters, &state, op)
        }
        Precision::Bfloat16 => {
            let op = LstmSequence::<Bf16>::new(direction, differentiate_input);
            x.apply_op3(&parameters, &state, op)
        }
    }
}

/// [`lstm`] in ordinary tensor operations, for any device.
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
        let input = Tensor::cat(&[&x.get(at)?, &h], 1)?;
        let gates = input
            .matmul(&weights.kernel)?
            .broadcast_add(&weights.bias)?
            .chunk(4, 1)?;
        let kept = (&c * sigmoid(&(&gates[2] + 1.0)?)?)?;
        c = (kept + (sigmoid(&gates[0])? * gates[1].tanh()?)?)?;
        h = (sigmoid(&gates[3])? * c.tanh()?)?;
        outputs.push(h.clone());
    }
    if direction == Direction::Backward {
        outputs.reverse();
    }
    Tensor::stack(&outputs, 0)
}

/// The tape's operation: arguments `x`, kernel with the bias as last row, and state.
struct LstmSequence<E> {
    direction: Direction,
    differentiate_input: bool,
    /// What the forward pass leaves for the backward pass, which consumes it.
    saved: Mutex<Option<Saved>>,
    factors: PhantomData<E>,
}

impl<E> LstmSequence<E> {
    fn new(direction: Direction, differentiate_input: bool) -> Self {
        LstmSequence {
            direction,
            differentiate_input,
            saved: Mutex::new(None),
            factors: PhantomData,
        }
    }
}

/// Activations of a forward pass, step by step.
struct Saved {
    /// Activated gates, `[steps, batch, 4 * units]`.
    gates: Vec<f32>,
    /// Cell states, `[steps, batch, units]`.
    cells: Vec<f32>,
}

impl Drop for Saved {
    fn drop(&mut self) {
        recycle(std::mem::take(&mut self.gates));
        recycle(std::mem::take(&mut self.cells));
    }
}

/// Sizes of one run of the layer, and where things lie.
#[derive(Clone, Copy)]
struct Sizes {
    steps: usize,
    batch: usize,
    inputs: usize,
    units: usize,
    direction: Direction,
}

impl Sizes {
    fn new(
        x: &[usize],
        parameters: &[usize],
        state: &[usize],
        direction: Direction,
    ) -> Result<Sizes> {
        let (&[steps, batch, inputs], &[rows, columns]) = (x, parameters) else {
            bail!("an LSTM takes x [steps, batch, inputs] and a kernel, not {x:?}, {parameters:?}")
        };
        let units = columns / 4;
        if steps * batch * units == 0 {
            bail!("an LSTM takes at least one step, example and unit, not {x:?}, {parameters:?}")
        }
        if columns % 4 != 0 || rows != inputs + units + 1 {
            bail!("an LSTM kernel of {parameters:?} (with bias row) does not fit inputs {inputs}")
        }
        if state != [batch, 2 * units] {
            bail!(
                "an LSTM of {units} units takes a state [{batch}, {}], not {state:?}",
                2 * units
            )
        }
        Ok(Sizes {
            steps,
            batch,
            inputs,
            units,
            direction,
        })
    }

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

/// Cell and output states that a sequence starts from, apart.
fn split_state(state: &[f32], sizes: Sizes) -> (Vec<f32>, Vec<f32>) {
    let units = sizes.units;
    let halves = |first: usize| {
        state
            .chunks_exact(2 * units)
            .flat_map(|row| &row[first..first + units])
            .copied()
            .collect()
    };
    (halves(0), halves(units))
}

impl<E: Operand> CustomOp3 for LstmSequence<E> {
    fn name(&self) -> &'static str {
        "lstm-sequence"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        parameters: &CpuStorage,
        parameters_layout: &Layout,
        state: &CpuStorage,
        state_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let sizes = Sizes::new(
            x_layout.dims(),
            parameters_layout.dims(),
            state_layout.dims(),
            self.direction,
        )?;
        let Sizes {
            steps,
            batch,
            inputs,
            units,
            ..
        } = sizes;
        let x = contiguous(x, x_layout)?;
        let parameters = contiguous(parameters, parameters_layout)?;
        let (kernel, bias) = parameters.split_at((inputs + units) * 4 * units);
        let (first_c, first_h) = split_state(contiguous(state, state_layout)?, sizes);

        let (kernel_x, kernel_h) = kernel.split_at(inputs * 4 * units);
        let kernel = RightPanels::<E>::stack(&[
            Matrix::new(kernel_x, inputs, 4 * units),
            Matrix::new(kernel_h, units, 4 * units),
        ]);
        let mut left = LeftPanels::<E>::zeros(batch, kernel.depth());
        let mut gates = scratch(steps * batch * 4 * units);
        let mut cells = scratch(steps * batch * units);
        let mut outputs = vec![0.0; steps * batch * units];
        for (step, previous) in sizes.order() {
            let (c_before, c) = step_and_previous(&mut cells, &first_c, sizes, step, previous);
            let (h_before, h) = step_and_previous(&mut outputs, &first_h, sizes, step, previous);
            left.pack(0, Matrix::new(&x[sizes.range(step, inputs)], batch, inputs));
            left.pack(E::padded(inputs), Matrix::new(h_before, batch, units));
            let gates = &mut gates[sizes.range(step, 4 * units)];
            matmul(&left, &kernel, Onto::Rows(bias), gates);
            gates_forward(units, gates, c_before, c, h);
        }
        *lock(&self.saved) = Some(Saved { gates, cells });
        Ok((CpuStorage::F32(outputs), Shape::from((steps, batch, units))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        parameters: &Tensor,
        state: &Tensor,
        outputs: &Tensor,
        d_outputs: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Some(mut saved) = lock(&self.saved).take() else {
            bail!("the gradient of an LSTM sequence can be taken once for each forward pass")
        };
        let sizes = Sizes::new(x.dims(), parameters.dims(), state.dims(), self.direction)?;
        let Sizes {
            steps,
            batch,
            inputs,
            units,
            ..
        } = sizes;
        let first_state = with_slice(state, |state| split_state(state, sizes))?;

        let mut d_x = if self.differentiate_input {
            vec![0.0; steps * batch * inputs]
        } else {
            vec![]
        };
        let d_state = with_slice(parameters, |parameters| {
            with_slice(&d_outputs.contiguous()?, |d_outputs| {
                back_through_time::<E>(
                    sizes,
                    parameters,
                    d_outputs,
                    &mut saved,
                    &first_state.0,
                    &mut d_x,
                )
            })
        })??;
        let d_parameters = with_slice(x, |x| {
            with_slice(outputs, |outputs| {
                kernel_gradient::<E>(sizes, x, outputs, &first_state.1, &saved.gates)
            })
        })??;

        let device = x.device();
        let d_x = if self.differentiate_input {
            Some(Tensor::from_vec(d_x, (steps, batch, inputs), device)?)
        } else {
            None
        };
        let d_parameters = Tensor::from_vec(d_parameters, parameters.shape(), device)?;
        let d_state = Tensor::from_vec(d_state, (batch, 2 * units), device)?;
        Ok((d_x, Some(d_parameters), Some(d_state)))
    }
}

/// The part of a `[steps, batch, units]` buffer that belongs to `step`, to be written, and the part
/// of the step that ran before it, or `first`.
fn step_and_previous<'a>(
    buffer: &'a mut [f32],
    first: &'a [f32],
    sizes: Sizes,
    step: usize,
    previous: Option<usize>,
) -> (&'a [f32], &'a mut [f32]) {
    let here = sizes.range(step, sizes.units);
    match previous.map(|previous| sizes.range(previous, sizes.units)) {
        None => (first, &mut buffer[here]),
        Some(before) if before.start < here.start => {
            let (past, rest) = buffer.split_at_mut(here.start);
            (&past[before], &mut rest[..here.end - here.start])
        }
        Some(before) => {
            let (rest, past) = buffer.split_at_mut(before.start);
            (&past[..before.end - before.start], &mut rest[here])
        }
    }
}

/// Walks the steps backward: turns `saved.gates` into the gradient of the gates' inputs, fills
/// `d_x` (unless it is empty) and returns the gradient of the state.
fn back_through_time<E: Operand>(
    sizes: Sizes,
    parameters: &[f32],
    d_outputs: &[f32],
    saved: &mut Saved,
    first_c: &[f32],
    d_x: &mut [f32],
) -> Vec<f32> {
    let Sizes {
        batch,
        inputs,
        units,
        ..
    } = sizes;
    let (kernel_x, rest) = parameters.split_at(inputs * 4 * units);
    let kernel_h = &rest[..units * 4 * units];
    let kernel_x = (!d_x.is_empty())
        .then(|| RightPanels::<E>::pack(Matrix::new(kernel_x, inputs, 4 * units).transposed()));
    let kernel_h = RightPanels::<E>::pack(Matrix::new(kernel_h, units, 4 * units).transposed());

    let mut left = LeftPanels::<E>::zeros(batch, 4 * units);
    let silence = vec![0.0; units];
    let nothing = vec![0.0; inputs];
    let mut d_h = match sizes.order().next_back() {
        Some((last, _)) => d_outputs[sizes.range(last, units)].to_vec(),
        None => Vec::new(),
    };
    let mut d_c = vec![0.0; batch * units];
    for (step, previous) in sizes.order().rev() {
        let gates = &mut saved.gates[sizes.range(step, 4 * units)];
        gates_backward(GateGradients {
            units,
            gates,
            c_previous: previous.map_or(first_c, |previous| {
                &saved.cells[sizes.range(previous, units)]
            }),
            c: &saved.cells[sizes.range(step, units)],
            d_h: &d_h,
            d_c: &mut d_c,
        });
        left.pack(0, Matrix::new(gates, batch, 4 * units));
        // What comes from above in the step that ran before is added at once.
        let above = previous.map_or(&silence[..], |previous| {
            &d_outputs[sizes.range(previous, units)]
        });
        matmul(&left, &kernel_h, Onto::Rows(above), &mut d_h);
        if let Some(kernel_x) = &kernel_x {
            let d_x = &mut d_x[sizes.range(step, inputs)];
            matmul(&left, kernel_x, Onto::Rows(&nothing), d_x);
        }
    }
    d_c.chunks_exact(units)
        .zip(d_h.chunks_exact(units))
        .flat_map(|(c, h)| c.iter().chain(h))
        .copied()
        .collect()
}

/// The gradient of the kernel and bias, as products over all steps at once.
fn kernel_gradient<E: Operand>(
    sizes: Sizes,
    x: &[f32],
    outputs: &[f32],
    first_h: &[f32],
    d_gates: &[f32],
) -> Vec<f32> {
    /// Depth of a product: enough to hide the traffic of the result, small enough for the cache.
    const DEPTH: usize = 512;
    let Sizes {
        batch,
        inputs,
        units,
        ..
    } = sizes;
    let mut gradient = vec![0.0; (inputs + units + 1) * 4 * units];
    let (d_kernel_x, rest) = gradient.split_at_mut(inputs * 4 * units);
    let (d_kernel_h, d_bias) = rest.split_at_mut(units * 4 * units);

    let steps_at_once = (DEPTH / batch).max(1);
    let mut right = RightPanels::<E>::stack(&[]);
    let order: Vec<_> = sizes.order().collect();
    for chunk in order.chunks(steps_at_once) {
        let padded = E::padded(batch);
        let mut left_x = LeftPanels::<E>::zeros(inputs, chunk.len() * padded);
        let mut left_h = LeftPanels::<E>::zeros(units, chunk.len() * padded);
        let mut d_gates_chunk = Vec::with_capacity(chunk.len());
        for (index, &(step, previous)) in chunk.iter().enumerate() {
            let x = Matrix::new(&x[sizes.range(step, inputs)], batch, inputs);
            let h = previous.map_or(first_h, |previous| &outputs[sizes.range(previous, units)]);
            left_x.pack(index * padded, x.transposed());
            left_h.pack(index * padded, Matrix::new(h, batch, units).transposed());
            let d_gates = &d_gates[sizes.range(step, 4 * units)];
            for row in d_gates.chunks_exact(4 * units) {
                for (sum, value) in d_bias.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            d_gates_chunk.push(Matrix::new(d_gates, batch, 4 * units));
        }
        right.restack(&d_gates_chunk);
        matmul(&left_x, &right, Onto::Output, d_kernel_x);
        matmul(&left_h, &right, Onto::Output, d_kernel_h);
    }
    gradient
}

/// A lock whose data stays sound if another thread panicked.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The numbers of a contiguous argument.
fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("an LSTM sequence takes contiguous tensors"),
    }
}

/// Calls `read` on the numbers of a contiguous CPU tensor.
fn with_slice<R>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => Ok(read(contiguous(storage, layout)?)),
        _ => bail!("an LSTM sequence runs on the CPU"),
    }
}
