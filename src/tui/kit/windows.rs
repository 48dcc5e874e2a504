//! Windows over the panes, and what most of them hold: a page of lines, a list, a line of input.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Widget};

use super::canvas::Canvas;
use super::keys::Key;
use super::mouse::Reply;
use super::text::from_the_end;
use crate::studio::overlays::Action::MoveSelection;

/// A cleared window with room for so many columns and lines, or as many as there are, in the
/// middle of `body`; returns its inside.
pub fn window<'c>(title: &str, (width, height): (u16, usize), body: &'c mut Canvas) -> Canvas<'c> {
    let theme = body.theme;
    let width = (width + 4).min(body.width());
    let height = u16::try_from(height).unwrap_or(u16::MAX).saturating_add(2);
    let height = height.min(body.height());
    let area = Rect {
        x: body.area.x + (body.width() - width) / 2,
        y: body.area.y + (body.height() - height) / 2,
        width,
        height,
    };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_set(theme.border())
        .border_style(theme.accent())
        .title(Span::styled(format!(" {title} "), theme.accent()));
    let inner = block.inner(area);
    body.targets.cover(area);
    Clear.render(area, body.buffer);
    body.buffer.set_style(area, theme.ground());
    block.render(area, body.buffer);
    body.at(Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    })
}

/// Lines that a notch of the wheel scrolls.
const WHEEL: isize = 3;

/// The lines from `scroll` on; scrolling ends at the last page.
pub fn scrolled(lines: Vec<Line>, scroll: usize, canvas: &mut Canvas) {
    let height = usize::from(canvas.height());
    let last = lines.len().saturating_sub(height);
    let first = scroll.min(last);
    // From beyond the end the wheel comes back at once.
    let up = (first as isize - scroll as isize).min(0) - WHEEL;
    canvas.on_wheel(
        MoveSelection(up),
        MoveSelection(if first < last { WHEEL } else { 0 }),
    );
    for (row, line) in lines.into_iter().skip(first).take(height).enumerate() {
        canvas.lines(row as u16, 1).show(line);
    }
}

/// A list with one line chosen, scrolled so that it is in sight.
pub fn pick(mut lines: Vec<Line>, selected: usize, canvas: &mut Canvas) {
    pick_from(lines.len(), selected, canvas, |row| {
        std::mem::take(&mut lines[row])
    });
}

/// As [`pick`], of a list of which only the lines in sight are made.
pub fn pick_from<'l>(
    count: usize,
    selected: usize,
    canvas: &mut Canvas,
    mut line: impl FnMut(usize) -> Line<'l>,
) {
    let height = usize::from(canvas.height());
    let first = (selected + 1).saturating_sub(height);
    let highlight = canvas.theme.selected();
    let enter = Key::parse("enter").map(Reply::Press);
    choose_by_mouse((first, count, selected), canvas, MoveSelection, enter);
    for row in (first..count).take(height) {
        let mut place = canvas.lines((row - first) as u16, 1);
        place.show(line(row));
        if row == selected {
            place.buffer.set_style(place.area, highlight);
        }
    }
}

/// Makes the lines of a list, from `first` on, answer to the mouse: a press on one moves the
/// selection there, and on the selected one takes it; the wheel moves it by one.
pub fn choose_by_mouse<A: Into<Reply>>(
    (first, count, selected): (usize, usize, usize),
    canvas: &mut Canvas,
    move_by: impl Fn(isize) -> A + 'static,
    take: Option<Reply>,
) {
    let selected = selected.min(count.saturating_sub(1)) as isize;
    canvas.answer(move |gesture| {
        let line = first as isize + gesture.at.1 as isize;
        let is_pressed = gesture.is_press() && line < count as isize;
        let reply = match gesture.notches() {
            Some(by) => Some(move_by(by).into()),
            None if is_pressed && line == selected => take.clone(),
            None if is_pressed => Some(move_by(line - selected).into()),
            None => None,
        };
        Vec::from_iter(reply)
    });
}

/// What is being typed, and where the next character goes, which is always seen.
pub fn input(text: &str, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let room = usize::from(canvas.width()).saturating_sub(3);
    canvas.show(Line::from(vec![
        Span::styled(theme.pick("› ", "> "), theme.accent()),
        Span::raw(from_the_end(text, room, theme.ascii)),
        Span::styled(" ", theme.selected()),
    ]));
}
