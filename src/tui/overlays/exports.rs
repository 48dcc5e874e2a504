//! What can be written of what is heard, over the panes, and how far a file is.

use ratatui::text::{Line, Span};

use crate::studio::Studio;
use crate::studio::export::Form;
use crate::tui::kit::{Canvas, from_the_end, pick, window};

pub fn draw(selected: usize, studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let what = match studio.ground.chain {
        Some(_) => "the chain as a song".into(),
        None => studio.ground.groove_name(),
    };
    let title = format!("Export {what}");
    let mut inner = window(&title, (62, Form::ALL.len() + 3), body);
    let lines = Form::ALL.map(|form| Line::from(form.words()));
    let count = lines.len() as u16;
    pick(lines.into(), selected, &mut inner.lines(0, count));
    let mut last = inner.below(count + 1);
    let Some(share) = studio.export.share else {
        const INTO: &str = "Enter writes it into ";
        let folder = studio.ground.config.export.place().display().to_string();
        let room = usize::from(last.width()).saturating_sub(INTO.len() + 1);
        let folder = from_the_end(&folder, room, theme.ascii);
        return last.show(Line::styled(format!("{INTO}{folder}."), theme.faint()));
    };
    const STOP: &str = "   Delete stops it";
    let room = usize::from(last.width()).saturating_sub(6 + STOP.len());
    let full = (share * room as f32).round() as usize;
    last.show(Line::from(vec![
        Span::styled(theme.pick("█", "#").repeat(full), theme.good()),
        Span::styled(theme.pick("░", ".").repeat(room - full), theme.faint()),
        Span::styled(format!(" {:>3.0} %", share * 100.0), theme.strong()),
        Span::styled(STOP, theme.faint()),
    ]));
}
