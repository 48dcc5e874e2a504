//! `musicvae-tui`: see the library for what it does.

use std::io::Write as _;
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
            // Nobody may be listening any more, which is no reason to panic.
            let _ = writeln!(std::io::stderr(), "musicvae-tui: {}", sentence(&error));
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}

/// The error and its causes in one line; many errors already say what caused them.
fn sentence(error: &anyhow::Error) -> String {
    let mut causes = error.chain().map(ToString::to_string);
    let first = causes.next().unwrap_or_default();
    let join = |text: String, cause: String| match text.contains(&cause) {
        true => text,
        false => format!("{text}: {cause}"),
    };
    causes.fold(first, join).replace('\n', " ")
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
