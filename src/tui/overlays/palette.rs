//! The palette: every command, by its words.

use ratatui::text::Line;

use super::command_line::command_line;
use crate::studio::Studio;
use crate::tui::keymap::Keymap;
use crate::tui::kit::{Canvas, input, pick, window};

pub fn draw(filter: &str, selected: usize, studio: &Studio, keymap: &Keymap, body: &mut Canvas) {
    let theme = body.theme;
    let all = keymap.palette("").len();
    let mut inner = window("Commands", (72, all + 1), body);
    inner.lines(0, 1).show(input(filter, theme));
    let mut list = inner.below(1);
    let found = keymap.palette(filter);
    if found.is_empty() {
        return list.show(Line::styled("No command has these words.", theme.faint()));
    }
    let lines = found.iter().map(|it| command_line(it, studio, theme));
    pick(lines.collect(), selected.min(found.len() - 1), &mut list);
}
