//! What the real-time side publishes: numbers in atomics, written by the thread that drives the
//! clock, read by any screen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64};

use crate::engine::atomic::{AtomicF32, AtomicF64};
use crate::engine::midi::Traffic;
use crate::engine::sound::stream::Callback;
use crate::engine::time::playhead::NowPlaying;
use musicvae::music::LANES;

/// Everything that the real-time side publishes.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub now: Arc<NowPlaying>,
    pub callback: Arc<Callback>,
    pub midi: Arc<Traffic>,
    pub takeover_pending: AtomicBool,
    /// Number of the chain's link that plays, from 1 on; 0 without a chain.
    pub chain_link: AtomicU32,
    /// Frames per second of the thread that drives the clock.
    pub rate: AtomicU32,
    /// Seconds recorded, less than 0 while the recording waits for its start.
    pub recorded: AtomicF64,
    pub lane_levels: [AtomicF32; LANES],
    pub master_level: [AtomicF32; 2],
    pub limiter_gain: AtomicF32,
    /// Whether an external clock is followed.
    pub external: AtomicBool,
    /// Whether the music is locked to an external clock.
    pub has_place: AtomicBool,
    /// The tempo of the clock that comes in.
    pub clock_qpm: AtomicF64,
    /// When its latest tick came; `Nanos::MIN` before the first one.
    pub clock_tick: AtomicI64,
    pub dropped_commands: AtomicU64,
    /// Set when the synthesizer panicked: it plays no more until a kit is loaded again.
    pub sound_failed: AtomicBool,
}
