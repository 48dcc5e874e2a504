//! Distributions of one number between 0 and 1: what their parameters mean, on the tape and off it.

use candle_core::{D, DType, Result, Tensor, bail};
use candle_nn::ops::{log_softmax, sigmoid};
use serde::{Deserialize, Serialize};

use crate::model::cpu;

/// How a number between 0 and 1 is spread, given the parameters of one stroke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// A mixture of so many logistic distributions, of which every cell of a grid has its share
    /// (Salimans et al. 2017, *PixelCNN++*): what lies beyond 0 and 1 belongs to the outermost cells.
    /// Parameters: the logit of each one's weight, of each one's middle the distance from one half,
    /// times four, and the logarithm of its scale.
    Logistics(usize),
    /// One of so many classes of equal width. Parameters: their logits.
    Classes(usize),
}

/// The least scale of a logistic distribution: a quarter of a percent of the whole range.
const NARROWEST: f64 = 0.0025;

impl Spread {
    /// How many parameters it has.
    pub fn parameters(self) -> usize {
        match self {
            Spread::Logistics(parts) => 3 * parts,
            Spread::Classes(count) => count,
        }
    }

    /// Nats that it takes to tell to which of so many `cells` of equal width each of `values` (`[n]`)
    /// belongs, when `made` (`[n, parameters]`) is what is known: `[n]`.
    pub fn nats(self, made: &Tensor, values: &Tensor, cells: usize) -> Result<Tensor> {
        match self {
            Spread::Logistics(parts) => logistics(parts, made, values, cells)?.neg(),
            Spread::Classes(count) => {
                let each = (values * count as f64)?.floor()?;
                let classes = each.clamp(0.0, (count - 1) as f64)?.to_dtype(DType::U32)?;
                let chosen = log_softmax(made, D::Minus1)?.gather(&classes.unsqueeze(1)?, 1)?;
                // Within a class every cell is as likely as any other.
                chosen
                    .squeeze(1)?
                    .affine(-1.0, (cells as f64 / count as f64).ln())
            }
        }
    }

    /// The number under which a share of `chance` (0..1) lies; the median at one half. It changes
    /// little when parameters or chance do.
    pub fn quantile(self, made: &[f32], chance: f32) -> f32 {
        match self {
            Spread::Logistics(parts) => Mixture::of(made, parts).quantile(chance),
            Spread::Classes(_) => quantile_of_classes(made, chance),
        }
    }

    /// [`Spread::quantile`] of many strokes where their parameters are: `made` is `[rows, parameters]`,
    /// `chances` and the result are `[rows, 1]`.
    pub fn quantiles(self, made: &Tensor, chances: &Tensor) -> Result<Tensor> {
        match self {
            Spread::Logistics(parts) => quantiles_of_mixtures(parts, made, chances),
            Spread::Classes(count) => {
                let weights = made.broadcast_sub(&made.max_keepdim(1)?)?.exp()?;
                let ends = weights.cumsum(1)?;
                let target = (ends.narrow(1, count - 1, 1)? * chances)?;
                let passed = ends.broadcast_le(&target)?.to_dtype(DType::F32)?;
                // How far the chance is into each class, of a class that it has passed the whole.
                let begins = (&ends - &weights)?;
                let into = (target.broadcast_sub(&begins)?
                    / weights.clamp(f32::MIN_POSITIVE, f32::MAX)?)?;
                let into = (into.clamp(0.0, 1.0)? * passed.affine(-1.0, 1.0)?)?;
                (passed + into)?.sum_keepdim(1)? / count as f64
            }
        }
    }

    /// Where training starts, when an output was learned before whose logistic function is nearly the
    /// number itself: of each parameter, what it takes of that output and what it is without it. (Near
    /// one half, where most are, a logistic function is a straight line that rises by a quarter.) Around `middle` the distribution is a logistic one of `scale`.
    pub fn start(self, middle: f32, scale: f32) -> Vec<[f32; 2]> {
        match self {
            Spread::Logistics(parts) => {
                let aside = |part: usize| part as f32 - (parts - 1) as f32 / 2.0;
                let weights = (0..parts).map(|_| [0.0, 0.0]);
                let middles = (0..parts).map(|part| [1.0, 2.0 * scale * aside(part)]);
                let scales = (0..parts).map(|_| [0.0, scale.ln()]);
                weights.chain(middles).chain(scales).collect()
            }
            Spread::Classes(count) => {
                let width = 1.0 / count as f32;
                let under = |x: f32| cpu::sigmoid((x - middle) / scale);
                let variance = (std::f32::consts::PI * scale).powi(2) / 3.0;
                let logit = (middle / (1.0 - middle)).ln();
                let class = |class: usize| {
                    let low = class as f32 * width;
                    let share = (under(low + width) - under(low)).max(1e-4);
                    // What moves the middle of a bell tilts its logarithm.
                    let tilt = 0.25 * (low + width / 2.0 - middle) / variance;
                    [tilt, share.ln() - tilt * logit]
                };
                (0..count).map(class).collect()
            }
        }
    }

    /// Why there is no such distribution, as a clause.
    pub fn contradiction(self) -> Option<String> {
        match self {
            Spread::Logistics(0) => Some("its strokes are mixtures of nothing".into()),
            Spread::Classes(0 | 1) => Some("its strokes have no classes to choose from".into()),
            _ => None,
        }
    }
}

/// Log probability of the cells that `values` belong to.
fn logistics(parts: usize, made: &Tensor, values: &Tensor, cells: usize) -> Result<Tensor> {
    if made.dim(1)? != 3 * parts {
        bail!("{} parameters of a mixture of {parts}", made.dim(1)?)
    }
    let part = |index: usize| made.narrow(1, index * parts, parts);
    let weights = log_softmax(&part(0)?, D::Minus1)?;
    let middles = part(1)?.affine(0.25, 0.5)?;
    let scales = (part(2)?.exp()? + NARROWEST)?;
    let half = 0.5 / cells as f64;
    let cell = (values * cells as f64)?.floor()?;
    let centre = ((cell.clamp(0.0, cells as f64 - 1.0)? + 0.5)? / cells as f64)?.unsqueeze(1)?;
    let inner = |inside: Tensor| inside.to_dtype(DType::F32);
    let below = inner(centre.ge(2.0 * half)?)?;
    let above = inner(centre.le(1.0 - 2.0 * half)?)?;
    let distance = middles.broadcast_sub(&centre)?.neg()?;
    let upper = ((&distance + half)? / &scales)?;
    let lower = ((&distance - half)? / &scales)?;
    // The difference of two logistic functions, as a product that does not cancel out.
    let gap = (scales.recip()? * (-2.0 * half))?
        .exp()?
        .affine(-1.0, 1.0)?
        .log()?;
    let inside = log_sigmoid(&upper)?.broadcast_mul(&above)?;
    let inside = (inside + log_sigmoid(&lower.neg()?)?.broadcast_mul(&below)?)?;
    let inside = (inside + gap.broadcast_mul(&(below * above)?)?)?;
    (inside + weights)?.log_sum_exp(1)
}

/// The logarithm of the logistic function, without overflow.
fn log_sigmoid(x: &Tensor) -> Result<Tensor> {
    (x.neg()?.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?)?.neg()
}

/// A mixture of logistic distributions off the tape.
struct Mixture {
    /// Weight, middle and scale of each.
    parts: Vec<[f32; 3]>,
}

impl Mixture {
    fn of(made: &[f32], parts: usize) -> Mixture {
        let greatest = made[..parts]
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max);
        let weight = |logit: f32| (logit - greatest).exp();
        let all: f32 = made[..parts].iter().map(|&logit| weight(logit)).sum();
        let part = |index: usize| {
            let scale = made[2 * parts + index].exp() + NARROWEST as f32;
            [
                weight(made[index]) / all,
                0.5 + 0.25 * made[parts + index],
                scale,
            ]
        };
        Mixture {
            parts: (0..parts).map(part).collect(),
        }
    }

    /// The shares that lie under each of `points`.
    fn under<const POINTS: usize>(&self, points: [f32; POINTS]) -> [f32; POINTS] {
        let mut shares = [0.0; POINTS];
        for &[weight, middle, scale] in &self.parts {
            for (share, point) in shares.iter_mut().zip(points) {
                *share += weight * cpu::sigmoid((point - middle) / scale);
            }
        }
        shares
    }

    fn quantile(&self, chance: f32) -> f32 {
        let [least, most] = self.under([0.0, 1.0]);
        if least >= chance {
            return 0.0;
        }
        if most <= chance {
            return 1.0;
        }
        // The cell of a grid in which the chance falls, then that of a grid within it, until they are
        // finer than a MIDI velocity or tick.
        let mut cell = Cell {
            low: 0.0,
            width: 1.0,
        };
        cell = self.within::<16>(cell, chance);
        cell = self.within::<16>(cell, chance);
        cell = self.within::<8>(cell, chance);
        cell = self.within::<8>(cell, chance);
        cell.low + cell.width / 2.0
    }

    /// The cell in which the chance falls, of so many that `whole` is cut into. (All are looked at, for
    /// the compiler makes vectors of them: two thirds of the time that halving takes.)
    fn within<const CELLS: usize>(&self, whole: Cell, chance: f32) -> Cell {
        let width = whole.width / CELLS as f32;
        let ends = std::array::from_fn(|cell| whole.low + (cell + 1) as f32 * width);
        let ends: [f32; CELLS] = self.under(ends);
        let passed = ends[..CELLS - 1].iter().filter(|&&share| share < chance);
        Cell {
            low: whole.low + passed.count() as f32 * width,
            width,
        }
    }
}

/// A part of the range.
struct Cell {
    low: f32,
    width: f32,
}

/// [`Mixture::quantile`] of many strokes: the cell of a grid in which the chance falls, and then that of
/// a grid within it, which are as fine as its cells.
fn quantiles_of_mixtures(parts: usize, made: &Tensor, chances: &Tensor) -> Result<Tensor> {
    const GRID: usize = 128;
    let part = |index: usize| made.narrow(1, index * parts, parts);
    let weights = log_softmax(&part(0)?, D::Minus1)?.exp()?;
    let middles = part(1)?.affine(0.25, 0.5)?;
    let scales = (part(2)?.exp()? + NARROWEST)?;
    // The shares that lie under `points`, `[rows, any]`.
    let under = |points: &Tensor| -> Result<Tensor> {
        let share = |part: usize| {
            let of = |all: &Tensor| all.narrow(1, part, 1);
            let away = points
                .broadcast_sub(&of(&middles)?)?
                .broadcast_div(&of(&scales)?)?;
            sigmoid(&away)?.broadcast_mul(&of(&weights)?)
        };
        let mut sum = share(0)?;
        for part in 1..parts {
            sum = (sum + share(part)?)?;
        }
        Ok(sum)
    };
    let rows = made.dim(0)?;
    let inner = (Tensor::arange(1f32, GRID as f32, made.device())? / GRID as f64)?.unsqueeze(0)?;
    let mut low = chances.zeros_like()?;
    let mut width = 1.0;
    for _ in 0..2 {
        let points = low.broadcast_add(&(&inner * width)?)?;
        let passed = under(&points)?
            .broadcast_lt(chances)?
            .to_dtype(DType::F32)?;
        width /= GRID as f64;
        low = (low + (passed.sum_keepdim(1)? * width)?)?;
    }
    let ends = under(&Tensor::new(&[[0f32, 1.0]], made.device())?.broadcast_as((rows, 2))?)?;
    let on = |condition: Tensor| condition.to_dtype(DType::F32);
    let at_low = on(ends.narrow(1, 0, 1)?.ge(chances)?)?;
    let at_high = on(ends.narrow(1, 1, 1)?.le(chances)?)?;
    let value = ((low + width / 2.0)? * at_low.affine(-1.0, 1.0)?)?;
    value.maximum(&at_high)
}

/// Classes stand end to end, and within one every number is as likely as any other.
fn quantile_of_classes(logits: &[f32], chance: f32) -> f32 {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights = || logits.iter().map(|logit| (logit - greatest).exp());
    let mut left = chance * weights().sum::<f32>();
    let count = logits.len() as f32;
    for (class, weight) in weights().enumerate() {
        if left < weight {
            return (class as f32 + left / weight) / count;
        }
        left -= weight;
    }
    1.0
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    const CELLS: usize = 40;

    /// Distributions of some shapes: narrow, wide, of two heaps, beyond the ends.
    fn scenes() -> Vec<(Spread, Vec<f32>)> {
        vec![
            (Spread::Logistics(1), vec![0.0, 0.3, -3.0]),
            (Spread::Logistics(1), vec![0.0, 2.2, -1.0]),
            (Spread::Logistics(2), vec![0.5, -0.5, -1.0, 1.5, -4.0, -2.5]),
            (Spread::Classes(4), vec![0.0, 2.0, -1.0, 1.0]),
            (Spread::Classes(3), vec![-40.0, 0.5, -0.5]),
        ]
    }

    /// The shares of all cells.
    fn shares(spread: Spread, made: &[f32]) -> Vec<f32> {
        let centres: Vec<f32> = (0..CELLS)
            .map(|it| (it as f32 + 0.5) / CELLS as f32)
            .collect();
        let rows = Tensor::from_vec(made.repeat(CELLS), (CELLS, made.len()), &Device::Cpu).unwrap();
        let values = Tensor::from_vec(centres, CELLS, &Device::Cpu).unwrap();
        let nats = spread.nats(&rows, &values, CELLS).unwrap();
        let nats: Vec<f32> = nats.to_vec1().unwrap();
        nats.iter().map(|nats| (-nats).exp()).collect()
    }

    #[test]
    fn all_cells_together_are_certain() {
        for (spread, made) in scenes() {
            let all: f32 = shares(spread, &made).iter().sum();
            // (Three classes end within cells of a grid of forty.)
            let slack = if spread == Spread::Classes(3) {
                0.05
            } else {
                1e-4
            };
            assert!((all - 1.0).abs() < slack, "{spread:?}: {all}");
        }
    }

    #[test]
    fn draws_are_as_frequent_as_they_are_likely() {
        const DRAWS: usize = 4000;
        for (spread, made) in scenes() {
            let mut found = [0.0; CELLS];
            let mut last = 0.0;
            for draw in 0..DRAWS {
                let value = spread.quantile(&made, (draw as f32 + 0.5) / DRAWS as f32);
                assert!((last..=1.0).contains(&value), "quantiles rise");
                last = value;
                found[((value * CELLS as f32) as usize).min(CELLS - 1)] += 1.0 / DRAWS as f32;
            }
            for (cell, (found, share)) in found.iter().zip(shares(spread, &made)).enumerate() {
                let slack = if spread == Spread::Classes(3) {
                    0.03
                } else {
                    0.003
                };
                assert!(
                    (found - share).abs() < slack,
                    "{spread:?} {cell}: {found} {share}"
                );
            }
        }
    }

    #[test]
    fn numbers_far_from_what_was_expected_teach_still() {
        let made = [0.0f32, -2.0, -9.0];
        let rows = Tensor::new(&[made], &Device::Cpu).unwrap();
        let rows = candle_core::Var::from_tensor(&rows).unwrap();
        let values = Tensor::new(&[0.9f32], &Device::Cpu).unwrap();
        let nats = Spread::Logistics(1).nats(&rows, &values, 128).unwrap();
        let gradients = nats.sum_all().unwrap().backward().unwrap();
        let found = gradients.get(&rows).unwrap().to_vec2::<f32>().unwrap();
        assert!(nats.to_vec1::<f32>().unwrap()[0].is_finite());
        assert!(found[0].iter().all(|number| number.is_finite()));
        assert!(found[0][1] < 0.0, "towards the number: {found:?}");
    }

    #[test]
    fn training_starts_around_what_was_learned_before() {
        for spread in [Spread::Logistics(3), Spread::Classes(20)] {
            for output in [-0.6f32, 0.0, 0.6] {
                let start = spread.start(0.5, 0.08);
                let made: Vec<f32> = start
                    .iter()
                    .map(|[takes, is]| takes * output + is)
                    .collect();
                let median = spread.quantile(&made, 0.5);
                assert!(
                    (median - cpu::sigmoid(output)).abs() < 0.03,
                    "{spread:?} {output} {median}"
                );
            }
        }
    }
}
