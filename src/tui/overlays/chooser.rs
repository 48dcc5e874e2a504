//! The list of things of one kind to choose from: ports, cards, files.

use ratatui::text::Line;

use crate::studio::Kind;
use crate::tui::kit::{Canvas, pick, shortened, window};

pub fn draw(kind: Kind, items: Option<&[String]>, note: &str, selected: usize, body: &mut Canvas) {
    let theme = body.theme;
    let none = match kind {
        Kind::MidiPort | Kind::MidiInput => "none",
        Kind::AudioOutput => "the system's default",
        Kind::SoundFont => "the built-in kit",
        Kind::DrumMap => "General MIDI",
        Kind::Session => "a new one",
        Kind::Device => "auto: a GPU for training and for many grooves, else the CPU",
    };
    let count = items.map_or(0, <[String]>::len) + 1 + 2 * usize::from(!note.is_empty());
    let mut inner = window(&format!("Choose the {kind}"), (72, count), body);
    let Some(items) = items else {
        return inner.show(Line::styled("Looking.", theme.faint()));
    };
    let room = usize::from(inner.width());
    let names = [none].into_iter().chain(items.iter().map(String::as_str));
    let lines = names.map(|name| Line::raw(shortened(name, room, theme.ascii)));
    pick(lines.collect(), selected, &mut inner);
    if !note.is_empty() {
        let last = inner.height().saturating_sub(2);
        inner.below(last).fill(note, theme.faint());
    }
}
