//! Pictures of numbers: SVG, drawn by our own code, the same bytes for the same numbers.
//!
//! Each chart is a plain value with a `svg()`. Numbers that are not finite are left out. The
//! pictures stand on white, so that they can be read on a page of any colour.

mod axis;
mod bars;
mod heat;
mod lines;
mod svg;

pub use axis::Scale;
pub use bars::{Bar, BarChart, Bars};
pub use heat::HeatMap;
pub use lines::{Line, LineChart, Style};
