//! The tabs of the panes.

use crate::studio::overlays::Action::Focus;
use crate::studio::{Pane, Studio};
use crate::tui::kit::Canvas;

/// The panes' names, where only one of them fits.
pub fn tabs(studio: &Studio, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let mut x = 1;
    for pane in Pane::ALL {
        let text = format!("{} {}", pane as u8 + 1, pane.title());
        let (text, style) = match studio.ground.screen.pane == pane {
            true => (format!("[{text}]"), theme.accent()),
            false => (format!(" {text} "), theme.faint()),
        };
        let width = text.chars().count();
        canvas.piece((x, 0), width).on_press(Focus(pane));
        canvas.put((x, 0), &text, style);
        x += width as u16;
    }
}
