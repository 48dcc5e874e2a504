//! The groove on another grid: sixteenths, or triplets.

use crate::engine::Takeover;
use crate::studio::ground::{Change, Ground};
use musicvae::music::{Grid, Regridded};

/// Why the groove can't be moved to a grid, in one sentence.
pub fn reason_against(grid: Grid, ground: &Ground) -> Option<String> {
    let groove = ground.groove();
    if groove.grid == grid {
        return Some(format!("The groove is in {grid} already."));
    }
    let has_quarters = groove.meter.sixteenths().is_multiple_of(4);
    (!has_quarters).then(|| "Only bars of whole quarter notes can be in triplets.".into())
}

/// Moves the groove to a grid, as a step of undo. Its strokes stay where they are in time.
pub fn set(grid: Grid, ground: &mut Ground) {
    let Regridded { groove, merged } = ground.groove().on(grid);
    let cursor =
        ground.screen.step * groove.steps_per_bar() / ground.groove().steps_per_bar().max(1);
    ground.before_edit(Change::Single);
    ground.screen.selection = None;
    ground.screen.step = cursor;
    let bar = groove.steps_per_bar();
    ground.scene.groove = groove;
    ground.cursor_inside();
    ground.play_groove(Takeover::Now);
    let lost = match merged {
        0 => String::new(),
        1 => "; 1 stroke had no room beside a louder one".into(),
        strokes => format!("; {strokes} strokes had no room beside louder ones"),
    };
    ground.say(format!(
        "The groove is in {grid}, {bar} steps a bar{lost}; u undoes it."
    ));
}
