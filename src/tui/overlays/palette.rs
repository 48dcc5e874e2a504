//! The palette: every command, by its words, and what those that take a value may be given.

use ratatui::text::{Line as Text, Span};

use super::command_line::command_line;
use crate::studio::Studio;
use crate::tui::keymap::{Keymap, Line};
use crate::tui::kit::{Canvas, Theme, input, pick, shortened, window, wrapped};

/// Columns, where the screen has them.
const WIDTH: u16 = 84;

pub fn draw(filter: &str, selected: usize, studio: &Studio, keymap: &Keymap, body: &mut Canvas) {
    let theme = body.theme;
    let all = keymap.palette("", studio).len();
    let mut inner = window("Commands", (WIDTH, all + 1), body);
    input(filter, &mut inner.lines(0, 1));
    let room = usize::from(inner.width());
    let mut list = inner.below(1);
    let found = keymap.palette(filter, studio);
    if found.is_empty() {
        return list.fill(&keymap.unknown(filter), theme.faint());
    }
    let lines: Vec<Text> = found
        .iter()
        .map(|line| of(line, studio, room, theme))
        .collect();
    // An error in a value that is being typed is shown in full, below it.
    if let [Line::Typed(typed, Some(value))] = &found[..]
        && let Err(reason) = typed.action(value)
    {
        for (y, line) in (1..).zip(wrapped(&reason, room)) {
            list.put((0, y), &line, theme.trouble());
        }
    }
    let count = lines.len() as u16;
    pick(
        lines,
        selected.min(found.len() - 1),
        &mut list.lines(0, count),
    );
}

fn of<'l>(line: &'l Line, studio: &Studio, room: usize, theme: Theme) -> Text<'l> {
    match line {
        Line::Command(binding) => command_line(binding, studio, room, theme),
        Line::Typed(typed, value) => {
            let value = value.as_deref().unwrap_or("...");
            let call = format!("{:>16}  ", format!(":{} {value}", typed.name));
            let left = room.saturating_sub(call.chars().count());
            let what = shortened(typed.what, left, theme.ascii);
            Text::from(vec![
                Span::styled(call, theme.accent()),
                Span::styled(what, theme.faint()),
            ])
        }
    }
}
