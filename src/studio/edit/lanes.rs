//! What an edit works on, and the one way to change cells.

use crate::engine::Takeover;
use crate::studio::ground::{Change, Ground, Region, Selection, Span};
use musicvae::music::Hit;

/// What is edited where nothing is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    Cell,
    /// All of the cursor's lane.
    Lane,
    /// Every lane of the cursor's bar.
    Bar,
}

/// The selection, or else what is at the cursor.
pub fn region_or(ground: &Ground, otherwise: Otherwise) -> Region {
    let selection = ground.screen.selection.unwrap_or(Selection {
        lane: ground.screen.lane,
        step: ground.screen.step,
        span: match otherwise {
            Otherwise::Cell => Span::Steps,
            Otherwise::Lane => Span::All,
            Otherwise::Bar => Span::Bars,
        },
        every_lane: otherwise == Otherwise::Bar,
    });
    ground.region(selection)
}

/// The cell under the cursor, whatever is selected.
pub fn cell(ground: &Ground) -> Region {
    let (lane, step) = (ground.screen.lane, ground.screen.step);
    Region {
        lanes: lane..lane + 1,
        steps: step..step + 1,
    }
}

/// The lanes of a region that may be changed: of several the locked ones keep what they have.
fn free_lanes(ground: &Ground, region: &Region) -> Vec<usize> {
    let lanes = region.lanes.clone();
    let alone = lanes.len() == 1;
    lanes
        .filter(|&lane| alone || !ground.lanes[lane].lock)
        .collect()
}

/// The steps of a region that may be changed: of several bars the locked ones keep what they have.
fn free_steps(ground: &Ground, region: &Region) -> Vec<usize> {
    let bar = ground.groove().steps_per_bar().max(1);
    let steps = region.steps.clone();
    let alone = steps.start / bar == (steps.end - 1) / bar;
    let is_free = |step: &usize| alone || !ground.locked_bars.contains(&(step / bar));
    steps.filter(is_free).collect()
}

/// Why nothing can be put into a region.
pub fn all_locked(ground: &Ground, region: &Region) -> Option<String> {
    if free_lanes(ground, region).is_empty() {
        return Some("Every lane of it is locked.".into());
    }
    let locked = free_steps(ground, region).is_empty();
    locked.then(|| "Every bar of it is locked.".into())
}

/// Why no hit can be changed there.
pub fn no_hit(ground: &Ground, otherwise: Otherwise) -> Option<String> {
    let region = region_or(ground, otherwise);
    let (lanes, steps) = (free_lanes(ground, &region), free_steps(ground, &region));
    let mut hits = ground.hits_of(&region);
    if hits.any(|(step, lane, _)| lanes.contains(&lane.index()) && steps.contains(&step)) {
        return None;
    }
    let reason = match (ground.screen.selection, otherwise) {
        (Some(_), _) => return all_locked(ground, &region).or(Some("No hit is selected.".into())),
        (None, Otherwise::Cell) => "There is no hit under the cursor.",
        (None, Otherwise::Lane) => "The lane is silent.",
        (None, Otherwise::Bar) => "The bar is silent.",
    };
    Some(reason.into())
}

/// Changes the cells of a region, lane by lane, as a step of undo; `edit` is given the lane's index
/// and its cells. What plays changes at once.
pub fn edit_cells(
    ground: &mut Ground,
    region: &Region,
    change: Change,
    mut edit: impl FnMut(usize, &mut [Option<Hit>]),
) {
    let (lanes, free) = (free_lanes(ground, region), free_steps(ground, region));
    ground.before_edit(change);
    let steps = ground.scene.groove.steps.get_mut(region.steps.clone());
    let steps = steps.unwrap_or_default();
    for lane in lanes {
        let mut cells: Vec<Option<Hit>> = steps.iter().map(|step| step[lane]).collect();
        edit(lane, &mut cells);
        for (place, (step, cell)) in (region.steps.start..).zip(steps.iter_mut().zip(cells)) {
            if free.binary_search(&place).is_ok() {
                step[lane] = cell;
            }
        }
    }
    ground.play_groove(Takeover::Now);
}

/// Changes the hits of a region, as a step of undo; `edit` is given the step within the region.
pub fn edit_hits(
    ground: &mut Ground,
    region: &Region,
    change: Change,
    mut edit: impl FnMut(usize, &mut Hit),
) {
    edit_cells(ground, region, change, |_, cells| {
        for (step, cell) in cells.iter_mut().enumerate() {
            if let Some(hit) = cell {
                edit(step, hit);
            }
        }
    });
}
