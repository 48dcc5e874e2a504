//! MIDI input: clock, pads and controllers, from a port of this machine or from a virtual one that
//! other programs can find by our name.
//!
//! Clock and strokes go from the port's own thread straight to the core, through a lock-free queue,
//! with the time at which they came. Controllers wait here, the latest value of each, until the
//! screen asks; so a flood of messages is never longer than the number of controllers. Nothing that
//! comes in is sent on, unless MIDI thru is on.

mod inlet;
mod message;
mod ports;

pub(crate) use inlet::Inlet;
pub use inlet::{Received, Tap};
pub(crate) use ports::{InputPorts, Listening, VIRTUAL, open_virtual};
