//! The whole-sequence operation on the CPU: products on packed operands, a step at a time, and
//! back-propagation that writes over what the forward pass saved.

use std::marker::PhantomData;
use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Storage, Tensor, bail};

use super::Sizes;
use super::sparse::SparseRows;
use crate::model::cpu::{
    Factor, GateGradients, Kernels, LeftPanels, Matrix, Onto, RightPanels, add_scaled,
    gates_backward, gates_forward, matmul, recycle, scratch,
};

/// The tape's operation: arguments `x`, kernel (`[inputs + units, 4 * units]`) and start (see
/// [`Sizes`]).
pub(super) struct LstmSequence<E> {
    kernels: Kernels,
    sizes: Sizes,
    differentiate_input: bool,
    /// What the forward pass leaves for the backward pass, which consumes it.
    saved: Mutex<Option<Saved>>,
    factors: PhantomData<E>,
}

impl<E> LstmSequence<E> {
    pub fn new(kernels: Kernels, sizes: Sizes, differentiate_input: bool) -> Self {
        LstmSequence {
            kernels,
            sizes,
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
    /// The inputs, where they are data of mostly zeros.
    sparse: Option<SparseRows>,
}

impl Drop for Saved {
    fn drop(&mut self) {
        recycle(std::mem::take(&mut self.gates));
        recycle(std::mem::take(&mut self.cells));
    }
}

/// What a sequence starts from, each for all rows.
struct Start {
    c: Vec<f32>,
    h: Vec<f32>,
    /// Added to the gates at every step.
    base: Vec<f32>,
}

impl Start {
    fn new(start: &[f32], units: usize) -> Start {
        let part = |first: usize, len: usize| {
            let rows = start.chunks_exact(6 * units);
            rows.flat_map(|row| &row[first..first + len])
                .copied()
                .collect()
        };
        Start {
            c: part(0, units),
            h: part(units, units),
            base: part(2 * units, 4 * units),
        }
    }
}

impl<E: Factor> CustomOp3 for LstmSequence<E> {
    fn name(&self) -> &'static str {
        "lstm-sequence"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
        start: &CpuStorage,
        start_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (kernels, sizes) = (self.kernels, self.sizes);
        let Sizes {
            steps,
            batch,
            inputs,
            units,
            ..
        } = sizes;
        let x = contiguous(x, x_layout)?;
        let kernel = contiguous(kernel, kernel_layout)?;
        let start = Start::new(contiguous(start, start_layout)?, units);

        let sparse = match self.differentiate_input {
            true => None,
            false => SparseRows::of(x, inputs),
        };
        let (kernel_x, kernel_h) = kernel.split_at(inputs * 4 * units);
        let parts = [
            Matrix::new(kernel_x, inputs, 4 * units),
            Matrix::new(kernel_h, units, 4 * units),
        ];
        let multiplied = if sparse.is_some() { 1.. } else { 0.. };
        let kernel = RightPanels::<E>::stack(kernels, &parts[multiplied]);
        let mut left = LeftPanels::<E>::zeros(kernels, batch, kernel.depth());
        let mut gates = scratch(steps * batch * 4 * units);
        let mut cells = scratch(steps * batch * units);
        let mut outputs = vec![0.0; steps * batch * units];
        for (step, previous) in sizes.order() {
            let (c_before, c) = step_and_previous(&mut cells, &start.c, sizes, step, previous);
            let (h_before, h) = step_and_previous(&mut outputs, &start.h, sizes, step, previous);
            let gates = &mut gates[sizes.range(step, 4 * units)];
            let h_before = Matrix::new(h_before, batch, units);
            if let Some(sparse) = &sparse {
                gates.copy_from_slice(&start.base);
                sparse.add_product(kernels, sizes.range(step, 1), kernel_x, gates);
                left.pack(0, h_before);
                matmul(&left, &kernel, Onto::Output, gates);
            } else {
                left.pack(0, Matrix::new(&x[sizes.range(step, inputs)], batch, inputs));
                left.pack(E::padded(inputs), h_before);
                matmul(&left, &kernel, Onto::Rows(&start.base), gates);
            }
            gates_forward(kernels, units, gates, c_before, c, h);
        }
        *lock(&self.saved) = Some(Saved {
            gates,
            cells,
            sparse,
        });
        Ok((CpuStorage::F32(outputs), Shape::from((steps, batch, units))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        start: &Tensor,
        outputs: &Tensor,
        d_outputs: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Some(mut saved) = lock(&self.saved).take() else {
            bail!("the gradient of an LSTM sequence can be taken once for each forward pass")
        };
        let (kernels, sizes) = (self.kernels, self.sizes);
        let Sizes {
            steps,
            batch,
            inputs,
            units,
            ..
        } = sizes;
        let first = with_slice(start, |start| Start::new(start, units))?;

        let mut d_x = if self.differentiate_input {
            vec![0.0; steps * batch * inputs]
        } else {
            vec![]
        };
        let d_state = with_slice(kernel, |kernel| {
            with_slice(&d_outputs.contiguous()?, |d_outputs| {
                back_through_time::<E>(
                    kernels, sizes, kernel, d_outputs, &mut saved, &first.c, &mut d_x,
                )
            })
        })??;
        let (d_kernel, d_base) = with_slice(x, |x| {
            with_slice(outputs, |outputs| {
                kernel_gradient::<E>(kernels, sizes, x, outputs, &first.h, &saved)
            })
        })??;

        let device = x.device();
        let d_x = if self.differentiate_input {
            Some(Tensor::from_vec(d_x, (steps, batch, inputs), device)?)
        } else {
            None
        };
        let d_kernel = Tensor::from_vec(d_kernel, kernel.shape(), device)?;
        let d_state = Tensor::from_vec(d_state, (batch, 2 * units), device)?;
        let d_base = Tensor::from_vec(d_base, (batch, 4 * units), device)?;
        let d_start = Tensor::cat(&[d_state, d_base], 1)?;
        Ok((d_x, Some(d_kernel), Some(d_start)))
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
fn back_through_time<E: Factor>(
    kernels: Kernels,
    sizes: Sizes,
    kernel: &[f32],
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
    let (kernel_x, kernel_h) = kernel.split_at(inputs * 4 * units);
    let kernel_x = (!d_x.is_empty()).then(|| {
        RightPanels::<E>::pack(
            kernels,
            Matrix::new(kernel_x, inputs, 4 * units).transposed(),
        )
    });
    let kernel_h = RightPanels::<E>::pack(
        kernels,
        Matrix::new(kernel_h, units, 4 * units).transposed(),
    );

    let mut left = LeftPanels::<E>::zeros(kernels, batch, 4 * units);
    let silence = vec![0.0; units];
    let nothing = vec![0.0; inputs];
    let mut d_h = match sizes.order().next_back() {
        Some((last, _)) => d_outputs[sizes.range(last, units)].to_vec(),
        None => Vec::new(),
    };
    let mut d_c = vec![0.0; batch * units];
    for (step, previous) in sizes.order().rev() {
        let gates = &mut saved.gates[sizes.range(step, 4 * units)];
        gates_backward(
            kernels,
            GateGradients {
                units,
                gates,
                c_previous: previous.map_or(first_c, |previous| {
                    &saved.cells[sizes.range(previous, units)]
                }),
                c: &saved.cells[sizes.range(step, units)],
                d_h: &d_h,
                d_c: &mut d_c,
            },
        );
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

/// The gradient of the kernel, as products over many steps at once, and of what is added to the
/// gates at every step.
fn kernel_gradient<E: Factor>(
    kernels: Kernels,
    sizes: Sizes,
    x: &[f32],
    outputs: &[f32],
    first_h: &[f32],
    saved: &Saved,
) -> (Vec<f32>, Vec<f32>) {
    /// Depth of a product: enough to hide the traffic of the result, small enough for the cache.
    const DEPTH: usize = 512;
    let Sizes {
        batch,
        inputs,
        units,
        ..
    } = sizes;
    let mut gradient = vec![0.0; (inputs + units) * 4 * units];
    let (d_kernel_x, d_kernel_h) = gradient.split_at_mut(inputs * 4 * units);
    let mut d_base = vec![0.0; batch * 4 * units];

    let steps_at_once = (DEPTH / batch).max(1);
    let mut right = RightPanels::<E>::empty(kernels);
    let order: Vec<_> = sizes.order().collect();
    for chunk in order.chunks(steps_at_once) {
        let padded = E::padded(batch);
        let multiplied = if saved.sparse.is_some() { 0 } else { inputs };
        let mut left_x = LeftPanels::<E>::zeros(kernels, multiplied, chunk.len() * padded);
        let mut left_h = LeftPanels::<E>::zeros(kernels, units, chunk.len() * padded);
        let mut d_gates_chunk = Vec::with_capacity(chunk.len());
        for (index, &(step, previous)) in chunk.iter().enumerate() {
            let h = previous.map_or(first_h, |previous| &outputs[sizes.range(previous, units)]);
            let d_gates = &saved.gates[sizes.range(step, 4 * units)];
            if let Some(sparse) = &saved.sparse {
                sparse.add_gradient(kernels, sizes.range(step, 1), d_gates, d_kernel_x);
            } else {
                let x = Matrix::new(&x[sizes.range(step, inputs)], batch, inputs);
                left_x.pack(index * padded, x.transposed());
            }
            left_h.pack(index * padded, Matrix::new(h, batch, units).transposed());
            add_scaled(kernels, 1.0, d_gates, &mut d_base);
            d_gates_chunk.push(Matrix::new(d_gates, batch, 4 * units));
        }
        right.restack(&d_gates_chunk);
        if saved.sparse.is_none() {
            matmul(&left_x, &right, Onto::Output, d_kernel_x);
        }
        matmul(&left_h, &right, Onto::Output, d_kernel_h);
    }
    (gradient, d_base)
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
