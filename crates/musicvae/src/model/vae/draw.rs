//! What a decoder's outputs of one step mean when it plays: each head's way to draw a row.

use candle_core::Result;

use crate::model::cpu::{sigmoid, tanh};
use crate::model::head::Chances;
use crate::model::recurrent::numbers;
use crate::model::{Core, Head, StrokeHead, Tensors};

/// How one decoder's rows are drawn.
pub(super) enum Draw {
    Groove,
    Strokes(Strokes),
    /// One class out of each of these groups of columns.
    Classes(Vec<usize>),
    Switches,
    Nade(Nade),
}

/// Strokes drawn lane by lane.
pub(super) struct Strokes {
    head: StrokeHead,
    /// What the strokes of a step say of later ones: `[columns, parameters]`.
    beside: Vec<f32>,
}

/// A neural autoregressive distribution estimator: every column is drawn in the knowledge of those
/// before it.
pub(super) struct Nade {
    hidden: usize,
    /// What a column that was drawn adds to the hidden units: `[columns, hidden]`.
    encode: Vec<f32>,
    /// From the hidden units to a column's logit: `[columns, hidden]`.
    decode: Vec<f32>,
}

/// A row that was drawn.
pub(super) struct Drawn<'a> {
    pub row: &'a mut [f32],
    /// The columns that are 1, of a head whose rows hold nothing but 0 and 1.
    pub ones: &'a mut Vec<usize>,
}

impl Draw {
    pub fn new(head: &Head, core: &Core, weights: &Tensors) -> Result<Draw> {
        let nade = |name: &str| numbers(weights, &format!("{}/nade/{name}", core.scope));
        Ok(match head {
            Head::Groove => Draw::Groove,
            Head::Strokes(head) => Draw::Strokes(Strokes {
                head: *head,
                beside: numbers(weights, &core.lane_by_lane())?,
            }),
            Head::Categorical => Draw::Classes(vec![core.columns]),
            Head::MultiCategorical(groups) => Draw::Classes(groups.clone()),
            Head::Boolean => Draw::Switches,
            Head::Nade { hidden } => Draw::Nade(Nade {
                hidden: *hidden,
                encode: nade("w_enc")?,
                decode: nade("w_dec_t")?,
            }),
        })
    }

    /// Draws a row from the decoder's `parameters`, which are used up, with as many random numbers as
    /// it takes. Logits are divided by the heat; 0 takes what is likeliest.
    pub fn draw(&self, parameters: &mut [f32], all: &Chances, Drawn { row, ones }: Drawn) {
        let &Chances {
            numbers: chances,
            heat,
            known,
        } = all;
        let temperature = heat.choice;
        ones.clear();
        match self {
            Draw::Strokes(strokes) => {
                strokes.head.draw(parameters, &strokes.beside, all, row);
                return;
            }
            Draw::Groove => {
                let (hits, played) = parameters.split_at(parameters.len() / 3);
                let (velocities, offsets) = played.split_at(hits.len());
                let (hit, played) = row.split_at_mut(hits.len());
                let (velocity, offset) = played.split_at_mut(hits.len());
                for ((hit, &logit), &chance) in hit.iter_mut().zip(hits).zip(chances) {
                    *hit = f32::from(u8::from(is_on(logit + heat.lean, temperature, chance)));
                }
                for (velocity, &made) in velocity.iter_mut().zip(velocities) {
                    *velocity = sigmoid(made);
                }
                for (offset, &made) in offset.iter_mut().zip(offsets) {
                    *offset = tanh(made);
                }
                for (drawn, &known) in row.iter_mut().zip(known.into_iter().flatten()) {
                    if !known.is_nan() {
                        *drawn = known;
                    }
                }
                return;
            }
            Draw::Classes(groups) => {
                let mut first = 0;
                for (&columns, &chance) in groups.iter().zip(chances) {
                    let logits = &mut parameters[first..first + columns];
                    ones.push(first + class_of(logits, temperature, chance));
                    first += columns;
                }
            }
            Draw::Switches => {
                let columns = parameters.iter().zip(chances).enumerate();
                let on =
                    columns.filter(|(_, (logit, chance))| is_on(**logit, temperature, **chance));
                ones.extend(on.map(|(column, _)| column));
            }
            Draw::Nade(nade) => nade.draw(parameters, temperature, chances, ones),
        }
        row.fill(0.0);
        ones.iter().for_each(|&column| row[column] = 1.0);
    }
}

impl Nade {
    /// `parameters`: biases of the hidden units, then of the columns.
    fn draw(
        &self,
        parameters: &mut [f32],
        temperature: f32,
        chances: &[f32],
        ones: &mut Vec<usize>,
    ) {
        let (hidden, biases) = parameters.split_at_mut(self.hidden);
        let activities = |hidden: &[f32]| hidden.iter().map(|&unit| sigmoid(unit)).collect();
        let mut active: Vec<f32> = activities(hidden);
        let weights = self
            .encode
            .chunks_exact(self.hidden)
            .zip(self.decode.chunks_exact(self.hidden));
        let columns = biases.iter().zip(chances).zip(weights).enumerate();
        for (column, ((bias, &chance), (encode, decode))) in columns {
            let logit = bias + active.iter().zip(decode).map(|(a, w)| a * w).sum::<f32>();
            if is_on(logit, temperature, chance) {
                ones.push(column);
                // Only what was drawn changes the hidden units, and little is.
                hidden
                    .iter_mut()
                    .zip(encode)
                    .for_each(|(unit, w)| *unit += w);
                active = activities(hidden);
            }
        }
    }
}

/// Whether a switch of that logit is on.
fn is_on(logit: f32, temperature: f32, chance: f32) -> bool {
    // At temperature 0 the quotient would be NaN where the logit is 0.
    if temperature > 0.0 {
        chance < sigmoid(logit / temperature)
    } else {
        logit > 0.0
    }
}

/// The class in which `chance` falls when the probabilities of all stand end to end in their order,
/// so that a small change of logits moves it to a neighbour at most; `logits` are used up.
fn class_of(logits: &mut [f32], temperature: f32, chance: f32) -> usize {
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = class;
        }
    }
    // A temperature so low that a quotient is infinite is 0.
    let greatest = logits[best] / temperature;
    if !greatest.is_finite() {
        return best;
    }
    let mut sum = 0.0;
    for logit in logits.iter_mut() {
        sum += (*logit / temperature - greatest).exp();
        *logit = sum;
    }
    let target = chance * sum;
    let class = logits.iter().position(|&end| target < end);
    class.unwrap_or(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_drawn_by_their_probabilities() {
        let logits: Vec<f32> = [0.5f32, 0.2, 0.3].map(f32::ln).to_vec();
        for (temperature, chance, expected) in [
            (1.0, 0.0, 0),
            (1.0, 0.49, 0),
            (1.0, 0.51, 1),
            (1.0, 0.69, 1),
            (1.0, 0.71, 2),
            (1.0, 0.999_999_9, 2),
            // Squares of the probabilities: 25, 4 and 9 of 38.
            (0.5, 0.65, 0),
            (0.5, 0.67, 1),
            (0.5, 0.77, 2),
            // The likeliest whatever the chance.
            (0.0, 0.99, 0),
            (1e-6, 0.99, 0),
            (1e-45, 0.99, 0),
        ] {
            let found = class_of(&mut logits.clone(), temperature, chance);
            assert_eq!(found, expected, "{temperature} {chance}");
        }
        assert_eq!(class_of(&mut [-1e30, 0.0, -1e30], 1.0, 0.0), 1);
        // Of equals the first.
        assert_eq!(class_of(&mut [0.0, 3.0, 3.0], 0.0, 0.9), 1);
    }

    #[test]
    fn an_estimator_draws_each_column_knowing_those_before() {
        // One hidden unit, which the first column switches from -20 to 20. The second column wants
        // it on, the third off.
        let nade = Nade {
            hidden: 1,
            encode: vec![40.0, 0.0, 0.0],
            decode: vec![0.0, 4.0, -4.0],
        };
        for (first, expected) in [(1.0, vec![0, 1]), (-1.0, vec![2])] {
            let mut ones = Vec::new();
            let mut parameters = [-20.0, first, -2.0, 2.0];
            nade.draw(&mut parameters, 0.0, &[0.0; 3], &mut ones);
            assert_eq!(ones, expected);
        }
    }
}
