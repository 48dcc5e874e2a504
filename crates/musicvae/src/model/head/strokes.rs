//! Strokes as a drummer plays them: which lanes, how hard and when, as one distribution of a step.
//!
//! A step is predicted lane by lane, and of each lane the hit, then the velocity, then the offset.
//! Each is conditioned on everything before it, so that strokes that sound together lean together.

use candle_core::{DType, Result, Tensor};
use serde::{Deserialize, Serialize};

use super::{Heat, Spread};
use crate::model::cpu::sigmoid;

/// How velocities and offsets are spread.
///
/// The parameters of a lane are the logit of its hit, those of its velocity and those of its offset;
/// lane after lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrokeHead {
    /// Of velocities.
    pub velocity: Spread,
    /// Of doubled offsets, brought from -1..=1 to 0..=1.
    pub offset: Spread,
}

/// Velocities are MIDI's.
const VELOCITIES: usize = 128;
/// Offsets are told to a 120th of a step: the ticks of most files of 480 to a quarter note.
const TICKS: usize = 121;

/// What a step's row is drawn with.
pub struct Chances<'a> {
    /// Numbers in 0..1, a column of the row each.
    pub numbers: &'a [f32],
    /// How far they count.
    pub heat: Heat,
    /// The known numbers of the row; NaN where it is drawn.
    pub known: Option<&'a [f32]>,
}

/// Velocity or doubled offset of a stroke: as it is known, or drawn with a chance.
#[derive(Clone, Copy)]
struct Stroke {
    known: Option<f32>,
    chance: f32,
}

impl Stroke {
    /// What is likeliest.
    const MEDIAN: Stroke = Stroke {
        known: None,
        chance: 0.5,
    };
}

impl StrokeHead {
    /// Parameters of one lane.
    pub(in crate::model) fn of_lane(self) -> usize {
        1 + self.velocity.parameters() + self.offset.parameters()
    }

    /// Numbers that the output layer makes for `columns` columns: three a lane.
    pub fn parameters(self, columns: usize) -> usize {
        columns / 3 * self.of_lane()
    }

    /// Why the head can't stand on `columns` columns, as a clause.
    pub fn contradiction(self, columns: usize) -> Option<String> {
        if !columns.is_multiple_of(3) || columns == 0 {
            return Some(format!(
                "{columns} columns are not hits, velocities and offsets"
            ));
        }
        let both = [self.velocity, self.offset];
        both.into_iter().find_map(Spread::contradiction)
    }

    /// The output layer's weights (`rows` of kernel or bias, `columns` wide) made of those of the
    /// reference's head, whose velocities and offsets are the middles to start from.
    pub fn of_means(self, weights: &[f32], columns: usize, is_bias: bool) -> Vec<f32> {
        /// Middle and scale of the Groove MIDI Dataset's velocities and offsets, as logistic
        /// distributions.
        const VELOCITY: (f32, f32) = (0.54, 0.1);
        const OFFSET: (f32, f32) = (0.53, 0.04);
        let lanes = columns / 3;
        let velocity = self.velocity.start(VELOCITY.0, VELOCITY.1);
        let offset = self.offset.start(OFFSET.0, OFFSET.1);
        let mut made = Vec::with_capacity(weights.len() / columns * self.parameters(columns));
        let without = f32::from(u8::from(is_bias));
        for row in weights.chunks_exact(columns) {
            for lane in 0..lanes {
                made.push(row[lane]);
                // A hyperbolic tangent is a logistic function of twice as much.
                for (part, factor, start) in [(1, 1.0, &velocity), (2, 2.0, &offset)] {
                    let before = factor * row[part * lanes + lane];
                    made.extend(
                        start
                            .iter()
                            .map(|[takes, is]| takes * before + is * without),
                    );
                }
            }
        }
        made
    }

    /// Which of the weights `[columns, parameters]` between the strokes of a step count: those from
    /// what is told earlier to what is told later.
    fn earlier_to_later(self, columns: usize) -> Vec<f32> {
        let (lanes, wide) = (columns / 3, self.of_lane());
        let counts = |column: usize, parameter: usize| {
            let (from, to) = (column % lanes, parameter / wide);
            let own = column / lanes == 1 && parameter % wide > self.velocity.parameters();
            from < to || (from == to && own)
        };
        (0..columns)
            .flat_map(|column| {
                (0..lanes * wide)
                    .map(move |parameter| f32::from(u8::from(counts(column, parameter))))
            })
            .collect()
    }

    /// Nats of hits, velocities and offsets, `[steps, batch, lanes]` each, when the decoder made the
    /// parameters `made` (`[steps, batch, parameters]`) and
    /// `truth` (`[steps, batch, columns]`) was played; `beside` (`[columns, parameters]`) is what the strokes of a step say of later ones.
    pub fn nats(self, made: &Tensor, truth: &Tensor, beside: &Tensor) -> Result<[Tensor; 3]> {
        let (steps, size, columns) = truth.dims3()?;
        let (rows, lanes, wide) = (steps * size, columns / 3, self.of_lane());
        let counts = Tensor::from_vec(
            self.earlier_to_later(columns),
            (columns, lanes * wide),
            made.device(),
        )?;
        let played = truth.reshape((rows, columns))?;
        let heard = played.matmul(&(beside * counts)?)?;
        let cells = (made.reshape((rows, lanes * wide))? + heard)?.reshape((rows * lanes, wide))?;
        let part = |index: usize| {
            let part = played.narrow(1, index * lanes, lanes)?;
            part.contiguous()?.flatten_all()
        };
        let hits = part(0)?;
        let logits = cells.narrow(1, 0, 1)?.squeeze(1)?;
        let doubt = (logits.abs()?.neg()?.exp()? + 1.0)?.log()?;
        let of_hits = ((logits.relu()? - (&logits * &hits)?)? + doubt)?;

        let struck: Vec<u32> = (0..)
            .zip(hits.to_vec1::<f32>()?)
            .filter_map(|(cell, hit)| (hit > 0.5).then_some(cell))
            .collect();
        let shape = (steps, size, lanes);
        let silence = Tensor::zeros(rows * lanes, DType::F32, made.device())?;
        if struck.is_empty() {
            let silence = silence.reshape(shape)?;
            return Ok([of_hits.reshape(shape)?, silence.clone(), silence]);
        }
        // Most cells are silent: only the others have a velocity and an offset.
        let struck = Tensor::new(struck, made.device())?;
        let strokes = cells.index_select(&struck, 0)?;
        let nats = |spread: Spread, first: usize, values: Tensor, count: usize| {
            let made = strokes.narrow(1, first, spread.parameters())?;
            let nats = spread.nats(&made, &values.index_select(&struck, 0)?, count)?;
            silence.index_add(&struck, &nats, 0)?.reshape(shape)
        };
        let first = 1 + self.velocity.parameters();
        Ok([
            of_hits.reshape(shape)?,
            nats(self.velocity, 1, part(1)?, VELOCITIES)?,
            nats(self.offset, first, part(2)?.affine(0.5, 0.5)?, TICKS)?,
        ])
    }

    /// Draws a step's `row` of hits, velocities and doubled offsets from the parameters `made`, which
    /// are used up.
    pub fn draw(self, made: &mut [f32], beside: &[f32], chances: &Chances, row: &mut [f32]) {
        let lanes = row.len() / 3;
        row.fill(0.0);
        for lane in 0..lanes {
            let known = |part: usize| {
                let known = chances.known.map(|known| known[part * lanes + lane]);
                known.filter(|known| !known.is_nan())
            };
            let heat = chances.heat.parts();
            let chance = |part: usize| heated(chances.numbers[part * lanes + lane], heat[part]);
            let logit = made[lane * self.of_lane()] + chances.heat.lean;
            let hit = match known(0) {
                Some(hit) => hit > 0.5,
                None => chance(0) < sigmoid(logit),
            };
            if hit {
                let parts = [1, 2].map(|part| Stroke {
                    known: known(part),
                    chance: chance(part),
                });
                let [velocity, offset] = self.stroke(made, beside, lane, parts);
                for (part, value) in [1.0, velocity, offset].into_iter().enumerate() {
                    row[part * lanes + lane] = value;
                }
                self.tell_later(made, beside, lane, [1.0, velocity, offset]);
            }
        }
    }

    /// [`StrokeHead::draw`] of many rows where their parameters are: `made` is `[rows, parameters]`,
    /// `chances`, the result and `known` are `[rows, columns]`.
    pub fn draw_rows(
        self,
        made: &Tensor,
        beside: &Tensor,
        chances: &Tensor,
        heat: Heat,
        known: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (all, lanes) = (made.dim(1)?, chances.dim(1)? / 3);
        let wide = self.of_lane();
        let part = |(part, heat)| heated_rows(&chances.narrow(1, part * lanes, lanes)?, heat);
        let chances: Result<Vec<Tensor>> = heat.parts().into_iter().enumerate().map(part).collect();
        let chances = chances?;
        let chance = |part: usize, lane: usize| chances[part].narrow(1, lane, 1);
        let (velocities, offsets) = (1, 1 + self.velocity.parameters());
        let mut drawn = [const { Vec::new() }; 3];
        // The parameters of this lane and those after it.
        let mut rest = made.clone();
        for lane in 0..lanes {
            let or_known = |part: usize, drawn: Tensor| match known {
                Some(known) => or_known(&known.narrow(1, part * lanes + lane, 1)?, drawn),
                None => Ok(drawn),
            };
            let logit = (rest.narrow(1, 0, 1)? + f64::from(heat.lean))?;
            let hit = chance(0, lane)?.lt(&candle_nn::ops::sigmoid(&logit)?)?;
            let hit = or_known(0, hit.to_dtype(DType::F32)?)?;
            let own = rest.narrow(1, velocities, self.velocity.parameters())?;
            let velocity = self.velocity.quantiles(&own, &chance(1, lane)?)?;
            let velocity = or_known(1, velocity)?;
            let first = lane * wide + offsets;
            let count = self.offset.parameters();
            let said = beside.narrow(0, lanes + lane, 1)?.narrow(1, first, count)?;
            let own = (rest.narrow(1, offsets, count)? + velocity.matmul(&said.contiguous()?)?)?;
            let offset = self
                .offset
                .quantiles(&own, &chance(2, lane)?)?
                .affine(2.0, -1.0)?;
            let offset = or_known(2, offset)?;
            let stroke = [hit.clone(), (velocity * &hit)?, (offset * &hit)?];
            if lane + 1 < lanes {
                let later = (lane + 1) * wide;
                let said = |part: usize| {
                    let of_lane = beside.narrow(0, part * lanes + lane, 1)?;
                    of_lane.narrow(1, later, all - later)
                };
                let said = Tensor::cat(&[said(0)?, said(1)?, said(2)?], 0)?;
                let heard = Tensor::cat(&stroke, 1)?.matmul(&said)?;
                rest = (rest.narrow(1, wide, all - later)? + heard)?;
            }
            let parts = drawn.iter_mut().zip(stroke);
            parts.for_each(|(all, part)| all.push(part));
        }
        Tensor::cat(&drawn.concat(), 1)
    }

    /// What is likeliest of every lane, struck or not: logits of hits, medians of velocities and of
    /// doubled offsets. Lanes hear the likely strokes of those before.
    pub fn surest(self, made: &mut [f32], beside: &[f32], lanes: usize) -> Vec<f32> {
        let mut row = vec![0.0; 3 * lanes];
        for lane in 0..lanes {
            let logit = made[lane * self.of_lane()];
            let [velocity, offset] = self.stroke(made, beside, lane, [Stroke::MEDIAN; 2]);
            for (part, value) in [logit, velocity, offset].into_iter().enumerate() {
                row[part * lanes + lane] = value;
            }
            if logit > 0.0 {
                self.tell_later(made, beside, lane, [1.0, velocity, offset]);
            }
        }
        row
    }

    /// Velocity and doubled offset of a stroke on `lane`.
    fn stroke(self, made: &mut [f32], beside: &[f32], lane: usize, parts: [Stroke; 2]) -> [f32; 2] {
        let (wide, all) = (self.of_lane(), made.len());
        let velocities = lane * wide + 1..lane * wide + 1 + self.velocity.parameters();
        let offsets = velocities.end..(lane + 1) * wide;
        let drawn = || self.velocity.quantile(&made[velocities], parts[0].chance);
        let velocity = parts[0].known.unwrap_or_else(drawn);
        let lanes = all / wide;
        let own = &beside[(lanes + lane) * all..][..all];
        for (made, weight) in made[offsets.clone()].iter_mut().zip(&own[offsets.clone()]) {
            *made += velocity * weight;
        }
        let drawn = || 2.0 * self.offset.quantile(&made[offsets], parts[1].chance) - 1.0;
        [velocity, parts[1].known.unwrap_or_else(drawn)]
    }

    /// Adds what a stroke on `lane` says of the lanes after it.
    fn tell_later(self, made: &mut [f32], beside: &[f32], lane: usize, stroke: [f32; 3]) {
        let (wide, all) = (self.of_lane(), made.len());
        let later = (lane + 1) * wide..all;
        for (part, value) in stroke.into_iter().enumerate() {
            let weights = &beside[(part * (all / wide) + lane) * all..][..all];
            for (made, weight) in made[later.clone()].iter_mut().zip(&weights[later.clone()]) {
                *made += value * weight;
            }
        }
    }
}

/// What was drawn, but for the numbers that are known (those that are numbers), of the same shape.
pub fn or_known(known: &Tensor, drawn: Tensor) -> Result<Tensor> {
    known.eq(known)?.where_cond(known, &drawn)
}

/// A chance that counts as far as `heat` says, from one half at 0. A logistic distribution becomes so
/// many times as wide, whether it is of numbers or, as a logit is, of a hit.
fn heated(chance: f32, heat: f32) -> f32 {
    if heat == 1.0 {
        return chance;
    }
    let chance = chance.clamp(1e-6, 1.0 - 1e-6);
    sigmoid(heat * (chance / (1.0 - chance)).ln())
}

/// [`heated`] of many chances.
fn heated_rows(chances: &Tensor, heat: f32) -> Result<Tensor> {
    if heat == 1.0 {
        return Ok(chances.clone());
    }
    let chances = chances.clamp(1e-6, 1.0 - 1e-6)?;
    let logits = (&chances / chances.affine(-1.0, 1.0)?)?.log()?;
    candle_nn::ops::sigmoid(&(logits * f64::from(heat))?)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const LANES: usize = 3;
    const COLUMNS: usize = 3 * LANES;

    fn head() -> StrokeHead {
        StrokeHead {
            velocity: Spread::Logistics(2),
            offset: Spread::Classes(4),
        }
    }

    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    /// Nats of hits, velocities and offsets of one step, `[part][lane]`.
    fn nats(made: &[f32], beside: &[f32], row: &[f32]) -> [Vec<f32>; 3] {
        let parameters = made.len();
        let tensor = |numbers: &[f32], shape: &[usize]| {
            Tensor::from_vec(numbers.to_vec(), shape, &Device::Cpu).unwrap()
        };
        let found = head().nats(
            &tensor(made, &[1, 1, parameters]),
            &tensor(row, &[1, 1, COLUMNS]),
            &tensor(beside, &[COLUMNS, parameters]),
        );
        found
            .unwrap()
            .map(|part| part.flatten_all().unwrap().to_vec1().unwrap())
    }

    /// Parameters of a step, what its strokes say of each other, and a row with hits on two lanes.
    fn scene() -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let parameters = head().parameters(COLUMNS);
        let row = vec![1.0, 1.0, 0.0, 0.3, 0.8, 0.0, -0.2, 0.4, 0.0];
        (
            numbers(parameters, 1),
            numbers(parameters * COLUMNS, 2),
            row,
        )
    }

    #[test]
    fn a_stroke_hears_those_before_and_not_those_after() {
        let (made, beside, row) = scene();
        let before = nats(&made, &beside, &row);
        // The first lane's velocity is another: its offset and all later lanes hear it.
        let mut other = row.clone();
        other[LANES] = 0.9;
        let after = nats(&made, &beside, &other);
        assert_eq!(before[0][0], after[0][0], "its own hit was told before");
        assert_ne!(before[2][0], after[2][0]);
        for part in 0..3 {
            assert_ne!(before[part][1], after[part][1]);
        }
        assert_ne!(before[0][2], after[0][2]);
        // The second lane's offset is another: the first lane does not hear it.
        let mut other = row.clone();
        other[2 * LANES + 1] = -0.9;
        let after = nats(&made, &beside, &other);
        for part in 0..3 {
            assert_eq!(before[part][0], after[part][0]);
        }
        assert_eq!(before[1][1], after[1][1]);
        assert_ne!(before[0][2], after[0][2]);
    }

    #[test]
    fn what_is_drawn_is_what_the_loss_expects() {
        const DRAWS: u64 = 20_000;
        let (made, beside, _) = scene();
        // A stroke of the second lane after one of the first: how often, and how early.
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let (mut expected, mut found, mut earlier) = (0.0, 0.0, [0.0; 2]);
        for _ in 0..DRAWS {
            let chances: Vec<f32> = (0..COLUMNS).map(|_| rng.random()).collect();
            let chances = Chances {
                numbers: &chances,
                heat: Heat::LEARNED,
                known: None,
            };
            let mut row = vec![0.0; COLUMNS];
            head().draw(&mut made.clone(), &beside, &chances, &mut row);
            let likely = |row: &[f32]| nats(&made, &beside, row);
            if row[0] == 0.0 || earlier[0] > 300.0 {
                continue;
            }
            earlier[0] += 1.0;
            found += row[1];
            let mut struck = row.clone();
            struck[1] = 1.0;
            expected += (-likely(&struck)[0][1]).exp();
        }
        assert!(earlier[0] > 200.0);
        earlier[1] = (expected * (1.0 - expected / earlier[0])).sqrt();
        assert!(
            (found - expected).abs() < 4.0 * earlier[1],
            "{found} {expected}"
        );
    }

    #[test]
    fn heat_widens_from_the_median_without_a_jump() {
        let (made, beside, _) = scene();
        let known: [f32; COLUMNS] =
            std::array::from_fn(|column| if column < LANES { 1.0 } else { f32::NAN });
        let drawn = |heat: f32, chance: f32| {
            let numbers = [chance; COLUMNS];
            let chances = Chances {
                numbers: &numbers,
                heat: Heat::even(heat),
                known: Some(&known),
            };
            let mut row = vec![0.0; COLUMNS];
            head().draw(&mut made.clone(), &beside, &chances, &mut row);
            row
        };
        assert_eq!(drawn(0.0, 0.1), drawn(0.0, 0.9), "nothing is drawn");
        let mut last = drawn(0.0, 0.8)[LANES];
        let middle = last;
        for step in 1..=200 {
            let now = drawn(step as f32 * 0.01, 0.8)[LANES];
            assert!(now >= last && now - last < 0.02, "{last} {now}");
            last = now;
        }
        assert!(last > middle + 0.05);
        let mut likeliest = made.clone();
        let surest = head().surest(&mut likeliest, &beside, LANES);
        let median = drawn(0.0, 0.5);
        assert_eq!(surest[LANES], median[LANES]);
        assert_eq!(surest[2 * LANES], median[2 * LANES]);
    }
}
