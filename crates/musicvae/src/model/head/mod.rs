//! Heads that are more than one formula: what their parameters mean, their loss and their drawing.

mod heat;
mod spread;
mod strokes;

pub use heat::Heat;
pub use spread::Spread;
pub use strokes::{Chances, StrokeHead, or_known};
