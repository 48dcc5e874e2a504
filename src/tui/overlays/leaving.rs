//! The question whether to leave while a model is in training.

use crate::tui::kit::{Canvas, window};

pub fn draw(body: &mut Canvas) {
    let plain = body.theme.plain();
    let mut inner = window("A model is in training", (58, 2), body);
    inner.fill(
        "Stop and save the run, then leave?  y: leave   n: stay",
        plain,
    );
}
