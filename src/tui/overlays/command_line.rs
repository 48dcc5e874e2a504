//! A line of the help or the palette.

use ratatui::text::{Line, Span};

use crate::studio::Studio;
use crate::tui::keymap::Binding;
use crate::tui::kit::Theme;

/// Keys, what they do, and the command's name - or why it can't be done now.
pub fn command_line<'l>(binding: &'l Binding, studio: &Studio, theme: Theme) -> Line<'l> {
    let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
    let keys = format!("{:>16}  ", keys.join(" "));
    match studio.reason_against(&binding.action) {
        Some(reason) => Line::from(vec![
            Span::styled(keys, theme.faint()),
            Span::styled(format!("{}  ({reason})", binding.what), theme.faint()),
        ]),
        None => Line::from(vec![
            Span::styled(keys, theme.accent()),
            Span::raw(format!("{:<40} ", binding.what)),
            Span::styled(binding.name, theme.faint()),
        ]),
    }
}
