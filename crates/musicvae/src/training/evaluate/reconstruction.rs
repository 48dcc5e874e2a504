//! What comes back of performances that go through the latent space.

use serde::{Deserialize, Serialize};

use super::super::TrainingError;
use super::expression::{Distributions, Expression, ExpressionSums};
use super::hits::HitSums;
use super::statistics::Interval;
use super::subject::Subject;
use crate::music::{FEATURES, Hit, LANES, Lane};

/// Reconstruction from the posterior's mean, hits by threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconstruction {
    /// The decoder hears what was really played before each step.
    pub teacher_forced: Returned,
    /// The decoder hears only itself.
    pub autoregressive: Returned,
    /// Of all true strokes, and of those that the decoder made alone.
    #[serde(skip)]
    pub distributions: [Distributions; 2],
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// Share of made hits that are true.
    pub precision: Interval,
    /// Share of true hits that were made.
    pub recall: Interval,
    /// Harmonic mean of precision and recall.
    pub f1: Interval,
    /// F1 of each lane, in tensor order; `None` where neither has a hit.
    pub lane_f1: [Option<Interval>; LANES],
    /// Velocities and microtiming over compared strokes: all true ones when teacher-forced, those
    /// that came back when autoregressive.
    pub expression: Expression,
}

/// Measures reconstruction.
pub fn reconstruction(subject: &Subject) -> Result<Reconstruction, TrainingError> {
    let (told, alone) = (subject.told()?, subject.alone()?);
    let played = subject.grooves.iter().flat_map(|groove| groove.hits());
    let played: Vec<Hit> = played.map(|(.., hit)| hit).collect();
    let made: Vec<Hit> = alone
        .iter()
        .flat_map(|window| window.chunks_exact(FEATURES))
        .flat_map(|row| {
            (0..LANES)
                .filter(|lane| row[*lane] > 0.5)
                .map(|lane| stroke(row, lane))
        })
        .collect();
    Ok(Reconstruction {
        teacher_forced: returned(subject, &told, 0.0, |_| true),
        autoregressive: returned(subject, &alone, 0.5, |came_back| came_back),
        distributions: [played, made].map(|hits| Distributions::of(hits.iter())),
    })
}

/// The stroke that a row holds for a lane, whether it is hit or not.
pub fn stroke(row: &[f32], lane: usize) -> Hit {
    Hit {
        velocity: row[LANES + lane],
        offset: row[2 * LANES + lane] / 2.0,
    }
}

/// Compares `outputs` with what was played; a hit is what lies over `threshold`. `counts` tells
/// from "the hit came back" whether its velocity and timing are compared.
fn returned(
    subject: &Subject,
    outputs: &[Vec<f32>],
    threshold: f32,
    counts: impl Fn(bool) -> bool,
) -> Returned {
    let mut hits = Vec::with_capacity(outputs.len());
    let mut expression = Vec::with_capacity(outputs.len());
    for (groove, output) in subject.grooves.iter().zip(outputs) {
        let mut window = (HitSums::default(), ExpressionSums::default());
        for (step, row) in output.chunks_exact(FEATURES).enumerate() {
            for lane in Lane::ALL {
                let index = lane.index();
                let (played, made) = (groove.hit(step, lane), row[index] > threshold);
                window.0.compare(index, played.is_some(), made);
                if let Some(played) = played.filter(|_| counts(made)) {
                    let made = stroke(row, index);
                    window.1.compare(played, made, groove.step_seconds());
                }
            }
        }
        hits.push(window.0);
        expression.push(window.1);
    }
    let [precision, recall, f1] = HitSums::overall(&hits, subject.plan);
    Returned {
        precision,
        recall,
        f1,
        lane_f1: HitSums::by_lane(&hits, subject.plan),
        expression: ExpressionSums::figures(&expression, subject.plan),
    }
}
