//! What comes back of true windows.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::super::evaluate::{Interval, Resampling, Sums, losses};
use super::super::examples::converter;
use super::super::{Examples, TrainingError};
use super::{Look, Measured, Rival, decoder_parameters, parameters};
use crate::checkpoint::Checkpoint;
use crate::data::{DrumSet, Window};
use crate::model::network::{KeepAll, Network};
use crate::model::{Compute, Decoding, Guide, Latent};

/// How much of the windows came back, over all their steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// Share of steps with exactly the drums that were played.
    pub accuracy: Interval,
    /// The same of the steps at which anything was played: silence alone is easy.
    pub sounding: Interval,
    /// F1 of single strokes.
    pub f1: Interval,
}

/// Counts over steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    steps: f64,
    right: f64,
    sounding: f64,
    right_sounding: f64,
    /// Strokes that were played, that were made, and that were both.
    played: f64,
    made: f64,
    both: f64,
}

impl Sums for Counts {
    fn add(&mut self, other: &Counts) {
        self.steps += other.steps;
        self.right += other.right;
        self.sounding += other.sounding;
        self.right_sounding += other.right_sounding;
        self.played += other.played;
        self.made += other.made;
        self.both += other.both;
    }
}

impl Counts {
    fn of(played: &[DrumSet], made: &[DrumSet]) -> Counts {
        let mut counts = Counts::default();
        let strokes = |drums: DrumSet| f64::from(drums.count_ones());
        for (&played, &made) in played.iter().zip(made) {
            let right = f64::from(u8::from(played == made));
            let sounding = f64::from(u8::from(played != 0));
            counts.add(&Counts {
                steps: 1.0,
                right,
                sounding,
                right_sounding: right * sounding,
                played: strokes(played),
                made: strokes(made),
                both: strokes(played & made),
            });
        }
        counts
    }
}

impl Returned {
    fn of(played: &[&[DrumSet]], made: &[Vec<DrumSet>], plan: &Resampling) -> Returned {
        let windows = played.iter().zip(made);
        let counts: Vec<_> = windows
            .map(|(played, made)| Counts::of(played, made))
            .collect();
        let [accuracy, sounding, f1] = plan.intervals(&counts, |sums| {
            [
                sums.right / sums.steps,
                sums.right_sounding / sums.sounding,
                2.0 * sums.both / (sums.played + sums.made),
            ]
        });
        Returned {
            accuracy,
            sounding,
            f1,
        }
    }
}

/// The drums of windows of drums.
fn drums(windows: &[Window]) -> Vec<&[DrumSet]> {
    fn steps(window: &Window) -> &[DrumSet] {
        match window {
            Window::Drums { steps, .. } => steps,
            // The converter of the experiment makes no others.
            _ => &[],
        }
    }
    windows.iter().map(steps).collect()
}

/// Share of steps without drums.
pub(super) fn silent(windows: &[Window]) -> f64 {
    let steps = drums(windows).concat();
    let silent = steps.iter().filter(|drums| **drums == 0).count();
    silent as f64 / steps.len().max(1) as f64
}

/// Measures a trained model on windows.
pub(super) fn measure(
    rival: Rival,
    checkpoint: &Checkpoint,
    compute: &Compute,
    windows: &[Window],
    plan: &Resampling,
    curve: Vec<Look>,
) -> Result<Measured, TrainingError> {
    /// Windows at once: enough for full speed, few enough for little memory.
    const AT_ONCE: usize = 32;
    let preset = &checkpoint.preset;
    let network = Network::new(preset.clone(), &checkpoint.tensors, compute.trainer())?;
    let examples = Examples::new(converter(preset)?, windows.to_vec());
    let losses = losses(checkpoint, compute, &examples, plan)?;

    let mut means: Vec<Latent> = Vec::with_capacity(windows.len());
    let mut told: Vec<Vec<DrumSet>> = Vec::with_capacity(windows.len());
    let all: Vec<usize> = (0..windows.len()).collect();
    for chosen in all.chunks(AT_ONCE) {
        let batch = examples.batch(chosen, network.device())?;
        let mu = network.encode(&batch, &mut KeepAll)?.mu;
        let logits = network.decode(&mu, &batch, &mut KeepAll)?;
        told.extend(likeliest(&logits)?);
        means.extend(mu.to_vec2::<f32>()?);
    }
    let model = checkpoint.model_on(compute)?;
    let alone = |temperature| -> Result<Vec<Vec<DrumSet>>, TrainingError> {
        let how = Decoding {
            temperature,
            seed: 0,
        };
        let mut made = Vec::with_capacity(means.len());
        for means in means.chunks(AT_ONCE) {
            let played = model.decode_rows(means, how, &Guide::default())?;
            let rows = played.iter().map(|played| &played.rows);
            made.extend(rows.map(|rows| {
                let rows = rows.values.chunks_exact(rows.depth.max(1));
                let classes = rows.map(|row| row.iter().position(|cell| *cell == 1.0));
                classes
                    .map(|class| class.unwrap_or_default() as DrumSet)
                    .collect()
            }));
        }
        Ok(made)
    };
    let played = drums(windows);
    let returned = |made: Vec<_>| Returned::of(&played, &made, plan);
    Ok(Measured {
        rival,
        decoder: preset.decoder.clone(),
        decoder_parameters: decoder_parameters(preset),
        parameters: parameters(preset, |_| true),
        step: checkpoint.metadata.step,
        reconstruction: losses.reconstruction,
        kl_bits: losses.kl_bits,
        told: returned(told),
        likeliest: returned(alone(0.0)?),
        drawn: returned(alone(1.0)?),
        curve,
    })
}

/// The likeliest class of every step (`[steps, windows, classes]`), window by window.
fn likeliest(logits: &Tensor) -> Result<Vec<Vec<DrumSet>>, TrainingError> {
    let classes = logits.argmax(2)?.transpose(0, 1)?.to_vec2::<u32>()?;
    let sets = |window: Vec<u32>| window.into_iter().map(DrumSet::from).collect();
    Ok(classes.into_iter().map(sets).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_strokes_are_counted() {
        // Silence kept and broken, a kick kept, a kick and snare of which the kick came back.
        let (played, made) = ([0, 0, 1, 3], [0, 4, 1, 1]);
        let plan = Resampling::of_singles(1, 10, 0);
        let found = Returned::of(&[&played], &[made.to_vec()], &plan);
        assert_eq!(found.accuracy.value, 0.5);
        assert_eq!(found.sounding.value, 0.5);
        // Two of three played, of three made.
        assert!((found.f1.value - 2.0 / 3.0).abs() < 1e-12);
        let window = Window::Drums {
            classes: crate::music::DrumClasses::Reduced,
            steps: played.to_vec(),
            qpm: 120.0,
        };
        assert_eq!(silent(&[window]), 0.5);
    }
}
