//! The form of the next training run, over the panes.

use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::studio::Studio;
use crate::studio::training::Field;
use crate::tui::kit::{Canvas, pick, window, wrapped};

/// Columns of the window, of a row's name, and lines of the remark below.
const WIDTH: u16 = 70;
const NAME: usize = 11;
const REMARK: usize = 3;

pub fn draw(studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let form = &studio.training.form;
    let height = Field::ALL.len() + 1 + REMARK;
    let mut inner = window("Train a model", (WIDTH, height), body);
    let room = usize::from(inner.width()).saturating_sub(NAME + 3);
    let row = |field: Field| {
        let wrong = form.remark(field).is_err();
        let mark = match wrong {
            true => Span::styled("! ", theme.trouble()),
            false => Span::raw("  "),
        };
        // Its end is what one types.
        let text = form.text(field);
        let skipped = text.chars().count().saturating_sub(room);
        let text: String = text.chars().skip(skipped).collect();
        let cursor = match field == form.field() {
            true => Span::styled(theme.pick("▏", "_"), theme.accent()),
            false => Span::raw(""),
        };
        Line::from(vec![
            mark,
            Span::styled(format!("{:<NAME$}", field.name()), theme.faint()),
            Span::styled(text, theme.strong()),
            cursor,
        ])
    };
    let rows: Vec<Line> = Field::ALL.into_iter().map(row).collect();
    let count = rows.len() as u16;
    pick(rows, form.selected, &mut inner.lines(0, count));
    let (remark, style) = match form.remark(form.field()) {
        Ok(remark) => (remark, theme.plain()),
        Err(reason) => (reason, theme.trouble()),
    };
    let width = usize::from(inner.width());
    let name = form.field().name();
    let lines = wrapped(&format!("{name}: {remark}"), width);
    let lines: Vec<Line> = lines
        .into_iter()
        .map(|line| Line::styled(line, style))
        .collect();
    inner.below(count + 1).show(Paragraph::new(lines));
}
