//! What controls and pads of MIDI devices are bound to.

use ratatui::text::{Line, Span};

use crate::studio::{Studio, Target};
use crate::tui::kit::{Canvas, pick, window};

/// What can be bound, and to what it is; the line that learns says so.
pub fn draw(selected: usize, studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let bindings = &studio.midi.bindings;
    let lines: Vec<Line> = Target::all()
        .map(|target| {
            let bound: Vec<String> = bindings
                .list
                .iter()
                .filter(|binding| binding.target == target)
                .map(|binding| binding.control.to_string())
                .collect();
            let name = Span::raw(format!("{:<31} ", target.to_string()));
            let what = if bindings.learning == Some(target) {
                let what = match target {
                    Target::Pad(_) => "strike a pad",
                    Target::Play => "move a control, or strike a pad",
                    _ => "move a control",
                };
                Span::styled(what, theme.accent())
            } else if bound.is_empty() {
                let own = target.own_controller();
                let own = own.map_or("-".into(), |controller| controller.to_string());
                Span::styled(own, theme.faint())
            } else {
                Span::raw(bound.join(", "))
            };
            Line::from(vec![name, what])
        })
        .collect();
    let title = "MIDI controls (Enter learns, Delete removes)";
    let mut inner = window(title, (72, lines.len()), body);
    pick(lines, selected, &mut inner);
}
