//! Windows cut into segments, and windows that end early.

use candle_core::{Result, Tensor, bail};

use super::Batch;

/// `[steps, batch, width]` as `segments` pieces of time side by side: `[steps / segments,
/// segments * batch, width]`, the pieces of one time next to each other.
pub(super) fn cut(x: &Tensor, segments: usize) -> Result<Tensor> {
    if segments == 1 {
        return Ok(x.clone());
    }
    let (steps, size, width) = x.dims3()?;
    x.reshape((segments, steps / segments, size, width))?
        .transpose(0, 1)?
        .reshape((steps / segments, segments * size, width))
}

/// The inverse of [`cut`].
pub(super) fn join(x: &Tensor, segments: usize) -> Result<Tensor> {
    if segments == 1 {
        return Ok(x.clone());
    }
    let (steps, rows, width) = x.dims3()?;
    x.reshape((steps, segments, rows / segments, width))?
        .transpose(0, 1)?
        .reshape((segments * steps, rows / segments, width))
}

/// Where each row of a batch ends, as indices that gather rows of a `[steps, rows, width]` tensor.
/// Empty when every row is whole.
pub(super) struct Ends {
    steps: usize,
    short: Option<Short>,
}

struct Short {
    /// Steps of each row.
    lengths: Vec<usize>,
    /// Index of the last step of each row.
    last: Tensor,
    /// Index of each step of the rows turned round.
    turned: Tensor,
    /// 1 for each step that counts: `[steps, rows, 1]`.
    counts: Tensor,
}

impl Ends {
    /// The ends of `batch`'s windows cut into `segments`, in the order of [`cut`].
    pub fn new(batch: &Batch, segments: usize) -> Result<Ends> {
        let (steps, size, _) = batch.input.dims3()?;
        let Some(lengths) = &batch.lengths else {
            return Ok(Ends::whole(steps / segments));
        };
        let steps = steps / segments;
        let lengths: Vec<usize> = if lengths.len() == size * segments {
            (0..size * segments)
                .map(|row| lengths[row % size * segments + row / size].min(steps))
                .collect()
        } else if lengths.len() == size {
            let all = steps * segments;
            if let Some(length) = lengths.iter().find(|&&length| length != 0 && length != all) {
                bail!(
                    "a window of {segments} segments that are not given lengths of their own has \
                     0 or {all} steps, not {length}"
                )
            }
            lengths
                .iter()
                .map(|length| length / segments)
                .cycle()
                .take(size * segments)
                .collect()
        } else {
            bail!(
                "{size} windows of {segments} segments can't have {} lengths",
                lengths.len()
            )
        };
        let rows = lengths.len();
        let index = |step: usize, row: usize| (step * rows + row) as u32;
        let each = || lengths.iter().enumerate();
        let last: Vec<u32> = each()
            .map(|(row, &len)| index(len.max(1) - 1, row))
            .collect();
        let turned = |step: usize, len: usize| if step < len { len - 1 - step } else { step };
        let turned: Vec<u32> = (0..steps)
            .flat_map(|step| each().map(move |(row, &len)| index(turned(step, len), row)))
            .collect();
        let counts: Vec<f32> = (0..steps)
            .flat_map(|step| {
                lengths
                    .iter()
                    .map(move |&len| f32::from(u8::from(step < len)))
            })
            .collect();
        let device = batch.input.device();
        Ok(Ends {
            steps,
            short: Some(Short {
                last: Tensor::from_vec(last, rows, device)?,
                turned: Tensor::from_vec(turned, steps * rows, device)?,
                counts: Tensor::from_vec(counts, (steps, rows, 1), device)?,
                lengths,
            }),
        })
    }

    /// Rows of `steps` steps that all count.
    pub fn whole(steps: usize) -> Ends {
        Ends { steps, short: None }
    }

    pub fn are_whole(&self) -> bool {
        self.short.is_none()
    }

    /// Steps of the longest of the rows `first..first + rows`.
    pub fn longest(&self, first: usize, rows: usize) -> usize {
        let longest = |short: &Short| short.lengths[first..first + rows].iter().max().copied();
        self.short
            .as_ref()
            .map_or(Some(self.steps), longest)
            .unwrap_or(0)
    }

    /// The rows' last steps: `[rows, width]`. A row of no steps gets zeros.
    pub fn last(&self, x: &Tensor) -> Result<Tensor> {
        let Some(Short { last, .. }) = &self.short else {
            return x.get(self.steps - 1);
        };
        self.silence_past_end(x)?
            .flatten(0, 1)?
            .index_select(last, 0)
    }

    /// Each row's own steps in reverse order.
    pub fn reverse(&self, x: &Tensor) -> Result<Tensor> {
        let Some(Short { turned, .. }) = &self.short else {
            return x.flip(&[0]);
        };
        self.silence_past_end(
            &x.flatten(0, 1)?
                .index_select(turned, 0)?
                .reshape(x.shape())?,
        )
    }

    /// Zeros past each row's end.
    pub fn silence_past_end(&self, x: &Tensor) -> Result<Tensor> {
        self.short
            .as_ref()
            .map_or(Ok(x.clone()), |short| x.broadcast_mul(&short.counts))
    }

    /// 1 for each step that counts, `[steps, batch, 1]`, of the windows whose `segments` pieces
    /// these are; `None` when all do.
    pub fn counts(&self, segments: usize) -> Result<Option<Tensor>> {
        let joined = |short: &Short| join(&short.counts, segments);
        self.short.as_ref().map(joined).transpose()
    }
}
