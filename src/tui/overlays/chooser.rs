//! The list of things of one kind to choose from: ports, cards, files.

use ratatui::text::Line;

use crate::studio::Kind;
use crate::tui::kit::{Canvas, pick, shortened, window, wrapped};

/// Columns, where the screen has them.
const WIDTH: u16 = 72;

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
    let room = usize::from(WIDTH.min(body.width().saturating_sub(4)));
    let note: Vec<String> = match note {
        "" => Vec::new(),
        note => wrapped(note, room),
    };
    let count = items.map_or(0, <[String]>::len) + 1 + note.len();
    let mut inner = window(&format!("Choose the {kind}"), (WIDTH, count), body);
    let Some(items) = items else {
        return inner.show(Line::styled("Looking.", theme.faint()));
    };
    let names = [none].into_iter().chain(items.iter().map(String::as_str));
    let lines = names.map(|name| Line::raw(shortened(name, room, theme.ascii)));
    let below = inner.height().saturating_sub(note.len() as u16);
    pick(lines.collect(), selected, &mut inner.lines(0, below));
    for (y, line) in (below..).zip(note) {
        inner.put((0, y), &line, theme.faint());
    }
}
