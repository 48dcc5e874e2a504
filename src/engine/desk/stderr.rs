//! Keeps stderr off the screen: ALSA and JACK print there, whatever they are told.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// While it lives, everything that this process prints on stderr goes to a file; afterwards stderr
/// is what it was. Only one at a time makes sense.
#[derive(Debug)]
pub struct StderrGuard {
    #[cfg(unix)]
    original: std::os::fd::OwnedFd,
    /// Kept open for as long as it is written to.
    _log: File,
}

impl StderrGuard {
    /// Sends stderr to the end of the file at `path`, which is created when it is not there.
    pub fn redirect(path: &Path) -> io::Result<StderrGuard> {
        let log = OpenOptions::new().create(true).append(true).open(path)?;
        #[cfg(unix)]
        {
            let original = rustix::io::dup(rustix::stdio::stderr())?;
            rustix::stdio::dup2_stderr(&log)?;
            Ok(StderrGuard {
                original,
                _log: log,
            })
        }
        // Elsewhere no sound system is known to print.
        #[cfg(not(unix))]
        Ok(StderrGuard { _log: log })
    }

    /// Stderr as it was, for what people are to read meanwhile.
    ///
    /// # Errors
    /// When the system has no more file descriptors.
    pub fn original(&self) -> io::Result<Box<dyn io::Write>> {
        #[cfg(unix)]
        return Ok(Box::new(File::from(self.original.try_clone()?)));
        #[cfg(not(unix))]
        Ok(Box::new(io::stderr()))
    }
}

#[cfg(unix)]
impl Drop for StderrGuard {
    fn drop(&mut self) {
        // Nothing can be said about a failure: stderr is what failed.
        let _ = rustix::stdio::dup2_stderr(&self.original);
    }
}
