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
    label(lane, studio, base, canvas);
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
fn label(lane: Lane, studio: &Studio, y: u16, canvas: &mut Canvas) {
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
}

/// One step of the lane; `y` is its lower line.
fn cell(step: usize, lane: Lane, studio: &Studio, page: &Page, y: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let x = page.x(step);
    let tall = page.lane_height == 2;
    let ground = ground(step, lane, studio, page, theme);
    for y in y + 1 - page.lane_height..=y {
        canvas.put((x, y), &"  "[..page.columns.cell], ground);
    }
    let Some(hit) = studio.groove().hit(step, lane) else {
        if step.is_multiple_of(STEPS_PER_QUARTER) {
            let faint = theme.faint().patch(ground);
            canvas.put((x, y), theme.pick("┊", ":"), faint);
        }
        return;
    };
    let ink = ink(lane, hit.velocity < 0.5, studio, theme).patch(ground);
    // Two lines make sixteen levels; the lower one keeps the meaning of the four glyphs.
    let sixteenths = (hit.velocity * 16.0).round().max(1.0) as usize;
    let base = if tall && hit.velocity >= 0.25 {
        theme.bar(sixteenths.min(8))
    } else {
        theme.velocity(hit.velocity)
    };
    canvas.put((x, y), base, ink);
    if tall {
        canvas.put((x, y - 1), theme.bar(sixteenths.saturating_sub(8)), ink);
    }
    if page.columns.cell == 2 {
        let (mark, color) = timing::mark(hit, theme);
        canvas.put((x + 1, y), mark, color.patch(ground));
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

/// What lies under a cell: the playhead, the cursor.
fn ground(step: usize, lane: Lane, studio: &Studio, page: &Page, theme: Theme) -> Style {
    let mut style = Style::new();
    if page.playing == Some(step) {
        style = theme.playhead(style);
    }
    let cursor = (studio.ground.screen.lane, studio.ground.screen.step);
    if studio.ground.screen.pane == Pane::Grid && cursor == (lane.index(), step) {
        style = style.add_modifier(Modifier::REVERSED);
    }
    style
}
