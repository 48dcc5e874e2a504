//! What the steps of a groove are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a step is. Models know sixteenths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grid {
    /// Four steps to a quarter note.
    #[default]
    Sixteenths,
    /// Triplet eighths: three steps to a quarter note.
    Triplets,
}

impl Grid {
    /// Steps of a quarter note.
    pub const fn steps_per_quarter(self) -> usize {
        match self {
            Grid::Sixteenths => 4,
            Grid::Triplets => 3,
        }
    }

    /// How far a place is from the nearest step, in quarter notes.
    pub(super) fn away(self, quarters: f64) -> f64 {
        let steps = self.steps_per_quarter() as f64;
        (quarters * steps - (quarters * steps).round()).abs() / steps
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Grid::Sixteenths => "sixteenths",
            Grid::Triplets => "triplets",
        })
    }
}

impl FromStr for Grid {
    type Err = String;

    fn from_str(text: &str) -> Result<Grid, String> {
        match text {
            "sixteenths" => Ok(Grid::Sixteenths),
            "triplets" => Ok(Grid::Triplets),
            other => Err(format!(
                "`{other}` is no grid; there are sixteenths and triplets"
            )),
        }
    }
}
