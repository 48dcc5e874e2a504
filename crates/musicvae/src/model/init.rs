//! Weights to start training from, as the reference draws them.

use candle_core::{DType, Device, Result, Tensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Head, Preset, StrokeHead, Tensors, is_within};

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
/// the same, but where a head of strokes takes the place of the reference's, which starts around the
/// velocities and offsets that were learned, where a hierarchy has the other model for its lowest level, and
/// where its upper encoder has other sizes and starts anew.
pub fn weights_of_another(
    preset: &Preset,
    other: &Preset,
    weights: &Tensors,
    seed: u64,
) -> Result<Tensors> {
    match (&preset.head, &other.head) {
        _ if is_segment_of(other, preset) => with_lowest_level(preset, other, weights, seed),
        (Head::Strokes(strokes), Head::Groove) => with_strokes(preset, *strokes, weights),
        _ if preset.encoder_above != other.encoder_above => {
            with_upper_encoder(preset, weights, seed)
        }
        _ => Ok(weights.clone()),
    }
}

/// Whether the flat model `part` can read and play the segments of `whole`.
fn is_segment_of(part: &Preset, whole: &Preset) -> bool {
    let is_flat = part.decoder_levels.is_empty() && part.encoder_levels.is_empty();
    is_flat
        && whole.decoder_levels.last() == Some(&part.steps())
        && whole.encoder_levels.first() == Some(&part.steps())
        && whole.embedding_size() == part.z_size
        && (&whole.decoder, &whole.encoder, &whole.head)
            == (&part.decoder, &part.encoder, &part.head)
        && (&whole.representation, &whole.split) == (&part.representation, &part.split)
}

/// Random weights with `part` as the lowest level. What was its latent is now a conductor's output, which
/// lies between -1 and 1; a latent's numbers are as good as never beyond [`REACH`].
fn with_lowest_level(
    whole: &Preset,
    part: &Preset,
    weights: &Tensors,
    seed: u64,
) -> Result<Tensors> {
    let mut made = random_weights(whole, seed)?;
    for (core, before) in whole.cores().into_iter().zip(part.cores()) {
        for (name, tensor) in weights {
            let Some(rest) = name.strip_prefix(&format!("{}/", before.scope)) else {
                continue;
            };
            let led = match rest {
                "z_to_initial_state/kernel" => 0..part.z_size,
                _ if *name == format!("{}/kernel", before.cell(0)) => {
                    core.columns..core.columns + part.z_size
                }
                _ => 0..0,
            };
            made.insert(format!("{}/{rest}", core.scope), louder(tensor, led)?);
        }
    }
    let scopes = [part.encoder_scope(0), whole.encoder_scope(0)];
    for layer in 0..part.encoder.len() {
        for direction in ["fw", "bw"] {
            for end in ["kernel", "bias"] {
                let [before, after] = scopes.each_ref().map(|scope| {
                    format!("{}/{end}", Preset::encoder_cell(scope, layer, direction))
                });
                if let Some(tensor) = weights.get(&before) {
                    made.insert(after, tensor.clone());
                }
            }
        }
    }
    Ok(made)
}

/// `weights` with random ones for what makes latents of the lowest level's embeddings.
fn with_upper_encoder(preset: &Preset, weights: &Tensors, seed: u64) -> Result<Tensors> {
    let mut made = weights.clone();
    let lowest = preset.encoder_scope(0);
    for (name, tensor) in random_weights(preset, seed)? {
        if is_within(&name, "encoder") && !is_within(&name, &lowest) {
            made.insert(name, tensor);
        }
    }
    Ok(made)
}

/// Standard deviations of a latent number that a conductor's output reaches to.
const REACH: f64 = 4.0;

/// A kernel of which some rows are multiplied by [`REACH`].
fn louder(kernel: &Tensor, rows: std::ops::Range<usize>) -> Result<Tensor> {
    if rows.is_empty() {
        return Ok(kernel.clone());
    }
    let (first, count, all) = (rows.start, rows.len(), kernel.dim(0)?);
    let before = kernel.narrow(0, 0, first)?;
    let louder = (kernel.narrow(0, first, count)? * REACH)?;
    let after = kernel.narrow(0, first + count, all - first - count)?;
    Tensor::cat(&[before, louder, after], 0)
}

/// `weights` with a head of strokes in place of the reference's.
fn with_strokes(preset: &Preset, strokes: StrokeHead, weights: &Tensors) -> Result<Tensors> {
    let mut weights = weights.clone();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Decoding, Guide, MusicVae};

    fn segment() -> Preset {
        Preset {
            bars: 1,
            z_size: 6,
            encoder: vec![5],
            decoder: vec![7, 6],
            ..Preset::by_name("groovae_4bar_strokes").unwrap()
        }
    }

    /// Under the names of a flat model, the lowest level reads as its part did, and plays of a quarter
    /// of a latent what the part plays of the whole.
    #[test]
    fn a_hierarchy_has_the_other_model_for_its_lowest_level() {
        let part = segment();
        let whole = Preset {
            name: "whole".into(),
            bars: 4,
            z_size: 9,
            encoder_levels: vec![16, 4],
            decoder_levels: vec![4, 16],
            ..part.clone()
        };
        let weights = random_weights(&part, 1).unwrap();
        let made = weights_of_another(&whole, &part, &weights, 2).unwrap();
        whole.check(&made).unwrap();
        let mut lowest = weights.clone();
        for (name, tensor) in &made {
            let flat = name.replace("core_decoder/", "");
            let flat = flat.replace("hierarchical_level_0/cell_", "cell_");
            let scopes = ["core_decoder", "encoder/hierarchical_level_0"];
            let held = scopes.iter().any(|scope| is_within(name, scope));
            assert_eq!(held, weights.contains_key(&flat) && flat != *name, "{name}");
            if held {
                lowest.insert(flat, tensor.clone());
            }
        }
        let z = vec![0.3, -1.2, 2.0, 0.0, 0.7, -0.4];
        let quarter: Vec<f32> = z.iter().map(|number| number / REACH as f32).collect();
        let played = |weights: &Tensors, z: &[f32]| {
            let model = MusicVae::new(part.clone(), weights).unwrap();
            let how = Decoding {
                temperature: 0.0,
                seed: 0,
            };
            let played = model.decode_rows(&[z.to_vec()], how, &Guide::default());
            played.unwrap()[0].rows.values.clone()
        };
        let [before, after] = [played(&weights, &z), played(&lowest, &quarter)];
        assert!(before.iter().any(|number| *number != 0.0));
        for (before, after) in before.iter().zip(after) {
            assert!((before - after).abs() < 1e-5);
        }
    }

    /// A model whose upper encoder has other sizes gives all but that.
    #[test]
    fn an_upper_encoder_of_another_size_starts_anew() {
        let before = Preset {
            bars: 4,
            encoder_levels: vec![16, 4],
            decoder_levels: vec![4, 16],
            ..segment()
        };
        let after = Preset {
            encoder_above: vec![3],
            ..before.clone()
        };
        let weights = random_weights(&before, 1).unwrap();
        let made = weights_of_another(&after, &before, &weights, 2).unwrap();
        after.check(&made).unwrap();
        let numbers = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (name, tensor) in made.iter().filter(|(name, _)| name.ends_with("kernel")) {
            let anew = [
                "encoder/hierarchical_level_1/",
                "encoder/mu/",
                "encoder/sigma/",
            ];
            let anew = anew.iter().any(|scope| name.starts_with(scope));
            assert_eq!(numbers(tensor) != numbers(&weights[name]), anew, "{name}");
        }
    }

    /// A model of other sizes is no segment: its weights are taken as they are, and refused by their names.
    #[test]
    fn another_size_is_no_segment() {
        let part = segment();
        let whole = Preset {
            bars: 4,
            decoder: vec![8],
            encoder_levels: vec![16, 4],
            decoder_levels: vec![4, 16],
            ..part.clone()
        };
        let weights = random_weights(&part, 1).unwrap();
        let made = weights_of_another(&whole, &part, &weights, 2).unwrap();
        assert!(whole.check(&made).is_err());
    }
}
