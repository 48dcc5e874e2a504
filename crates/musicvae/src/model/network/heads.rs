//! What a decoder's outputs mean: losses on the tape.

use candle_core::{DType, Result, Tensor, bail};
use candle_nn::ops::sigmoid;

use super::segments::Ends;
use super::{Accuracy, Batch, Losses, Network};
use crate::model::{Core, Head, cpu};

/// The parts of a groove's loss, one number a window (`[batch]`).
pub struct GrooveLosses {
    /// Cross entropy of the hits in nats, summed over steps and lanes.
    pub hits: Tensor,
    /// Of the velocities, summed likewise: squared error, or nats of a head of distributions.
    pub velocities: Tensor,
    /// Of the doubled offsets, likewise.
    pub offsets: Tensor,
}

/// A loss at every step, and where it is right: `[steps, batch, any]` and `[steps, batch, 1]`.
type Judged = (Tensor, Tensor);

impl Network {
    /// The loss terms of the decoder's `parameters` (`[steps, batch, parameters]`).
    pub(super) fn reconstruction_losses(
        &self,
        batch: &Batch,
        parameters: &Tensor,
        kl: Tensor,
    ) -> Result<Losses> {
        let segments = self.preset.segments();
        let counts = Ends::new(batch, segments)?.counts(segments)?;
        let silence = |x: &Tensor| match &counts {
            None => Ok(x.clone()),
            Some(counts) => x.broadcast_mul(counts),
        };
        let per_window = |losses: &Tensor| silence(losses)?.sum((0, 2));

        let mut sums: Option<Losses> = None;
        let mut first = 0;
        for core in self.preset.cores() {
            let wide = self.preset.head.parameters(core.columns);
            let made = parameters.narrow(2, first, wide)?;
            let truth = batch.output.narrow(2, core.first, core.columns)?;
            first += wide;
            let losses = if self.preset.head.makes_strokes() {
                let [hits, velocities, offsets] = match self.preset.head {
                    Head::Strokes(strokes) => {
                        strokes.nats(&made, &truth, self.tensor(&core.lane_by_lane()))?
                    }
                    _ => groove(&made, &truth)?,
                };
                let groove = GrooveLosses {
                    hits: per_window(&hits)?,
                    velocities: per_window(&velocities)?,
                    offsets: per_window(&offsets)?,
                };
                Losses {
                    reconstruction: ((&groove.hits + &groove.velocities)? + &groove.offsets)?,
                    groove: Some(groove),
                    kl: kl.clone(),
                    accuracy: None,
                }
            } else {
                let (loss, right) = self.judge(&core, &made, &truth)?;
                Losses {
                    reconstruction: per_window(&loss)?,
                    groove: None,
                    kl: kl.clone(),
                    accuracy: Some(Accuracy {
                        right: per_window(&right.detach())?,
                        all: per_window(&right.ones_like()?)?,
                    }),
                }
            };
            sums = Some(match sums {
                None => losses,
                Some(sums) => sums.add(losses)?,
            });
        }
        match sums {
            Some(sums) => Ok(sums),
            None => bail!("a preset without decoders"),
        }
    }

    fn judge(&self, core: &Core, made: &Tensor, truth: &Tensor) -> Result<Judged> {
        match &self.preset.head {
            Head::Groove | Head::Strokes(_) => bail!("strokes are not judged by classes"),
            Head::Categorical => categorical(made, truth),
            Head::MultiCategorical(groups) => {
                let mut first = 0;
                let mut judged: Option<Judged> = None;
                for &columns in groups {
                    let made = made.narrow(2, first, columns)?;
                    let truth = truth.narrow(2, first, columns)?;
                    let (loss, right) = categorical(&made, &truth)?;
                    judged = Some(match judged {
                        None => (loss, right),
                        Some(sums) => ((sums.0 + loss)?, (sums.1 + right)?),
                    });
                    first += columns;
                }
                match judged {
                    // The reference's accuracy is the mean over the groups.
                    Some((loss, right)) => Ok((loss, (right / groups.len() as f64)?)),
                    None => bail!("a head without groups"),
                }
            }
            Head::Boolean => {
                let loss = binary_cross_entropy(made, truth)?;
                let right = made.ge(0.0)?.eq(&truth.gt(0.5)?)?.to_dtype(DType::F32)?;
                Ok((loss, right.min_keepdim(2)?))
            }
            Head::Nade { hidden } => {
                let w_enc = self.tensor(&format!("{}/nade/w_enc", core.scope));
                let w_dec = self.tensor(&format!("{}/nade/w_dec_t", core.scope));
                let logits =
                    nade_logits(made, truth, &w_enc.squeeze(1)?, &w_dec.squeeze(2)?, *hidden)?;
                /// Keeps the logarithms finite, as the reference does.
                const EPSILON: f64 = 1e-6;
                let loss = cross_entropy_of(&sigmoid(&logits)?, truth, EPSILON)?;
                let right = logits.ge(0.0)?.eq(&truth.gt(0.0)?)?.to_dtype(DType::F32)?;
                Ok((loss, right.min_keepdim(2)?))
            }
        }
    }
}

impl Losses {
    /// The losses of two decoders side by side.
    fn add(self, other: Losses) -> Result<Losses> {
        let groove = match (self.groove, other.groove) {
            (Some(a), Some(b)) => Some(GrooveLosses {
                hits: (a.hits + b.hits)?,
                velocities: (a.velocities + b.velocities)?,
                offsets: (a.offsets + b.offsets)?,
            }),
            _ => None,
        };
        let accuracy = match (self.accuracy, other.accuracy) {
            (Some(a), Some(b)) => Some(Accuracy {
                right: (a.right + b.right)?,
                all: (a.all + b.all)?,
            }),
            _ => None,
        };
        Ok(Losses {
            reconstruction: (self.reconstruction + other.reconstruction)?,
            groove,
            kl: self.kl,
            accuracy,
        })
    }
}

/// Losses of hits, velocities and offsets at every step and lane.
fn groove(made: &Tensor, truth: &Tensor) -> Result<[Tensor; 3]> {
    /// Keeps the logarithms finite (TensorFlow's `log_loss`).
    const EPSILON: f64 = 1e-7;
    let lanes = truth.dim(2)? / 3;
    let part = |tensor: &Tensor, index: usize| tensor.narrow(2, index * lanes, lanes);
    let hits = cross_entropy_of(&sigmoid(&part(made, 0)?)?, &part(truth, 0)?, EPSILON)?;
    let velocities = (part(truth, 1)? - sigmoid(&part(made, 1)?)?)?.sqr()?;
    let offsets = (part(truth, 2)? - part(made, 2)?.tanh()?)?.sqr()?;
    Ok([hits, velocities, offsets])
}

/// Cross entropy of probabilities `p` of a binary `truth`.
fn cross_entropy_of(p: &Tensor, truth: &Tensor, epsilon: f64) -> Result<Tensor> {
    let present = (truth * (p + epsilon)?.log()?)?;
    let absent = (truth.affine(-1.0, 1.0)? * p.affine(-1.0, 1.0 + epsilon)?.log()?)?;
    (present + absent)?.neg()
}

/// Cross entropy of logits of a binary `truth`, without overflow.
fn binary_cross_entropy(logits: &Tensor, truth: &Tensor) -> Result<Tensor> {
    let soft = (logits.abs()?.neg()?.exp()? + 1.0)?.log()?;
    (logits.relu()? - (logits * truth)?)? + soft
}

/// Cross entropy of one class out of all columns.
fn categorical(logits: &Tensor, truth: &Tensor) -> Result<Judged> {
    // A constant shift: the gradient of the greatest logit would cancel out.
    let greatest = logits.detach().max_keepdim(2)?;
    let total = logits
        .broadcast_sub(&greatest)?
        .exp()?
        .sum_keepdim(2)?
        .log()?;
    let total = (total + &greatest)?;
    let chosen = (logits * truth)?.sum_keepdim(2)?;
    let right = chosen.detach().ge(&greatest)?.to_dtype(DType::F32)?;
    let all = truth.sum_keepdim(2)?;
    Ok((((total * all)? - chosen)?, right))
}

/// The logit of every column of a neural autoregressive distribution estimator, given the true
/// columns before it: all columns of all steps at once.
///
/// `made` holds the biases of the hidden units, then of the columns; `w_enc` and `w_dec` are
/// `[columns, hidden]`.
fn nade_logits(
    made: &Tensor,
    truth: &Tensor,
    w_enc: &Tensor,
    w_dec: &Tensor,
    hidden: usize,
) -> Result<Tensor> {
    let (steps, size, columns) = truth.dims3()?;
    let rows = steps * size;
    let made = made.reshape((rows, hidden + columns))?;
    // What each column's hidden units have heard: the sum over the columns before it.
    let before: Vec<f32> = (0..columns)
        .flat_map(|column| (0..columns).map(move |other| f32::from(u8::from(other < column))))
        .collect();
    let before = Tensor::from_vec(before, (1, columns, columns), truth.device())?;
    let heard = truth
        .reshape((rows, 1, columns))?
        .broadcast_mul(&before)?
        .reshape((rows * columns, columns))?
        .matmul(w_enc)?
        .reshape((rows, columns, hidden))?;
    let biases = made.narrow(1, 0, hidden)?.unsqueeze(1)?;
    let units = sigmoid(&heard.broadcast_add(&biases)?)?;
    let logits = units.broadcast_mul(w_dec)?.sum(2)?;
    (logits + made.narrow(1, hidden, columns)?)?.reshape((steps, size, columns))
}

impl Head {
    /// Whether a gradient flows through what is drawn.
    pub(super) fn is_differentiable(&self) -> bool {
        matches!(self, Head::Groove)
    }
}

impl Network {
    /// What is likeliest of a step's strokes, lane by lane, from the `parameters` of a decoder of whole
    /// steps: logits of hits, velocities and doubled offsets, where there is no hit as well.
    pub fn likeliest_strokes(&self, core: &Core, mut parameters: Vec<f32>) -> Result<Vec<f32>> {
        let lanes = core.columns / 3;
        match &self.preset.head {
            Head::Strokes(strokes) => {
                let beside = self.tensor(&core.lane_by_lane()).detach();
                let beside = beside.flatten_all()?.to_vec1::<f32>()?;
                Ok(strokes.surest(&mut parameters, &beside, lanes))
            }
            Head::Groove => {
                let (velocities, offsets) = parameters[lanes..].split_at_mut(lanes);
                velocities.iter_mut().for_each(|x| *x = cpu::sigmoid(*x));
                offsets.iter_mut().for_each(|x| *x = cpu::tanh(*x));
                Ok(parameters)
            }
            _ => bail!("classes are no strokes"),
        }
    }
}
