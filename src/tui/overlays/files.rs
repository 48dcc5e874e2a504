//! The files of a folder, over the panes: what is under the cursor is heard.

use ratatui::text::{Line, Span};

use crate::studio::Studio;
use crate::tui::kit::{Canvas, from_the_end, input, pick_from, shortened, window};

pub fn draw(studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let browser = &studio.bring.browser;
    let width = body.width().saturating_sub(8).clamp(50, 100);
    let height = usize::from(body.height()).min(30);
    let mut inner = window("Open a MIDI file", (width, height), body);
    let room = usize::from(inner.width());
    let folder = browser.folder.display().to_string();
    inner.put(
        (0, 0),
        &from_the_end(&folder, room, theme.ascii),
        theme.faint(),
    );
    input(&browser.words, &mut inner.lines(1, 1));
    let last = inner.height().saturating_sub(1);
    let problem = studio.bring.problem.as_deref().or(browser.problem());
    let (below, style) = match (problem, &studio.ground.audition) {
        (Some(problem), _) => (problem.to_string(), theme.trouble()),
        (None, Some(heard)) => (heard_line(studio, &heard.name), theme.good()),
        (None, None) => (
            "Type words to search, or a path; Backspace: the folder above.".into(),
            theme.faint(),
        ),
    };
    inner.put((0, last), &shortened(&below, room, theme.ascii), style);
    let mut list = inner.lines(2, last.saturating_sub(2));
    if browser.lines() == 0 {
        let text = match (browser.is_listed(), browser.words.is_empty()) {
            _ if browser.typed().is_some() => "Enter opens this path.",
            (false, _) => "Looking.",
            _ if browser.is_searching() => "Looking in all folders below.",
            (true, true) => "There is no MIDI file here, and no folder.",
            (true, false) => "No file has these words.",
        };
        return list.fill(text, theme.faint());
    }
    pick_from(browser.lines(), browser.selected, &mut list, |line| {
        let Some(entry) = browser.line(line) else {
            return Line::default();
        };
        let name = match entry.is_folder {
            true => format!("{}/", entry.name),
            false => entry.name.clone(),
        };
        let style = if entry.is_folder {
            theme.accent()
        } else {
            theme.plain()
        };
        Line::from(Span::styled(shortened(&name, room, theme.ascii), style))
    });
}

/// What is heard of a file, and how much of it there is.
fn heard_line(studio: &Studio, name: &str) -> String {
    let piece = studio.bring.piece.as_ref();
    let length = piece.map_or(0, |piece| piece.length());
    let tempo = studio.bring.tempo().unwrap_or_default();
    let plays = match studio.ground.transport.playing {
        true => "plays",
        false => "is ready (Space plays)",
    };
    format!("{name} {plays}: {length} bars, {tempo:.1} in the file.")
}
