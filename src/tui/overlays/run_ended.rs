//! The question what comes after a training run that has all its steps.

use crate::studio::Studio;
use crate::tui::kit::{Canvas, window};

pub fn draw(studio: &Studio, body: &mut Canvas) {
    let plain = body.theme.plain();
    let run = &studio.training.settings;
    let more = studio.ground.config.training.steps;
    let text = format!(
        "{} has its {} steps.  l: train {more} more   n: a new run beside it   Esc: neither",
        run.out.display(),
        run.steps
    );
    let mut inner = window("The training run is complete", (66, 3), body);
    inner.fill(&text, plain);
}
