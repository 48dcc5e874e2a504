//! The panes.

use serde::{Deserialize, Serialize};

/// A pane of the workstation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pane {
    #[default]
    Grid,
    Slider,
    Loss,
    Checkpoints,
}

impl Pane {
    pub const ALL: [Pane; 4] = [Pane::Grid, Pane::Slider, Pane::Loss, Pane::Checkpoints];

    pub fn title(self) -> &'static str {
        match self {
            Pane::Grid => "Groove",
            Pane::Slider => "Latent",
            Pane::Loss => "Training",
            Pane::Checkpoints => "Checkpoints",
        }
    }

    pub fn turned(self, by: isize) -> Pane {
        Pane::ALL[(self as isize + by).rem_euclid(Pane::ALL.len() as isize) as usize]
    }
}
