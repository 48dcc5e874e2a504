//! The clock thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::core::Core;
use crate::engine::core::shared::Shared;
use crate::engine::events::{Nanos, SECOND};
use crate::engine::thread::claim_realtime;

/// Time between two turns of the clock thread, at work and watching.
const CLOCK_TICK: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(20)];

/// If no callback comes for this long (and for four times its usual length), the clock thread takes
/// over.
const STALLED: Nanos = SECOND / 10;

/// Plays on whenever no audio callback does.
pub(super) fn run_clock(core: &Mutex<Core>, shared: &Shared, epoch: Instant, quit: &AtomicBool) {
    claim_realtime();
    let now = || epoch.elapsed().as_nanos() as Nanos;
    while !quit.load(Relaxed) {
        let stream = shared.callback.stream.load(Relaxed) != 0;
        let length = i64::from(shared.callback.frames.load(Relaxed)) * SECOND
            / i64::from(shared.callback.rate.load(Relaxed).max(1));
        let stalled = now() - shared.callback.last.load(Relaxed) > STALLED.max(4 * length);
        if stream && !stalled {
            thread::sleep(CLOCK_TICK[1]);
            continue;
        }
        let core = match core.try_lock() {
            Ok(core) => Some(core),
            Err(TryLockError::Poisoned(core)) => Some(core.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(mut core) = core {
            // As in the callback: a fault is counted, and the clock goes on.
            let driven = catch_unwind(AssertUnwindSafe(|| core.drive_silently(now())));
            if driven.is_err() {
                shared.callback.errors.fetch_add(1, Relaxed);
            }
        }
        thread::sleep(CLOCK_TICK[0]);
    }
}
