//! What libraries print while the screen is up.

use crate::engine::stderr::StderrGuard;
use crate::folders;

/// Sends what libraries print on stderr to the log file for as long as the guard lives. `None`
/// when no file can be opened for it: then they print as they like.
pub fn quiet_stderr() -> Option<StderrGuard> {
    let folder = folders::cache().unwrap_or_else(std::env::temp_dir);
    let in_folder = std::fs::create_dir_all(&folder)
        .and_then(|()| StderrGuard::redirect(&folder.join("stderr.log")));
    in_folder
        .or_else(|_| StderrGuard::redirect(&std::env::temp_dir().join("musicvae-tui.log")))
        .ok()
}
