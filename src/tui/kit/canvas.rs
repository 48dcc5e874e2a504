//! A part of the screen to draw on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::theme::Theme;

/// A rectangle of the screen and the theme in which it is drawn. Places are counted from its
/// upper left corner.
pub struct Canvas<'b> {
    pub theme: Theme,
    pub area: Rect,
    pub buffer: &'b mut Buffer,
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

    /// The last `width` columns, or as many as there are.
    pub fn right(&mut self, width: u16) -> Canvas<'_> {
        let width = width.min(self.area.width);
        self.at(Rect {
            x: self.area.right() - width,
            width,
            ..self.area
        })
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

    /// Fills it with a widget.
    pub fn show(&mut self, widget: impl Widget) {
        widget.render(self.area, self.buffer);
    }
}
