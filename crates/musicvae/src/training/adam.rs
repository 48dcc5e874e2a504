//! The optimizer of the reference: TensorFlow 1's `AdamOptimizer`.

use candle_core::{CpuStorage, DType, InplaceOp3, Layout, Result, Tensor, Var, bail};

use super::gradients::each_weight;
use crate::model::{Tensors, network::Network};

/// Adam (Kingma & Ba 2015) with TensorFlow's placement of epsilon:
/// `w -= rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon)`.
pub struct Adam {
    /// Updates made so far.
    step: u64,
    first_moments: Tensors,
    second_moments: Tensors,
}

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl Adam {
    /// A fresh optimizer for the variables of `network`.
    pub fn new(network: &Network) -> Result<Adam> {
        let zeros = || -> Result<Tensors> {
            let zero = |(name, variable): (&String, &candle_core::Var)| {
                Ok((name.clone(), variable.zeros_like()?))
            };
            network.variables().iter().map(zero).collect()
        };
        Ok(Adam {
            step: 0,
            first_moments: zeros()?,
            second_moments: zeros()?,
        })
    }

    /// Moves every variable of `network` against its gradient.
    pub fn update(&mut self, network: &Network, gradients: &Tensors, rate: f64) -> Result<()> {
        self.step += 1;
        let t = self.step as f64;
        let rate = rate * (1.0 - BETA_2.powf(t)).sqrt() / (1.0 - BETA_1.powf(t));
        if network.device().is_cpu() {
            let update = |(name, variable): (&String, &Var)| {
                self.update_in_place(variable, name, &gradients[name].contiguous()?, rate)
            };
            return each_weight(network.variables(), update).map(drop);
        }
        let moments = each_weight(network.variables(), |(name, variable)| {
            let gradient = &gradients[name];
            let decay =
                |old: &Tensor, new: Tensor, beta: f64| (old * beta)? + (new * (1.0 - beta))?;
            let m = decay(&self.first_moments[name], gradient.clone(), BETA_1)?;
            let v = decay(&self.second_moments[name], gradient.sqr()?, BETA_2)?;
            let change = (&m / (v.sqrt()? + EPSILON)?)?;
            variable.set(&(variable.as_tensor() - (change * rate)?)?)?;
            Ok((m, v))
        })?;
        for (name, (m, v)) in network.variables().keys().zip(moments) {
            self.first_moments.insert(name.clone(), m);
            self.second_moments.insert(name.clone(), v);
        }
        Ok(())
    }

    /// The same in the memory of the CPU, which is read and written a third as often.
    fn update_in_place(
        &self,
        variable: &Var,
        name: &str,
        gradient: &Tensor,
        rate: f64,
    ) -> Result<()> {
        let (m, v) = (&self.first_moments[name], &self.second_moments[name]);
        let (rate, epsilon) = (rate as f32, EPSILON as f32);
        let decayed = |old: f32, new: f32, beta: f64| old * beta as f32 + new * (1.0 - beta) as f32;
        let first = EachPlace(|m, g, _| decayed(m, g, BETA_1));
        m.inplace_op3(gradient, gradient, &first)?;
        let second = EachPlace(|v, g: f32, _| decayed(v, g * g, BETA_2));
        v.inplace_op3(gradient, gradient, &second)?;
        let moved = EachPlace(|w, m: f32, v: f32| w - m / (v.sqrt() + epsilon) * rate);
        variable.as_tensor().inplace_op3(m, v, &moved)
    }

    /// The state on the CPU, as a checkpoint keeps it: `m/<weight>`, `v/<weight>` and `adam_step`.
    pub fn to_tensors(&self) -> Result<Tensors> {
        let step = Tensor::new(self.step as i64, &candle_core::Device::Cpu)?;
        let mut tensors = Tensors::from([("adam_step".to_string(), step)]);
        for (prefix, moments) in [("m", &self.first_moments), ("v", &self.second_moments)] {
            for (name, moment) in moments {
                // A copy: those here are written over.
                let moment = moment.copy()?.to_device(&candle_core::Device::Cpu)?;
                tensors.insert(format!("{prefix}/{name}"), moment);
            }
        }
        Ok(tensors)
    }

    /// The optimizer that [`Adam::to_tensors`] described; `None` when a moment is missing or of
    /// another shape than its variable.
    pub fn from_tensors(network: &Network, tensors: &Tensors) -> Result<Option<Adam>> {
        let mut adam = Adam::new(network)?;
        let Some(step) = tensors.get("adam_step") else {
            return Ok(None);
        };
        adam.step = step.to_scalar::<i64>()?.unsigned_abs();
        for (name, variable) in network.variables() {
            for (prefix, moments) in [
                ("m", &mut adam.first_moments),
                ("v", &mut adam.second_moments),
            ] {
                match tensors.get(&format!("{prefix}/{name}")) {
                    Some(tensor) if tensor.shape() == variable.shape() => {
                        let moment = tensor.to_dtype(DType::F32)?.to_device(variable.device())?;
                        moments.insert(name.clone(), moment.copy()?);
                    }
                    _ => return Ok(None),
                }
            }
        }
        Ok(Some(adam))
    }
}

/// The new value of each number, given those at the same place in two other tensors.
struct EachPlace<F>(F);

impl<F: Fn(f32, f32, f32) -> f32> InplaceOp3 for EachPlace<F> {
    fn name(&self) -> &'static str {
        "each-place"
    }

    fn cpu_fwd(
        &self,
        numbers: &mut CpuStorage,
        layout: &Layout,
        first: &CpuStorage,
        first_layout: &Layout,
        second: &CpuStorage,
        second_layout: &Layout,
    ) -> Result<()> {
        let place = |layout: &Layout| match layout.contiguous_offsets() {
            Some((first, end)) => Ok(first..end),
            None => bail!("weights and their moments are contiguous"),
        };
        let CpuStorage::F32(numbers) = numbers else {
            bail!("weights are float32")
        };
        let first = &first.as_slice::<f32>()?[place(first_layout)?];
        let second = &second.as_slice::<f32>()?[place(second_layout)?];
        let numbers = numbers[place(layout)?].iter_mut();
        for ((number, &first), &second) in numbers.zip(first).zip(second) {
            *number = self.0(*number, first, second);
        }
        Ok(())
    }
}
