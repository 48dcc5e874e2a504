//! `musicvae-tui`: see the library for what it does.

use std::process::ExitCode;

use clap::Parser;
use musicvae_tui::cli::{Cli, UsageError};

/// Training allocates and frees large activations every step; this allocator keeps their pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Safe: no other thread runs yet.
    unsafe { musicvae_tui::training::prepare_process() };
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("musicvae-tui: {error:#}");
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}
