//! The mouse over the screen as it was drawn last.

use crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::kit::{Deed, Reply, Targets};

/// Finds out what the mouse does.
#[derive(Default)]
pub struct Pointer {
    targets: Targets,
    /// Where the button that is held went down.
    pressed: Option<Position>,
}

impl Pointer {
    /// From now on the screen has these. If other areas came under the held button, it counts as
    /// released: a window that just opened was not what was pressed.
    pub fn see(&mut self, targets: Targets) {
        let is_gone = |at: &Position| self.targets.areas_at(*at) != targets.areas_at(*at);
        if self.pressed.as_ref().is_some_and(is_gone) {
            self.pressed = None;
        }
        self.targets = targets;
    }

    /// What comes of this. With Shift the mouse is the terminal's, which selects text.
    pub fn replies(&mut self, event: MouseEvent) -> Vec<Reply> {
        if event.modifiers.contains(KeyModifiers::SHIFT) {
            return Vec::new();
        }
        let at = Position::new(event.column, event.row);
        let (deed, from) = match event.kind {
            MouseEventKind::Down(button) => (Deed::Press(button), Some(at)),
            MouseEventKind::Drag(button) => (Deed::Drag(button), self.pressed),
            MouseEventKind::Up(button) => (Deed::Release(button), self.pressed),
            MouseEventKind::ScrollUp => (Deed::Wheel(-1), Some(at)),
            MouseEventKind::ScrollDown => (Deed::Wheel(1), Some(at)),
            _ => return Vec::new(),
        };
        match deed {
            Deed::Press(_) => self.pressed = Some(at),
            Deed::Release(_) => self.pressed = None,
            Deed::Drag(_) | Deed::Wheel(_) => {}
        }
        from.map_or_else(Vec::new, |from| self.targets.replies(deed, at, from))
    }
}
