//! What the mouse does on the grid: the left button draws along a lane, the right one selects, the
//! wheel makes louder.

use crossterm::event::MouseButton::{Left, Right};

use super::page::{LABEL, Page};
use crate::studio::edit::Action::Point;
use crate::studio::edit::{Cell, Pointing};
use crate::studio::playing::Action::{NudgeLaneLevel, ToggleLock, ToggleMute, ToggleSolo};
use crate::studio::{Pane, Studio};
use crate::tui::kit::{Canvas, Deed, Reply};
use musicvae::music::{LANES, Lane};

/// Velocity of a notch of the wheel, in 1/127.
const NOTCH: isize = 4;

/// What lies at a place.
enum Place {
    Cell,
    /// A column of a lane's label.
    Label(i32),
    Ruler,
    Nothing,
}

pub fn answer(page: Page, studio: &Studio, canvas: &mut Canvas) {
    let screen = &studio.ground.screen;
    // The first press only gives the pane the keys.
    let has_keys = screen.pane == Pane::Grid;
    let cursor = Cell {
        lane: Lane::ALL[screen.lane],
        step: screen.step,
    };
    canvas.answer(move |gesture| {
        let (cell, from) = (nearest(&page, gesture.at), nearest(&page, gesture.from));
        let lane_here = Point(Pointing::To(Cell {
            lane: cell.lane,
            ..cursor
        }));
        let point = |pointing| vec![Reply::from(Point(pointing))];
        match (gesture.deed, place(&page, gesture.from)) {
            (Deed::Press(Left), Place::Cell) if has_keys => point(Pointing::Draw(cell)),
            (Deed::Press(_), Place::Cell) => point(Pointing::To(cell)),
            (Deed::Drag(Left), Place::Cell) if has_keys => point(Pointing::DrawOn(Cell {
                lane: from.lane,
                ..cell
            })),
            (Deed::Drag(Right), Place::Cell) => point(Pointing::Select { from, to: cell }),
            (Deed::Wheel(notches), Place::Cell) => {
                point(Pointing::Louder(cell, (-NOTCH * notches) as i8))
            }
            (Deed::Press(_), Place::Ruler) => point(Pointing::To(Cell {
                step: cell.step,
                ..cursor
            })),
            (Deed::Press(_), Place::Label(column)) => {
                let flag = match column {
                    6 => Some(ToggleMute),
                    7 => Some(ToggleSolo),
                    8 => Some(ToggleLock),
                    _ => None,
                };
                let flag = flag.map(Reply::from);
                [lane_here.into()].into_iter().chain(flag).collect()
            }
            (Deed::Wheel(notches), Place::Label(_)) => {
                let level = NudgeLaneLevel(-0.1 * notches as f32);
                vec![lane_here.into(), level.into()]
            }
            _ => Vec::new(),
        }
    });
}

fn place(page: &Page, (x, y): (i32, i32)) -> Place {
    let lanes = LANES as i32 * i32::from(page.lane_height);
    match y {
        0 if x >= i32::from(LABEL) => Place::Ruler,
        1.. if y > lanes => Place::Nothing,
        1.. if x < i32::from(LABEL) => Place::Label(x),
        1.. => Place::Cell,
        _ => Place::Nothing,
    }
}

/// The cell of the page that is at a place or nearest to it.
fn nearest(page: &Page, (x, y): (i32, i32)) -> Cell {
    let lane = (y - 1).div_euclid(i32::from(page.lane_height));
    let mut steps = page.steps.clone().rev();
    let step = steps.find(|step| i32::from(page.x(*step)) <= x);
    Cell {
        lane: Lane::ALL[lane.clamp(0, LANES as i32 - 1) as usize],
        step: step.unwrap_or(page.steps.start),
    }
}
