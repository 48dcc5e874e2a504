//! The qualities that grooves are steered by, over the panes.

use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::studio::Studio;
use crate::studio::quality::{MOST, shown, words};
use crate::tui::kit::{Canvas, pick, shortened, window, wrapped};

/// Columns of a quality's name.
const NAME: usize = 14;
/// Columns of a bar to either side of its middle.
const SIDE: usize = 12;

pub fn draw(selected: usize, studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let qualities = match studio.ground.qualities() {
        Ok(qualities) if !qualities.is_empty() => qualities,
        other => {
            let reason = other.err().unwrap_or("This model has no attributes.");
            let lines = wrapped(reason, usize::from(body.width().saturating_sub(4)).min(60));
            let mut inner = window("Qualities", (60, lines.len()), body);
            let lines: Vec<Line> = lines.into_iter().map(Line::raw).collect();
            return inner.show(Paragraph::new(lines));
        }
    };
    let lines = qualities.iter().map(|quality| {
        let amount = studio.ground.scene.amount(&quality.name);
        let name = shortened(&shown(&quality.name), NAME, theme.ascii);
        let kind = if quality.style { "style" } else { "" };
        let style = match amount {
            0.0 => theme.faint(),
            _ => theme.good(),
        };
        let rail = theme.pick("─", "-");
        let full = theme.pick("█", "#");
        let cells = (amount / MOST * SIDE as f32).round() as isize;
        let cell = |at: isize| match (cells > 0, cells < 0) {
            (true, _) if (1..=cells).contains(&at) => (full, style),
            (_, true) if (cells..=-1).contains(&at) => (full, style),
            _ if at == 0 => (theme.pick("┼", "|"), theme.faint()),
            _ => (rail, theme.faint()),
        };
        let side = SIDE as isize;
        let mut spans = vec![Span::raw(format!(" {name:<NAME$} "))];
        spans.extend(
            (-side..=side)
                .map(cell)
                .map(|(text, style)| Span::styled(text, style)),
        );
        spans.push(Span::styled(format!("  {:<6}", words(amount)), style));
        spans.push(Span::styled(kind, theme.faint()));
        Line::from(spans)
    });
    let lines: Vec<Line> = lines.collect();
    let mut inner = window("Qualities", (56, lines.len()), body);
    pick(lines, selected, &mut inner);
}
