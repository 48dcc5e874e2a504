//! `musicvae-tui`: see the library for what it does.

use std::process::ExitCode;

use clap::Parser;
use musicvae_tui::cli::{Cli, UsageError};

/// Training allocates and frees large activations every step; this allocator keeps their pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keep_memory();
    leave_threads_to_the_program();
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("musicvae-tui: {error:#}");
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}

/// Lets the allocator keep what a training step frees: the next step takes the same again, and
/// having its pages cleared anew cost a fifth of the time of training.
fn keep_memory() {
    /// `mi_option_purge_delay`; a negative delay is never.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // Safe: sets one number of the allocator's options.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}

/// Keeps candle from spreading each small operation over the cores: its helpers wait by spinning,
/// and the cores already have a shard of the batch or a part of the grooves each.
fn leave_threads_to_the_program() {
    const THREADS: &str = "CANDLE_NUM_THREADS";
    if std::env::var_os(THREADS).is_none() {
        // Safe: no other thread runs yet that could read the environment.
        unsafe { std::env::set_var(THREADS, "1") };
    }
}
