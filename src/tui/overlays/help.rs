//! The help: every key, under the place where it holds.

use ratatui::text::Line;

use super::command_line::command_line;
use crate::studio::Studio;
use crate::tui::keymap::{Keymap, Place};
use crate::tui::kit::{Canvas, scrolled, window};

pub fn draw(scroll: usize, studio: &Studio, keymap: &Keymap, body: &mut Canvas) {
    let theme = body.theme;
    let mut lines = Vec::new();
    // The question whether to leave says its keys itself.
    for (place, bindings) in keymap
        .by_place()
        .filter(|(place, _)| *place != Place::Leaving)
    {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(place.title(), theme.strong()));
        lines.extend(bindings.iter().map(|it| command_line(it, studio, theme)));
    }
    let mut inner = window("Keys", (76, lines.len()), body);
    scrolled(lines, scroll, &mut inner);
}
