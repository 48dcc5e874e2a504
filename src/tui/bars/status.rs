//! The line of messages.

use ratatui::text::{Line, Span};

use crate::studio::overlays::Action::ShowMessages;
use crate::studio::{Studio, Weight};
use crate::tui::kit::{Canvas, shortened};

/// The latest message, or what is silent and why.
pub fn status(studio: &Studio, canvas: &mut Canvas) {
    let theme = canvas.theme;
    canvas.on_press(ShowMessages);
    let (weight, text) = studio.status_line();
    let (mark, style) = match weight {
        Weight::Notice => (" ", theme.plain()),
        Weight::Trouble => ("!", theme.trouble()),
    };
    let room = usize::from(canvas.width()).saturating_sub(3);
    canvas.show(Line::from(vec![
        Span::styled(format!(" {mark} "), theme.trouble()),
        Span::styled(shortened(&text, room, theme.ascii), style),
    ]));
}
