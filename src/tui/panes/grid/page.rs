//! The part of the groove that is shown, and where.

use std::ops::Range;

use crate::studio::{Region, Studio};
use crate::tui::kit::Canvas;
use musicvae::music::LANES;

/// Lane name, flags and meter.
pub const LABEL: u16 = 11;

/// Most lines that a lane makes use of.
pub const TALLEST: u16 = 4;

/// Most columns that a step makes use of.
const WIDEST: usize = 9;

/// Which part of the groove is shown.
#[derive(Clone)]
pub struct Page {
    pub columns: Columns,
    pub steps: Range<usize>,
    /// The step that plays.
    pub playing: Option<usize>,
    /// Lines a lane.
    pub lane_height: u16,
    pub selected: Option<Region>,
}

impl Page {
    pub fn of(studio: &Studio, canvas: &Canvas) -> Page {
        let groove = studio.groove();
        let bar = groove.steps_per_bar();
        // Past the end of what is shown, what plays is still the longer groove before it.
        let playing = studio
            .ground
            .transport
            .playing
            .then_some(groove.step_at(studio.ground.transport.position.step) as usize)
            .filter(|&step| step < groove.steps.len());
        // Pages turn with what plays, but not away from bars that were asked for, or are edited.
        let screen = &studio.ground.screen;
        let stays = screen.zoom.is_some() || screen.selection.is_some();
        let here = playing.filter(|_| !stays).unwrap_or(screen.step);
        let room = usize::from(canvas.width() - LABEL);
        let beat = groove.grid.steps_per_quarter();
        let columns = Columns::fit(groove.steps.len(), (bar, beat), here, room, screen.zoom);
        let lanes = LANES as u16;
        // Ruler, and what is under the grid.
        let lane_height = canvas.height().saturating_sub(3) / lanes;
        Page {
            columns,
            steps: columns.first..(columns.first + columns.count).min(groove.steps.len()),
            playing,
            lane_height: lane_height.clamp(1, TALLEST),
            selected: studio.ground.selected(),
        }
    }

    /// Where what lies on the grid is drawn.
    pub fn middle(&self, step: usize) -> u16 {
        self.x(step) + self.columns.middle() as u16
    }

    /// Where a step is drawn, from its first column on.
    pub fn x(&self, step: usize) -> u16 {
        LABEL + self.columns.x(step) as u16
    }
}

/// Which steps are shown, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    pub first: usize,
    pub count: usize,
    /// Columns a step.
    pub cell: usize,
    /// A blank between beats.
    gaps: bool,
    /// Steps of a bar, and of a beat.
    pub bar: usize,
    pub beat: usize,
}

impl Columns {
    /// The most generous way to show `steps` steps (or `zoom` bars of them) in `room` columns: all
    /// of them if that fits in any way, else the page of bars that holds step `here`. A bar and a beat
    /// have so many steps.
    pub fn fit(
        steps: usize,
        (bar, beat): (usize, usize),
        here: usize,
        room: usize,
        zoom: Option<usize>,
    ) -> Columns {
        let bar = bar.max(1);
        let shown = zoom.map_or(steps, |bars| steps.min(bars * bar));
        let mut count = shown.max(1);
        loop {
            let wide = (3..=WIDEST).rev().map(|cell| (cell, true));
            let narrow = [(2, true), (2, false), (1, true), (1, false)];
            for (cell, gaps) in wide.chain(narrow) {
                let columns = Columns {
                    first: 0,
                    count,
                    cell,
                    gaps,
                    bar,
                    beat,
                };
                if columns.width() <= room {
                    return Columns {
                        first: here / count * count,
                        ..columns
                    };
                }
            }
            let bars = count.div_ceil(bar);
            if bars <= 1 {
                return Columns {
                    first: here / bar * bar,
                    count: bar,
                    cell: 1,
                    gaps: false,
                    bar,
                    beat,
                };
            }
            count = bars.div_ceil(2) * bar;
        }
    }

    fn width(&self) -> usize {
        self.x(self.first + self.count - 1) + self.cell
    }

    /// Columns of a beat.
    pub fn beat_width(&self) -> usize {
        self.beat * self.cell + usize::from(self.gaps)
    }

    /// Column within a cell of what is on the grid: the middle, where there is one.
    pub fn middle(&self) -> usize {
        self.cell.saturating_sub(1) / 2
    }

    /// Column within a cell of a hit. In narrow ones all are in the same.
    pub fn place(&self, offset: f32) -> usize {
        let middle = self.middle();
        let away = (offset * (2 * middle + 1) as f32).round() as isize;
        let place = middle as isize - away;
        place.clamp(0, 2 * middle as isize) as usize
    }

    /// Column within a cell of the mark of a hit's timing, at the side where the hit is meant to
    /// be; where its place says it already, none.
    pub fn beside(&self, place: usize, offset: f32) -> Option<usize> {
        match self.cell {
            0 | 1 => None,
            2 => Some(1),
            _ if place != self.middle() => None,
            _ if offset > 0.0 => place.checked_sub(1),
            _ => Some(place + 1),
        }
    }

    /// Column of a shown step, beside the labels.
    fn x(&self, step: usize) -> usize {
        let index = step - self.first;
        let bars = index / self.bar;
        let beats = index / self.beat;
        let blanks = if self.gaps { beats } else { bars };
        index * self.cell + blanks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bars_fit_beside_the_labels_from_80_columns_on() {
        let all = |room| Columns::fit(64, (16, 4), 0, room, None);
        let shape = |columns: Columns| (columns.count, columns.cell, columns.gaps);
        assert_eq!(shape(all(80 - 11)), (64, 1, false));
        assert_eq!(shape(all(100 - 2 - 11)), (64, 1, true));
        assert_eq!(shape(all(160 - 2 - 11)), (64, 2, true));
        assert_eq!(all(69).width(), 67);
        assert_eq!(all(87).width(), 79);
    }

    #[test]
    fn narrower_screens_turn_pages() {
        let page = Columns::fit(64, (16, 4), 40, 60 - 11, None);
        assert_eq!((page.first, page.count), (32, 32));
        assert!(page.width() <= 49);
        let page = Columns::fit(64, (16, 4), 63, 20, None);
        assert_eq!((page.first, page.count), (48, 16));
    }

    #[test]
    fn fewer_bars_have_wider_steps() {
        let shape = |room, zoom| {
            let columns = Columns::fit(64, (16, 4), 20, room, Some(zoom));
            (columns.first, columns.count, columns.cell)
        };
        assert_eq!(shape(69, 1), (16, 16, 4));
        assert_eq!(shape(69, 2), (0, 32, 2));
        assert_eq!(shape(107, 2), (0, 32, 3));
        assert_eq!(shape(147, 1), (16, 16, 9));
        assert_eq!(shape(147, 4), (0, 64, 2));
        assert_eq!(shape(147, 8), (0, 64, 2));
    }

    #[test]
    fn columns_are_distinct_and_in_order() {
        for room in [67, 79, 131, 143, 200] {
            let columns = Columns::fit(64, (16, 4), 0, room, None);
            let x: Vec<usize> = (0..64).map(|step| columns.x(step)).collect();
            assert!(x.windows(2).all(|pair| pair[1] >= pair[0] + columns.cell));
            assert!(
                x[16] > x[15] + columns.cell,
                "a bar line stands between bars"
            );
        }
    }
}
