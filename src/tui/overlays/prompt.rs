//! A question that is answered by typing.

use crate::studio::Question;
use crate::tui::kit::{Canvas, input, window};

pub fn draw(question: Question, text: &str, body: &mut Canvas) {
    let theme = body.theme;
    window(question.text(), (70, 1), body).show(input(text, theme));
}
