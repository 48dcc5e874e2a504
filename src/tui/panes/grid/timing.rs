//! Microtiming: in words, as marks beside hits and as bars under the grid.

use ratatui::style::{Modifier, Style};

use super::page::Page;
use crate::studio::Studio;
use crate::tui::kit::{Canvas, Theme};
use musicvae::music::{Hit, Lane};

/// An offset smaller than this (in steps) is on the grid to the eye: 2.5 ms at 120.
const ON_GRID: f32 = 0.02;

/// `7 ms early`, where a step lasts so many milliseconds.
pub fn words(hit: Hit, step_ms: f32) -> String {
    let ms = hit.offset * step_ms;
    match hit.offset {
        offset if offset >= ON_GRID => format!("{ms:.0} ms early"),
        offset if offset <= -ON_GRID => format!("{:.0} ms late", -ms),
        _ => "on the grid".into(),
    }
}

/// `‹` early, `›` late, doubled glyphs for more than a tenth of a step.
pub fn mark(hit: Hit, theme: Theme) -> (&'static str, Style) {
    match hit.offset {
        offset if offset >= 0.12 => (theme.pick("«", "{"), theme.early()),
        offset if offset >= ON_GRID => (theme.pick("‹", "<"), theme.early()),
        offset if offset <= -0.12 => (theme.pick("»", "}"), theme.late()),
        offset if offset <= -ON_GRID => (theme.pick("›", ">"), theme.late()),
        _ => (" ", Style::new()),
    }
}

/// The timing of the cursor's lane in one line.
pub fn line(studio: &Studio, page: &Page, y: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    canvas.put((1, y), "timing", theme.faint());
    for (step, hit) in hits(studio, page) {
        let (mark, style) = match mark(hit, theme) {
            (" ", _) => ("|", theme.faint()),
            marked => marked,
        };
        canvas.put((page.middle(step), y), mark, style);
    }
}

/// The timing of the cursor's lane as bars: early ones stand, late ones hang.
pub fn bars(studio: &Studio, page: &Page, y: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    canvas.put((1, y), "early", theme.early());
    canvas.put((1, y + 1), "late", theme.late());
    for (step, hit) in hits(studio, page) {
        let x = page.middle(step);
        // A quarter of a step fills the line: drummers rarely go beyond.
        let eighths = ((hit.offset.abs() * 32.0).round() as usize).clamp(1, 8);
        if hit.offset.abs() < ON_GRID {
            canvas.put((x, y), theme.bar(1), theme.faint());
        } else if hit.offset > 0.0 {
            canvas.put((x, y), theme.bar(eighths), theme.early());
        } else if theme.ascii {
            canvas.put((x, y + 1), theme.bar(eighths), theme.late());
        } else {
            // A bar that hangs is the reverse of one that stands.
            let style = theme.late().add_modifier(Modifier::REVERSED);
            canvas.put((x, y + 1), theme.bar(8 - eighths), style);
        }
    }
}

/// The hits of the cursor's lane that are on the page.
fn hits(studio: &Studio, page: &Page) -> impl Iterator<Item = (usize, Hit)> {
    let lane = Lane::ALL[studio.ground.screen.lane];
    let hit = move |step| Some((step, studio.groove().hit(step, lane)?));
    page.steps.clone().filter_map(hit)
}
