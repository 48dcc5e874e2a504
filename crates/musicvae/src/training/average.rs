//! Weights averaged over the steps of a run: they play better than those of any single step.

use candle_core::{DType, Device, Result};

use super::gradients::each_weight;
use crate::model::{Tensors, network::Network};

/// An exponential moving average of all weights (Polyak & Juditsky 1992), which smooths out the
/// last batches, as a lower learning rate would, while the run continues at a high one.
pub struct Average {
    /// Of the average that was, at every step.
    decay: f64,
    weights: Tensors,
}

/// Where the average lies among a checkpoint's slots.
const SLOT: &str = "average";

impl Average {
    /// An average that begins at the weights of `network`.
    pub fn new(network: &Network, decay: f64) -> Result<Average> {
        let weight = |(name, variable): (&String, &candle_core::Var)| {
            Ok((name.clone(), variable.as_detached_tensor().copy()?))
        };
        let weights = network
            .variables()
            .iter()
            .map(weight)
            .collect::<Result<_>>()?;
        Ok(Average { decay, weights })
    }

    /// Takes in the weights after step `step`, the first being 1. Early steps weigh more, so that
    /// where the run began is soon forgotten (as TensorFlow's `ExponentialMovingAverage` does with
    /// `num_updates`).
    pub fn update(&mut self, network: &Network, step: u64) -> Result<()> {
        let step = step as f64;
        let decay = self.decay.min((1.0 + step) / (10.0 + step));
        each_weight(&mut self.weights, |(name, average)| {
            if let Some(variable) = network.variables().get(name) {
                // Off the tape: it would keep every step's weights for ever.
                let weight = variable.as_detached_tensor();
                *average = ((&*average * decay)? + (weight * (1.0 - decay))?)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    pub fn weights(&self) -> &Tensors {
        &self.weights
    }

    /// The state on the CPU, as a checkpoint keeps it: `average/<weight>`.
    pub fn to_tensors(&self) -> Result<Tensors> {
        let weight = |(name, weight): (&String, &candle_core::Tensor)| {
            Ok((format!("{SLOT}/{name}"), weight.to_device(&Device::Cpu)?))
        };
        self.weights.iter().map(weight).collect()
    }

    /// The average that [`Average::to_tensors`] described; a new one where `tensors` hold none.
    pub fn from_tensors(network: &Network, decay: f64, tensors: &Tensors) -> Result<Average> {
        let mut average = Average::new(network, decay)?;
        for (name, weight) in &mut average.weights {
            if let Some(tensor) = tensors.get(&format!("{SLOT}/{name}")) {
                *weight = tensor.to_dtype(DType::F32)?.to_device(network.device())?;
            }
        }
        Ok(average)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Preset, init};

    #[test]
    fn the_average_keeps_no_history() {
        let preset = Preset {
            z_size: 2,
            encoder: vec![3],
            decoder: vec![3],
            ..Preset::groovae_4bar()
        };
        let weights = init::random_weights(&preset, 1).unwrap();
        let network = Network::new(preset, &weights, &Device::Cpu).unwrap();
        let mut average = Average::new(&network, 0.9).unwrap();
        average.update(&network, 1).unwrap();
        for (name, weight) in average.weights() {
            assert!(!weight.track_op(), "{name}");
        }
    }
}
