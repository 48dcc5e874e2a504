//! What latents are drawn from.

use std::f64::consts::TAU;
use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::ops::softmax;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::latent::sample_prior;
use super::vae::misfit;
use super::{Latent, ModelError, Posterior, Tensors};

/// The distribution that new music is drawn from: `N(0, I)`, which the model was trained against,
/// or Gaussians fitted to a corpus's posteriors afterwards.
///
/// The posteriors of music fill `N(0, I)` unevenly, above all those of a model with many free bits:
/// points between them decode to music whose bars do not belong together. Another prior, fitted
/// when the model is done, changes nothing else (*ex-post density estimation*: Ghosh et al. 2020,
/// *From Variational to Deterministic Autoencoders*).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prior {
    /// None of them: `N(0, I)`.
    parts: Arc<[Gaussian]>,
}

/// One Gaussian of a mixture, with independent coordinates.
#[derive(Clone, Debug, PartialEq)]
struct Gaussian {
    /// Its share of the draws, beside those of the others.
    weight: f32,
    mean: Latent,
    deviation: Latent,
}

impl Prior {
    /// What the tensors of a mixture are called.
    const WEIGHTS: &str = "weights";
    const MEANS: &str = "means";
    const DEVIATIONS: &str = "deviations";

    /// A mixture of `parts` Gaussians that makes draws from `posteriors` likely, by expectation
    /// maximization from as many of their means; with as many parts as posteriors, each part is on the
    /// mean of one, and all are as wide as the posteriors are on average. The same arguments give the
    /// same mixture.
    ///
    /// # Errors
    /// Posteriors that are not all of `z_size` numbers, no parts, or more parts than posteriors.
    pub fn fit(
        posteriors: &[Posterior],
        z_size: usize,
        parts: usize,
    ) -> std::result::Result<Prior, ModelError> {
        /// The likelihood of the Groove MIDI Dataset's windows has settled by then.
        const ROUNDS: usize = 30;
        if let Some(other) = posteriors.iter().find(|it| it.mu.len() != z_size) {
            return Err(misfit(
                format!("posteriors of {z_size} numbers"),
                other.mu.len(),
            ));
        }
        if parts == 0 || parts > posteriors.len() {
            let most = posteriors.len();
            return Err(misfit(
                format!("1 to {most} Gaussians for {most} posteriors"),
                parts,
            ));
        }
        if parts == posteriors.len() {
            let variance = |coordinate: usize| {
                let squares = posteriors.iter().map(|it| it.sigma[coordinate].powi(2));
                squares.sum::<f32>() / parts as f32
            };
            let deviation: Latent = (0..z_size).map(|it| variance(it).sqrt()).collect();
            let itself = |posterior: &Posterior| Gaussian {
                weight: 1.0,
                mean: posterior.mu.clone(),
                deviation: deviation.clone(),
            };
            return Ok(Prior {
                parts: posteriors.iter().map(itself).collect(),
            });
        }
        let moments = Moments::of(posteriors)?;
        let mut mixture = Mixture::around_some(&moments, parts)?;
        for _ in 0..ROUNDS {
            let shares = softmax(&mixture.log_densities(&moments)?, 1)?;
            mixture = Mixture::of_shares(&moments, &shares)?;
        }
        Ok(mixture.prior()?)
    }

    /// Mean log density of draws from `posteriors`, nats a posterior; each must be of the prior's
    /// size.
    pub fn log_likelihood(&self, posteriors: &[Posterior]) -> Result<f64> {
        let moments = Moments::of(posteriors)?;
        let size = moments.mean.dim(1)?;
        let mixture = match self.parts.is_empty() {
            true => Mixture::standard(size)?,
            false => Mixture::of_prior(self)?,
        };
        mixture
            .log_densities(&moments)?
            .log_sum_exp(1)?
            .mean_all()?
            .to_scalar()
    }

    /// A draw of `z_size` numbers, as far from the middle of its Gaussian as `heat` says: 1 is a draw,
    /// 0 the middle. The same seed gives the same point, on one line through all heats.
    pub fn sample(&self, z_size: usize, seed: u64, heat: f32) -> Latent {
        let mut noise = sample_prior(z_size, seed);
        if heat != 1.0 {
            noise.iter_mut().for_each(|number| *number *= heat);
        }
        let Some(part) = self.choose(seed) else {
            return noise;
        };
        let place = part.mean.iter().zip(&part.deviation);
        let moved = place.zip(&noise);
        moved
            .map(|((mean, deviation), noise)| mean + deviation * noise)
            .collect()
    }

    /// What is to be expected of a draw of it of which only a hint is left, `clarity` clear (0 for
    /// nothing to 1 for all), where draws lie about as those of `N(0, I)`: a decoder that was trained
    /// on blurred latents plays from it what it has learned of how music goes on.
    #[must_use]
    pub fn blurred(&self, clarity: f32) -> Prior {
        let kept = clarity * clarity;
        let lost = kept * (1.0 - kept);
        let blurred = |part: &Gaussian| Gaussian {
            weight: part.weight,
            mean: part.mean.iter().map(|mean| kept * mean).collect(),
            deviation: (part.deviation.iter())
                .map(|own| ((kept * own).powi(2) + lost).sqrt())
                .collect(),
        };
        Prior {
            parts: self.parts.iter().map(blurred).collect(),
        }
    }

    fn choose(&self, seed: u64) -> Option<&Gaussian> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        // Other numbers than those of the noise.
        random.set_stream(1);
        let all: f32 = self.parts.iter().map(|part| part.weight).sum();
        let mut left = random.random::<f32>() * all;
        let chosen = self.parts.iter().find(|part| {
            left -= part.weight;
            left < 0.0
        });
        chosen.or(self.parts.last())
    }

    /// Names and shapes of the tensors of a mixture of `parts`.
    pub fn shapes(parts: usize, z_size: usize) -> [(&'static str, Vec<usize>); 3] {
        [
            (Prior::WEIGHTS, vec![parts]),
            (Prior::MEANS, vec![parts, z_size]),
            (Prior::DEVIATIONS, vec![parts, z_size]),
        ]
    }

    /// A mixture as tensors of [`Prior::shapes`]; none of `N(0, I)`.
    pub fn to_tensors(&self) -> Result<Tensors> {
        if self.parts.is_empty() {
            return Ok(Tensors::new());
        }
        let rows = |part: fn(&Gaussian) -> &[f32]| self.parts.iter().map(part).collect::<Vec<_>>();
        let weights: Vec<f32> = self.parts.iter().map(|part| part.weight).collect();
        let tensors = [
            (Prior::WEIGHTS, Tensor::new(weights, &Device::Cpu)?),
            (
                Prior::MEANS,
                Tensor::new(rows(|part| &part.mean), &Device::Cpu)?,
            ),
            (
                Prior::DEVIATIONS,
                Tensor::new(rows(|part| &part.deviation), &Device::Cpu)?,
            ),
        ];
        Ok(tensors
            .into_iter()
            .map(|(name, tensor)| (name.into(), tensor))
            .collect())
    }

    /// The prior of tensors that [`Prior::to_tensors`] made; of none of them, `N(0, I)`.
    ///
    /// # Errors
    /// Tensors of other shapes than [`Prior::shapes`].
    pub fn of_tensors(tensors: &Tensors) -> Result<Prior> {
        let rows = |name| match tensors.get(name) {
            Some(tensor) => tensor.to_vec2::<f32>(),
            None => Ok(Vec::new()),
        };
        let weights = match tensors.get(Prior::WEIGHTS) {
            Some(weights) => weights.to_vec1::<f32>()?,
            None => Vec::new(),
        };
        let places = rows(Prior::MEANS)?
            .into_iter()
            .zip(rows(Prior::DEVIATIONS)?);
        let parts = weights.into_iter().zip(places);
        Ok(Prior {
            parts: parts
                .map(|(weight, (mean, deviation))| Gaussian {
                    weight,
                    mean,
                    deviation,
                })
                .collect(),
        })
    }
}

/// What a fit needs of posteriors, in float64, one row each.
struct Moments {
    mean: Tensor,
    /// Expected squares of draws.
    square: Tensor,
}

impl Moments {
    fn of(posteriors: &[Posterior]) -> Result<Moments> {
        let rows = |part: fn(&Posterior) -> &[f32]| {
            let rows: Vec<&[f32]> = posteriors.iter().map(part).collect();
            Tensor::new(rows, &Device::Cpu)?.to_dtype(DType::F64)
        };
        let mean = rows(|it| &it.mu)?;
        let square = (mean.sqr()? + rows(|it| &it.sigma)?.sqr()?)?;
        Ok(Moments { mean, square })
    }
}

/// A mixture in float64, one row a Gaussian.
struct Mixture {
    /// `[1, parts]`, of sum 1.
    weights: Tensor,
    means: Tensor,
    variances: Tensor,
}

impl Mixture {
    /// Around the means of `parts` of the posteriors, drawn at random.
    fn around_some(moments: &Moments, parts: usize) -> Result<Mixture> {
        let (count, size) = moments.mean.dims2()?;
        let mut random = ChaCha8Rng::seed_from_u64(0);
        let drawn = rand::seq::index::sample(&mut random, count, parts);
        let drawn: Vec<u32> = drawn.iter().map(|index| index as u32).collect();
        let variance = (moments.square.mean_keepdim(0)? - moments.mean.mean_keepdim(0)?.sqr()?)?;
        Ok(Mixture {
            weights: (Tensor::ones((1, parts), DType::F64, &Device::Cpu)? / parts as f64)?,
            means: moments
                .mean
                .index_select(&Tensor::new(drawn, &Device::Cpu)?, 0)?,
            variances: variance.broadcast_as((parts, size))?.contiguous()?,
        })
    }

    /// The likeliest mixture when each posterior belongs to the Gaussians by its `shares`, a row
    /// each. Variances lean on those within all Gaussians, as if some windows more had been seen:
    /// a few windows say little about hundreds of variances.
    fn of_shares(moments: &Moments, shares: &Tensor) -> Result<Mixture> {
        const LEAN: f64 = 20.0;
        /// Keeps a Gaussian that nothing belongs to where it can do no harm.
        const NOTHING: f64 = 1e-6;
        let transposed = shares.t()?.contiguous()?;
        let counts = (transposed.sum_keepdim(1)? + NOTHING)?;
        let means = transposed.matmul(&moments.mean)?.broadcast_div(&counts)?;
        let squares = transposed.matmul(&moments.square)?;
        let spread = (squares - means.sqr()?.broadcast_mul(&counts)?)?;
        let within = (spread.sum_keepdim(0)? / shares.dim(0)? as f64)?;
        let variances = spread
            .broadcast_add(&(within * LEAN)?)?
            .broadcast_div(&(&counts + LEAN)?)?;
        Ok(Mixture {
            weights: counts.t()?.broadcast_div(&counts.sum_all()?)?,
            means,
            variances,
        })
    }

    fn standard(size: usize) -> Result<Mixture> {
        Ok(Mixture {
            weights: Tensor::ones((1, 1), DType::F64, &Device::Cpu)?,
            means: Tensor::zeros((1, size), DType::F64, &Device::Cpu)?,
            variances: Tensor::ones((1, size), DType::F64, &Device::Cpu)?,
        })
    }

    fn of_prior(prior: &Prior) -> Result<Mixture> {
        let tensors = prior.to_tensors()?;
        let tensor = |name| tensors[name].to_dtype(DType::F64);
        let weights = tensor(Prior::WEIGHTS)?.unsqueeze(0)?;
        Ok(Mixture {
            weights: weights.broadcast_div(&weights.sum_all()?)?,
            means: tensor(Prior::MEANS)?,
            variances: tensor(Prior::DEVIATIONS)?.sqr()?,
        })
    }

    /// Expected log density of a draw of each posterior under each Gaussian and its weight:
    /// `[posteriors, parts]`.
    fn log_densities(&self, moments: &Moments) -> Result<Tensor> {
        let precision = self.variances.recip()?;
        let squares = moments.square.matmul(&precision.t()?.contiguous()?)?;
        let linear = (&self.means * &precision)?.t()?.contiguous()?;
        let products = moments.mean.matmul(&linear)?;
        let own = (self.means.sqr()? * &precision)?.sum(1)?;
        let size = self.means.dim(1)? as f64;
        let volume = (self.variances.log()?.sum(1)? + size * TAU.ln())?;
        let constant = (self.weights.log()? - ((own + volume)? / 2.0)?.unsqueeze(0)?)?;
        ((squares * -0.5)? + products)?.broadcast_add(&constant)
    }

    fn prior(&self) -> Result<Prior> {
        let single = |tensor: &Tensor| tensor.to_dtype(DType::F32);
        let tensors = [
            (Prior::WEIGHTS, single(&self.weights.squeeze(0)?)?),
            (Prior::MEANS, single(&self.means)?),
            (Prior::DEVIATIONS, single(&self.variances.sqrt()?)?),
        ];
        let tensors = tensors.map(|(name, tensor)| (name.to_string(), tensor));
        Prior::of_tensors(&tensors.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Posteriors around two far points, three of four around the first.
    fn two_heaps() -> Vec<Posterior> {
        let posterior = |seed: u64| {
            let centre = if seed.is_multiple_of(4) {
                [-6.0, 2.0, 0.0]
            } else {
                [6.0, 0.0, 1.0]
            };
            let noise = sample_prior(3, seed);
            Posterior {
                mu: centre
                    .iter()
                    .zip(&noise)
                    .map(|(centre, noise)| centre + 0.3 * noise)
                    .collect(),
                sigma: vec![0.4, 0.1, 1.2],
            }
        };
        (0..400).map(posterior).collect()
    }

    #[test]
    fn a_mixture_finds_its_heaps_and_draws_from_them() {
        let posteriors = two_heaps();
        let prior = Prior::fit(&posteriors, 3, 2).unwrap();
        let draws: Vec<Latent> = (0..2000).map(|seed| prior.sample(3, seed, 1.0)).collect();
        let near = |centre: [f32; 3]| {
            let heap: Vec<_> = draws.iter().filter(|z| z[0] * centre[0] > 0.0).collect();
            for (index, centre) in centre.iter().enumerate() {
                let mean = heap.iter().map(|z| z[index]).sum::<f32>() / heap.len() as f32;
                assert!((mean - centre).abs() < 0.15, "{mean} for {centre}");
            }
            heap.len()
        };
        let (many, few) = (near([6.0, 0.0, 1.0]), near([-6.0, 2.0, 0.0]));
        assert!((1400..1600).contains(&many) && many + few == 2000);
        // A posterior's own width is part of what it says.
        let widths: Vec<f32> = (0..3)
            .map(|index| {
                let first = draws.iter().filter(|z| z[0] > 0.0);
                let values: Vec<f32> = first.map(|z| z[index]).collect();
                let mean = values.iter().sum::<f32>() / values.len() as f32;
                let variance = values.iter().map(|value| (value - mean).powi(2));
                (variance.sum::<f32>() / values.len() as f32).sqrt()
            })
            .collect();
        for (found, expected) in widths.iter().zip([0.5, 0.32, 1.24]) {
            assert!(
                (found - expected).abs() < 0.1 * expected + 0.02,
                "{widths:?}"
            );
        }
        assert_eq!(prior.sample(3, 7, 1.0), prior.sample(3, 7, 1.0));
        assert_eq!(prior, Prior::fit(&posteriors, 3, 2).unwrap());
    }

    #[test]
    fn likelihood_is_that_of_the_densities() {
        let posteriors = two_heaps();
        let standard = Prior::default().log_likelihood(&posteriors).unwrap();
        let expected = posteriors.iter().map(|it| {
            let squares = it.mu.iter().zip(&it.sigma);
            let squares: f64 = squares
                .map(|(mu, sigma)| f64::from(mu * mu + sigma * sigma))
                .sum();
            -0.5 * (squares + 3.0 * TAU.ln())
        });
        let expected = expected.sum::<f64>() / posteriors.len() as f64;
        assert!((standard - expected).abs() < 1e-4);
        let likelihood = |parts| {
            let prior = Prior::fit(&posteriors, 3, parts).unwrap();
            prior.log_likelihood(&posteriors).unwrap()
        };
        assert!(likelihood(1) > standard + 10.0);
        assert!(likelihood(2) > likelihood(1) + 1.0);
    }

    #[test]
    fn tensors_bring_a_mixture_back() {
        let prior = Prior::fit(&two_heaps(), 3, 5).unwrap();
        let tensors = prior.to_tensors().unwrap();
        for (name, shape) in Prior::shapes(5, 3) {
            assert_eq!(tensors[name].dims(), shape);
        }
        assert_eq!(Prior::of_tensors(&tensors).unwrap(), prior);
        let standard = Prior::default();
        assert!(standard.to_tensors().unwrap().is_empty());
        assert_eq!(Prior::of_tensors(&Tensors::new()).unwrap(), standard);
        assert_eq!(standard.sample(4, 9, 1.0), sample_prior(4, 9));
    }

    #[test]
    fn what_can_not_be_fitted_is_refused() {
        let posteriors = two_heaps();
        let refusal = |size, parts| {
            Prior::fit(&posteriors, size, parts)
                .unwrap_err()
                .to_string()
        };
        assert!(refusal(4, 2).contains("posteriors of 4 numbers"));
        assert!(refusal(3, 0).contains("1 to 400 Gaussians for 400 posteriors, but was given 0"));
        assert!(refusal(3, 401).contains("but was given 401"));
    }
}
