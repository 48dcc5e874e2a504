//! Training examples as one block of numbers.

use candle_core::{Device, Result, Tensor};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::data::Windows;
use crate::model::network::Batch;
use crate::music::FEATURES;

/// Windows of equal length, ready to be cut into batches.
pub struct Examples {
    steps: usize,
    features: Vec<f32>,
}

impl Examples {
    /// The windows of a corpus; all have `steps` steps.
    pub fn new(windows: &Windows, steps: usize) -> Examples {
        let features = windows
            .windows
            .iter()
            .flat_map(|groove| groove.to_features())
            .collect();
        Examples { steps, features }
    }

    pub fn len(&self) -> usize {
        self.features.len() / (self.steps * FEATURES)
    }

    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// The chosen examples side by side.
    pub fn batch(&self, chosen: &[usize], device: &Device) -> Result<Batch> {
        let mut x = Vec::with_capacity(chosen.len() * self.steps * FEATURES);
        for step in 0..self.steps {
            for example in chosen {
                let from = (example * self.steps + step) * FEATURES;
                x.extend_from_slice(&self.features[from..from + FEATURES]);
            }
        }
        let x = Tensor::from_vec(x, (self.steps, chosen.len(), FEATURES), device)?;
        Ok(Batch::of(x))
    }

    /// The examples of optimizer step `step`: every epoch is a new permutation, and a batch may
    /// reach into the next epoch. A pure function, so that a resumed run sees what an unbroken
    /// one does.
    pub fn draw(&self, seed: u64, step: u64, batch: usize) -> Vec<usize> {
        let count = self.len() as u64;
        let first = step * batch as u64;
        let mut drawn = Vec::with_capacity(batch);
        let mut at = first;
        while at < first + batch as u64 {
            let (epoch, within) = (at / count, (at % count) as usize);
            let mut order: Vec<usize> = (0..self.len()).collect();
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(epoch);
            order.shuffle(&mut rng);
            let wanted = (first + batch as u64 - at) as usize;
            let slice = &order[within..order.len().min(within + wanted)];
            drawn.extend_from_slice(slice);
            at += slice.len() as u64;
        }
        drawn
    }
}

/// A 64-bit fingerprint of the examples in order (CRC-32C of the two halves), for a checkpoint's
/// provenance.
impl Examples {
    pub fn fingerprint(&self) -> String {
        let (left, right) = self.features.split_at(self.features.len() / 2);
        let crc = |half: &[f32]| {
            half.iter().fold(0, |crc, value| {
                crc32c::crc32c_append(crc, &value.to_le_bytes())
            })
        };
        format!("{:08x}{:08x}", crc(left), crc(right))
    }
}
