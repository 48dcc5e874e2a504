//! What opens over the panes: help, palette, lists, prompts, questions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph, Widget, Wrap};

use crate::tui::bars::shortened;
use crate::tui::keymap::{Binding, Place};
use crate::tui::layout::View;
mod chain;
mod drum_map;
mod qualities;

use crate::studio::{Kind, Overlay, Pane, Studio, Target, Weight};

pub fn draw(overlay: &Overlay, studio: &Studio, view: &View, body: Rect, buffer: &mut Buffer) {
    match overlay {
        Overlay::Help { scroll } => {
            let lines = help(studio, view);
            let inner = window("Keys", (76, lines.len()), view, body, buffer);
            scrolled(lines, *scroll, inner, buffer);
        }
        Overlay::Messages { scroll } => {
            let lines = messages(studio, view, usize::from(body.width.saturating_sub(8)));
            let inner = window("Messages", (96, lines.len().max(1)), view, body, buffer);
            scrolled(lines, *scroll, inner, buffer);
        }
        Overlay::Palette { filter, selected } => {
            palette(filter, *selected, studio, view, body, buffer);
        }
        Overlay::Chooser {
            kind,
            items,
            note,
            selected,
        } => {
            chooser(*kind, items.as_deref(), note, *selected, view, body, buffer);
        }
        Overlay::Bindings { selected } => bindings(*selected, studio, view, body, buffer),
        Overlay::Prompt { question, text } => {
            let inner = window(question.text(), (64, 1), view, body, buffer);
            typed(text, view).render(inner, buffer);
        }
        Overlay::MapEditor(editor) => drum_map::draw(editor, studio, view, body, buffer),
        Overlay::Chain { selected } => chain::draw(*selected, studio, view, body, buffer),
        Overlay::Qualities { selected } => {
            qualities::draw(*selected, studio, view, body, buffer);
        }
        Overlay::ConfirmQuit => {
            let inner = window("A model is in training", (58, 2), view, body, buffer);
            Paragraph::new("Stop and save the run, then leave?  y: leave   n: stay")
                .wrap(Wrap { trim: true })
                .render(inner, buffer);
        }
    }
}

/// A cleared window of at most this size in the middle; returns its inside.
pub fn window(
    title: &str,
    (width, height): (u16, usize),
    view: &View,
    body: Rect,
    buffer: &mut Buffer,
) -> Rect {
    let width = (width + 4).min(body.width);
    let height = (u16::try_from(height).unwrap_or(u16::MAX).saturating_add(2)).min(body.height);
    let area = Rect {
        x: body.x + (body.width - width) / 2,
        y: body.y + (body.height - height) / 2,
        width,
        height,
    };
    Clear.render(area, buffer);
    let block = Block::new()
        .borders(Borders::ALL)
        .border_set(view.theme.border())
        .border_style(view.theme.accent())
        .title(Span::styled(format!(" {title} "), view.theme.accent()));
    let inner = block.inner(area);
    block.render(area, buffer);
    Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    }
}

/// Shows a page of lines; scrolling ends at the last page.
fn scrolled(lines: Vec<Line>, scroll: usize, area: Rect, buffer: &mut Buffer) {
    let page = usize::from(area.height);
    let first = scroll.min(lines.len().saturating_sub(page));
    for (row, line) in lines.into_iter().skip(first).take(page).enumerate() {
        line.render(
            Rect {
                y: area.y + row as u16,
                height: 1,
                ..area
            },
            buffer,
        );
    }
}

fn keys(binding: &Binding) -> String {
    let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
    keys.join(" ")
}

fn help<'h>(studio: &Studio, view: &'h View) -> Vec<Line<'h>> {
    let theme = view.theme;
    let mut places: Vec<Place> = vec![Place::Anywhere];
    places.extend(Pane::ALL.map(Place::In));
    places.extend([
        Place::Slots,
        Place::Qualities,
        Place::MapEditor,
        Place::List,
        Place::Typing,
    ]);
    let mut lines = Vec::new();
    for place in places {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(place.title(), theme.strong()));
        for binding in view
            .keymap
            .bindings
            .iter()
            .filter(|binding| binding.place == place)
        {
            lines.push(command_line(binding, studio, view));
        }
    }
    lines
}

/// Keys, what they do, and the command's name - or why it can't be done now.
fn command_line<'l>(binding: &'l Binding, studio: &Studio, view: &View) -> Line<'l> {
    let theme = view.theme;
    let keys = Span::styled(format!("{:>16}  ", keys(binding)), theme.accent());
    match studio.reason_against(&binding.action) {
        Some(reason) => {
            let text = format!("{}  ({reason})", binding.what);
            Line::from(vec![
                Span::styled(keys.content, theme.faint()),
                Span::styled(text, theme.faint()),
            ])
        }
        None => Line::from(vec![
            keys,
            Span::raw(format!("{:<40} ", binding.what)),
            Span::styled(binding.name, theme.faint()),
        ]),
    }
}

fn messages<'m>(studio: &'m Studio, view: &View, width: usize) -> Vec<Line<'m>> {
    let theme = view.theme;
    let sound = wrapped(&studio.sound_sentence(), width.max(10));
    let mut lines: Vec<Line> = sound
        .into_iter()
        .map(|line| Line::styled(line, theme.plain()))
        .collect();
    for message in studio.messages.iter().rev() {
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

/// `text` in lines of at most `width` characters, broken between words; a word that is longer (a
/// path, mostly) begins a line of its own and goes on in the next.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        let fits = used + usize::from(used > 0) + letters.len() <= width;
        for (part, letters) in letters.chunks(width.max(1)).enumerate() {
            match lines.last_mut() {
                Some(line) if part == 0 && (fits || used == 0) => {
                    if used > 0 {
                        line.push(' ');
                        used += 1;
                    }
                    line.extend(letters);
                    used += letters.len();
                }
                _ => {
                    lines.push(letters.iter().collect());
                    used = letters.len();
                }
            }
        }
    }
    lines
}

fn typed<'t>(text: &'t str, view: &View) -> Line<'t> {
    Line::from(vec![
        Span::styled(view.theme.pick("› ", "> "), view.theme.accent()),
        Span::raw(text),
        Span::styled(" ", view.theme.selected()),
    ])
}

fn palette(
    filter: &str,
    selected: usize,
    studio: &Studio,
    view: &View,
    body: Rect,
    buffer: &mut Buffer,
) {
    let all = view.keymap.palette("").len();
    let inner = window("Commands", (72, all + 1), view, body, buffer);
    typed(filter, view).render(
        Rect {
            height: 1.min(inner.height),
            ..inner
        },
        buffer,
    );
    let list = Rect {
        y: inner.y + 1,
        height: inner.height.saturating_sub(1),
        ..inner
    };
    let found = view.keymap.palette(filter);
    if found.is_empty() {
        Line::styled("No command has these words.", view.theme.faint()).render(list, buffer);
        return;
    }
    let lines = found
        .iter()
        .map(|binding| command_line(binding, studio, view))
        .collect();
    pick(lines, selected.min(found.len() - 1), view, list, buffer);
}

/// A list with one line chosen, scrolled so that it is in sight.
pub fn pick(lines: Vec<Line>, selected: usize, view: &View, area: Rect, buffer: &mut Buffer) {
    let page = usize::from(area.height).max(1);
    let first = (selected + 1).saturating_sub(page);
    for (row, line) in lines.into_iter().enumerate().skip(first).take(page) {
        let place = Rect {
            y: area.y + (row - first) as u16,
            height: 1,
            ..area
        };
        line.render(place, buffer);
        if row == selected {
            buffer.set_style(place, view.theme.selected());
        }
    }
}

/// What can be bound, and to what it is; the line that learns says so.
fn bindings(selected: usize, studio: &Studio, view: &View, body: Rect, buffer: &mut Buffer) {
    let midi = &studio.midi;
    let lines: Vec<Line> = Target::all()
        .map(|target| {
            let bound: Vec<String> = midi
                .bindings
                .iter()
                .filter(|binding| binding.target == target)
                .map(|binding| binding.control.to_string())
                .collect();
            let name = Span::raw(format!("{:<30} ", target.to_string()));
            let what = if midi.learning == Some(target) {
                let what = match target {
                    Target::Pad(_) => "strike a pad",
                    Target::Play => "move a control, or strike a pad",
                    _ => "move a control",
                };
                Span::styled(what, view.theme.accent())
            } else if bound.is_empty() {
                Span::styled("-", view.theme.faint())
            } else {
                Span::raw(bound.join(", "))
            };
            Line::from(vec![name, what])
        })
        .collect();
    let title = "MIDI controls (Enter learns, Delete removes)";
    let inner = window(title, (72, lines.len()), view, body, buffer);
    pick(lines, selected, view, inner, buffer);
}

fn chooser(
    kind: Kind,
    items: Option<&[String]>,
    note: &str,
    selected: usize,
    view: &View,
    body: Rect,
    buffer: &mut Buffer,
) {
    let none = match kind {
        Kind::MidiPort | Kind::MidiInput => "none",
        Kind::AudioOutput => "the system's default",
        Kind::SoundFont => "the built-in kit",
        Kind::DrumMap => "General MIDI",
    };
    let count = items.map_or(0, <[String]>::len) + 1 + 2 * usize::from(!note.is_empty());
    let inner = window(
        &format!("Choose the {kind}"),
        (72, count),
        view,
        body,
        buffer,
    );
    let Some(items) = items else {
        return Line::styled("Looking.", view.theme.faint()).render(inner, buffer);
    };
    let room = usize::from(inner.width);
    let names = [none].into_iter().chain(items.iter().map(String::as_str));
    let lines = names
        .map(|name| Line::raw(shortened(name, room, view.theme.ascii)))
        .collect();
    pick(lines, selected, view, inner, buffer);
    if !note.is_empty() {
        let height = 2.min(inner.height);
        let place = Rect {
            y: inner.bottom() - height,
            height,
            ..inner
        };
        Paragraph::new(note)
            .style(view.theme.faint())
            .wrap(Wrap { trim: true })
            .render(place, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let lines = wrapped(
            "Exported to /a/very/long/path.mid, without the muted Kick.",
            16,
        );
        let expected = [
            "Exported to",
            "/a/very/long/pat",
            "h.mid, without",
            "the muted Kick.",
        ];
        assert_eq!(lines, expected);
        assert_eq!(wrapped("12345 67890", 11), ["12345 67890"]);
        assert_eq!(wrapped("12345 67890", 10), ["12345", "67890"]);
        assert_eq!(wrapped("1234567", 3), ["123", "456", "7"]);
        assert_eq!(wrapped("", 9), [""]);
    }
}
