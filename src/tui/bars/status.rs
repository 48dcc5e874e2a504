//! The line of messages.

use ratatui::style::Style;

use crate::studio::overlays::Action::ShowMessages;
use crate::studio::{Overlay, Studio, Weight};
use crate::tui::kit::{Canvas, shortened, wrapped};

/// Lines that a message may take; what it covers comes back with the next one.
pub const LINES: u16 = 3;

/// After a text that is cut off.
const WHOLE: &str = " 5: all";

/// The latest message, or what is silent and why, in the lowest line. A longer message extends upwards over the panes.
/// A permanent one is cut off (the list of messages has it whole), and so is any message while a larger overlay is open.
pub fn status(studio: &Studio, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let (weight, text) = studio.status_line();
    let (mark, style) = match weight {
        Weight::Notice => (" ", theme.plain()),
        Weight::Trouble => ("!", theme.trouble()),
    };
    let room = usize::from(canvas.width()).saturating_sub(4).max(1);
    let overlay = &studio.ground.screen.overlay;
    let is_open = overlay.is_some();
    // What was typed may be refused: a prompt is never so low that its reason would cover it.
    let is_covered = is_open && !matches!(overlay, Some(Overlay::Prompt { .. }));
    let is_message = studio.ground.messages.fresh(studio.ground.now).is_some();
    let mut lines = match is_message && !is_covered {
        true => wrapped(&text, room),
        // Under a window the key means something else.
        false if !is_open && text.chars().count() > room => {
            let begun = shortened(&text, room.saturating_sub(WHOLE.len()), theme.ascii);
            vec![begun + WHOLE]
        }
        false => vec![text],
    };
    lines.truncate(canvas.height().into());
    let first = canvas.height().saturating_sub(lines.len() as u16);
    for (y, line) in (first..).zip(lines) {
        let mut place = canvas.lines(y, 1);
        if !is_open {
            place.on_press(ShowMessages);
        }
        place.put((0, 0), &" ".repeat(place.width().into()), Style::reset());
        let ground = theme.ground();
        place.buffer.set_style(place.area, ground);
        let mark = if y == first { mark } else { " " };
        place.put((1, 0), mark, theme.trouble());
        place.put((3, 0), &shortened(&line, room, theme.ascii), style);
    }
}
