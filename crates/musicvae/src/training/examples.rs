//! Training examples: windows of music that become numbers a batch at a time.

use std::sync::OnceLock;

use candle_core::{Device, Tensor};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::TrainingError;
use super::augment::augment;
use crate::data::{Converter, Example, Window};
use crate::model::Preset;
use crate::model::network::Batch;
use crate::music::{Groove, Representation};

/// What training does to its examples, each time it sees them, beyond the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variation {
    /// Share of grooves that are varied (0 for none): changes that keep their feel.
    pub augment: f64,
    /// Probability that a number of the step before reaches the decoder (1 for all): the less it is
    /// told, the more it must use `z`. (Word dropout: Bowman et al. 2016, *Generating Sentences
    /// from a Continuous Space*; here number by number, scaled to keep the mean.)
    pub told: f64,
    /// Share of examples whose latent is blurred, by an amount that is drawn (0 for none). These are
    /// not varied, and the decoder is told their whole past: from them the model learns how music
    /// continues, from the others how to reconstruct.
    pub blurred: f64,
}

impl Variation {
    /// Examples as they are.
    pub const NONE: Variation = Variation {
        augment: 0.0,
        told: 1.0,
        blurred: 0.0,
    };
}

/// Windows of one kind, ready to be cut into batches.
///
/// They are kept as music: one-hot rows would take hundreds of times the room, and writing them
/// takes a thousandth of a training step.
pub struct Examples {
    converter: Converter,
    windows: Vec<Window>,
    variation: Variation,
    fingerprint: OnceLock<String>,
}

impl Examples {
    /// Windows that `converter` made.
    pub fn new(converter: Converter, windows: Vec<Window>) -> Examples {
        Examples {
            converter,
            windows,
            variation: Variation::NONE,
            fingerprint: OnceLock::new(),
        }
    }

    /// The same examples, varied in training.
    pub fn varied(self, variation: Variation) -> Examples {
        Examples { variation, ..self }
    }

    /// What training does to them.
    pub fn variation(&self) -> Variation {
        self.variation
    }

    /// Performed grooves, of which the model of `preset` is shown what its representation says.
    ///
    /// # Errors
    /// When it is no model of grooves.
    pub fn of_grooves(preset: &Preset, grooves: &[Groove]) -> Result<Examples, TrainingError> {
        let Representation::Groove(_) = preset.representation else {
            return Err(TrainingError::NotMeasured(preset.name.clone()));
        };
        let windows = grooves.iter().cloned().map(Window::Groove).collect();
        Ok(Examples::new(converter(preset)?, windows))
    }

    /// Number of windows.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there is no window.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// An example in numbers, always the same: what its representation leaves to chance is drawn
    /// once for all.
    pub(super) fn example(&self, index: usize) -> Example {
        self.converter.example(&self.windows[index], index as u64)
    }

    /// An example for training, varied as [`Variation::augment`] says. What its representation
    /// leaves to chance is a function of `chance`.
    fn varied_example(&self, index: usize, rng: &mut ChaCha8Rng, chance: u64) -> Example {
        let share = self.variation.augment;
        if let Window::Groove(groove) = &self.windows[index]
            && share > 0.0
            && rng.random_bool(share)
            && let Window::Groove(other) = &self.windows[rng.random_range(0..self.len())]
        {
            let varied = Window::Groove(augment(groove, other, rng));
            return self.converter.example(&varied, rng.random());
        }
        self.converter.example(&self.windows[index], chance)
    }

    /// The chosen examples side by side.
    pub fn batch(&self, chosen: &[usize], device: &Device) -> candle_core::Result<Batch> {
        self.side_by_side(chosen.iter().map(|&index| self.example(index)), device)
    }

    /// The chosen examples side by side, varied but for those at places that are not to be. What their representation
    /// leaves to chance (strokes left out, transposition) is drawn from `chances` again each time, as the reference
    /// does where it doesn't cache its data.
    pub fn varied_batch(
        &self,
        chosen: &[usize],
        varies: impl Fn(usize) -> bool,
        rng: &mut ChaCha8Rng,
        chances: &mut ChaCha8Rng,
        device: &Device,
    ) -> candle_core::Result<Batch> {
        let example = |(place, &index)| {
            let chance = chances.random();
            match varies(place) {
                true => self.varied_example(index, rng, chance),
                false => self.converter.example(&self.windows[index], chance),
            }
        };
        self.side_by_side(chosen.iter().enumerate().map(example), device)
    }

    fn side_by_side(
        &self,
        examples: impl Iterator<Item = Example>,
        device: &Device,
    ) -> candle_core::Result<Batch> {
        let representation = self.converter.representation();
        let steps = representation.max_steps(self.converter.bars());
        let examples: Vec<Example> = examples.collect();
        let stack = |part: fn(&Example) -> &[f32], width: usize| {
            let mut x = Vec::with_capacity(examples.len() * steps * width);
            for step in 0..steps {
                for example in &examples {
                    let row = part(example).get(step * width..(step + 1) * width);
                    match row {
                        Some(row) => x.extend_from_slice(row),
                        None => x.resize(x.len() + width, 0.0),
                    }
                }
            }
            Tensor::from_vec(x, (steps, examples.len(), width), device)
        };
        let input = stack(|example| &example.input, representation.input_depth())?;
        let same = examples
            .iter()
            .all(|example| example.input == example.output);
        let output = match same {
            true => input.clone(),
            false => stack(|example| &example.output, representation.output_depth())?,
        };
        let controls = match representation.control_depth() {
            0 => None,
            depth => Some(stack(|example| &example.control, depth)?),
        };
        // The tracks of a performance are segments, each with an end of its own.
        let in_segments = examples.iter().any(|example| !example.segments.is_empty());
        let short = in_segments || examples.iter().any(|example| example.length < steps);
        let ends = |example: &Example| match in_segments {
            true => example.segments.clone(),
            false => vec![example.length],
        };
        Ok(Batch {
            input,
            output,
            controls,
            told: None,
            blur: None,
            lengths: short.then(|| examples.iter().flat_map(ends).collect()),
        })
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

/// The converter of a preset's windows, set as for evaluation.
pub(super) fn converter(preset: &Preset) -> Result<Converter, TrainingError> {
    Converter::new(preset.representation.clone(), preset.bars).map_err(|reason| {
        TrainingError::NoConverter {
            preset: preset.name.clone(),
            reason,
        }
    })
}

impl Examples {
    /// A 64-bit fingerprint of what is to be learned, in order (CRC-32C of the two halves), for a
    /// checkpoint's provenance.
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| {
            const FLOAT: usize = size_of::<f32>();
            // Checksums of the single examples are put together once their number is known.
            let each = |index| {
                let bytes = self.output_bytes(index);
                (bytes.len(), crc32c::crc32c(&bytes))
            };
            let parts: Vec<(usize, u32)> = (0..self.len()).into_par_iter().map(each).collect();
            let numbers = parts.iter().map(|(bytes, _)| bytes).sum::<usize>() / FLOAT;
            let half = numbers / 2 * FLOAT;
            let (mut first, mut second, mut at) = (0, 0, 0);
            for (index, (bytes, crc)) in parts.into_iter().enumerate() {
                let end = at + bytes;
                if end <= half {
                    first = crc32c::crc32c_combine(first, crc, bytes);
                } else if at >= half {
                    second = crc32c::crc32c_combine(second, crc, bytes);
                } else {
                    let bytes = self.output_bytes(index);
                    let (left, right) = bytes.split_at(half - at);
                    first = crc32c::crc32c_append(first, left);
                    second = crc32c::crc32c_append(second, right);
                }
                at = end;
            }
            format!("{first:08x}{second:08x}")
        })
    }

    fn output_bytes(&self, index: usize) -> Vec<u8> {
        let output = self.example(index).output;
        output.into_iter().flat_map(f32::to_le_bytes).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::{GrooveOptions, Hit, Lane};

    /// Grooves with a hat on every step, of which a model is shown some.
    fn thinned(count: usize) -> Examples {
        let representation = Representation::Groove(GrooveOptions {
            max_note_dropout: 0.8,
            ..GrooveOptions::default()
        });
        let preset = Preset {
            representation,
            bars: 1,
            ..Preset::groovae_4bar()
        };
        let groove = |index: usize| {
            let mut groove = Groove::empty(16);
            for step in &mut groove.steps {
                step[Lane::ClosedHat.index()] = Some(Hit::new(0.01 * (index + 1) as f32, 0.0));
            }
            groove
        };
        Examples::of_grooves(&preset, &(0..count).map(groove).collect::<Vec<_>>()).unwrap()
    }

    fn numbers(batch: Batch) -> [Vec<f32>; 2] {
        [batch.input, batch.output].map(|x| x.flatten_all().unwrap().to_vec1().unwrap())
    }

    #[test]
    fn chance_is_drawn_anew_in_training_and_once_elsewhere() {
        let examples = thinned(3);
        let rng = ChaCha8Rng::seed_from_u64;
        let train = |chance| {
            let batch = examples.varied_batch(
                &[0, 2],
                |_| true,
                &mut rng(0),
                &mut rng(chance),
                &Device::Cpu,
            );
            numbers(batch.unwrap())
        };
        let fixed = || numbers(examples.batch(&[0, 2], &Device::Cpu).unwrap());
        assert_eq!(fixed(), fixed());
        assert_eq!(train(1), train(1));
        let [one, other] = [train(1), train(2)];
        assert_ne!(one[0], other[0], "what is shown");
        assert_eq!(one[1], other[1], "what is to be made");
        assert_ne!(one[0], one[1]);
    }

    #[test]
    fn the_fingerprint_is_that_of_the_outputs_in_a_row() {
        for count in [1, 2, 3] {
            let examples = thinned(count);
            let outputs: Vec<u8> = (0..count)
                .flat_map(|index| examples.output_bytes(index))
                .collect();
            let half = outputs.len() / 8 * 4;
            let [first, second] = [&outputs[..half], &outputs[half..]].map(crc32c::crc32c);
            assert_eq!(examples.fingerprint(), format!("{first:08x}{second:08x}"));
        }
    }
}
