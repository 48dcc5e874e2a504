//! What is selected: it begins at the cursor and grows as that moves.

use serde::{Deserialize, Serialize};

use crate::studio::ground::{Ground, Selection, Span};

/// How much a selection has when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// The cell under the cursor.
    Cell,
    /// The cursor's lane.
    Lane,
    /// The cursor's bar, all lanes of it.
    Bar,
    Everything,
}

impl Reach {
    fn of(self) -> (Span, bool) {
        match self {
            Reach::Cell => (Span::Steps, false),
            Reach::Lane => (Span::All, false),
            Reach::Bar => (Span::Bars, true),
            Reach::Everything => (Span::All, true),
        }
    }
}

/// Begins a selection at the cursor. One that is there goes on from where it began, and ends where it
/// reaches as far already.
pub fn begin(reach: Reach, ground: &mut Ground) {
    let (span, every_lane) = reach.of();
    let (lane, step) = match ground.screen.selection {
        Some(there) => (there.lane, there.step),
        None => (ground.screen.lane, ground.screen.step),
    };
    let wanted = Selection {
        lane,
        step,
        span,
        every_lane,
    };
    let is_there = ground.screen.selection == Some(wanted);
    ground.screen.selection = (!is_there).then_some(wanted);
}

pub fn toggle_bars(ground: &mut Ground) {
    if let Some(selection) = &mut ground.screen.selection {
        selection.span = match selection.span {
            Span::Bars => Span::Steps,
            Span::Steps | Span::All => Span::Bars,
        };
    }
}

pub fn toggle_every_lane(ground: &mut Ground) {
    if let Some(selection) = &mut ground.screen.selection {
        selection.every_lane = !selection.every_lane;
    }
}
