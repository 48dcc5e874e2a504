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
use crate::studio::{Pane, Screen, Studio};

/// Below this nothing useful fits.
pub const LEAST: (u16, u16) = (50, 14);
/// From here on every pane is on the screen.
pub const ALL_PANES: (u16, u16) = (80, 24);
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
    screen.buffer.set_style(area, view.theme.ground());
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
        for (pane, place) in places(area, body, &studio.ground.screen) {
            framed(pane, full, studio, &mut screen.at(place));
        }
    } else {
        bars::tabs(studio, &mut screen.at(tabs));
        (drawing(studio.ground.screen.pane).draw)(studio, &mut screen.at(body));
    }
    if let Some(overlay) = &studio.ground.screen.overlay {
        screen.targets.cover(area);
        let mut body = screen.at(body);
        // Beside it is as good as Esc, but for where something is typed, which would be lost.
        if let (false, Some(key)) = (view.keymap.types(studio), Key::parse("esc")) {
            body.on_press(Reply::Press(key));
        }
        overlays::draw(overlay, studio, view.keymap, &mut body);
    }
    let up = (bars::LINES - 1).min(body.height);
    let message = Rect {
        y: status.y - up,
        height: status.height + up,
        ..status
    };
    bars::status(studio, &mut screen.at(message));
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

/// Least columns of a pane, and least lines of the groove and of what is below it, that a player
/// can make.
const NARROWEST: u16 = 16;
const LOWEST: u16 = 6;
/// Columns of the panes beside the groove.
const BESIDE: u16 = 40;

/// Where each pane that is shown goes when there is room for all.
fn places(screen: Rect, body: Rect, chosen: &Screen) -> Vec<(Pane, Rect)> {
    let arranged = &chosen.arrangement;
    if arranged.full {
        return vec![(chosen.pane, body)];
    }
    let full = holds(screen, FULL);
    let wide = holds(screen, WIDE);
    let frame = if full { 2 } else { 1 };
    let is_beside = |pane: &Pane| wide && matches!(pane, Pane::Slider | Pane::Checkpoints);
    let (beside, others): (Vec<Pane>, Vec<Pane>) = arranged.shown().partition(is_beside);
    let (groove, below): (Vec<Pane>, Vec<Pane>) =
        others.into_iter().partition(|pane| *pane == Pane::Grid);
    let mut places = Vec::new();
    let mut left = body;
    if !beside.is_empty() {
        let wider = beside.iter().map(|pane| arranged.wider(*pane)).sum();
        let columns = moved(BESIDE, wider, NARROWEST, body.width.saturating_sub(LEAST.0));
        let right;
        [left, right] =
            Layout::horizontal([Constraint::Min(0), Constraint::Length(columns)]).areas(body);
        let stacked = match beside[..] {
            [_] => vec![Constraint::Min(0)],
            _ => vec![Constraint::Length(17), Constraint::Min(0)],
        };
        places.extend(
            beside
                .into_iter()
                .zip(Layout::vertical(stacked).split(right).iter().copied()),
        );
    }
    let mut rest = left;
    if let [pane] = groove[..] {
        let tall = match below.is_empty() {
            true => left.height,
            false => {
                let least = if full { 11 } else { 8 };
                let tall = grid::height(left.height.saturating_sub(least + frame)) + frame;
                let most = left.height.saturating_sub(LOWEST);
                moved(tall, arranged.taller, LOWEST, most)
            }
        };
        let area;
        [area, rest] = Layout::vertical([Constraint::Length(tall), Constraint::Min(0)]).areas(left);
        places.push((pane, area));
    }
    places.extend(in_a_row(&below, rest, full, chosen));
    places.sort_by_key(|(pane, _)| *pane as u8);
    places
}

/// Panes side by side.
fn in_a_row(panes: &[Pane], area: Rect, full: bool, chosen: &Screen) -> Vec<(Pane, Rect)> {
    let share = |pane: Pane| match pane {
        Pane::Grid | Pane::Slider => 8,
        Pane::Loss => 9,
        Pane::Checkpoints => 10,
    };
    let shared = panes.iter().map(|pane| Constraint::Fill(share(*pane)));
    let row = |columns: Vec<Constraint>| {
        let spacing = if full { 0 } else { 1 };
        let areas = Layout::horizontal(columns).spacing(spacing).split(area);
        panes
            .iter()
            .copied()
            .zip(areas.to_vec())
            .collect::<Vec<_>>()
    };
    let by_themselves = row(shared.collect());
    let others = panes.len().saturating_sub(1) as u16;
    let most = area.width.saturating_sub(others * NARROWEST);
    let columns = by_themselves
        .iter()
        .map(|(pane, area)| match chosen.arrangement.wider(*pane) {
            0 => Constraint::Fill(share(*pane)),
            by => Constraint::Length(moved(area.width, by, NARROWEST, most)),
        });
    row(columns.collect())
}

/// A length that a player changed, between what is of use.
fn moved(length: u16, by: i16, least: u16, most: u16) -> u16 {
    match by {
        0 => length,
        by => length.saturating_add_signed(by).min(most).max(least),
    }
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
