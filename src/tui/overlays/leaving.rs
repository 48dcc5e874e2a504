//! The question whether to leave while something is at work that ends with the program.

use crate::studio::Studio;
use crate::tui::kit::{Canvas, window};

pub fn draw(studio: &Studio, body: &mut Canvas) {
    let plain = body.theme.plain();
    let (title, question) = match studio.training.is_alive() {
        true => (
            "A model is in training",
            "Stop and save the run, then leave?",
        ),
        false => ("Sound is being written", "Give up the file, and leave?"),
    };
    let mut inner = window(title, (58, 2), body);
    inner.fill(&format!("{question}  y: leave   n: stay"), plain);
}
