//! What everything on the screen is drawn with: colours and characters, names of keys.

pub mod keys;
pub mod theme;
