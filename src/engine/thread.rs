//! Threads: those that must be on time, how long one is waited for, and what it leaves behind.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Asks for a real-time priority for this thread, without waiting for anybody; `false` when the system does
/// not grant it, and nobody else has got it one.
pub(crate) fn make_realtime() -> bool {
    #[cfg(unix)]
    {
        use thread_priority::{
            RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue,
            ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
        };
        // Above ordinary threads, below what audio servers give themselves.
        let granted = ThreadPriorityValue::try_from(30_u8).is_ok_and(|priority| {
            set_thread_priority_and_policy(
                thread_native_id(),
                ThreadPriority::Crossplatform(priority),
                ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo),
            )
            .is_ok()
        });
        granted || has_realtime()
    }
    #[cfg(not(unix))]
    {
        thread_priority::set_current_thread_priority(thread_priority::ThreadPriority::Max).is_ok()
    }
}

/// Whether this thread has a real-time priority, whoever got it one. The kernel is asked, for glibc remembers
/// what it was told itself.
#[cfg(unix)]
fn has_realtime() -> bool {
    #[cfg(target_os = "linux")]
    {
        // Safe: it reads a number of this thread.
        let policy = unsafe { libc::sched_getscheduler(0) };
        policy >= 0
            && matches!(
                policy & !libc::SCHED_RESET_ON_FORK,
                libc::SCHED_FIFO | libc::SCHED_RR
            )
    }
    #[cfg(not(target_os = "linux"))]
    false
}

/// [`make_realtime`], and where the system does not grant it, asks rtkit, which does so for a program of the
/// desktop. That may take a moment: nothing for an audio callback.
pub(crate) fn claim_realtime() -> bool {
    let granted = make_realtime();
    #[cfg(all(target_os = "linux", feature = "realtime-dbus"))]
    if !granted {
        rtkit::ask();
        return make_realtime();
    }
    granted
}

#[cfg(all(target_os = "linux", feature = "realtime-dbus"))]
mod rtkit {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use audio_thread_priority::{get_current_thread_info, promote_thread_to_real_time};

    /// A message bus that does not answer holds nobody up for longer.
    const PATIENCE: Duration = Duration::from_millis(500);

    /// Frames and rate by which rtkit reckons how long a thread may work at a time.
    const WORK: (u32, u32) = (512, 48_000);

    /// Has another thread ask for this one.
    pub fn ask() {
        let Ok(this) = get_current_thread_info() else {
            return;
        };
        let (done, answer) = mpsc::channel();
        let asking = thread::Builder::new().name("engine-rtkit".into());
        let asking = asking.spawn(move || {
            let promoted = promote_thread_to_real_time(this, WORK.0, WORK.1);
            let _ = done.send(promoted.is_ok());
        });
        if asking.is_ok() {
            let _ = answer.recv_timeout(PATIENCE);
        }
    }
}

/// Whether the system grants a real-time priority: a thread that ends at once asks for one.
pub fn grants_realtime() -> bool {
    thread::spawn(claim_realtime).join().unwrap_or(false)
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
