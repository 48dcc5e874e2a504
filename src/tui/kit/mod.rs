//! What everything on the screen is drawn with: a part of the screen, text that fits it, windows,
//! colours and characters, and the names of keys. It knows no pane and no overlay, and nothing of
//! the studio but the configuration of the screen.

mod canvas;
mod keys;
mod text;
mod theme;
mod windows;

pub use canvas::Canvas;
pub use keys::Key;
pub use text::{shortened, wrapped};
pub use theme::Theme;
pub use windows::{input, pick, pick_from, scrolled, window};
