//! What tests share: where the data lies, and how a test without it says so.

use std::path::{Path, PathBuf};

/// The folder that holds the Groove MIDI Dataset (`groove/`) and the reference's numbers
/// (`oracle/`): `$MUSICVAE_TUI_DATA`, or `shared` beside the checkout.
fn data_folder() -> PathBuf {
    std::env::var_os("MUSICVAE_TUI_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    )
}

/// The path of `relative` in the data folder; `None`, said on stderr, when it is not there: the
/// calling test then skips.
pub fn data(relative: &str) -> Option<PathBuf> {
    let path = data_folder().join(relative);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is not there (set MUSICVAE_TUI_DATA)",
        path.display()
    );
    None
}
