//! The checkpoints at hand.

use std::time::Duration;

use ratatui::layout::Constraint;
use ratatui::style::Style;
use ratatui::widgets::{Row, StatefulWidget, Table, TableState};

use crate::studio::checkpoints::Action::{LoadCheckpoint, SelectCheckpoint};
use crate::studio::{Entry, Pane, Studio};
use crate::tui::kit::{Canvas, Theme, choose_by_mouse, shortened};

pub fn draw(studio: &Studio, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let (width, height) = (canvas.width(), canvas.height());
    let entries = &studio.ground.checkpoints;
    let chosen = entries.get(studio.checkpoints.selected);
    if entries.is_empty() {
        let text = match &studio.ground.loading {
            Some(_) => "Looking for checkpoints.",
            None => "No checkpoint was found.",
        };
        return canvas.fill(text, theme.plain());
    }
    let listed = 1 + u16::try_from(entries.len()).unwrap_or(u16::MAX - 1);
    // What stands against the chosen one is said in full below the list.
    let obstacle = chosen.and_then(Entry::obstacle);
    let lines = obstacle.map_or(0, |obstacle| {
        let width = usize::from(width.max(1));
        let lines = obstacle.chars().count().div_ceil(width) as u16 + 1;
        lines.min(height.saturating_sub(listed.min(4)))
    });
    // Under the list, or at the end of the pane when the list fills it.
    let listed = listed.min(height - lines);
    let aged = width >= 38 && ages(studio).next().is_some();
    let mut columns = vec![("  step", 6), (" valid", 6)];
    if aged {
        columns.push(("  age", 5));
    }
    let taken: u16 = columns.iter().map(|(_, width)| width + 1).sum();
    let room = usize::from(width.saturating_sub(taken));
    let header = ["  name"]
        .into_iter()
        .chain(columns.iter().map(|(name, _)| *name));
    let widths = [Constraint::Fill(1)]
        .into_iter()
        .chain(columns.iter().map(|&(_, width)| Constraint::Length(width)));
    let rows = entries
        .iter()
        .map(|entry| row(entry, studio, room, aged, theme));
    let has_keys = studio.ground.screen.pane == Pane::Checkpoints;
    let highlight = if has_keys {
        theme.selected()
    } else {
        theme.strong()
    };
    let mut state = TableState::new().with_selected(Some(studio.checkpoints.selected));
    let table = Table::new(rows, widths)
        .header(Row::new(header).style(theme.faint()))
        .row_highlight_style(highlight)
        .column_spacing(1);
    let list = canvas.lines(0, listed);
    StatefulWidget::render(table, list.area, list.buffer, &mut state);
    let seen = (state.offset(), entries.len(), studio.checkpoints.selected);
    let load = has_keys.then(|| LoadCheckpoint.into());
    choose_by_mouse(
        seen,
        &mut canvas.lines(1, listed - 1),
        SelectCheckpoint,
        load,
    );
    if let Some(obstacle) = obstacle {
        canvas.lines(listed, lines).fill(obstacle, theme.trouble());
    }
}

/// An entry whose name has `room` columns.
fn row<'r>(entry: &'r Entry, studio: &Studio, room: usize, aged: bool, theme: Theme) -> Row<'r> {
    let current = studio
        .ground
        .model
        .as_ref()
        .is_some_and(|model| model.source == entry.source);
    let loading = studio.ground.loading.as_ref() == Some(&entry.source);
    let mark = match () {
        () if entry.error.is_some() => theme.pick("✗", "x"),
        () if entry.unplayable.is_some() => theme.pick("♪", "-"),
        () if current => theme.pick("●", "*"),
        () if loading => theme.pick("…", "~"),
        () => " ",
    };
    let style: Style = match () {
        () if entry.obstacle().is_some() => theme.faint(),
        () if current => theme.good(),
        () => theme.plain(),
    };
    let name = shortened(&format!("{mark} {}", entry.name), room, theme.ascii);
    let mut cells = if entry.error.is_some() {
        vec![name, "broken".into(), String::new()]
    } else {
        let loss = entry
            .validation_loss
            .map_or("     -".into(), |loss| format!("{loss:>6.2}"));
        vec![name, format!("{:>6}", entry.step), loss]
    };
    if aged {
        cells.push(
            studio
                .checkpoints
                .age(entry, &studio.ground)
                .map_or(String::new(), |age| format!("{:>5}", ago(age))),
        );
    }
    Row::new(cells).style(style)
}

/// The ages of the checkpoints, as they are written.
pub fn ages(studio: &Studio) -> impl Iterator<Item = String> {
    let entries = studio.ground.checkpoints.iter();
    entries.filter_map(|entry| studio.checkpoints.age(entry, &studio.ground).map(ago))
}

/// `12 s`, `3 min`, `5 h`, `9 d`.
fn ago(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}min", seconds / 60),
        seconds @ 3600..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}
