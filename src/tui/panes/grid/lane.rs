//! A lane of the grid: its label, its hits, and the lines between bars.

use ratatui::style::{Modifier, Style};

use super::page::Page;
use super::timing;
use crate::studio::{Pane, Studio};
use crate::tui::kit::{Canvas, Theme};
use musicvae::music::{Lane, STEPS_PER_QUARTER};

/// Draws the lane from line `y` on.
pub fn draw(lane: Lane, studio: &Studio, page: &Page, y: u16, canvas: &mut Canvas) {
    let base = y + page.lane_height - 1;
    label(lane, studio, page, base, canvas);
    for step in page.steps.clone() {
        cell(step, lane, studio, page, base, canvas);
    }
    let theme = canvas.theme;
    let bars = page.steps.clone().skip(1);
    for step in bars.filter(|step| step.is_multiple_of(page.columns.bar)) {
        for y in y..=base {
            canvas.put((page.x(step) - 1, y), theme.pick("│", "|"), theme.faint());
        }
    }
}

/// `Snare M L ▃`: name, mute, solo, lock, and how loud it is now.
fn label(lane: Lane, studio: &Studio, page: &Page, y: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let state = studio.ground.lanes[lane.index()];
    let mut style = ink(lane, false, studio, theme);
    let mut mark = " ";
    if studio.ground.screen.lane == lane.index() {
        style = style.add_modifier(Modifier::BOLD);
        mark = theme.pick("▸", ">");
    }
    canvas.put((0, y), mark, theme.accent());
    canvas.put((1, y), lane.short_name(), style);
    let flags = [
        (6, state.mute, "M"),
        (7, state.solo, "S"),
        (8, state.lock, "L"),
    ];
    for (x, _, letter) in flags.into_iter().filter(|(_, on, _)| *on) {
        canvas.put((x, y), letter, theme.accent());
    }
    let level = studio.ground.transport.lane_levels[lane.index()];
    let eighths = (level.clamp(0.0, 1.0).sqrt() * 8.0).round() as usize;
    canvas.put((9, y), theme.bar(eighths), theme.lane(lane, false));
    let selected = page.selected.as_ref();
    if selected.is_some_and(|it| it.lanes.contains(&lane.index())) {
        for y in y + 1 - page.lane_height..=y {
            canvas.put((10, y), theme.pick("▐", "]"), theme.accent());
        }
    }
}

/// One step of the lane; `y` is its lower line.
fn cell(step: usize, lane: Lane, studio: &Studio, page: &Page, y: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let width = page.columns.cell;
    let x = page.x(step);
    let at = |column: usize| x + column as u16;
    let hit = studio.groove().hit(step, lane);
    let beat = step.is_multiple_of(STEPS_PER_QUARTER);
    let here = is_cursor(step, lane, studio);
    let mut ground = Style::new();
    if page.playing == Some(step) {
        ground = theme.playhead(ground);
    }
    let selected = page.selected.as_ref();
    let selected = selected.is_some_and(|it| it.contains(step, lane.index()));
    for y in y + 1 - page.lane_height..=y {
        canvas.put((x, y), &" ".repeat(width), ground);
    }
    let middle = page.columns.middle();
    let place = hit.map_or(middle, |hit| page.columns.place(hit.offset));
    if selected {
        let filled = theme.pick("░", "-").repeat(width);
        canvas.put((x, y), &filled, theme.accent().patch(ground));
    }
    if beat && !selected || place != middle {
        let faint = theme.faint().patch(ground);
        canvas.put((at(middle), y), theme.pick("┊", ":"), faint);
    }
    if let Some(hit) = hit {
        let mut ink = ink(lane, hit.velocity < 0.5, studio, theme).patch(ground);
        if selected {
            ink = ink.add_modifier(Modifier::UNDERLINED);
        }
        let eighths = (hit.velocity * 8.0 * f32::from(page.lane_height)).round();
        let eighths = (eighths as usize).max(1);
        // The lowest line keeps the meaning of the four glyphs.
        let base = if page.lane_height > 1 && hit.velocity >= 0.25 {
            theme.bar(eighths.min(8))
        } else {
            theme.velocity(hit.velocity)
        };
        canvas.put((at(place), y), base, ink);
        for line in 1..page.lane_height {
            let above = eighths.saturating_sub(8 * usize::from(line));
            canvas.put((at(place), y - line), theme.bar(above.min(8)), ink);
        }
        let (mark, color) = timing::mark(hit, theme);
        if let Some(column) = page.columns.beside(place, hit.offset) {
            canvas.put((at(column), y), mark, color.patch(ground));
        }
    }
    if here {
        // A sign of its own for each, since a block and a blank turned about look the same.
        let sign = match hit {
            Some(_) => theme.pick("◆", "X"),
            None => theme.pick("◇", "_"),
        };
        let cursor = Style::new().add_modifier(Modifier::REVERSED);
        canvas.restyle((x, y), width as u16, cursor);
        canvas.put((at(place), y), sign, cursor);
    }
}

/// The lane's own colour, where it is heard.
fn ink(lane: Lane, quiet: bool, studio: &Studio, theme: Theme) -> Style {
    if studio.ground.is_heard(lane) {
        theme.lane(lane, quiet)
    } else {
        theme.faint()
    }
}

fn is_cursor(step: usize, lane: Lane, studio: &Studio) -> bool {
    let screen = &studio.ground.screen;
    screen.pane == Pane::Grid && (screen.lane, screen.step) == (lane.index(), step)
}
