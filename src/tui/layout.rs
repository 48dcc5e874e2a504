//! The whole screen from the whole state.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Widget, Wrap};

use super::panes::{checkpoints, grid, loss, slider};
use super::{bars, overlays};
use crate::studio::{Pane, Studio};
use crate::tui::keymap::Keymap;
use crate::tui::kit::theme::Theme;

/// Below this nothing useful fits.
pub const LEAST: (u16, u16) = (50, 14);
/// From here on every pane is on the screen.
pub const ALL_PANES: (u16, u16) = (80, 24);
/// From here on panes have borders all around and room to breathe.
pub const FULL: (u16, u16) = (100, 30);
/// From here on slider and checkpoints stand beside the groove, at twice the width.
const WIDE: (u16, u16) = (196, 44);

/// What drawing needs beside the studio.
pub struct View<'v> {
    pub theme: Theme,
    pub keymap: &'v Keymap,
}

/// Draws `studio`; the same state gives the same screen.
pub fn draw(studio: &Studio, view: &View, frame: &mut Frame) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return too_small(area, buffer);
    }
    let all = area.width >= ALL_PANES.0 && area.height >= ALL_PANES.1;
    let tabs = if all { 0 } else { 1 };
    let [header, tab_line, body, status, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(tabs),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    bars::header(studio, view, header, buffer);
    if all {
        for (pane, area) in panes(area, body) {
            draw_pane(pane, studio, view, area, buffer);
        }
    } else {
        bars::tabs(studio, view, tab_line, buffer);
        content(studio.screen.pane, studio, view, body, buffer);
    }
    bars::status(studio, view, status, buffer);
    bars::footer(studio, view, footer, buffer);
    if let Some(open) = &studio.screen.overlay {
        overlays::draw(open, studio, view, body, buffer);
    }
}

fn too_small(area: Rect, buffer: &mut Buffer) {
    let (width, height) = LEAST;
    let text = format!(
        "musicvae-tui needs {width} x {height} characters; this terminal has {} x {}.",
        area.width, area.height
    );
    Paragraph::new(text)
        .wrap(Wrap { trim: true })
        .render(area, buffer);
}

/// Where each pane goes when there is room for all.
fn panes(screen: Rect, body: Rect) -> [(Pane, Rect); 4] {
    let full = screen.width >= FULL.0 && screen.height >= FULL.1;
    let frame = if full { 2 } else { 1 };
    if screen.width >= WIDE.0 && screen.height >= WIDE.1 {
        let [left, right] =
            Layout::horizontal([Constraint::Min(0), Constraint::Length(40)]).areas(body);
        let tall = grid::height(left.height.saturating_sub(16)) + frame;
        let [groove, training] =
            Layout::vertical([Constraint::Length(tall), Constraint::Min(0)]).areas(left);
        let [latent, list] =
            Layout::vertical([Constraint::Length(13), Constraint::Min(0)]).areas(right);
        return [
            (Pane::Grid, groove),
            (Pane::Slider, latent),
            (Pane::Loss, training),
            (Pane::Checkpoints, list),
        ];
    }
    let least_below = if full { 11 } else { 8 };
    let tall = grid::height(body.height.saturating_sub(least_below + frame)) + frame;
    let [groove, below] =
        Layout::vertical([Constraint::Length(tall), Constraint::Min(0)]).areas(body);
    let [latent, training, list] = Layout::horizontal([
        Constraint::Fill(8),
        Constraint::Fill(9),
        Constraint::Fill(10),
    ])
    .spacing(if full { 0 } else { 1 })
    .areas(below);
    [
        (Pane::Grid, groove),
        (Pane::Slider, latent),
        (Pane::Loss, training),
        (Pane::Checkpoints, list),
    ]
}

fn draw_pane(pane: Pane, studio: &Studio, view: &View, area: Rect, buffer: &mut Buffer) {
    let theme = view.theme;
    let has_keys = studio.screen.pane == pane;
    let style = if has_keys {
        theme.accent()
    } else {
        theme.faint()
    };
    let marker = if has_keys {
        theme.pick("●", "*")
    } else {
        " "
    };
    let mut title = vec![
        Span::styled(format!("{marker}{} ", pane as u8 + 1), style),
        Span::styled(
            format!("{} ", pane.title()),
            if has_keys {
                theme.accent()
            } else {
                theme.strong()
            },
        ),
    ];
    title.extend(subtitle(pane, studio, theme));
    let full = buffer.area.width >= FULL.0 && buffer.area.height >= FULL.1;
    let block = Block::new()
        .borders(if full { Borders::ALL } else { Borders::TOP })
        .border_set(theme.border())
        .border_style(style)
        .title(Line::from(title));
    let inner = block.inner(area);
    block.render(area, buffer);
    content(pane, studio, view, inner, buffer);
}

fn content(pane: Pane, studio: &Studio, view: &View, area: Rect, buffer: &mut Buffer) {
    match pane {
        Pane::Grid => grid::draw(studio, view.theme, area, buffer),
        Pane::Slider => slider::draw(studio, view.theme, area, buffer),
        Pane::Loss => loss::draw(studio, view.theme, area, buffer),
        Pane::Checkpoints => checkpoints::draw(studio, view.theme, area, buffer),
    }
}

/// What the title adds to the name.
fn subtitle(pane: Pane, studio: &Studio, theme: Theme) -> Vec<Span<'static>> {
    let text = match pane {
        Pane::Grid => bars::origin(studio),
        Pane::Slider | Pane::Checkpoints => String::new(),
        Pane::Loss => loss::state(studio),
    };
    if text.is_empty() {
        Vec::new()
    } else {
        vec![Span::styled(format!("{text} "), theme.plain())]
    }
}

/// Writes `text` at a place of `area`, cut off at its edges.
pub fn put(buffer: &mut Buffer, area: Rect, at: (u16, u16), text: &str, style: Style) {
    if at.0 < area.width && at.1 < area.height {
        let room = usize::from(area.width - at.0);
        buffer.set_stringn(area.x + at.0, area.y + at.1, text, room, style);
    }
}
