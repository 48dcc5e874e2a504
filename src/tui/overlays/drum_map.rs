//! The editor of the drum map.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use crate::studio::{Column, MapEditor, MidiState, Studio};
use crate::tui::bars::shortened;
use crate::tui::layout::{View, put};
use crate::tui::overlays::window;
use musicvae::music::Lane;

/// Columns of lane, note, channel, level controller and remark.
const AT: [u16; 5] = [2, 9, 15, 24, 32];

pub fn draw(editor: &MapEditor, studio: &Studio, view: &View, body: Rect, buffer: &mut Buffer) {
    let theme = view.theme;
    let map = &studio.machine.map;
    let mark = if editor.is_changed() { " (edited)" } else { "" };
    let title = format!("Drum map: {}{mark}", map.name);
    let inner = window(&title, (70, 14), view, body, buffer);
    let head = ["lane", "note", "channel", "level", ""];
    for (x, text) in AT.into_iter().zip(head) {
        put(buffer, inner, (x, 0), text, theme.faint());
    }
    // Where not all lanes fit, the one under the cursor is in sight.
    let first = (editor.lane + 2).saturating_sub(usize::from(inner.height));
    for (row, lane) in Lane::ALL.into_iter().enumerate().skip(first) {
        let y = 1 + (row - first) as u16;
        let here = row == editor.lane;
        let mut text = |column: usize, text: &str, style: Style| {
            put(buffer, inner, (AT[column], y), text, style);
        };
        text(0, lane.short_name(), theme.lane(lane, false));
        match map.voice(lane) {
            None => text(1, "silent", theme.faint()),
            Some(voice) => {
                let on = |column| match here && editor.column == column {
                    true => theme.selected(),
                    false => theme.plain(),
                };
                text(1, &format!("{:>4}", voice.note), on(Column::Note));
                text(2, &format!("{:>4}", voice.channel), on(Column::Channel));
                if let Some(level) = voice.level {
                    text(3, &format!("CC {level}"), theme.plain());
                }
                if let Some(instead) = &voice.instead {
                    text(4, &format!("{instead} instead"), theme.faint());
                }
            }
        }
        if here {
            put(buffer, inner, (0, y), theme.pick("▸", ">"), theme.accent());
        }
    }
    let about = Rect {
        y: inner.y + 10,
        height: 3.min(inner.height.saturating_sub(10)),
        ..inner
    };
    Paragraph::new(map.about.as_str())
        .style(theme.faint())
        .wrap(Wrap { trim: true })
        .render(about, buffer);
    if inner.height > 13 {
        let port = match &studio.transport.midi {
            MidiState::On { port } => format!("Space is heard on {port}."),
            MidiState::Off { reason } => reason.clone(),
        };
        let text = shortened(&port, usize::from(inner.width), theme.ascii);
        let place = Rect {
            y: inner.y + 13,
            height: 1,
            ..inner
        };
        Line::from(Span::styled(text, theme.plain())).render(place, buffer);
    }
}
