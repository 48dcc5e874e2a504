//! The question whether to leave while a model is in training.

use ratatui::widgets::{Paragraph, Wrap};

use crate::tui::kit::{Canvas, window};

pub fn draw(body: &mut Canvas) {
    let text = Paragraph::new("Stop and save the run, then leave?  y: leave   n: stay");
    let mut inner = window("A model is in training", (58, 2), body);
    inner.show(text.wrap(Wrap { trim: true }));
}
