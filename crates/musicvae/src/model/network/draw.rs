//! Drawing a decoder's rows on the device where its parameters are, without copying anything to the
//! CPU.

use candle_core::{DType, Result, Tensor};
use candle_nn::ops::sigmoid;

use super::Network;
use crate::model::head::{Heat, or_known};
use crate::model::{Core, Head};

impl Network {
    /// A row of each sequence, drawn from the `parameters` (`[rows, parameters]`) of its decoder with
    /// the random numbers `chances` (0..1, `[rows, chances]`). Logits are divided by the heat; 0 takes
    /// what is likeliest. What of a groove's row is `known` (`[rows, columns]`) is not drawn. Only the
    /// velocities and offsets of the reference's head are on the tape.
    pub(super) fn draw(
        &self,
        core: &Core,
        parameters: &Tensor,
        heat: Heat,
        chances: &Tensor,
        known: Option<&Tensor>,
    ) -> Result<Tensor> {
        match &self.preset.head {
            Head::Groove => {
                let lanes = core.columns / 3;
                let logits = parameters.narrow(1, 0, lanes)?.detach();
                let velocities = sigmoid(&parameters.narrow(1, lanes, lanes)?)?;
                let offsets = parameters.narrow(1, 2 * lanes, lanes)?.tanh()?;
                let logits = (logits + f64::from(heat.lean))?;
                let hits = switches(&logits, heat.choice, chances)?;
                let row = Tensor::cat(&[hits, velocities, offsets], 1)?;
                match known {
                    Some(known) => or_known(known, row),
                    None => Ok(row),
                }
            }
            Head::Strokes(strokes) => {
                let beside = self.tensor(&core.lane_by_lane()).detach();
                strokes.draw_rows(&parameters.detach(), &beside, chances, heat, known)
            }
            Head::Categorical => class(&parameters.detach(), heat.choice, chances),
            Head::MultiCategorical(groups) => {
                let mut first = 0;
                let mut drawn = Vec::with_capacity(groups.len());
                for (group, &columns) in groups.iter().enumerate() {
                    let logits = parameters.narrow(1, first, columns)?.detach();
                    drawn.push(class(&logits, heat.choice, &chances.narrow(1, group, 1)?)?);
                    first += columns;
                }
                Tensor::cat(&drawn, 1)
            }
            Head::Boolean => switches(&parameters.detach(), heat.choice, chances),
            Head::Nade { hidden } => {
                let weights = |name: &str, empty| {
                    let tensor = self.tensor(&format!("{}/nade/{name}", core.scope));
                    tensor.detach().squeeze(empty)
                };
                let (encode, decode) = (weights("w_enc", 1)?, weights("w_dec_t", 2)?);
                let parameters = parameters.detach();
                let mut units = parameters.narrow(1, 0, *hidden)?;
                let mut drawn = Vec::with_capacity(core.columns);
                for column in 0..core.columns {
                    let activity = sigmoid(&units)?.broadcast_mul(&decode.narrow(0, column, 1)?)?;
                    let bias = parameters.narrow(1, hidden + column, 1)?;
                    let logit = (activity.sum_keepdim(1)? + bias)?;
                    let on = switches(&logit, heat.choice, &chances.narrow(1, column, 1)?)?;
                    let heard = on.matmul(&encode.narrow(0, column, 1)?)?;
                    units = (units + heard)?;
                    drawn.push(on);
                }
                Tensor::cat(&drawn, 1)
            }
        }
    }

    /// [`Network::draw`] as the reference does in scheduled sampling: at heat 1, a NADE's
    /// columns by threshold.
    pub(super) fn draw_in_training(
        &self,
        core: &Core,
        parameters: &Tensor,
        uniform: &mut dyn FnMut() -> f32,
    ) -> Result<Tensor> {
        let (rows, device) = (parameters.dim(0)?, parameters.device());
        let shape = (rows, self.preset.head.chances(core.columns));
        if let Head::Nade { .. } = self.preset.head {
            let unused = Tensor::zeros(shape, DType::F32, device)?;
            return self.draw(core, parameters, Heat::even(0.0), &unused, None);
        }
        let chances: Vec<f32> = std::iter::repeat_with(uniform)
            .take(shape.0 * shape.1)
            .collect();
        let chances = Tensor::from_vec(chances, shape, device)?;
        self.draw(core, parameters, Heat::LEARNED, &chances, None)
    }
}

/// A heat under which quotients might not be finite; it is taken for 0.
const COLD: f32 = 1e-30;

/// 1 where a switch of that logit is on, else 0.
fn switches(logits: &Tensor, heat: f32, chances: &Tensor) -> Result<Tensor> {
    let on = match heat < COLD {
        true => logits.gt(0.0)?,
        false => chances.lt(&sigmoid(&(logits / f64::from(heat))?)?)?,
    };
    on.to_dtype(DType::F32)
}

/// 1 in the column of the class in which a row's chance falls when the probabilities of all stand end
/// to end in their order, else 0.
fn class(logits: &Tensor, heat: f32, chances: &Tensor) -> Result<Tensor> {
    let columns = logits.dim(1)?;
    let chosen = match heat < COLD {
        true => logits.argmax_keepdim(1)?.to_dtype(DType::F32)?,
        false => {
            let heated = (logits / f64::from(heat))?;
            let weights = heated.broadcast_sub(&heated.max_keepdim(1)?)?.exp()?;
            let ends = weights.cumsum(1)?;
            let target = (ends.narrow(1, columns - 1, 1)? * chances)?;
            let passed = ends.broadcast_le(&target)?.to_dtype(DType::F32)?;
            // By rounding it may come to lie past the last one.
            passed.sum_keepdim(1)?.minimum((columns - 1) as f64)?
        }
    };
    let places = Tensor::arange(0f32, columns as f32, logits.device())?.unsqueeze(0)?;
    chosen.broadcast_eq(&places)?.to_dtype(DType::F32)
}
