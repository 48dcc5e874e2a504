//! The drum grid: lanes down, sixteenths across, like a piano roll.

mod timing;

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::studio::{Pane, Studio};
use crate::tui::kit::theme::Theme;
use crate::tui::layout::put;
use musicvae::music::{Hit, LANES, Lane, STEPS_PER_QUARTER};
use timing::{ON_GRID, timing_line, timing_lines, timing_mark};

/// Lane name, flags and meter.
pub const LABEL: u16 = 11;

/// How many of `room` lines the grid makes use of.
pub fn height(room: u16) -> u16 {
    let lanes = LANES as u16;
    // Ruler, lanes, timing in two lines, and what is under the cursor.
    let rest = 4;
    if room >= 2 * lanes + rest {
        2 * lanes + rest
    } else {
        (lanes + rest).min(room.max(lanes))
    }
}

/// Which steps are shown, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    pub first: usize,
    pub count: usize,
    /// Columns a step.
    cell: usize,
    /// A blank between beats.
    gaps: bool,
    bar: usize,
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

    /// Column of a shown step.
    pub fn x(&self, step: usize) -> usize {
        let index = step - self.first;
        let bars = index / self.bar;
        let beats = index / STEPS_PER_QUARTER;
        let blanks = if self.gaps { beats } else { bars };
        index * self.cell + blanks
    }

    fn shows(&self, step: usize) -> bool {
        (self.first..self.first + self.count).contains(&step)
    }
}

pub fn draw(studio: &Studio, theme: Theme, area: Rect, buffer: &mut Buffer) {
    if area.height < 1 || area.width <= LABEL {
        return;
    }
    let groove = studio.groove();
    let bar = groove.meter.steps_per_bar();
    // Past the end of what is shown, what plays is still the longer groove before it.
    let playing = studio
        .transport
        .playing
        .then_some(studio.transport.position.step as usize)
        .filter(|&step| step < groove.steps.len());
    let here = playing.unwrap_or(studio.screen.step);
    let room = usize::from(area.width - LABEL);
    let columns = Columns::fit(groove.steps.len(), bar, here, room);
    let shown = columns.first..(columns.first + columns.count).min(groove.steps.len());
    let lanes = LANES as u16;
    let tall = area.height >= 2 * lanes + 3;
    let lane_height = if tall { 2 } else { 1 };
    let below = area.height.saturating_sub(1 + lanes * lane_height);

    let looped = looped(studio);
    ruler(
        &columns,
        shown.clone(),
        looped,
        playing,
        theme,
        area,
        buffer,
    );
    for (row, lane) in Lane::ALL.into_iter().enumerate() {
        let y = 1 + row as u16 * lane_height;
        let base = y + lane_height - 1;
        label(studio, lane, theme, area, base, buffer);
        for step in shown.clone() {
            let x = LABEL + columns.x(step) as u16;
            let under_cursor = studio.screen.pane == Pane::Grid
                && (studio.screen.lane, studio.screen.step) == (row, step);
            let mut style = Style::new();
            if playing == Some(step) {
                style = theme.playhead(style);
            }
            if under_cursor {
                style = style.add_modifier(Modifier::REVERSED);
            }
            let hit = groove.hit(step, lane);
            let heard = studio.is_heard(lane);
            cell(
                hit,
                lane,
                heard,
                step,
                (columns.cell, tall),
                style,
                theme,
                area,
                (x, base),
                buffer,
            );
        }
        separators(
            &columns,
            shown.clone(),
            theme,
            area,
            (y, lane_height),
            buffer,
        );
    }
    let y = 1 + lanes * lane_height;
    if below >= 3 {
        timing_lines(studio, &columns, shown, theme, area, y, buffer);
        detail(studio, theme, area, y + 2, buffer);
    } else {
        if below >= 2 {
            timing_line(studio, &columns, shown, theme, area, y, buffer);
        }
        if below >= 1 {
            detail(studio, theme, area, y + below - 1, buffer);
        }
    }
}

/// The steps that go round, where those are not all.
fn looped(studio: &Studio) -> Range<usize> {
    let position = studio.transport.position;
    let start = position.loop_start as usize;
    let steps = position.loop_steps as usize;
    if steps < studio.groove().steps.len() {
        start..start + steps
    } else {
        0..0
    }
}

/// Bars and beats as they are counted, a line over what goes round, and the playhead.
fn ruler(
    columns: &Columns,
    shown: Range<usize>,
    looped: Range<usize>,
    playing: Option<usize>,
    theme: Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    for step in shown.clone().filter(|step| looped.contains(step)) {
        let line = theme.pick("──", "==");
        let x = LABEL + columns.x(step) as u16;
        put(
            buffer,
            area,
            (x, 0),
            &line[..line.len() / 2 * columns.cell],
            theme.accent(),
        );
    }
    for step in shown.filter(|step| step % STEPS_PER_QUARTER == 0) {
        let x = LABEL + columns.x(step) as u16;
        let (bar, beat) = (
            step / columns.bar + 1,
            step % columns.bar / STEPS_PER_QUARTER + 1,
        );
        if beat == 1 {
            put(buffer, area, (x, 0), &bar.to_string(), theme.strong());
        } else {
            put(
                buffer,
                area,
                (x, 0),
                &format!("{bar}.{beat}"),
                theme.faint(),
            );
        }
    }
    if let Some(step) = playing.filter(|&step| columns.shows(step)) {
        let x = LABEL + columns.x(step) as u16;
        put(buffer, area, (x, 0), theme.pick("▼", "v"), theme.accent());
    }
}

fn separators(
    columns: &Columns,
    shown: Range<usize>,
    theme: Theme,
    area: Rect,
    (y, height): (u16, u16),
    buffer: &mut Buffer,
) {
    for step in shown.filter(|step| step % columns.bar == 0 && *step > columns.first) {
        let x = LABEL + columns.x(step) as u16 - 1;
        for y in y..y + height {
            put(buffer, area, (x, y), theme.pick("│", "|"), theme.faint());
        }
    }
}

/// `Snare M L ▃`: name, mute, solo, lock, and how loud it is now.
fn label(studio: &Studio, lane: Lane, theme: Theme, area: Rect, y: u16, buffer: &mut Buffer) {
    let state = studio.lanes[lane.index()];
    let chosen = studio.screen.lane == lane.index();
    let heard = studio.is_heard(lane);
    let mut style = if heard {
        theme.lane(lane, false)
    } else {
        theme.faint()
    };
    if chosen {
        style = style.add_modifier(Modifier::BOLD);
    }
    let mark = if chosen { theme.pick("▸", ">") } else { " " };
    put(buffer, area, (0, y), mark, theme.accent());
    put(buffer, area, (1, y), lane.short_name(), style);
    let flags = [(state.mute, "M"), (state.solo, "S"), (state.lock, "L")];
    for (index, (on, letter)) in flags.into_iter().enumerate() {
        if on {
            put(buffer, area, (6 + index as u16, y), letter, theme.accent());
        }
    }
    let level = studio.transport.lane_levels[lane.index()];
    let eighths = (level.clamp(0.0, 1.0).sqrt() * 8.0).round() as usize;
    put(
        buffer,
        area,
        (9, y),
        theme.bar(eighths),
        theme.lane(lane, false),
    );
}

#[allow(clippy::too_many_arguments)]
fn cell(
    hit: Option<Hit>,
    lane: Lane,
    heard: bool,
    step: usize,
    (width, tall): (usize, bool),
    style: Style,
    theme: Theme,
    area: Rect,
    (x, y): (u16, u16),
    buffer: &mut Buffer,
) {
    let blank = if width == 2 { "  " } else { " " };
    let Some(hit) = hit else {
        if tall {
            put(buffer, area, (x, y - 1), blank, style);
        }
        put(buffer, area, (x, y), blank, style);
        if step.is_multiple_of(STEPS_PER_QUARTER) {
            let faint = theme.faint().patch(style);
            put(buffer, area, (x, y), theme.pick("┊", ":"), faint);
        }
        return;
    };
    let quiet = hit.velocity < 0.5;
    let ink = if heard {
        theme.lane(lane, quiet)
    } else {
        theme.faint()
    };
    let ink = ink.patch(style);
    if tall {
        // Two lines make sixteen levels; the lower one keeps the four glyphs' meaning.
        let sixteenths = (hit.velocity * 16.0).round().max(1.0) as usize;
        let (upper, lower) = (sixteenths.saturating_sub(8), sixteenths.min(8));
        put(buffer, area, (x, y - 1), blank, style);
        put(buffer, area, (x, y - 1), theme.bar(upper), ink);
        let lower = if hit.velocity < 0.25 {
            theme.velocity(hit.velocity)
        } else {
            theme.bar(lower)
        };
        put(buffer, area, (x, y), blank, style);
        put(buffer, area, (x, y), lower, ink);
    } else {
        put(buffer, area, (x, y), blank, style);
        put(buffer, area, (x, y), theme.velocity(hit.velocity), ink);
    }
    if width == 2 {
        let (mark, color) = timing_mark(hit, theme);
        put(buffer, area, (x + 1, y), mark, color.patch(style));
    }
}

/// What is under the cursor, in a drummer's words.
fn detail(studio: &Studio, theme: Theme, area: Rect, y: u16, buffer: &mut Buffer) {
    let lane = Lane::ALL[studio.screen.lane];
    let step = studio.screen.step;
    let bar = studio.groove().meter.steps_per_bar().max(1);
    let beat = step % bar / STEPS_PER_QUARTER + 1;
    let place = format!(
        "{} {}.{beat}.{}",
        lane.short_name(),
        step / bar + 1,
        step % STEPS_PER_QUARTER + 1
    );
    let text = match studio.hit_here() {
        None => "no hit".into(),
        Some(hit) => {
            let step_ms = 60_000.0 / studio.sound.tempo as f32 / STEPS_PER_QUARTER as f32;
            let ms = hit.offset * step_ms;
            let timing = match hit.offset {
                offset if offset >= ON_GRID => format!("{ms:.0} ms early"),
                offset if offset <= -ON_GRID => format!("{:.0} ms late", -ms),
                _ => "on the grid".into(),
            };
            format!("velocity {:.0}, {timing}", hit.velocity * 127.0)
        }
    };
    put(buffer, area, (1, y), &place, theme.strong());
    let x = (place.chars().count() as u16 + 3).max(LABEL);
    let level = studio.lanes[lane.index()].level;
    let level = if level == 1.0 {
        String::new()
    } else {
        format!("   lane at {:.0}%", level * 100.0)
    };
    put(
        buffer,
        area,
        (x, y),
        &format!("{text}{level}"),
        theme.plain(),
    );
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
