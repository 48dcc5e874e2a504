//! The part of the groove that is shown, and where.

use std::ops::Range;

use crate::studio::Studio;
use crate::tui::kit::Canvas;
use musicvae::music::{LANES, STEPS_PER_QUARTER};

/// Lane name, flags and meter.
pub const LABEL: u16 = 11;

/// What of the groove is seen.
pub struct Page {
    pub columns: Columns,
    pub steps: Range<usize>,
    /// The step that plays.
    pub playing: Option<usize>,
    /// Lines a lane.
    pub lane_height: u16,
}

impl Page {
    pub fn of(studio: &Studio, canvas: &Canvas) -> Page {
        let groove = studio.groove();
        let bar = groove.meter.steps_per_bar();
        // Past the end of what is shown, what plays is still the longer groove before it.
        let playing = studio
            .ground
            .transport
            .playing
            .then_some(studio.ground.transport.position.step as usize)
            .filter(|&step| step < groove.steps.len());
        let here = playing.unwrap_or(studio.ground.screen.step);
        let room = usize::from(canvas.width() - LABEL);
        let columns = Columns::fit(groove.steps.len(), bar, here, room);
        let tall = canvas.height() >= 2 * LANES as u16 + 3;
        Page {
            columns,
            steps: columns.first..(columns.first + columns.count).min(groove.steps.len()),
            playing,
            lane_height: if tall { 2 } else { 1 },
        }
    }

    /// Where a step is drawn.
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
    pub bar: usize,
}

impl Columns {
    /// The most generous way to show `steps` steps in `room` columns: all of them if that fits in
    /// any way, else the page of bars that holds step `here`.
    pub fn fit(steps: usize, bar: usize, here: usize, room: usize) -> Columns {
        let bar = bar.max(1);
        let mut count = steps.max(1);
        loop {
            for (cell, gaps) in [(2, true), (2, false), (1, true), (1, false)] {
                let columns = Columns {
                    first: 0,
                    count,
                    cell,
                    gaps,
                    bar,
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
                };
            }
            count = bars.div_ceil(2) * bar;
        }
    }

    fn width(&self) -> usize {
        self.x(self.first + self.count - 1) + self.cell
    }

    /// Column of a shown step, beside the labels.
    fn x(&self, step: usize) -> usize {
        let index = step - self.first;
        let bars = index / self.bar;
        let beats = index / STEPS_PER_QUARTER;
        let blanks = if self.gaps { beats } else { bars };
        index * self.cell + blanks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bars_fit_beside_the_labels_from_80_columns_on() {
        let all = |room| Columns::fit(64, 16, 0, room);
        let shape = |columns: Columns| (columns.count, columns.cell, columns.gaps);
        assert_eq!(shape(all(80 - 11)), (64, 1, false));
        assert_eq!(shape(all(100 - 2 - 11)), (64, 1, true));
        assert_eq!(shape(all(160 - 2 - 11)), (64, 2, true));
        assert_eq!(all(69).width(), 67);
        assert_eq!(all(87).width(), 79);
    }

    #[test]
    fn narrower_screens_turn_pages() {
        let page = Columns::fit(64, 16, 40, 60 - 11);
        assert_eq!((page.first, page.count), (32, 32));
        assert!(page.width() <= 49);
        let page = Columns::fit(64, 16, 63, 20);
        assert_eq!((page.first, page.count), (48, 16));
    }

    #[test]
    fn columns_are_distinct_and_in_order() {
        for room in [67, 79, 131, 143, 200] {
            let columns = Columns::fit(64, 16, 0, room);
            let x: Vec<usize> = (0..64).map(|step| columns.x(step)).collect();
            assert!(x.windows(2).all(|pair| pair[1] >= pair[0] + columns.cell));
            assert!(
                x[16] > x[15] + columns.cell,
                "a bar line stands between bars"
            );
        }
    }
}
