//! Copy and paste. The copy stays when the groove changes, so it also works from slot to slot.

use std::ops::Range;

use super::lanes::{Otherwise, edit_cells, region_or};
use crate::studio::ground::{Change, Ground, Region, Span};
use musicvae::music::{LANES, Step};

/// Steps of some lanes that were copied.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    steps: Vec<Step>,
    /// Of those steps, the lanes that were selected.
    lanes: Range<usize>,
    span: Span,
}

/// Copies the selection, or the bar; the selection is over then.
pub fn copy(ground: &mut Ground) -> Clip {
    let Region { lanes, steps } = region_or(ground, Otherwise::Bar);
    let hits = ground.hits_of(&Region {
        lanes: lanes.clone(),
        steps: steps.clone(),
    });
    let count = match hits.count() {
        1 => "1 hit".to_string(),
        count => format!("{count} hits"),
    };
    let selection = ground.screen.selection.take();
    let copied = ground.groove().steps.get(steps).unwrap_or_default();
    let clip = Clip {
        steps: copied.to_vec(),
        lanes,
        span: selection.map_or(Span::Bars, |selection| selection.span),
    };
    ground.say(format!("{count} of {} steps copied.", clip.steps.len()));
    clip
}

impl Clip {
    /// Puts it at the cursor, or into the selection, again and again until that is full. Bars go to
    /// the beginning of a bar, all of a lane to the beginning; several lanes that were copied go
    /// to the same lanes. `merge` leaves the hits that are there.
    pub fn paste(&self, merge: bool, ground: &mut Ground) {
        let region = self.target(ground);
        let down = region.lanes.start;
        edit_cells(ground, &region, Change::Single, |lane, cells| {
            let from = lane - down + self.lanes.start;
            for (cell, step) in cells.iter_mut().zip(self.steps.iter().cycle()) {
                *cell = match merge {
                    true => cell.or(step[from]),
                    false => step[from],
                };
            }
        });
    }

    /// Where it goes.
    pub fn target(&self, ground: &Ground) -> Region {
        let all = ground.groove().steps.len();
        let bar = ground.groove().steps_per_bar().max(1);
        let (lane, steps) = match ground.selected() {
            Some(selected) => (selected.lanes.start, selected.steps),
            None => {
                let start = match self.span {
                    Span::Steps => ground.screen.step,
                    Span::Bars => ground.screen.step / bar * bar,
                    Span::All => 0,
                };
                let end = (start + self.steps.len()).min(all);
                (ground.screen.lane, start..end)
            }
        };
        let lane = match self.lanes.len() {
            LANES => 0,
            _ => lane,
        };
        Region {
            lanes: lane..(lane + self.lanes.len()).min(LANES),
            steps,
        }
    }
}
