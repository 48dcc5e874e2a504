//! The optimizer of the reference: TensorFlow 1's `AdamOptimizer`.

use candle_core::{DType, Result, Tensor};

use super::gradients::each_weight;
use crate::model::{Tensors, network::Network};

/// Adam (Kingma & Ba 2015) with TensorFlow's placement of epsilon:
/// `w -= rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon)`.
#[derive(Clone)]
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

    /// The state on the CPU, as a checkpoint keeps it: `m/<weight>`, `v/<weight>` and `adam_step`.
    pub fn to_tensors(&self) -> Result<Tensors> {
        let step = Tensor::new(self.step as i64, &candle_core::Device::Cpu)?;
        let mut tensors = Tensors::from([("adam_step".to_string(), step)]);
        for (prefix, moments) in [("m", &self.first_moments), ("v", &self.second_moments)] {
            for (name, moment) in moments {
                let moment = moment.to_device(&candle_core::Device::Cpu)?;
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
                        moments.insert(name.clone(), moment);
                    }
                    _ => return Ok(None),
                }
            }
        }
        Ok(Some(adam))
    }
}
