//! The questions that can be asked of a model.

use std::fmt;
use std::str::FromStr;

use super::accompaniment;
use super::subject::Subject;
use crate::checkpoint::Checkpoint;
use crate::drummer::Rework;

/// One question that can be asked of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The terms of the training loss.
    Losses,
    /// What simple guesses reach.
    Baselines,
    /// What comes back through the latent space.
    Reconstruction,
    /// How straight patterns are played.
    Humanization,
    /// What is drawn from the prior.
    Prior,
    /// What lies between two windows.
    Interpolation,
    /// What is added to what is shown.
    Accompaniment,
    /// Whether what is played can be told from what drummers play.
    Human,
    /// What the temperature does to samples.
    Temperature,
}

impl Part {
    /// Every question, in the order of tables.
    pub const ALL: [Part; 9] = [
        Part::Losses,
        Part::Baselines,
        Part::Reconstruction,
        Part::Humanization,
        Part::Prior,
        Part::Interpolation,
        Part::Accompaniment,
        Part::Human,
        Part::Temperature,
    ];

    fn name(self) -> &'static str {
        match self {
            Part::Losses => "losses",
            Part::Baselines => "baselines",
            Part::Reconstruction => "reconstruction",
            Part::Humanization => "humanization",
            Part::Prior => "prior",
            Part::Interpolation => "interpolation",
            Part::Accompaniment => "accompaniment",
            Part::Human => "human",
            Part::Temperature => "temperature",
        }
    }

    /// What is asked of a model unless something else is wanted: every question that fits what it
    /// is shown and makes, but for [`Part::Human`] and [`Part::Temperature`], which take longest. Of
    /// what makes no performed grooves that is only [`Part::Losses`], by
    /// [`evaluate_losses`](super::evaluate_losses).
    pub fn of_model(checkpoint: &Checkpoint) -> Vec<Part> {
        let Some(options) = Subject::options(&checkpoint.preset) else {
            return vec![Part::Losses];
        };
        let mut parts = vec![Part::Losses, Part::Baselines];
        if options.humanize {
            parts.push(Part::Humanization);
        }
        if !accompaniment::added_lanes(options).is_empty() {
            parts.push(Part::Accompaniment);
        }
        if parts.len() == 2 {
            parts.extend([Part::Reconstruction, Part::Prior, Part::Interpolation]);
        }
        parts
    }

    /// Why the question makes no sense of this model, where it does not.
    pub fn objection(self, checkpoint: &Checkpoint) -> Option<String> {
        let options = Subject::options(&checkpoint.preset);
        let name = &checkpoint.preset.name;
        match (self, options) {
            (Part::Losses, _) => None,
            (_, None) => Some(format!("{name} makes no performed grooves")),
            (Part::Humanization, Some(options)) if !options.humanize => {
                Some(format!("{name} is not shown straight patterns"))
            }
            (Part::Accompaniment, Some(options))
                if accompaniment::added_lanes(options).is_empty() =>
            {
                Some(format!("{name} is shown every lane"))
            }
            (Part::Temperature, Some(_)) if Rework::of(&checkpoint.preset).is_some() => {
                Some(format!("{name} works on grooves and draws no new ones"))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Part, String> {
        Part::ALL
            .into_iter()
            .find(|part| part.name() == text)
            .ok_or_else(|| {
                let names = Part::ALL.map(Part::name).join(", ");
                format!("`{text}` is no part of an evaluation; there are {names}")
            })
    }
}
