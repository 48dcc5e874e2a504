//! Waiting for what other threads do.

use std::thread;
use std::time::{Duration, Instant};

/// What would take this long does not happen at all. Speeds are measured in `benches/`: a busy
/// machine must not fail a test.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is so, for as long as there is [`PATIENCE`].
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "in vain waited for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
