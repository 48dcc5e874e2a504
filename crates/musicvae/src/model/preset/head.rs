//! What a decoder's outputs mean.

use serde::{Deserialize, Serialize};

use crate::model::head::{Heat, StrokeHead};
use crate::music::LANES;

/// What a decoder's outputs of one step mean: their loss, and how they are drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// A third each of hits (logits), velocities (logistic) and doubled offsets (hyperbolic
    /// tangent).
    #[default]
    Groove,
    /// Hits, velocities and doubled offsets as distributions to draw from, lane by lane.
    Strokes(StrokeHead),
    /// Logits of one class out of all columns.
    Categorical,
    /// Logits of one class out of each of these groups of columns.
    MultiCategorical(Vec<usize>),
    /// A logit of "yes" a column.
    Boolean,
    /// The parameters of a neural autoregressive distribution estimator (Uria et al. 2016) over
    /// binary columns: biases of its hidden units, then of the columns.
    Nade {
        /// Number of hidden units.
        hidden: usize,
    },
}

impl Head {
    /// Whether rows hold hits, velocities and doubled offsets.
    pub fn makes_strokes(&self) -> bool {
        matches!(self, Head::Groove | Head::Strokes(_))
    }

    /// The lane whose hit is likeliest by the parameters of a step, of a head that makes strokes.
    pub(crate) fn likeliest_hit(&self, parameters: &[f32]) -> usize {
        let of_lane = match self {
            Head::Strokes(strokes) => strokes.of_lane(),
            _ => 1,
        };
        let logits = parameters.iter().step_by(of_lane).take(LANES).enumerate();
        let likeliest = logits.max_by(|(_, one), (_, other)| one.total_cmp(other));
        likeliest.map_or(0, |(lane, _)| lane)
    }

    /// How far chances count at a `temperature`: 1 where everything is drawn as it was learned. The
    /// reference divides logits by the temperature, so that this is at 1. Strokes of a head that draws
    /// them whole are as a good drummer's at one half, which is where a player's knob stands; at 2
    /// they are twice as wide.
    pub fn heat(&self, temperature: f32) -> Heat {
        /// A model trained on windows that were varied and heard through noise spreads a little more than
        /// drummers do, above all in velocities. With these factors grooves at one half spread as drummers do,
        /// and are harder to tell from the training split (docs/training.md).
        const AS_DRUMMERS: Heat = Heat {
            choice: 0.9,
            velocity: 0.7,
            offset: 0.95,
            lean: 0.0,
        };
        let heat = self.heat_of_posteriors(temperature);
        match self {
            Head::Strokes(_) => Heat {
                choice: heat * AS_DRUMMERS.choice,
                velocity: heat * AS_DRUMMERS.velocity,
                offset: heat * AS_DRUMMERS.offset,
                lean: 0.0,
            },
            _ => Heat::even(heat),
        }
    }

    /// How far a latent is drawn from the middle of a posterior at a `temperature`.
    pub fn heat_of_posteriors(&self, temperature: f32) -> f32 {
        match self {
            Head::Strokes(_) => 3.0 * temperature / (1.0 + temperature),
            _ => temperature,
        }
    }

    /// How far a latent is drawn from the middle of its Gaussian at a `temperature`: of the
    /// reference's heads as far as ever.
    pub fn heat_of_latents(&self, temperature: f32) -> f32 {
        match self {
            Head::Strokes(_) => self.heat_of_posteriors(temperature),
            _ => 1.0,
        }
    }

    /// Numbers that the output layer makes for `columns` columns.
    pub fn parameters(&self, columns: usize) -> usize {
        match self {
            Head::Nade { hidden } => hidden + columns,
            Head::Strokes(strokes) => strokes.parameters(columns),
            _ => columns,
        }
    }
}

impl Head {
    /// Why the head can't stand on `columns` columns, as a clause.
    pub(super) fn contradiction(&self, columns: usize) -> Option<String> {
        match self {
            Head::Groove if !columns.is_multiple_of(3) => Some(format!(
                "{columns} columns are not hits, velocities and offsets"
            )),
            Head::Strokes(strokes) => strokes.contradiction(columns),
            Head::MultiCategorical(groups) if groups.iter().sum::<usize>() != columns => Some(
                format!("its groups {groups:?} do not share out {columns} columns"),
            ),
            Head::MultiCategorical(groups) if groups.contains(&0) => {
                Some(format!("its groups {groups:?} have an empty one"))
            }
            Head::Nade { hidden: 0 } => Some("its estimator has no hidden units".into()),
            _ if columns == 0 => Some("a decoder has no columns".into()),
            _ => None,
        }
    }
}
