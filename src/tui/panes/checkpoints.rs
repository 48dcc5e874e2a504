//! The checkpoints at hand, and what is known of the one under the cursor.

use std::time::Duration;

use ratatui::layout::Constraint;
use ratatui::style::Style;
use ratatui::widgets::{Row, StatefulWidget, Table, TableState};

use crate::studio::checkpoints::Action::{LoadCheckpoint, SelectCheckpoint};
use crate::studio::checkpoints::{Order, is_pinned};
use crate::studio::{Entry, Pane, Studio};
use crate::tui::kit::{Canvas, Theme, choose_by_mouse, shortened, wrapped};

/// Lines of the list that stay visible, whatever is shown below it.
const LEAST: u16 = 5;

/// What is looked for, and the order, where they are not as at first.
pub fn subtitle(studio: &Studio) -> String {
    let checkpoints = &studio.checkpoints;
    let words = match checkpoints.words.as_str() {
        "" => String::new(),
        words => format!("/{words}"),
    };
    let order = match checkpoints.order {
        Order::Folder => "",
        Order::Loss => "by loss",
        Order::Age => "by age",
        Order::Steps => "by steps",
    };
    let both = [words.as_str(), order];
    let said: Vec<&str> = both.into_iter().filter(|text| !text.is_empty()).collect();
    said.join(" ")
}

pub fn draw(studio: &Studio, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let (width, height) = (canvas.width(), canvas.height());
    let entries = studio.checkpoints.rows(&studio.ground);
    let Some(chosen) = studio.checkpoints.chosen(&studio.ground) else {
        let text = match &studio.ground.loading {
            _ if !studio.checkpoints.words.is_empty() => "No checkpoint has these words.",
            Some(_) => "Looking for checkpoints.",
            None => "No checkpoint was found.",
        };
        return canvas.fill(text, theme.plain());
    };
    let (columns, room) = columns(&entries, studio, usize::from(width));
    let about = about(chosen, &columns, studio, usize::from(width), theme);
    let listed = 1 + u16::try_from(entries.len()).unwrap_or(u16::MAX - 1);
    // Why the chosen one can't be used is always shown, the rest if there is room.
    let least = match chosen.obstacle() {
        Some(_) => listed.min(LEAST - 1),
        None => listed,
    };
    let lines = (about.len() as u16 + 1).min(height.saturating_sub(least));
    // Under the list, or at the end of the pane when the list fills it.
    let listed = listed.min(height - lines);
    let titles = columns.iter().map(|column| column.title());
    let header = ["  name"].into_iter().chain(titles);
    let widths = columns.iter().map(|it| it.title().len() as u16);
    let widths = [Constraint::Fill(1)]
        .into_iter()
        .chain(widths.map(Constraint::Length));
    let rows = entries
        .iter()
        .map(|entry| row(entry, studio, room, &columns, theme));
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
    let mut list = canvas.lines(1, listed.saturating_sub(1));
    choose_by_mouse(seen, &mut list, SelectCheckpoint, load);
    let blank = u16::from(lines > about.len() as u16);
    for (y, (text, style)) in (listed + blank..).zip(about) {
        canvas.put((0, y), &text, style);
    }
}

/// What is said of a checkpoint beside its name.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    Step,
    Loss,
    Age,
}

impl Column {
    /// As wide as the column.
    fn title(self) -> &'static str {
        match self {
            Column::Step => "  step",
            Column::Loss => " valid",
            Column::Age => "  age",
        }
    }

    fn cell(self, entry: &Entry, studio: &Studio) -> String {
        let is_broken = entry.error.is_some();
        match self {
            Column::Step if is_broken => "broken".into(),
            Column::Loss if is_broken => String::new(),
            Column::Step => format!("{:>6}", entry.step),
            Column::Loss => {
                (entry.validation_loss).map_or("     -".into(), |it| format!("{it:>6.2}"))
            }
            Column::Age => {
                let age = studio.checkpoints.age(entry, &studio.ground);
                age.map_or(String::new(), |age| format!("{:>5}", ago(age)))
            }
        }
    }
}

/// The columns that have room beside the longest name, and the room of names: the name is what one looks
/// for.
fn columns(entries: &[&Entry], studio: &Studio, width: usize) -> (Vec<Column>, usize) {
    let longest = entries.iter().map(|it| it.name.chars().count() + 2).max();
    let mut columns = vec![Column::Step, Column::Loss];
    if ages(studio).next().is_some() {
        columns.push(Column::Age);
    }
    let room = |columns: &[Column]| {
        let taken: usize = columns.iter().map(|it| it.title().len() + 1).sum();
        width.saturating_sub(taken)
    };
    // What the list is sorted by stays.
    let sorted_by = match studio.checkpoints.order {
        Order::Folder => None,
        Order::Loss => Some(Column::Loss),
        Order::Age => Some(Column::Age),
        Order::Steps => Some(Column::Step),
    };
    let may_go = |column: &Column| Some(*column) != sorted_by;
    let all = [Column::Age, Column::Step, Column::Loss];
    for least in all.into_iter().filter(may_go) {
        if longest.is_some_and(|longest| longest > room(&columns)) {
            columns.retain(|column| *column != least);
        }
    }
    let room = room(&columns);
    (columns, room)
}

/// An entry whose name has `room` columns.
fn row(
    entry: &Entry,
    studio: &Studio,
    room: usize,
    columns: &[Column],
    theme: Theme,
) -> Row<'static> {
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
        () if is_pinned(entry, &studio.ground) => theme.pick("▴", "^"),
        () => " ",
    };
    let style: Style = match () {
        () if entry.obstacle().is_some() => theme.faint(),
        () if current => theme.good(),
        () => theme.plain(),
    };
    let name = shortened(&format!("{mark} {}", entry.name), room, theme.ascii);
    let cells = columns.iter().map(|column| column.cell(entry, studio));
    Row::new(std::iter::once(name).chain(cells)).style(style)
}

/// What there is to say of a checkpoint: why it can't be played, or what it can do, what it learned
/// from, and how its run went; and what `columns` had no room for.
fn about(
    entry: &Entry,
    columns: &[Column],
    studio: &Studio,
    room: usize,
    theme: Theme,
) -> Vec<(String, Style)> {
    let said = |text: &str, style: Style| {
        let lines = wrapped(text, room.max(1));
        let lines = lines.into_iter().filter(|line| !line.is_empty());
        lines.map(move |line| (line, style)).collect::<Vec<_>>()
    };
    if let Some(obstacle) = entry.obstacle() {
        return said(obstacle, theme.trouble());
    }
    let details = &entry.details;
    let mut lines = said(&details.about, theme.plain());
    if !details.data.is_empty() {
        lines.extend(said(&format!("from {}", details.data), theme.faint()));
    }
    let size = match details.size {
        0 => String::new(),
        bytes => format!("{:.1} MB  ", bytes as f64 / 1e6),
    };
    let left_out = |column: &Column| !columns.contains(column);
    let more = [Column::Step, Column::Loss].into_iter().filter(left_out);
    let more = more.map(|column| {
        let (title, cell) = (column.title().trim(), column.cell(entry, studio));
        format!("{title} {}  ", cell.trim())
    });
    let size = more.collect::<String>() + &size;
    let story = match &studio.checkpoints.story {
        Some((source, losses)) if *source == entry.source => {
            sparkline(losses, room.saturating_sub(size.len()).min(40), theme)
        }
        _ => String::new(),
    };
    lines.extend(said(&format!("{size}{story}"), theme.validation()));
    lines
}

/// A run's losses in a row of bars, the first to the last.
fn sparkline(losses: &[f64], columns: usize, theme: Theme) -> String {
    let finite = || losses.iter().copied().filter(|loss| loss.is_finite());
    let (low, high) = (
        finite().fold(f64::INFINITY, f64::min),
        finite().fold(f64::NEG_INFINITY, f64::max),
    );
    let columns = columns.min(losses.len());
    if columns < 2 || low >= high {
        return String::new();
    }
    let bar = |column: usize| {
        let loss = losses[column * (losses.len() - 1) / (columns - 1)];
        match loss.is_finite() {
            true => theme.bar(1 + ((loss - low) / (high - low) * 7.0).round() as usize),
            false => " ",
        }
    };
    (0..columns).map(bar).collect()
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
