//! A part of the screen to draw on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::mouse::{Gesture, Reply, Targets};
use super::theme::Theme;

/// A rectangle of the screen and the theme in which it is drawn. Places are counted from its
/// upper left corner.
pub struct Canvas<'b> {
    pub theme: Theme,
    pub area: Rect,
    pub buffer: &'b mut Buffer,
    /// What a mouse does on the screen.
    pub targets: &'b mut Targets,
}

impl Canvas<'_> {
    pub fn width(&self) -> u16 {
        self.area.width
    }

    pub fn height(&self) -> u16 {
        self.area.height
    }

    /// Another rectangle of the same screen.
    pub fn at(&mut self, area: Rect) -> Canvas<'_> {
        Canvas {
            theme: self.theme,
            area,
            buffer: self.buffer,
            targets: self.targets,
        }
    }

    /// `height` lines from line `y` on, or as many as there are.
    pub fn lines(&mut self, y: u16, height: u16) -> Canvas<'_> {
        self.at(Rect {
            y: self.area.y + y,
            height: height.min(self.area.height.saturating_sub(y)),
            ..self.area
        })
    }

    /// All lines from line `y` on.
    pub fn below(&mut self, y: u16) -> Canvas<'_> {
        self.lines(y, u16::MAX)
    }

    /// A single line of `width` columns, or of as many as there are.
    pub fn piece(&mut self, (x, y): (u16, u16), width: usize) -> Canvas<'_> {
        let room = self.area.width.saturating_sub(x);
        let mut line = self.lines(y, 1).area;
        line.x += x;
        line.width = u16::try_from(width).unwrap_or(room).min(room);
        self.at(line)
    }

    /// All but a column at either side.
    pub fn padded(&mut self) -> Canvas<'_> {
        self.at(Rect {
            x: self.area.x + 1,
            width: self.area.width.saturating_sub(2),
            ..self.area
        })
    }

    /// Writes `text`, cut off at the edges.
    pub fn put(&mut self, (x, y): (u16, u16), text: &str, style: Style) {
        let area = self.area;
        if x < area.width && y < area.height {
            let room = usize::from(area.width - x);
            self.buffer
                .set_stringn(area.x + x, area.y + y, text, room, style);
        }
    }

    /// Adds to the style of `width` columns from a place on, whatever is there.
    pub fn restyle(&mut self, (x, y): (u16, u16), width: u16, style: Style) {
        let place = Rect {
            x: self.area.x + x,
            y: self.area.y + y,
            width,
            height: 1,
        };
        self.buffer.set_style(place.intersection(self.area), style);
    }

    /// Fills it with `text`, broken between words.
    pub fn fill(&mut self, text: &str, style: Style) {
        let text = Paragraph::new(text).style(style);
        self.show(text.wrap(Wrap { trim: true }));
    }

    /// Has all of it answer to the mouse.
    pub fn answer(&mut self, answer: impl Fn(Gesture) -> Vec<Reply> + 'static) {
        self.targets.add(self.area, answer);
    }

    /// Has a press of the left button on it do this.
    pub fn on_press(&mut self, reply: impl Into<Reply>) {
        let reply = reply.into();
        self.answer(move |gesture| Vec::from_iter(gesture.is_press().then(|| reply.clone())));
    }

    /// Has each notch of the wheel over it do this, upwards or downwards.
    pub fn on_wheel(&mut self, up: impl Into<Reply>, down: impl Into<Reply>) {
        let (up, down) = (up.into(), down.into());
        self.answer(move |gesture| {
            let towards = |notches: isize| if notches < 0 { &up } else { &down };
            Vec::from_iter(gesture.notches().map(|notches| towards(notches).clone()))
        });
    }

    /// Fills it with a widget.
    pub fn show(&mut self, widget: impl Widget) {
        widget.render(self.area, self.buffer);
    }
}
