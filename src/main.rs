//! `musicvae-tui`: see the library for what it does.

use std::io::Write as _;
use std::process::ExitCode;

use musicvae_tui::cli::{Cli, UsageError, status_of_signal};

/// Training allocates and frees large activations every step; this allocator keeps their pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The file by which a debug build is made to panic somewhere, as this variable names it.
const FAULT: &str = "MUSICVAE_TUI_FAULT";

fn main() -> ExitCode {
    // Safe: no other thread runs yet.
    unsafe { musicvae::training::prepare_process() };
    if let Some(file) = std::env::var_os(FAULT) {
        musicvae::fault::listen(file.into());
    }
    let started = Cli::of_arguments().map_err(anyhow::Error::from);
    match started.and_then(Cli::run) {
        Ok(()) => status_of_signal().map_or(ExitCode::SUCCESS, ExitCode::from),
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
