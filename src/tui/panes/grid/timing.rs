//! Microtiming, as marks beside hits and as bars under the grid.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{Columns, LABEL};
use crate::studio::Studio;
use crate::tui::kit::theme::Theme;
use crate::tui::layout::put;
use musicvae::music::{Hit, Lane};

/// An offset smaller than this (in steps) is on the grid to the eye: 2.5 ms at 120.
pub const ON_GRID: f32 = 0.02;

/// `‹` early, `›` late, doubled glyphs for more than a tenth of a step.
pub fn timing_mark(hit: Hit, theme: Theme) -> (&'static str, Style) {
    match hit.offset {
        offset if offset >= 0.12 => (theme.pick("«", "{"), theme.early()),
        offset if offset >= ON_GRID => (theme.pick("‹", "<"), theme.early()),
        offset if offset <= -0.12 => (theme.pick("»", "}"), theme.late()),
        offset if offset <= -ON_GRID => (theme.pick("›", ">"), theme.late()),
        _ => (" ", Style::new()),
    }
}

/// The timing of the cursor's lane in one line.
pub fn timing_line(
    studio: &Studio,
    columns: &Columns,
    shown: Range<usize>,
    theme: Theme,
    area: Rect,
    y: u16,
    buffer: &mut Buffer,
) {
    put(buffer, area, (1, y), "timing", theme.faint());
    for step in shown {
        if let Some(hit) = studio.groove().hit(step, Lane::ALL[studio.screen.lane]) {
            let (mark, style) = timing_mark(hit, theme);
            let (mark, style) = if mark == " " {
                ("|", theme.faint())
            } else {
                (mark, style)
            };
            put(
                buffer,
                area,
                (LABEL + columns.x(step) as u16, y),
                mark,
                style,
            );
        }
    }
}

/// The timing of the cursor's lane as bars: early ones stand, late ones hang.
pub fn timing_lines(
    studio: &Studio,
    columns: &Columns,
    shown: Range<usize>,
    theme: Theme,
    area: Rect,
    y: u16,
    buffer: &mut Buffer,
) {
    put(buffer, area, (1, y), "early", theme.early());
    put(buffer, area, (1, y + 1), "late", theme.late());
    for step in shown {
        let Some(hit) = studio.groove().hit(step, Lane::ALL[studio.screen.lane]) else {
            continue;
        };
        let x = LABEL + columns.x(step) as u16;
        // A quarter of a step fills the line: drummers rarely go beyond.
        let eighths = ((hit.offset.abs() * 32.0).round() as usize).clamp(1, 8);
        if hit.offset.abs() < ON_GRID {
            put(buffer, area, (x, y), theme.bar(1), theme.faint());
        } else if hit.offset > 0.0 {
            put(buffer, area, (x, y), theme.bar(eighths), theme.early());
        } else if theme.ascii {
            put(buffer, area, (x, y + 1), theme.bar(eighths), theme.late());
        } else {
            // A bar that hangs is the reverse of one that stands.
            let style = theme.late().add_modifier(Modifier::REVERSED);
            put(buffer, area, (x, y + 1), theme.bar(8 - eighths), style);
        }
    }
}
