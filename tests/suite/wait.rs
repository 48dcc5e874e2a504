//! Waiting for what other threads do.

use std::thread;
use std::time::{Duration, Instant};

/// Waits until something is so; 30 seconds are in vain.
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "in vain waited for {what}"
        );
        thread::sleep(Duration::from_millis(2));
    }
}
