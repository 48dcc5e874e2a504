//! The grid under the mouse.

use serde::{Deserialize, Serialize};

use super::lanes::{edit_cells, edit_hits};
use super::{Dynamics, Edit, PLAIN};
use crate::studio::ground::{Change, Ground, Region, Selection, Span};
use musicvae::music::Lane;

/// A cell of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub lane: Lane,
    pub step: usize,
}

/// What is done to a cell that is pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pointing {
    /// The cursor goes there.
    To(Cell),
    /// Its hit is set or removed.
    Draw(Cell),
    /// What was done to the cell before is done to this one too, as the same step of undo.
    DrawOn(Cell),
    /// All between two cells is selected.
    Select { from: Cell, to: Cell },
    /// Its hit, or all of the selection that it is in, gets louder by so much in 1/127.
    Louder(Cell, i8),
}

/// What is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brush {
    /// Hits are set, and not removed.
    sets: bool,
    /// Strokes of the brush so far.
    strokes: u64,
}

impl Cell {
    fn region(self) -> Region {
        let lane = self.lane.index();
        Region {
            lanes: lane..lane + 1,
            steps: self.step..self.step + 1,
        }
    }
}

impl Edit {
    pub fn point(&mut self, pointing: Pointing, ground: &mut Ground) {
        match pointing {
            Pointing::To(cell) => {
                ground.screen.selection = None;
                go_to(cell, ground);
            }
            Pointing::Draw(cell) => {
                ground.screen.selection = None;
                self.brush = Brush {
                    sets: ground.groove().hit(cell.step, cell.lane).is_none(),
                    strokes: self.brush.strokes + 1,
                };
                self.draw(cell, ground);
            }
            Pointing::DrawOn(cell) => self.draw(cell, ground),
            Pointing::Select { from, to } => {
                go_to(to, ground);
                ground.screen.selection = Some(Selection {
                    lane: from.lane.index(),
                    step: from.step,
                    span: Span::Steps,
                    every_lane: false,
                });
            }
            Pointing::Louder(cell, by) => {
                let selected = ground.selected();
                let around = selected.filter(|it| it.contains(cell.step, cell.lane.index()));
                let region = around.unwrap_or(cell.region());
                if ground.hits_of(&region).next().is_some() {
                    let louder = Dynamics::By(by.into());
                    let change = Change::Velocity(region.clone());
                    edit_hits(ground, &region, change, |_, hit| louder.set(hit, 0.0));
                }
            }
        }
    }

    fn draw(&self, cell: Cell, ground: &mut Ground) {
        let Brush { sets, strokes } = self.brush;
        go_to(cell, ground);
        if ground.groove().hit(cell.step, cell.lane).is_some() != sets {
            let change = Change::Drawn(strokes);
            let hit = sets.then_some(PLAIN);
            edit_cells(ground, &cell.region(), change, |_, cells| cells.fill(hit));
        }
    }
}

/// The cursor goes to a cell of the groove.
fn go_to(cell: Cell, ground: &mut Ground) {
    let last = ground.groove().steps.len().saturating_sub(1);
    ground.screen.lane = cell.lane.index();
    ground.screen.step = cell.step.min(last);
}
