//! Trying again.

use std::time::{Duration, Instant};

/// Waits longer after every failure, up to a limit.
pub(super) struct Backoff {
    next: Option<Instant>,
    wait: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_secs(1);
    const LAST: Duration = Duration::from_secs(60);

    pub fn new() -> Backoff {
        Backoff {
            next: None,
            wait: Backoff::FIRST,
        }
    }

    pub fn try_at_once(&mut self) {
        *self = Backoff {
            next: Some(Instant::now()),
            wait: Backoff::FIRST,
        };
    }

    pub fn failed(&mut self) {
        self.next = Some(Instant::now() + self.wait);
        self.wait = (self.wait * 2).min(Backoff::LAST);
    }

    pub fn is_due(&self) -> bool {
        self.next.is_some_and(|next| next <= Instant::now())
    }
}
