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
///
/// ```
/// use musicvae::model::latent::slerp;
///
/// // Half way between two directions, at the same distance from the middle.
/// let half = slerp(&[2.0, 0.0], &[0.0, 2.0], 0.5);
/// let root = 2.0_f32.sqrt();
/// assert!((half[0] - root).abs() < 1e-6 && (half[1] - root).abs() < 1e-6);
/// ```
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

/// The straight line from `a` (`t = 0`) to `b` (`t = 1`).
pub fn lerp(a: &[f32], b: &[f32], t: f32) -> Latent {
    let t = f64::from(t);
    combine(a, 1.0 - t, b, t)
}

/// A point of the square between four latents: `x` from left to right, `y` from the first pair
/// (upper left, upper right) to the second (lower left, lower right). Every edge is the [`slerp`]
/// of its corners, so that a way along it sounds as a slider between the two does.
pub fn four_corners([a, b, c, d]: [&[f32]; 4], x: f32, y: f32) -> Latent {
    slerp(&slerp(a, b, x), &slerp(c, d, x), y)
}

/// The mean of latents; `None` of none.
pub fn mean<'a>(latents: impl IntoIterator<Item = &'a [f32]>) -> Option<Latent> {
    let mut latents = latents.into_iter();
    let mut sum: Vec<f64> = latents.next()?.iter().map(|&z| f64::from(z)).collect();
    let mut count = 1;
    for latent in latents {
        count += 1;
        for (sum, &z) in sum.iter_mut().zip(latent) {
            *sum += f64::from(z);
        }
    }
    Some(
        sum.into_iter()
            .map(|sum| (sum / f64::from(count)) as f32)
            .collect(),
    )
}

/// The direction of an attribute (Roberts et al. 2018, section 5.4): the mean of latents with it
/// less the mean of latents without. Added to a latent once, it goes from "without" to "with" as
/// far as those two means are apart. `None` where either has no latent.
pub fn attribute_vector<'a>(
    with: impl IntoIterator<Item = &'a [f32]>,
    without: impl IntoIterator<Item = &'a [f32]>,
) -> Option<Latent> {
    Some(combine(&mean(with)?, 1.0, &mean(without)?, -1.0))
}

/// `z` moved by `amount` times `direction`.
pub fn moved(z: &[f32], direction: &[f32], amount: f32) -> Latent {
    combine(z, 1.0, direction, f64::from(amount))
}

/// A neighbour of `z`: the posterior or latent itself at a similarity of 1, a draw from the prior
/// at 0, and on the way from one to the other ([`slerp`]) between. The same seed goes the same way.
pub fn similar(z: &[f32], similarity: f32, seed: u64) -> Latent {
    slerp(&sample_prior(z.len(), seed), z, similarity)
}

/// The places of the `count` latents of `among` that are nearest to `z`, nearest first, with their
/// (Euclidean) distances; of equally near ones the first.
pub fn nearest(z: &[f32], among: &[Latent], count: usize) -> Vec<(usize, f64)> {
    let distance = |other: &Latent| {
        let difference = combine(z, 1.0, other, -1.0);
        dot(&difference, &difference).sqrt()
    };
    let mut all: Vec<_> = among.iter().map(distance).enumerate().collect();
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    all.truncate(count);
    all
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_square_has_its_corners_and_edges() {
        let [a, b, c, d] = [1, 2, 3, 4].map(|seed| sample_prior(8, seed));
        let corners = [&a[..], &b, &c, &d];
        let close = |found: Latent, expected: &[f32]| {
            let gap = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
            assert!(gap.fold(0.0, f32::max) < 1e-5);
        };
        close(four_corners(corners, 0.0, 0.0), &a);
        close(four_corners(corners, 1.0, 0.0), &b);
        close(four_corners(corners, 0.0, 1.0), &c);
        close(four_corners(corners, 1.0, 1.0), &d);
        close(four_corners(corners, 0.3, 0.0), &slerp(&a, &b, 0.3));
        close(four_corners(corners, 1.0, 0.6), &slerp(&b, &d, 0.6));
    }

    #[test]
    fn an_attribute_is_the_way_from_without_to_with() {
        let with = [vec![3.0, 1.0], vec![5.0, 1.0]];
        let without = [vec![1.0, 1.0]];
        let vector = attribute_vector(
            with.iter().map(Vec::as_slice),
            without.iter().map(Vec::as_slice),
        );
        assert_eq!(vector, Some(vec![3.0, 0.0]));
        assert_eq!(attribute_vector([], with.iter().map(Vec::as_slice)), None);
        assert_eq!(moved(&[1.0, 1.0], &[3.0, 0.0], -2.0), [-5.0, 1.0]);
        assert_eq!(lerp(&[1.0, 1.0], &[3.0, 0.0], 0.25), [1.5, 0.75]);
    }

    #[test]
    fn neighbours_are_as_near_as_asked() {
        let z = sample_prior(64, 9);
        assert_eq!(similar(&z, 1.0, 5), z);
        assert_eq!(similar(&z, 0.0, 5), sample_prior(64, 5));
        assert_eq!(similar(&z, 0.8, 5), similar(&z, 0.8, 5));
        assert_ne!(similar(&z, 0.8, 5), similar(&z, 0.8, 6));
        let among: Vec<_> = [0.2, 0.9, 0.6].map(|s| similar(&z, s, 5)).into();
        let near = nearest(&z, &among, 2);
        assert_eq!([near[0].0, near[1].0], [1, 2]);
        assert!(near[0].1 < near[1].1);
    }
}
