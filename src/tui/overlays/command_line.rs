//! A command in the help or the palette.

use ratatui::text::{Line, Span};

use crate::studio::Studio;
use crate::tui::keymap::Binding;
use crate::tui::kit::{Theme, shortened, wrapped};

/// Columns of the keys.
const KEYS: usize = 18;
/// Columns of what a command does, before its name.
const WHAT: usize = 40;

/// Keys, what they do, and the command's name - or why it can't be done now; in so many columns.
pub fn command_line<'l>(
    binding: &'l Binding,
    studio: &Studio,
    room: usize,
    theme: Theme,
) -> Line<'l> {
    let (keys, text) = parts(binding, studio);
    let room = room.saturating_sub(KEYS);
    match text {
        Some(text) => Line::from(vec![
            Span::styled(keys, theme.faint()),
            Span::styled(shortened(&text, room, theme.ascii), theme.faint()),
        ]),
        None => Line::from(vec![
            Span::styled(keys, theme.accent()),
            Span::raw(format!("{:<WHAT$} ", binding.what)),
            Span::styled(binding.name, theme.faint()),
        ]),
    }
}

/// As [`command_line`], in as many lines as it takes.
pub fn command_lines<'l>(
    binding: &'l Binding,
    studio: &Studio,
    room: usize,
    theme: Theme,
) -> Vec<Line<'l>> {
    let (keys, text) = parts(binding, studio);
    let Some(text) = text else {
        return vec![command_line(binding, studio, room, theme)];
    };
    let parts = wrapped(&text, room.saturating_sub(KEYS).max(20));
    let lines = parts.into_iter().enumerate().map(|(number, part)| {
        let before = match number {
            0 => keys.clone(),
            _ => " ".repeat(KEYS),
        };
        Line::styled(before + &part, theme.faint())
    });
    lines.collect()
}

/// The keys, and where the command can't be done now, what it does and why not.
fn parts(binding: &Binding, studio: &Studio) -> (String, Option<String>) {
    let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
    let keys = format!("{:>16}  ", keys.join(" "));
    let reason = studio.reason_against(&binding.action);
    (
        keys,
        reason.map(|reason| format!("{} ({reason})", binding.what)),
    )
}
