//! The whole-sequence operation in tensor operations, for devices that are told of each one: what
//! does not depend on the step before (the inputs' products, every weight's gradient) is one large
//! product over all steps.

use candle_core::{
    CpuStorage, CudaStorage, CustomOp3, Layout, MetalStorage, Result, Shape, Tensor,
};
use candle_core::{Storage, bail};
use candle_nn::ops::sigmoid;

use super::Sizes;

/// The tape's operation with its forward pass already run.
pub(super) struct LstmByTensors {
    sizes: Sizes,
    differentiate_input: bool,
    /// `[steps, batch, units]`
    outputs: Tensor,
    /// Activated gates of each step in running order, `[batch, 4 * units]`.
    gates: Vec<Tensor>,
    /// Cell and output states before each step in running order, and the last; `[batch, units]`.
    states: Vec<(Tensor, Tensor)>,
}

/// A step's gates, `i | j | f | o`.
fn parts(gates: &Tensor, units: usize) -> Result<[Tensor; 4]> {
    let part = |index| gates.narrow(1, index * units, units);
    Ok([part(0)?, part(1)?, part(2)?, part(3)?])
}

impl LstmByTensors {
    /// Runs the layer; see [`super::lstm`] for the arguments and [`Sizes`] for `start`.
    pub fn run(
        sizes: Sizes,
        differentiate_input: bool,
        x: &Tensor,
        kernel: &Tensor,
        start: &Tensor,
    ) -> Result<LstmByTensors> {
        let Sizes {
            steps,
            batch,
            inputs,
            units,
            ..
        } = sizes;
        let (x, kernel, start) = (x.detach(), kernel.detach(), start.detach());
        let kernel_h = kernel.narrow(0, inputs, units)?;
        let base = start.narrow(1, 2 * units, 4 * units)?.unsqueeze(0)?;
        let projected = x
            .reshape((steps * batch, inputs))?
            .matmul(&kernel.narrow(0, 0, inputs)?)?
            .reshape((steps, batch, 4 * units))?
            .broadcast_add(&base)?;
        let mut c = start.narrow(1, 0, units)?.contiguous()?;
        let mut h = start.narrow(1, units, units)?.contiguous()?;
        let mut states = vec![(c.clone(), h.clone())];
        let mut gates = Vec::with_capacity(steps);
        let mut outputs = vec![h.clone(); steps];
        for (step, _) in sizes.order() {
            let sums = (projected.get(step)? + h.matmul(&kernel_h)?)?;
            let [i, j, f, o] = parts(&sums, units)?;
            let (i, j, o) = (sigmoid(&i)?, j.tanh()?, sigmoid(&o)?);
            let f = sigmoid(&(f + 1.0)?)?;
            c = ((&c * &f)? + (&i * &j)?)?;
            h = (&o * c.tanh()?)?;
            gates.push(Tensor::cat(&[i, j, f, o], 1)?);
            states.push((c.clone(), h.clone()));
            outputs[step] = h.clone();
        }
        Ok(LstmByTensors {
            sizes,
            differentiate_input,
            outputs: Tensor::stack(&outputs, 0)?,
            gates,
            states,
        })
    }
}

impl CustomOp3 for LstmByTensors {
    fn name(&self) -> &'static str {
        "lstm-by-tensors"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        match &*self.outputs.storage_and_layout().0 {
            Storage::Cpu(storage) => Ok((storage.clone(), self.outputs.shape().clone())),
            _ => bail!("an LSTM sequence ran on another device than its inputs are on"),
        }
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let (storage, layout) = self.outputs.storage_and_layout();
        match &*storage {
            Storage::Cuda(storage) => Ok((
                candle_core::backend::BackendStorage::try_clone(storage, layout)?,
                self.outputs.shape().clone(),
            )),
            _ => bail!("an LSTM sequence ran on another device than its inputs are on"),
        }
    }

    fn metal_fwd(
        &self,
        _: &MetalStorage,
        _: &Layout,
        _: &MetalStorage,
        _: &Layout,
        _: &MetalStorage,
        _: &Layout,
    ) -> Result<(MetalStorage, Shape)> {
        let (storage, layout) = self.outputs.storage_and_layout();
        match &*storage {
            Storage::Metal(storage) => Ok((
                candle_core::backend::BackendStorage::try_clone(storage, layout)?,
                self.outputs.shape().clone(),
            )),
            _ => bail!("an LSTM sequence ran on another device than its inputs are on"),
        }
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        _: &Tensor,
        _: &Tensor,
        d_outputs: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Sizes {
            steps,
            batch,
            inputs,
            units,
            ..
        } = self.sizes;
        let kernel_x = kernel.narrow(0, 0, inputs)?.t()?;
        let kernel_h = kernel.narrow(0, inputs, units)?.t()?.contiguous()?;
        let one_minus = |x: &Tensor| x.affine(-1.0, 1.0);
        let mut d_h = self.states[0].1.zeros_like()?;
        let mut d_c = d_h.clone();
        let mut d_gates = vec![self.gates[0].clone(); steps];
        let mut h_before = vec![d_h.clone(); steps];
        for (turn, (step, _)) in self
            .sizes
            .order()
            .enumerate()
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            let [i, j, f, o] = parts(&self.gates[turn], units)?;
            let (c_before, h) = &self.states[turn];
            let tanh_c = self.states[turn + 1].0.tanh()?;
            d_h = (d_h + d_outputs.get(step)?)?;
            d_c = (d_c + ((&d_h * &o)? * one_minus(&tanh_c.sqr()?)?)?)?;
            d_gates[step] = Tensor::cat(
                &[
                    (((&d_c * &j)? * &i)? * one_minus(&i)?)?,
                    ((&d_c * &i)? * one_minus(&j.sqr()?)?)?,
                    (((&d_c * c_before)? * &f)? * one_minus(&f)?)?,
                    (((&d_h * &tanh_c)? * &o)? * one_minus(&o)?)?,
                ],
                1,
            )?;
            h_before[step] = h.clone();
            d_c = (d_c * &f)?;
            d_h = d_gates[step].matmul(&kernel_h)?;
        }
        let d_gates = Tensor::stack(&d_gates, 0)?;
        let d_start = Tensor::cat(&[d_c, d_h, d_gates.sum(0)?], 1)?;
        let d_gates = d_gates.reshape((steps * batch, 4 * units))?;
        let heard = Tensor::cat(&[x, &Tensor::stack(&h_before, 0)?], 2)?;
        let heard = heard.reshape((steps * batch, inputs + units))?;
        let d_kernel = heard.t()?.matmul(&d_gates)?;
        let d_x = if self.differentiate_input {
            Some(d_gates.matmul(&kernel_x)?.reshape(x.shape())?)
        } else {
            None
        };
        Ok((d_x, Some(d_kernel), Some(d_start)))
    }
}
