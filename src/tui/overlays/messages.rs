//! What was said so far.

use ratatui::text::{Line, Span};

use crate::studio::{Studio, Weight};
use crate::tui::kit::{Canvas, Theme, scrolled, window, wrapped};

pub fn draw(scroll: usize, studio: &Studio, body: &mut Canvas) {
    let width = usize::from(body.width().saturating_sub(8));
    let lines = lines(studio, width, body.theme);
    let mut inner = window("Messages", (96, lines.len().max(1)), body);
    scrolled(lines, scroll, &mut inner);
}

/// The sound's state and the session, then what was said, the newest first.
fn lines(studio: &Studio, width: usize, theme: Theme) -> Vec<Line<'_>> {
    let sound = wrapped(&studio.sound_sentence(), width.max(10));
    let mut lines: Vec<Line> = sound
        .into_iter()
        .map(|line| Line::styled(line, theme.plain()))
        .collect();
    if let Some(name) = &studio.session.name {
        lines.push(Line::styled(format!("Session: {name}."), theme.plain()));
    }
    for message in studio.ground.messages.iter().rev() {
        let seconds = message.at.as_secs();
        let time = format!("{:>3}:{:02}  ", seconds / 60, seconds % 60);
        let (mark, style) = match message.weight {
            Weight::Notice => ("  ", theme.plain()),
            Weight::Trouble => ("! ", theme.trouble()),
        };
        let room = width.saturating_sub(time.len() + 2).max(10);
        for (row, part) in wrapped(&message.text, room).into_iter().enumerate() {
            let time = if row == 0 {
                time.clone()
            } else {
                " ".repeat(time.len())
            };
            lines.push(Line::from(vec![
                Span::styled(time, theme.faint()),
                Span::styled(if row == 0 { mark } else { "  " }, style),
                Span::styled(part, style),
            ]));
        }
    }
    lines
}
