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
    /// Velocities and microtiming over all true strokes; of one that the model does not make, those
    /// that it would have given it. This is the figure that compares: it does not depend on which
    /// strokes came back.
    pub expression: Expression,
    /// The same over the true strokes that came back, which are the surer ones.
    pub returned: Expression,
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
        teacher_forced: returned(subject, &told, 0.0),
        autoregressive: returned(subject, &alone, 0.5),
        distributions: [played, made].map(|hits| Distributions::of(hits.iter())),
    })
}

/// The stroke that a row holds for a lane, whether it is hit or not.
pub fn stroke(row: &[f32], lane: usize) -> Hit {
    Hit::new(row[LANES + lane], row[2 * LANES + lane] / 2.0)
}

/// Compares `outputs` with what was played; a hit is what lies over `threshold`.
fn returned(subject: &Subject, outputs: &[Vec<f32>], threshold: f32) -> Returned {
    let mut hits = Vec::with_capacity(outputs.len());
    let mut expression = Vec::with_capacity(outputs.len());
    let mut came_back = Vec::with_capacity(outputs.len());
    for (groove, output) in subject.grooves.iter().zip(outputs) {
        let mut met = HitSums::default();
        let [mut all, mut returned] = [ExpressionSums::default(), ExpressionSums::default()];
        for (step, row) in output.chunks_exact(FEATURES).enumerate() {
            for lane in Lane::ALL {
                let index = lane.index();
                let (played, made) = (groove.hit(step, lane), row[index] > threshold);
                met.compare(index, played.is_some(), made);
                if let Some(played) = played {
                    let stroke = stroke(row, index);
                    all.compare(played, stroke, groove.step_seconds());
                    if made {
                        returned.compare(played, stroke, groove.step_seconds());
                    }
                }
            }
        }
        hits.push(met);
        expression.push(all);
        came_back.push(returned);
    }
    let [precision, recall, f1] = HitSums::overall(&hits, subject.plan);
    Returned {
        precision,
        recall,
        f1,
        lane_f1: HitSums::by_lane(&hits, subject.plan),
        expression: ExpressionSums::figures(&expression, subject.plan),
        returned: ExpressionSums::figures(&came_back, subject.plan),
    }
}
