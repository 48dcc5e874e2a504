//! What a process sets up before it trains.

/// Sets the allocator (mimalloc, where it is the program's) and candle up for training.
///
/// The allocator keeps what a training step frees: the next step takes the same again, and having
/// its pages cleared anew cost a fifth of the time. Candle stays on the calling thread: its helpers
/// wait by spinning, and each core already has a shard of the batch (together: 28 examples a second
/// became 70 on a busy machine of two cores).
///
/// # Safety
/// Sets an environment variable, so no other thread may run yet.
pub unsafe fn prepare_process() {
    /// `mi_option_purge_delay`; a negative delay is never.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    const THREADS: &str = "CANDLE_NUM_THREADS";
    // Safe: sets one number of the allocator's options.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
    if std::env::var_os(THREADS).is_none() {
        // Safe: the caller has seen to it that no other thread reads the environment.
        unsafe { std::env::set_var(THREADS, "1") };
    }
}
