//! Bars and beats, a line over the loop, what is locked, and the playhead.

use std::ops::Range;

use ratatui::style::{Modifier, Style};

use super::page::Page;
use crate::studio::Studio;
use crate::tui::kit::Canvas;

pub fn draw(studio: &Studio, page: &Page, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let looped = looped(studio);
    for step in page.steps.clone().filter(|step| looped.contains(step)) {
        let line = theme.pick("─", "=").repeat(page.columns.cell);
        canvas.put((page.x(step), 0), &line, theme.accent());
    }
    let beats = page.steps.clone();
    for step in beats.filter(|step| step.is_multiple_of(page.columns.beat)) {
        let bar = step / page.columns.bar + 1;
        let (text, style) = match step % page.columns.bar / page.columns.beat + 1 {
            1 if studio.ground.locked_bars.contains(&(bar - 1)) => {
                (format!("{bar}L"), theme.accent())
            }
            1 => (bar.to_string(), theme.strong()),
            // Where a beat has no room for both, the bar's number stands at its beginning.
            beat if page.columns.beat_width() <= format!("{bar}.{beat}").len() => {
                (format!(".{beat}"), theme.faint())
            }
            beat => (format!("{bar}.{beat}"), theme.faint()),
        };
        canvas.put((page.x(step), 0), &text, style);
    }
    if let Some(selected) = &page.selected {
        let steps = page.steps.clone();
        for step in steps.filter(|step| selected.steps.contains(step)) {
            let reversed = Style::new().add_modifier(Modifier::REVERSED);
            canvas.restyle((page.x(step), 0), page.columns.cell as u16, reversed);
        }
    }
    if let Some(step) = page.playing.filter(|step| page.steps.contains(step)) {
        canvas.put((page.x(step), 0), theme.pick("▼", "v"), theme.accent());
    }
}

/// The steps that loop, if those are not all.
fn looped(studio: &Studio) -> Range<usize> {
    let goes_round = studio.ground.goes_round();
    if goes_round.len() < studio.groove().steps.len() {
        goes_round
    } else {
        0..0
    }
}
