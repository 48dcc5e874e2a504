//! Windows to posteriors on a GPU.

use candle_core::{Result, Tensor};

use super::encoder::Sequences;
use super::{ModelError, Posterior};
use crate::model::network::{Batch, KeepAll, Network};

/// The posteriors of windows; `sequences` is the segments of the lowest level, those of all windows
/// one after the other.
pub(super) fn encode(
    network: &Network,
    sequences: Sequences,
) -> std::result::Result<Vec<Posterior>, ModelError> {
    let numbers = |tensor: &Tensor| tensor.to_vec2::<f32>();
    let gaussian = network.encode(&batch(network, sequences)?, &mut KeepAll)?;
    let both = numbers(&gaussian.mu)?
        .into_iter()
        .zip(numbers(&gaussian.sigma)?);
    Ok(both.map(|(mu, sigma)| Posterior { mu, sigma }).collect())
}

/// Time first, as the network reads windows. What controls them stands in their rows already.
fn batch(network: &Network, sequences: Sequences) -> Result<Batch> {
    let Sequences {
        steps,
        width,
        lengths,
        values,
    } = sequences;
    let segments = network.preset().encoder_segments();
    let shape = (lengths.len() / segments, segments * steps, width);
    let windows = Tensor::from_vec(values, shape, network.device())?;
    let is_whole = lengths.iter().all(|&length| length == steps);
    Ok(Batch {
        lengths: (!is_whole).then_some(lengths),
        ..Batch::of(windows.transpose(0, 1)?.contiguous()?)
    })
}
