//! Threads: those that must be on time, how long one is waited for, and what it leaves behind.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Asks for a real-time priority for this thread; `false` when the system does not grant it.
pub(crate) fn make_realtime() -> bool {
    #[cfg(unix)]
    {
        use thread_priority::{
            RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue,
            ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
        };
        // Above ordinary threads, below what audio servers give themselves.
        ThreadPriorityValue::try_from(30_u8).is_ok_and(|priority| {
            set_thread_priority_and_policy(
                thread_native_id(),
                ThreadPriority::Crossplatform(priority),
                ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo),
            )
            .is_ok()
        })
    }
    #[cfg(not(unix))]
    {
        thread_priority::set_current_thread_priority(thread_priority::ThreadPriority::Max).is_ok()
    }
}

/// Whether the system grants a real-time priority: a thread that ends at once asks for one.
pub fn grants_realtime() -> bool {
    thread::spawn(make_realtime).join().unwrap_or(false)
}

/// Waits for a thread to end, but not for ever: one that hangs in a driver is left to itself.
pub(crate) fn join_within(thread: JoinHandle<()>, patience: Duration) {
    let started = Instant::now();
    while !thread.is_finished() {
        if started.elapsed() > patience {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    let _ = thread.join();
}

/// What a mutex holds, even if a thread panicked while it held it: nothing left half done does harm
/// here.
pub(crate) fn unpoisoned<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
