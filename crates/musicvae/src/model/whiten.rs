//! New coordinates for a latent space, in which a corpus is distributed like the prior.

use candle_core::{DType, Device, Result, Tensor};

use super::vae::misfit;
use super::{ModelError, Posterior, Preset, Tensors};

/// The weights of the same model in coordinates in which `posteriors` taken together have mean 0
/// and unit covariance.
///
/// With many free bits nothing holds the posteriors near the prior but their own divergence, and
/// what is drawn from the prior lies where the decoder never was. A Gaussian fitted to them
/// afterwards is a better prior (*ex-post density estimation*: Ghosh et al. 2020, *From Variational
/// to Deterministic Autoencoders*); and since `z` meets the weights in linear maps only, the fit can
/// be folded into those. The change is `z = mean + covariance^(1/2) * new z`, the one that turns the
/// axes least (ZCA: Bell & Sejnowski 1997). What a posterior's mean decodes to stays as it was; the
/// deviations, which would no longer be independent, become those of the closest independent ones
/// (in `KL(independent || posterior)`), for the mean posterior.
///
/// # Errors
/// A conductor that hears what it led, posteriors of another size, or none.
pub fn whiten(
    preset: &Preset,
    weights: &Tensors,
    posteriors: &[Posterior],
) -> std::result::Result<Tensors, ModelError> {
    if preset.is_autoregressive(0) {
        return Err(misfit(
            "a conductor that hears nothing",
            "one that hears what it led",
        ));
    }
    let size = preset.z_size;
    if posteriors.is_empty() {
        return Err(misfit("at least one posterior", 0));
    }
    if let Some(other) = posteriors.iter().find(|it| it.mu.len() != size) {
        return Err(misfit(
            format!("posteriors of {size} numbers"),
            other.mu.len(),
        ));
    }
    let Moments {
        mean,
        covariance,
        variance,
    } = Moments::of(posteriors)?;
    let (root, inverse) = square_roots(&covariance)?;

    let mut changed = weights.clone();
    // `z * kernel + bias` with `z = mean + new z * root`.
    let mut of_latent = |kernel: String, bias: String, first: usize| -> Result<()> {
        let whole = weights[&kernel].to_dtype(DType::F64)?;
        let rows = whole.narrow(0, first, size)?;
        let shifted = (weights[&bias].to_dtype(DType::F64)? + mean.matmul(&rows)?.squeeze(0)?)?;
        let whole = whole.slice_assign(
            &[first..first + size, 0..whole.dim(1)?],
            &root.matmul(&rows)?,
        )?;
        changed.insert(kernel, whole.to_dtype(DType::F32)?);
        changed.insert(bias, shifted.to_dtype(DType::F32)?);
        Ok(())
    };
    if !preset.conductors().is_empty() {
        // The latent reaches a conductor's first state alone.
        let initial = format!("{}/initial_state", Preset::conductor_scope(0));
        of_latent(format!("{initial}/kernel"), format!("{initial}/bias"), 0)?;
    }
    let led = preset.cores().into_iter();
    for core in led.filter(|_| preset.conductors().is_empty()) {
        let (initial, cell) = (format!("{}/z_to_initial_state", core.scope), core.cell(0));
        of_latent(format!("{initial}/kernel"), format!("{initial}/bias"), 0)?;
        of_latent(
            format!("{cell}/kernel"),
            format!("{cell}/bias"),
            core.columns,
        )?;
    }
    let weight = |name: &str| weights[name].to_dtype(DType::F64);
    let kernel = weight("encoder/mu/kernel")?.matmul(&inverse)?;
    let bias = (weight("encoder/mu/bias")?.unsqueeze(0)? - mean)?.matmul(&inverse)?;
    // The precision of a coordinate, given all others.
    let precision = root.sqr()?.broadcast_div(&variance)?.sum(1)?;
    let shift = (before_softplus(&precision.recip()?.sqrt()?)?
        - before_softplus(&variance.squeeze(0)?.sqrt()?)?)?;
    let deviation = (weight("encoder/sigma/bias")? + shift)?;
    for (name, tensor) in [
        ("encoder/mu/kernel", kernel),
        ("encoder/mu/bias", bias.squeeze(0)?),
        ("encoder/sigma/bias", deviation),
    ] {
        changed.insert(name.into(), tensor.to_dtype(DType::F32)?);
    }
    Ok(changed)
}

/// How posteriors lie, in float64.
struct Moments {
    /// `[1, z_size]`.
    mean: Tensor,
    /// Of a draw from any of them: `[z_size, z_size]`.
    covariance: Tensor,
    /// Mean of their own variances, `[1, z_size]`.
    variance: Tensor,
}

impl Moments {
    fn of(posteriors: &[Posterior]) -> Result<Moments> {
        let table = |part: fn(&Posterior) -> &[f32]| {
            let values = posteriors
                .iter()
                .flat_map(|it| part(it).iter().map(|&x| f64::from(x)));
            let values: Vec<f64> = values.collect();
            let size = values.len() / posteriors.len();
            Tensor::from_vec(values, (posteriors.len(), size), &Device::Cpu)
        };
        let mu = table(|it| &it.mu)?;
        let variance = table(|it| &it.sigma)?.sqr()?.mean_keepdim(0)?;
        let mean = mu.mean_keepdim(0)?;
        let centred = mu.broadcast_sub(&mean)?;
        let between = (centred.t()?.matmul(&centred)? / posteriors.len() as f64)?;
        let unit = Tensor::eye(variance.dim(1)?, DType::F64, &Device::Cpu)?;
        Ok(Moments {
            mean,
            covariance: (between + unit.broadcast_mul(&variance)?)?,
            variance,
        })
    }
}

/// The square root of a symmetric positive definite matrix and its inverse, by the coupled
/// Newton-Schulz iteration (Higham 2008, *Functions of Matrices*, 6.35).
fn square_roots(matrix: &Tensor) -> Result<(Tensor, Tensor)> {
    /// Enough for a condition number of 10^16, since the smallest root grows by half each time.
    const MOST: usize = 60;
    let unit = Tensor::eye(matrix.dim(0)?, DType::F64, &Device::Cpu)?;
    let scale = matrix.sqr()?.sum_all()?.to_scalar::<f64>()?.sqrt();
    let (mut root, mut inverse) = ((matrix / scale)?, unit.clone());
    for _ in 0..MOST {
        let product = inverse.matmul(&root)?;
        let change = ((&unit * 3.0)? - &product)?.affine(0.5, 0.0)?;
        root = root.matmul(&change)?;
        inverse = change.matmul(&inverse)?;
        let error = (product - &unit)?.abs()?.max_all()?.to_scalar::<f64>()?;
        if error < 1e-9 {
            break;
        }
    }
    Ok(((root * scale.sqrt())?, (inverse / scale.sqrt())?))
}

/// What softplus turns into `x`.
fn before_softplus(x: &Tensor) -> Result<Tensor> {
    (x.exp()? - 1.0)?.log()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Decoding, MusicVae, init};
    use crate::music::{Groove, Hit, Lane};

    /// Grooves that differ, and a small model whose latents lie anywhere but where the prior does.
    fn scene() -> (Preset, Tensors, Vec<Groove>) {
        let preset = Preset {
            z_size: 5,
            encoder: vec![6],
            decoder: vec![7, 6],
            bars: 1,
            ..Preset::groovae_4bar()
        };
        let mut weights = init::random_weights(&preset, 3).unwrap();
        for (name, factor) in [("encoder/mu/kernel", 30.0), ("encoder/sigma/kernel", 5.0)] {
            let stretched = (&weights[name] * factor).unwrap();
            weights.insert(name.into(), stretched);
        }
        let off_centre = Tensor::from_slice(&[1.0f32, -2.0, 0.5, 3.0, 0.0], 5, &Device::Cpu);
        weights.insert("encoder/mu/bias".into(), off_centre.unwrap());
        let groove = |seed: usize| {
            let mut groove = Groove::empty(16);
            for step in (0..16).filter(|step| (step * seed + seed) % 7 < 3) {
                let lane = (seed + step * step) % Lane::ALL.len();
                groove.steps[step][lane] = Some(Hit::new(
                    (seed % 5) as f32 / 5.0 + 0.1,
                    (step % 3) as f32 * 0.2 - 0.2,
                ));
            }
            groove
        };
        (preset, weights, (1..60).map(groove).collect())
    }

    #[test]
    fn a_corpus_lies_as_the_prior_does_and_comes_back_as_before() {
        let (flat, weights, grooves) = scene();
        whitened(flat.clone(), weights, &grooves);
        let conducted = Preset {
            decoder_levels: vec![2, 8],
            ..flat
        };
        // The latent says little at first; here it says much.
        let mut weights = init::random_weights(&conducted, 4).unwrap();
        for name in [
            "encoder/mu/kernel",
            "decoder/hierarchical_level_0/initial_state/kernel",
            "core_decoder/decoder/z_to_initial_state/kernel",
        ] {
            let louder = (&weights[name] * 300.0).unwrap();
            weights.insert(name.into(), louder);
        }
        whitened(conducted, weights, &grooves);
    }

    fn whitened(preset: Preset, weights: Tensors, grooves: &[Groove]) {
        let model = |weights: &Tensors| MusicVae::new(preset.clone(), weights).unwrap();
        let before = model(&weights).encode(grooves).unwrap();
        let white = whiten(&preset, &weights, &before).unwrap();
        let after = model(&white).encode(grooves).unwrap();

        // The means alone, to which the same change was applied.
        let scatter = |posteriors: &[Posterior]| {
            let moments = Moments::of(posteriors).unwrap();
            let own = Tensor::eye(5, DType::F64, &Device::Cpu).unwrap();
            let own = own.broadcast_mul(&moments.variance).unwrap();
            let between = (&moments.covariance - own).unwrap();
            (moments, between)
        };
        let (moments, between) = scatter(&before);
        let (_, inverse) = square_roots(&moments.covariance).unwrap();
        let expected = inverse.matmul(&between).unwrap().matmul(&inverse).unwrap();
        let (white_moments, found) = scatter(&after);
        let largest = |tensor: Tensor| {
            tensor
                .abs()
                .unwrap()
                .max_all()
                .unwrap()
                .to_scalar::<f64>()
                .unwrap()
        };
        assert!(largest(white_moments.mean) < 1e-4);
        assert!(largest((found - expected).unwrap()) < 1e-3);
        let unit = Tensor::eye(5, DType::F64, &Device::Cpu).unwrap();
        let whole = inverse
            .matmul(&moments.covariance)
            .unwrap()
            .matmul(&inverse)
            .unwrap();
        assert!(largest((whole - unit).unwrap()) < 1e-8);

        let how = Decoding {
            temperature: 0.0,
            seed: 0,
        };
        let decode = |weights: &Tensors, posteriors: &[Posterior]| {
            let z: Vec<_> = posteriors.iter().map(|it| it.mu.clone()).collect();
            model(weights)
                .decode_features(&z, 16, how)
                .unwrap()
                .concat()
        };
        let (one, other) = (decode(&weights, &before), decode(&white, &after));
        assert_ne!(before[0].mu, after[0].mu);
        assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() < 1e-3));
        assert!(
            one.chunks_exact(27 * 16)
                .any(|groove| groove[..] != one[..27 * 16])
        );
    }

    #[test]
    fn what_has_no_latents_to_turn_is_refused() {
        let (preset, weights, _) = scene();
        let refusal = |preset: &Preset, posteriors: &[Posterior]| {
            whiten(preset, &weights, posteriors)
                .unwrap_err()
                .to_string()
        };
        let hearing = Preset {
            autoregressive_levels: vec![0],
            ..Preset::by_name("hierdec-trio_16bar").unwrap()
        };
        assert!(refusal(&hearing, &[]).contains("hears nothing"));
        assert!(refusal(&preset, &[]).contains("at least one posterior"));
        let short = Posterior {
            mu: vec![0.0; 3],
            sigma: vec![1.0; 3],
        };
        assert!(refusal(&preset, &[short]).contains("posteriors of 5 numbers"));
    }
}
