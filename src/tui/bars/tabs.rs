//! The tabs of the panes.

use ratatui::text::{Line, Span};

use crate::studio::{Pane, Studio};
use crate::tui::kit::Canvas;

/// The panes' names, where only one of them fits.
pub fn tabs(studio: &Studio, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let mut spans = vec![Span::raw(" ")];
    for pane in Pane::ALL {
        let here = studio.ground.screen.pane == pane;
        let text = format!("{} {}", pane as u8 + 1, pane.title());
        spans.push(if here {
            Span::styled(format!("[{text}]"), theme.accent())
        } else {
            Span::styled(format!(" {text} "), theme.faint())
        });
    }
    canvas.show(Line::from(spans));
}
