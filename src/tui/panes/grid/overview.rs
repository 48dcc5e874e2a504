//! All bars of a groove that is longer than the page, in a line: how much is struck in each, what is
//! shown, and what plays.

use ratatui::style::Style;

use super::page::{LABEL, Page};
use crate::studio::Studio;
use crate::studio::edit::Action::Point;
use crate::studio::edit::{Cell, Pointing};
use crate::tui::kit::{Canvas, Reply, Theme};
use musicvae::music::Lane;

/// Most columns of a bar.
const WIDEST: usize = 4;

pub fn draw(studio: &Studio, page: &Page, y: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let groove = studio.groove();
    let bar_steps = page.columns.bar;
    let bars = groove.bars().max(1);
    let room = usize::from(canvas.width().saturating_sub(LABEL));
    let width = (room / bars).clamp(1, WIDEST);
    let bar_word = if bars == 1 { "bar" } else { "bars" };
    canvas.put((1, y), &format!("{bars} {bar_word}"), theme.faint());
    let mut strokes = vec![0; bars];
    for (step, ..) in groove.hits() {
        strokes[step / bar_steps] += 1;
    }
    let most = strokes.iter().copied().max().unwrap_or(0);
    let playing = page.playing.map(|step| step / bar_steps);
    for (bar, struck) in strokes.into_iter().enumerate() {
        let x = LABEL + (bar * width) as u16;
        let mut style = style(bar, page, studio, theme);
        if playing == Some(bar) {
            style = theme.playhead(style);
        }
        let glyph = theme.share(struck, most);
        // A column between two bars, where there is room for it.
        let drawn = glyph.repeat(width.saturating_sub(1).max(1));
        canvas.put((x, y), &drawn, style);
        if width > 1 && studio.ground.locked_bars.contains(&bar) {
            canvas.put((x + width as u16 - 1, y), "L", theme.accent());
        }
    }
    let lane = Lane::ALL[studio.ground.screen.lane];
    canvas.lines(y, 1).answer(move |gesture| {
        let column = gesture.at.0 - i32::from(LABEL);
        let bar = usize::try_from(column).unwrap_or(0) / width;
        let step = bar * bar_steps;
        let goes = gesture.is_held().then_some(Cell { lane, step });
        Vec::from_iter(goes.map(|cell| Reply::from(Point(Pointing::To(cell)))))
    });
}

/// What is on the page stands out; what does not loop is faint.
fn style(bar: usize, page: &Page, studio: &Studio, theme: Theme) -> Style {
    let step = bar * page.columns.bar;
    let goes_round = studio.ground.goes_round().contains(&step);
    match (page.steps.contains(&step), goes_round) {
        (true, _) => theme.accent(),
        (false, true) => theme.plain(),
        (false, false) => theme.faint(),
    }
}
