//! Faults on demand: in a debug build, any thread of the running program can be made to panic, so
//! that tests see what happens to the others. A release build contains none of this.
//!
//! A place where a panic can be asked for is a name: one for each kind of thread.

use std::path::PathBuf;

/// Panics, once, when that is asked of this place. Costs one load of an atomic while nothing is
/// asked, and in a release build nothing; it never allocates or locks.
#[inline]
pub fn point(place: &'static str) {
    #[cfg(debug_assertions)]
    on_demand::point(place);
    #[cfg(not(debug_assertions))]
    let _ = place;
}

/// Listens for faults: if the name of a place is written into `file`, the next thread that comes by
/// there panics, and the file is removed.
pub fn listen(file: PathBuf) {
    #[cfg(debug_assertions)]
    on_demand::listen(file);
    #[cfg(not(debug_assertions))]
    drop(file);
}

#[cfg(debug_assertions)]
mod on_demand {
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use std::thread;
    use std::time::Duration;

    /// The place that is to panic, as [`hash`] has it; 0 is none.
    static ARMED: AtomicU64 = AtomicU64::new(0);

    pub fn point(place: &str) {
        let armed = ARMED.load(SeqCst);
        if armed != 0
            && armed == hash(place)
            && ARMED.compare_exchange(armed, 0, SeqCst, SeqCst).is_ok()
        {
            panic!("a fault on demand: {place}");
        }
    }

    /// FNV-1a, so that a name fits into an atomic.
    fn hash(name: &str) -> u64 {
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        name.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
    }

    pub fn listen(file: PathBuf) {
        thread::spawn(move || {
            loop {
                arm(&file);
                thread::sleep(Duration::from_millis(10));
            }
        });
    }

    /// Asks for the fault that the file names, and waits until it was taken.
    fn arm(file: &Path) {
        let Ok(name) = std::fs::read_to_string(file) else {
            return;
        };
        // A file that was made but not yet written.
        if name.is_empty() {
            return;
        }
        ARMED.store(hash(&name), SeqCst);
        while ARMED.load(SeqCst) != 0 {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = std::fs::remove_file(file);
    }
}
