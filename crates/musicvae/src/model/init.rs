//! Weights to start training from, as the reference draws them.

use candle_core::{DType, Device, Result, Tensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Head, Preset, Tensors};

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

/// The weights that training of `preset` starts from when it goes on from those of `other`. They are
/// the same, but where a head of strokes takes the place of the reference's: it starts around the
/// velocities and offsets that were learned.
pub fn weights_of_another(preset: &Preset, other: &Preset, weights: &Tensors) -> Result<Tensors> {
    let mut weights = weights.clone();
    let (Head::Strokes(strokes), Head::Groove) = (&preset.head, &other.head) else {
        return Ok(weights);
    };
    for core in preset.cores() {
        let parameters = strokes.parameters(core.columns);
        for (part, is_bias) in [("kernel", false), ("bias", true)] {
            let name = format!("{}/output_projection/{part}", core.scope);
            let Some(before) = weights.get(&name) else {
                continue;
            };
            if before.dims().last() != Some(&core.columns) {
                continue;
            }
            let numbers = before.flatten_all()?.to_vec1::<f32>()?;
            let made = strokes.of_means(&numbers, core.columns, is_bias);
            let shape = match is_bias {
                true => vec![parameters],
                false => vec![made.len() / parameters, parameters],
            };
            weights.insert(name, Tensor::from_vec(made, shape, &Device::Cpu)?);
        }
        let shape = (core.columns, parameters);
        let nothing = Tensor::zeros(shape, DType::F32, &Device::Cpu)?;
        weights.insert(core.lane_by_lane(), nothing);
    }
    Ok(weights)
}
