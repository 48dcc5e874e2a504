//! The whole screen from the whole state: which pane stands where, at which size.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders};

use super::keymap::Keymap;
use super::kit::{Canvas, Key, Reply, Targets, Theme};
use super::panes::{drawing, grid};
use super::{bars, overlays};
use crate::studio::overlays::Action::Focus;
use crate::studio::{Pane, Studio};

/// Below this nothing useful fits.
const LEAST: (u16, u16) = (50, 14);
/// From here on every pane is on the screen.
const ALL_PANES: (u16, u16) = (80, 24);
/// From here on panes have borders all around and room to breathe.
const FULL: (u16, u16) = (100, 30);
/// From here on slider and checkpoints stand beside the groove, at twice the width.
const WIDE: (u16, u16) = (196, 44);

/// What drawing needs beside the studio.
pub struct View<'v> {
    pub theme: Theme,
    pub keymap: &'v Keymap,
}

/// Draws `studio`, and returns what a mouse does there; the same state gives the same screen.
pub fn draw(studio: &Studio, view: &View, frame: &mut Frame) -> Targets {
    let area = frame.area();
    let mut targets = Targets::default();
    let mut screen = Canvas {
        theme: view.theme,
        area,
        buffer: frame.buffer_mut(),
        targets: &mut targets,
    };
    if !holds(area, LEAST) {
        too_small(&mut screen);
        return targets;
    }
    let all = holds(area, ALL_PANES);
    let [header, tabs, body, status, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(u16::from(!all)),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    bars::header(studio, &mut screen.at(header));
    if all {
        let full = holds(area, FULL);
        for (pane, place) in places(area, body) {
            framed(pane, full, studio, &mut screen.at(place));
        }
    } else {
        bars::tabs(studio, &mut screen.at(tabs));
        (drawing(studio.ground.screen.pane).draw)(studio, &mut screen.at(body));
    }
    bars::status(studio, &mut screen.at(status));
    if let Some(overlay) = &studio.ground.screen.overlay {
        screen.targets.cover(area);
        let mut body = screen.at(body);
        // Beside it is as good as Esc, but for where something is typed, which would be lost.
        if let (false, Some(key)) = (view.keymap.types(studio), Key::parse("esc")) {
            body.on_press(Reply::Press(key));
        }
        overlays::draw(overlay, studio, view.keymap, &mut body);
    }
    bars::footer(studio, view.keymap, &mut screen.at(footer));
    targets
}

fn holds(area: Rect, (width, height): (u16, u16)) -> bool {
    area.width >= width && area.height >= height
}

fn too_small(screen: &mut Canvas) {
    let text = format!(
        "musicvae-tui needs {} x {} characters; this terminal has {} x {}.",
        LEAST.0,
        LEAST.1,
        screen.width(),
        screen.height()
    );
    screen.fill(&text, screen.theme.plain());
}

/// Where each pane goes when there is room for all.
fn places(screen: Rect, body: Rect) -> [(Pane, Rect); 4] {
    let full = holds(screen, FULL);
    let frame = if full { 2 } else { 1 };
    let (groove, latent, training, list);
    if holds(screen, WIDE) {
        let [left, right] =
            Layout::horizontal([Constraint::Min(0), Constraint::Length(40)]).areas(body);
        let tall = grid::height(left.height.saturating_sub(16)) + frame;
        [groove, training] =
            Layout::vertical([Constraint::Length(tall), Constraint::Min(0)]).areas(left);
        [latent, list] =
            Layout::vertical([Constraint::Length(13), Constraint::Min(0)]).areas(right);
    } else {
        let least_below = if full { 11 } else { 8 };
        let tall = grid::height(body.height.saturating_sub(least_below + frame)) + frame;
        let below;
        [groove, below] =
            Layout::vertical([Constraint::Length(tall), Constraint::Min(0)]).areas(body);
        [latent, training, list] = Layout::horizontal([
            Constraint::Fill(8),
            Constraint::Fill(9),
            Constraint::Fill(10),
        ])
        .spacing(if full { 0 } else { 1 })
        .areas(below);
    }
    [
        (Pane::Grid, groove),
        (Pane::Slider, latent),
        (Pane::Loss, training),
        (Pane::Checkpoints, list),
    ]
}

/// A pane under its title, with borders all around where there is room for them.
fn framed(pane: Pane, full: bool, studio: &Studio, canvas: &mut Canvas) {
    let theme = canvas.theme;
    canvas.on_press(Focus(pane));
    let drawing = drawing(pane);
    let (marker, frame, name) = if studio.ground.screen.pane == pane {
        (theme.pick("●", "*"), theme.accent(), theme.accent())
    } else {
        (" ", theme.faint(), theme.strong())
    };
    let mut title = vec![
        Span::styled(format!("{marker}{} ", pane as u8 + 1), frame),
        Span::styled(format!("{} ", pane.title()), name),
    ];
    let subtitle = (drawing.subtitle)(studio);
    if !subtitle.is_empty() {
        title.push(Span::styled(format!("{subtitle} "), theme.plain()));
    }
    let block = Block::new()
        .borders(if full { Borders::ALL } else { Borders::TOP })
        .border_set(theme.border())
        .border_style(frame)
        .title(Line::from(title));
    let inner = block.inner(canvas.area);
    canvas.show(block);
    (drawing.draw)(studio, &mut canvas.at(inner));
}
