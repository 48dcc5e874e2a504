//! The panes, one file or folder each: what is seen of the studio, and how it is drawn. A pane may
//! use the kit and the studio, and knows no other pane.

pub mod checkpoints;
pub mod grid;
mod loss;
mod slider;

use super::kit::Canvas;
use crate::studio::{Pane, Studio};

/// What there is to draw of a pane.
pub struct Drawing {
    /// What its title adds to its name.
    pub subtitle: fn(&Studio) -> String,
    /// All inside its frame.
    pub draw: fn(&Studio, &mut Canvas),
}

/// The table of panes.
pub fn drawing(pane: Pane) -> Drawing {
    let no_subtitle = |_: &Studio| String::new();
    let row = |subtitle, draw| Drawing { subtitle, draw };
    match pane {
        Pane::Grid => row(grid::subtitle, grid::draw),
        Pane::Slider => row(no_subtitle, slider::draw),
        Pane::Loss => row(loss::subtitle, loss::draw),
        Pane::Checkpoints => row(checkpoints::subtitle, checkpoints::draw),
    }
}
