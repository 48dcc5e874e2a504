//! A command in the help or the palette.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::studio::Studio;
use crate::tui::keymap::Binding;
use crate::tui::kit::{Theme, shortened, wrapped};

/// Columns of the keys.
const KEYS: usize = 18;
/// Columns of the command's name, with a space before it.
const NAME: usize = 23;

/// Keys, what they do - and why that can't be done now - and the command's name; in so many columns.
pub fn command_line<'l>(
    binding: &'l Binding,
    studio: &Studio,
    room: usize,
    theme: Theme,
) -> Line<'l> {
    let row = Row::of(binding, studio, room, theme);
    row.first(shortened(&row.what, row.width, theme.ascii))
}

/// As [`command_line`], in as many lines as it takes.
pub fn command_lines<'l>(
    binding: &'l Binding,
    studio: &Studio,
    room: usize,
    theme: Theme,
) -> Vec<Line<'l>> {
    let row = Row::of(binding, studio, room, theme);
    let mut parts = wrapped(&row.what, row.width).into_iter();
    let first = row.first(parts.next().unwrap_or_default());
    let others = parts.map(|part| Line::styled(" ".repeat(KEYS) + &part, row.style));
    std::iter::once(first).chain(others).collect()
}

struct Row<'l> {
    binding: &'l Binding,
    what: String,
    /// Columns of `what`.
    width: usize,
    style: Style,
    of_keys: Style,
    of_name: Style,
}

impl<'l> Row<'l> {
    fn of(binding: &'l Binding, studio: &Studio, room: usize, theme: Theme) -> Row<'l> {
        let (what, style, of_keys) = match studio.reason_against(&binding.action) {
            Some(reason) => {
                let what = format!("{} ({reason})", binding.what);
                (what, theme.faint(), theme.faint())
            }
            None => (binding.what.into(), theme.plain(), theme.accent()),
        };
        Row {
            binding,
            what,
            width: room.saturating_sub(KEYS + NAME).max(20),
            style,
            of_keys,
            of_name: theme.faint(),
        }
    }

    fn first(&self, what: String) -> Line<'l> {
        let keys: Vec<String> = self.binding.keys.iter().map(ToString::to_string).collect();
        Line::from(vec![
            Span::styled(format!("{:>16}  ", keys.join(" ")), self.of_keys),
            Span::styled(format!("{what:<width$} ", width = self.width), self.style),
            Span::styled(self.binding.name, self.of_name),
        ])
    }
}
