//! The help: every key, under the place where it holds.

use ratatui::text::Line;

use super::command_line::command_lines;
use crate::studio::{Overlay, Studio};
use crate::tui::keymap::{Keymap, Place};
use crate::tui::kit::{Canvas, input, scrolled, window};

/// Columns, where the screen has them.
const WIDTH: u16 = 100;

pub fn draw(
    scroll: usize,
    words: &str,
    searching: bool,
    studio: &Studio,
    keymap: &Keymap,
    body: &mut Canvas,
) {
    let theme = body.theme;
    let room = usize::from(WIDTH.min(body.width().saturating_sub(4)));
    let mut lines = Vec::new();
    // The question whether to leave says its keys itself.
    let places = keymap.by_place();
    let mut places: Vec<_> = places
        .filter(|(place, _)| *place != Place::Leaving)
        .collect();
    // Those of the window that it was asked for in come first.
    if let Some(Overlay::Help {
        over: Some(over), ..
    }) = &studio.ground.screen.overlay
    {
        let here = Place::over(over);
        places.sort_by_key(|(place, _)| *place != here);
    }
    for (place, bindings) in places {
        let found = bindings.iter().filter(|binding| {
            let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
            let text = format!("{} {} {}", binding.what, binding.name, keys.join(" "));
            let text = text.to_lowercase();
            let mut wanted = words.split_whitespace();
            wanted.all(|word| text.contains(&word.to_lowercase()))
        });
        let found: Vec<Line> = found
            .flat_map(|binding| command_lines(binding, studio, room, theme))
            .collect();
        if found.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(place.title(), theme.strong()));
        lines.extend(found);
    }
    if lines.is_empty() {
        lines.push(Line::styled("No key does this.", theme.faint()));
    }
    let is_searched = searching || !words.is_empty();
    let height = lines.len() + usize::from(is_searched);
    let title = "Keys (/ looks for words, : does a command by name)";
    let mut inner = window(title, (WIDTH, height), body);
    if is_searched {
        let mut line = inner.lines(0, 1);
        match searching {
            true => input(words, &mut line),
            false => line.show(Line::styled(format!("/{words}"), theme.accent())),
        }
    }
    scrolled(lines, scroll, &mut inner.below(u16::from(is_searched)));
}
