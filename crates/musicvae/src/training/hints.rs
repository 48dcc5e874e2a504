//! What new music is drawn from by a model that hears hints.

use super::{Examples, TrainingError};
use crate::model::network::Network;
use crate::model::{MusicVae, Prior, Shown};

/// How clear the hints are (docs/training.md).
const CLARITY: f32 = 0.6;
/// Bars of music to draw hints from: enough for variety, and read in a second or two.
const BARS: usize = 4096;

/// Hints of windows of `train`, chosen by `seed`: what a model is to play from that has learned to go
/// on from blurred latents. Draws from `N(0, I)` are music of no drummer to it, because its
/// posteriors, which have many bits, fill only a small part of the space.
pub(super) fn prior_of_hints(
    network: &Network,
    train: &Examples,
    seed: u64,
) -> Result<Prior, TrainingError> {
    let preset = network.preset();
    let windows = train.len().min(BARS / preset.bars.max(1));
    let chosen = train.draw(seed, 0, windows);
    let examples: Vec<_> = chosen.iter().map(|&index| train.example(index)).collect();
    let shown = examples.iter().map(|example| Shown {
        input: &example.input,
        controls: &example.control,
        lengths: &example.segments,
    });
    let model = MusicVae::new(preset.clone(), &network.weights()?)?;
    let posteriors = model.encode_rows(&shown.collect::<Vec<_>>())?;
    let fitted = Prior::fit(&posteriors, preset.z_size, posteriors.len())?;
    Ok(fitted.blurred(CLARITY))
}
