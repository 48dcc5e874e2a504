//! A question that is answered by typing.

use crate::studio::Question;
use crate::tui::kit::{Canvas, input, window};

pub fn draw(question: Question, text: &str, body: &mut Canvas) {
    input(text, &mut window(question.text(), (70, 1), body));
}
