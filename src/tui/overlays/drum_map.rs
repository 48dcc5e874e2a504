//! The editor of the drum map.

use ratatui::style::Style;
use ratatui::text::Line;

use crate::studio::drum_machine::Action::Map;
use crate::studio::drum_machine::{Column, DrumMachine};
use crate::studio::{MapAction, MidiState, Studio};
use crate::tui::kit::{Canvas, shortened, window};
use musicvae::music::Lane;

/// Columns of lane, note, channel, level controller and remark.
const AT: [u16; 5] = [2, 9, 15, 24, 32];

pub fn draw(studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let DrumMachine { map, editor, .. } = &studio.drum_machine;
    let mark = if editor.is_changed() { " (edited)" } else { "" };
    let title = format!("Drum map: {}{mark}", map.name);
    let mut inner = window(&title, (70, 14), body);
    let head = ["lane", "note", "channel", "level", ""];
    for (x, text) in AT.into_iter().zip(head) {
        inner.put((x, 0), text, theme.faint());
    }
    // Where not all lanes fit, the one under the cursor is in sight.
    let first = (editor.lane + 2).saturating_sub(usize::from(inner.height()));
    for (row, lane) in Lane::ALL.into_iter().enumerate().skip(first) {
        let y = 1 + (row - first) as u16;
        let here = row == editor.lane;
        let by = row as isize - editor.lane as isize;
        inner.lines(y, 1).on_press(Map(MapAction::Lane(by)));
        let mut text = |column: usize, text: &str, style: Style| {
            inner.put((AT[column], y), text, style);
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
            inner.put((0, y), theme.pick("▸", ">"), theme.accent());
        }
    }
    inner.on_wheel(Map(MapAction::Lane(-1)), Map(MapAction::Lane(1)));
    inner.lines(10, 3).fill(&map.about, theme.faint());
    if inner.height() > 13 {
        let port = match &studio.ground.transport.midi {
            MidiState::On { port } => format!("Space is heard on {port}."),
            MidiState::Off { reason } => reason.clone(),
        };
        let text = shortened(&port, usize::from(inner.width()), theme.ascii);
        inner.lines(13, 1).show(Line::styled(text, theme.plain()));
    }
}
