//! What everything on the screen is drawn with: a part of the screen, text that fits it, windows,
//! colours and characters, the names of keys, and what the mouse does where. It knows no pane and no
//! overlay, and of the studio only its actions and the configuration of the screen.

mod canvas;
mod keys;
mod mouse;
mod palette;
mod portrait;
mod text;
mod theme;
mod windows;

pub use canvas::Canvas;
pub use keys::Key;
pub use mouse::{Deed, Reply, Targets};
pub use palette::Palette;
pub use portrait::{portrait, portrait_lines};
pub use text::{from_the_end, nearest_name, shortened, wrapped};
pub use theme::Theme;
pub use windows::{choose_by_mouse, input, pick, pick_from, scrolled, window};
