//! What passes by MIDI: where it may go, and what was lost of it.

use std::sync::atomic::{AtomicBool, AtomicU64};

/// Written and read by every thread that has to do with MIDI.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Strokes that come in are sent on to the MIDI output.
    pub thru: AtomicBool,
    /// MIDI comes from the device to which it goes.
    pub same_port: AtomicBool,
    /// Notes and clocks that were dropped: the queue was full, or they came too late.
    pub dropped: AtomicU64,
    /// How often a port was lost, blocked or broke down.
    pub errors: AtomicU64,
}
