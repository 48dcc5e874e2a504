//! Humanization as in *Learning to Groove*: a straight pattern in, a performance out.

use std::slice::from_ref;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::TrainingError;
use super::expression::{Distributions, Expression, ExpressionSums};
use super::subject::{LIKELIEST, Subject};
use crate::model::{Decoding, Latent};
use crate::music::{Groove, Hit};

/// How well velocities and microtiming of all true strokes are predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Humanization {
    /// From the posterior's mean.
    pub mean: Expression,
    /// From a draw of the posterior: as varied as the model believes a performance to be.
    pub drawn: Expression,
    /// Of all true strokes, of those from the mean, and of those from a draw.
    #[serde(skip)]
    pub distributions: [Distributions; 3],
}

/// The temperature at which strokes are drawn as they were learned.
const AS_A_DRUMMER: f32 = 0.5;

/// Measures humanization: the model sees each window's hits alone and plays them, hearing the
/// velocities and microtiming that it made itself.
pub fn humanization(subject: &Subject, seed: u64) -> Result<Humanization, TrainingError> {
    let mean = performed(subject, &subject.means(), LIKELIEST)?;
    let as_learned = Decoding {
        temperature: AS_A_DRUMMER,
        seed,
    };
    let drawn = performed(subject, &subject.drawn(seed), as_learned)?;
    let played = subject.grooves.iter().flat_map(|groove| groove.hits());
    let played: Vec<Hit> = played.map(|(.., hit)| hit).collect();
    Ok(Humanization {
        mean: ExpressionSums::of_made(subject.grooves, &mean, subject.plan),
        drawn: ExpressionSums::of_made(subject.grooves, &drawn, subject.plan),
        distributions: [
            Distributions::of(played.iter()),
            Distributions::of(mean.iter().flatten()),
            Distributions::of(drawn.iter().flatten()),
        ],
    })
}

/// The made stroke at each true one.
fn performed(
    subject: &Subject,
    latents: &[Latent],
    how: Decoding,
) -> Result<Vec<Vec<Hit>>, TrainingError> {
    let perform = |(place, (latent, groove)): (usize, (&Latent, &Groove))| {
        let how = Decoding {
            seed: how.seed.wrapping_add(place as u64),
            ..how
        };
        let performed = (subject.model).decode_given(from_ref(latent), from_ref(groove), how)?;
        let hits = performed.iter().flat_map(|groove| groove.hits());
        Ok(hits.map(|(.., hit)| hit).collect())
    };
    let windows: Vec<_> = latents.iter().zip(subject.grooves).enumerate().collect();
    windows.into_par_iter().map(perform).collect()
}
