//! The lines above and below the panes. They may use the kit, the keymap and the studio.

mod footer;
mod header;
mod status;
mod tabs;

pub use footer::footer;
pub use header::header;
pub use status::{LINES, status};
pub use tabs::tabs;
