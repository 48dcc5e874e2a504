//! Where the hits of lanes are: turned round, turned about, twice as fast, half as fast, every so many
//! steps. Each hit keeps its velocity, and its own timing against its step.

use serde::{Deserialize, Serialize};

use super::PLAIN;
use super::lanes::{Otherwise, edit_cells, region_or};
use crate::studio::ground::{Change, Ground};
use musicvae::music::{Grid, Hit, STEPS_PER_QUARTER};

/// Another order of hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Later by so many steps; what leaves at the end comes in at the beginning.
    Rotate(isize),
    /// The last step first.
    Reverse,
    /// Twice as fast, and twice.
    DoubleTime,
    /// The first half, half as fast.
    HalfTime,
}

pub fn apply(shape: Shape, ground: &mut Ground) {
    let region = region_or(ground, Otherwise::Lane);
    let mut lost = 0;
    edit_cells(ground, &region, Change::Single, |_, cells| match shape {
        Shape::Rotate(by) => {
            let by = by.rem_euclid(cells.len().max(1) as isize);
            cells.rotate_right(by as usize);
        }
        Shape::Reverse => cells.reverse(),
        Shape::DoubleTime => lost += double_time(cells),
        Shape::HalfTime => half_time(cells),
    });
    if lost > 0 {
        let hits = if lost == 1 { "hit" } else { "hits" };
        ground.say(format!(
            "{lost} {hits} fell onto another one and were lost."
        ));
    }
}

/// Every step lasts half a step: one that comes between two steps is late by half a step, where
/// that is free. Returns how many had no room.
fn double_time(cells: &mut [Option<Hit>]) -> usize {
    let before = cells.to_vec();
    let half = cells.len() / 2;
    if half == 0 {
        return 0;
    }
    let mut lost = 0;
    for (step, cell) in cells.iter_mut().enumerate() {
        // An odd length leaves a step at the end, which is silent.
        let (turn, fast) = (step / half, 2 * (step % half));
        let (on, between) = match turn {
            0 | 1 => (before[fast], before[fast + 1]),
            _ => (None, None),
        };
        let between = between.map(|hit| Hit {
            offset: (hit.offset - 0.5).clamp(-0.5, 0.5),
            ..hit
        });
        lost += usize::from(turn == 0 && on.is_some() && between.is_some());
        *cell = on.or(between);
    }
    lost
}

/// Every step of the first half lasts two.
fn half_time(cells: &mut [Option<Hit>]) {
    let before = cells.to_vec();
    for (step, cell) in cells.iter_mut().enumerate() {
        *cell = before[step / 2].filter(|_| step % 2 == 0);
    }
}

/// Sets plain hits every `every` steps of the selection, from where that began, or of the lane, from
/// the cursor. Hits that are there stay.
pub fn fill(every: usize, ground: &mut Ground) {
    let region = region_or(ground, Otherwise::Lane);
    let every = every.max(1);
    let first = match ground.screen.selection {
        Some(selection) => selection.step,
        None => ground.screen.step,
    };
    let start = region.steps.start;
    edit_cells(ground, &region, Change::Single, |_, cells| {
        for (step, cell) in cells.iter_mut().enumerate() {
            if (start + step).abs_diff(first).is_multiple_of(every) {
                cell.get_or_insert(PLAIN);
            }
        }
    });
}

/// Sets plain hits on the triplet eighths of the selection, or of the lane. The second of a beat lies a
/// third of a sixteenth behind its second one, the third as much before its last one. Hits that are
/// there stay.
pub fn fill_triplets(ground: &mut Ground) {
    if ground.groove().grid == Grid::Triplets {
        return fill(1, ground);
    }
    let region = region_or(ground, Otherwise::Lane);
    let start = region.steps.start;
    edit_cells(ground, &region, Change::Single, |_, cells| {
        for (step, cell) in cells.iter_mut().enumerate() {
            let offset = match (start + step) % STEPS_PER_QUARTER {
                0 => 0.0,
                1 => -1.0 / 3.0,
                3 => 1.0 / 3.0,
                _ => continue,
            };
            cell.get_or_insert(Hit { offset, ..PLAIN });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x` is a hit, `-` one that is late by half a step.
    fn cells(text: &str) -> Vec<Option<Hit>> {
        let hit = |glyph| match glyph {
            'x' => Some(PLAIN),
            '-' => Some(Hit {
                offset: -0.5,
                ..PLAIN
            }),
            _ => None,
        };
        text.chars().map(hit).collect()
    }

    #[test]
    fn twice_as_fast_and_half_as_fast() {
        let double = |text: &str| {
            let mut cells = cells(text);
            let lost = double_time(&mut cells);
            (cells, lost)
        };
        assert_eq!(double("x...x..."), (cells("x.x.x.x."), 0));
        assert_eq!(double(".x......"), (cells("-...-..."), 0));
        assert_eq!(double("xxx....."), (cells("xx..xx.."), 1));
        assert_eq!(double("x...x"), (cells("x.x.."), 0));
        assert_eq!(double("x"), (cells("x"), 0));
        let half = |text: &str| {
            let mut cells = cells(text);
            half_time(&mut cells);
            cells
        };
        assert_eq!(half("x.x.x.x."), cells("x...x..."));
        assert_eq!(half("xx.x"), cells("x.x."));
        assert_eq!(half("x"), cells("x"));
    }
}
