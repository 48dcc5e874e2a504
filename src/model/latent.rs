//! Arithmetic on latent vectors.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A point of the latent space, `z_size` numbers.
pub type Latent = Vec<f32>;

/// A draw from the prior, `N(0, I)` in `z_size` dimensions. The same seed gives the same point.
pub fn sample_prior(z_size: usize, seed: u64) -> Latent {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..z_size)
        .map(|_| StandardNormal.sample(&mut rng))
        .collect()
}

/// Spherical interpolation from `a` (`t = 0`) to `b` (`t = 1`): the reference's `np_slerp`, whose
/// angle is taken between the normalised end points and whose end points keep their lengths.
/// Where the angle vanishes (the reference divides by zero there) the path is the straight line.
pub fn slerp(a: &[f32], b: &[f32], t: f32) -> Latent {
    let cosine = dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt());
    let omega = cosine.clamp(-1.0, 1.0).acos();
    let sine = omega.sin();
    let t = f64::from(t);
    if !sine.is_finite() || sine < 1e-6 {
        return combine(a, 1.0 - t, b, t);
    }
    combine(
        a,
        ((1.0 - t) * omega).sin() / sine,
        b,
        (t * omega).sin() / sine,
    )
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| f64::from(a) * f64::from(b))
        .sum()
}

fn combine(a: &[f32], weight_a: f64, b: &[f32], weight_b: f64) -> Latent {
    let blend = |(&a, &b): (&f32, &f32)| (weight_a * f64::from(a) + weight_b * f64::from(b)) as f32;
    a.iter().zip(b).map(blend).collect()
}
