//! A lane of the grid: its label, its hits, and the lines between bars.

use ratatui::style::{Modifier, Style};

use super::page::Page;
use super::timing;
use crate::studio::{Pane, Studio};
use crate::tui::kit::{Canvas, Theme};
use musicvae::music::{Lane, Trig, When};

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
    let beat = step.is_multiple_of(page.columns.beat);
    let is_reached = studio.ground.is_reached(lane, step);
    let mut ground = Style::new();
    let playing = page.playing.map(|it| studio.ground.place_of(lane, it));
    if playing == Some(step) {
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
    // Every step where there is room, else the beats.
    let line = match beat {
        // Behind the lane's own loop there is nothing to count.
        _ if !is_reached => None,
        true => Some(theme.pick("┊", ":")),
        false => (width > 2).then(|| theme.pick("╷", "'")),
    };
    if let Some(line) = line.filter(|_| !selected || place != middle) {
        canvas.put((at(middle), y), line, theme.faint().patch(ground));
    }
    if let Some(hit) = hit {
        let mut ink = match is_reached {
            true => ink(lane, hit.velocity < 0.5, studio, theme),
            false => theme.faint(),
        }
        .patch(ground);
        if selected {
            ink = ink.add_modifier(Modifier::UNDERLINED);
        }
        bar(hit.velocity, page.lane_height, (at(place), y), ink, canvas);
        let (mark, color) = timing::mark(hit, theme);
        if let Some(column) = page.columns.beside(place, hit.offset) {
            canvas.put((at(column), y), mark, color.patch(ground));
        }
    }
    if let Some(sign) = hit.and_then(|hit| sign(hit.trig)) {
        // Where there is but one column it says more than the velocity.
        let last = width - 1;
        let column = if last == place { 0 } else { last };
        canvas.put((at(column), y), sign, theme.accent().patch(ground));
    }
    if is_cursor(step, lane, studio) {
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

/// How loud a hit is, as a bar of so many lines; `y` is the lowest.
fn bar(velocity: f32, lines: u16, (x, y): (u16, u16), ink: Style, canvas: &mut Canvas) {
    let theme = canvas.theme;
    // A block that is turned about looks like a blank.
    let is_turned = ink.add_modifier.contains(Modifier::REVERSED);
    let seen = |glyph: &'static str| match is_turned && glyph == "█" {
        true => "◆",
        false => glyph,
    };
    let eighths = ((velocity * 8.0 * f32::from(lines)).round() as usize).max(1);
    // The lowest line keeps the meaning of the four glyphs.
    let base = if lines > 1 && velocity >= 0.25 {
        theme.bar(eighths.min(8))
    } else {
        theme.velocity(velocity)
    };
    canvas.put((x, y), seen(base), ink);
    for line in 1..lines {
        let above = eighths.saturating_sub(8 * usize::from(line));
        canvas.put((x, y - line), seen(theme.bar(above.min(8))), ink);
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

/// `3` strokes, a `f`lam, a chance in `%`, a condition: the first of them that a hit has.
fn sign(trig: Trig) -> Option<&'static str> {
    const COUNTS: [&str; 7] = ["2", "3", "4", "5", "6", "7", "8"];
    match trig {
        Trig { ratchet: 2.., .. } => COUNTS.get(usize::from(trig.ratchet) - 2).copied(),
        Trig { flam: true, .. } => Some("f"),
        Trig { chance: ..100, .. } => Some("%"),
        Trig { when, .. } => (when != When::Always).then_some("?"),
    }
}

fn is_cursor(step: usize, lane: Lane, studio: &Studio) -> bool {
    let screen = &studio.ground.screen;
    screen.pane == Pane::Grid && (screen.lane, screen.step) == (lane.index(), step)
}
