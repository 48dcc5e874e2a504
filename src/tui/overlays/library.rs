//! The library of grooves that were heard, over the panes: a line each, the latest first.

use ratatui::text::{Line, Span};

use super::sketch::sketch;
use crate::studio::Studio;
use crate::studio::library::{BEST, Row};
use crate::tui::kit::{Canvas, Theme, input, pick_from, shortened, window};
use musicvae::music::Lane;

/// Steps of a thumbnail: two bars.
const STEPS: usize = 32;
/// Columns of everything but name and tags.
const FIXED: usize = 44;

pub fn draw(searching: bool, studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let library = &studio.library;
    let rows = &library.rows;
    let width = body.width().saturating_sub(8).clamp(60, 110);
    let is_searched = searching || !rows.words.is_empty();
    let title = match (rows.found(), rows.favourites) {
        (found, true) => format!("Library: {found} of {} (favourites)", rows.len()),
        (found, _) if !rows.words.is_empty() => format!("Library: {found} of {}", rows.len()),
        (found, _) => format!("Library: {found} grooves"),
    };
    let height = rows.found().max(3) + usize::from(is_searched);
    let mut inner = window(&title, (width, height), body);
    let mut list = inner.at(inner.area);
    if is_searched {
        let mut line = list.lines(0, 1);
        match searching {
            true => input(&rows.words, &mut line),
            false => line.show(Line::styled(format!("/{}", rows.words), theme.accent())),
        }
        list = inner.below(1);
    }
    if rows.found() == 0 {
        let text = match (rows.is_empty(), library.is_loading) {
            (true, true) => "Reading the library.",
            (true, false) => "Every groove you hear is kept here.",
            (false, _) => "No groove has these words.",
        };
        return list.fill(text, theme.faint());
    }
    let room = usize::from(list.width());
    pick_from(rows.found(), library.selected, &mut list, |line| {
        rows.line(line)
            .map_or_else(Line::default, |row| of(row, room, theme))
    });
}

/// `♥ ★★★   seed 61         97.0  4 bars  130 hits  ▌▖...  tags`
fn of(row: &Row, room: usize, theme: Theme) -> Line<'static> {
    let marks = &row.marks;
    let strikes = |lanes: &[Lane], step| row.strikes(lanes, step);
    let heart = match marks.favourite {
        true => theme.pick("♥", "*"),
        false => " ",
    };
    let star = theme.pick("★", "+");
    let stars = star.repeat(usize::from(marks.rating.min(BEST)));
    let words = room.saturating_sub(FIXED).max(12);
    let name = words.min(28);
    let tags = shortened(
        &marks.tags.join(" "),
        words.saturating_sub(name + 1),
        theme.ascii,
    );
    Line::from(vec![
        Span::styled(format!("{heart} "), theme.accent()),
        Span::styled(format!("{stars:<5} "), theme.good()),
        Span::raw(format!(
            "{:<name$} ",
            shortened(row.name(), name, theme.ascii)
        )),
        Span::styled(sketch(strikes, STEPS, theme), theme.plain()),
        Span::styled(
            format!(" {:>5.1} {:>2} bars {:>3}", row.tempo, row.bars, row.hits),
            theme.faint(),
        ),
        Span::styled(format!(" {tags}"), theme.good()),
    ])
}
