//! The windows of a file, over the panes: the one that is marked is heard.

use ratatui::text::{Line, Span};

use crate::studio::Studio;
use crate::studio::bring::Action::MoveWindow;
use crate::studio::bring::Piece;
use crate::tui::kit::{Canvas, Theme, window, wrapped};

/// Columns, at most.
const WIDTH: u16 = 72;

pub fn draw(studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let Some(piece) = &studio.bring.piece else {
        return;
    };
    let at = studio.bring.window;
    let room = usize::from(WIDTH.min(body.width().saturating_sub(4)));
    let tempo = studio.bring.tempo().unwrap_or_default();
    let hits = piece
        .windows
        .get(at)
        .map_or(0, |window| window.hits().count());
    let about = format!(
        "bars {} of {}, {hits} hits, in {}, {tempo:.1} in the file (now {})",
        piece.place(at),
        piece.length(),
        piece.grid,
        studio.ground.tempo_words(),
    );
    let remarks = piece.remarks.iter();
    let remarks: Vec<String> = remarks.flat_map(|remark| wrapped(remark, room)).collect();
    let about = wrapped(&about, room).into_iter();
    let mut lines: Vec<Line> = about
        .map(|line| Line::styled(line, theme.plain()))
        .collect();
    let strip_at = lines.len() as u16;
    lines.push(strip(piece, at, room, theme));
    lines.extend(
        remarks
            .into_iter()
            .map(|line| Line::styled(line, theme.faint())),
    );
    let mut inner = window(&piece.name, (WIDTH, lines.len()), body);
    inner.on_wheel(MoveWindow(-1), MoveWindow(1));
    for (y, line) in (0..).zip(lines) {
        inner.lines(y, 1).show(line);
    }
    // A press on the strip, or a drag along it, brings the window there.
    let each = bars_a_character(piece, room);
    inner.lines(strip_at, 1).answer(move |gesture| {
        let bar = gesture.at.0 as isize * each as isize;
        let moves = gesture.is_held().then(|| MoveWindow(bar - at as isize));
        Vec::from_iter(moves.map(Into::into))
    });
}

/// Bars that share a character of the strip.
fn bars_a_character(piece: &Piece, room: usize) -> usize {
    piece.strokes().len().div_ceil(room.max(1)).max(1)
}

/// How much is struck in each bar, with the window marked; a character stands for several bars where
/// there are too many.
fn strip(piece: &Piece, at: usize, room: usize, theme: Theme) -> Line<'static> {
    let strokes = piece.strokes();
    let each = bars_a_character(piece, room);
    let most = strokes.iter().copied().max().unwrap_or(0);
    let bars = strokes.chunks(each).enumerate().map(|(place, bars)| {
        let first = place * each;
        let glyph = theme.share(bars.iter().copied().max().unwrap_or(0), most);
        let is_inside = first < at + piece.bars && first + each > at;
        let style = if is_inside {
            theme.selected()
        } else {
            theme.faint()
        };
        Span::styled(glyph, style)
    });
    Line::from(bars.collect::<Vec<_>>())
}
