//! `musicvae-tui`: see the library for what it does.

use std::process::ExitCode;

use clap::Parser;

/// Training allocates and frees large activations every step; this allocator keeps their pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match musicvae_tui::cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("musicvae-tui: {error:#}");
            ExitCode::FAILURE
        }
    }
}
