//! Weights to start training from, as the reference draws them.

use candle_core::{Device, Result, Tensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Preset, Tensors};

/// Random weights for `preset`, by the reference's initializers: recurrent and output kernels
/// uniform within Glorot's bound, the dense layers around `z` and embeddings normal with standard
/// deviation 0.001, those of a NADE normal with `1 / sqrt(columns)` and nothing beyond twice that,
/// biases zero. The same seed gives the same weights.
pub fn random_weights(preset: &Preset, seed: u64) -> Result<Tensors> {
    /// Keeps posteriors and initial states near zero at first.
    const AROUND_Z: f32 = 0.001;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut weights = Tensors::new();
    for (name, shape) in preset.parameter_shapes() {
        let len = shape.iter().product();
        let around_z = ["initial_state", "encoder/mu", "encoder/sigma"];
        let normal = StandardNormal.sample_iter(&mut rng);
        let numbers: Vec<f32> = match shape[..] {
            [_] => vec![0.0; len],
            [columns, _, _] => normal
                .filter(|x: &f32| x.abs() <= 2.0)
                .take(len)
                .map(|x| x / (columns as f32).sqrt())
                .collect(),
            _ if around_z.iter().any(|part| name.contains(part)) => {
                normal.take(len).map(|x: f32| x * AROUND_Z).collect()
            }
            _ => {
                let bound = (6.0 / shape.iter().sum::<usize>() as f32).sqrt();
                (0..len).map(|_| rng.random_range(-bound..bound)).collect()
            }
        };
        weights.insert(name, Tensor::from_vec(numbers, shape, &Device::Cpu)?);
    }
    Ok(weights)
}
