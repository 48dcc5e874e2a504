//! Windows to posteriors.

use candle_core::{DType, Result, Tensor, bail};

use super::segments::{Ends, cut};
use super::{Batch, Gaussian, InputMask, Network};
use crate::model::Preset;
use crate::model::lstm::{Direction, LstmWeights};

impl Network {
    /// The posterior of each window: the bidirectional encoder's last states, through two dense
    /// layers. A hierarchical encoder turns segments into embeddings, then reads those in the same
    /// way, level by level.
    pub fn encode(&self, batch: &Batch, mask: InputMask) -> Result<Gaussian> {
        let (steps, size, _) = batch.input.dims3()?;
        let flat = [steps];
        let levels = match &self.preset.encoder_levels[..] {
            [] => &flat,
            levels if steps == self.preset.steps() => levels,
            _ => bail!(
                "a hierarchy takes windows of {} steps, not {steps}",
                self.preset.steps()
            ),
        };
        let mut x = match &batch.controls {
            None => batch.input.clone(),
            Some(controls) => Tensor::cat(&[&batch.input, controls], 2)?,
        };
        for (level, &length) in levels.iter().enumerate() {
            let segments = x.dim(0)? / length;
            let ends = match level {
                0 => Ends::new(batch, segments)?,
                _ => Ends::whole(length),
            };
            let embeddings = self.read(level, &cut(&x, segments)?, &ends, mask)?;
            x = embeddings.reshape((segments, size, ()))?;
        }
        let top = x.get(0)?;
        let mu = self.dense("encoder/mu", &top)?;
        let sigma = softplus(&self.dense("encoder/sigma", &top)?)?;
        Ok(Gaussian { mu, sigma })
    }

    /// The last states of both directions of the bidirectional layers of a level: `[rows, 2 * units]` for
    /// `input` `[steps, rows, width]`.
    fn read(&self, level: usize, input: &Tensor, ends: &Ends, mask: InputMask) -> Result<Tensor> {
        let rows = input.dim(1)?;
        let scope = self.preset.encoder_scope(level);
        let layers = self.preset.encoder_units(level);
        let mut input = input.clone();
        let mut last = Vec::new();
        for (index, &units) in layers.iter().enumerate() {
            let state = Tensor::zeros((rows, 2 * units), DType::F32, input.device())?;
            let cell = |direction| Preset::encoder_cell(&scope, index, direction);
            // All but the window itself is computed.
            let made = level > 0 || index > 0;

            let weights = self.lstm_weights(&cell("fw"));
            let run = |x: &Tensor, weights: &LstmWeights, direction| {
                self.layer(x, None, weights, &state, direction, made)
            };
            let forward = run(&mask.apply(&input)?, &weights, Direction::Forward)?;
            let weights = self.lstm_weights(&cell("bw"));
            // A short window is read backward from its own end, so it is turned round by gathering.
            let backward = if ends.are_whole() {
                run(&mask.apply(&input)?, &weights, Direction::Backward)?
            } else {
                let turned = ends.reverse(&mask.apply(&input)?)?;
                let output = run(&turned, &weights, Direction::Forward)?;
                ends.reverse(&output)?
            };
            last = vec![ends.last(&forward)?, backward.get(0)?];
            if index + 1 < layers.len() {
                input = ends.silence_past_end(&Tensor::cat(&[forward, backward], 2)?)?;
            }
        }
        Tensor::cat(&last, 1)
    }
}

/// `ln(1 + e^x)` without overflow.
fn softplus(x: &Tensor) -> Result<Tensor> {
    x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}
