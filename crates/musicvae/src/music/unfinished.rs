//! The files that are being written now, by their temporary names, so that a program that a signal ends
//! at once leaves none of them behind. The list is in memory allocated at the start: reading it takes no
//! lock and allocates nothing, as a signal handler requires.

use std::ffi::CStr;
use std::path::Path;
use std::sync::atomic::{
    AtomicU8, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
    fence,
};

/// Files that are listed at a time, and the longest path of one; others are not.
const PLACES: usize = 16;
const LONGEST: usize = 1024;

static LIST: [Place; PLACES] = [const { Place::free() }; PLACES];

/// Room for a path. `version` counts what becomes of it, and says what it is.
struct Place {
    version: AtomicUsize,
    /// Ends with a 0, as the last byte always is.
    path: [AtomicU8; LONGEST],
}

// What a place is by its version, modulo 3. Claiming it and filling it are two changes.
const FREE: usize = 0;
const FULL: usize = 2;
const KINDS: usize = 3;

impl Place {
    const fn free() -> Place {
        Place {
            version: AtomicUsize::new(FREE),
            path: [const { AtomicU8::new(0) }; LONGEST],
        }
    }
}

/// A file is listed for as long as this is there.
pub(super) struct Listed(Option<&'static Place>);

impl Listed {
    pub fn new(path: &Path) -> Listed {
        let path = path.as_os_str().as_encoded_bytes();
        if path.len() >= LONGEST || path.contains(&0) {
            return Listed(None);
        }
        let claimed = LIST.iter().find(|place| {
            let version = place.version.load(Relaxed);
            let claim = || {
                let claimed = version.wrapping_add(1);
                let version = place
                    .version
                    .compare_exchange(version, claimed, AcqRel, Relaxed);
                version.is_ok()
            };
            version % KINDS == FREE && claim()
        });
        if let Some(place) = claimed {
            for (cell, byte) in place.path.iter().zip(path.iter().chain([&0])) {
                cell.store(*byte, Relaxed);
            }
            place.version.fetch_add(1, Release);
        }
        Listed(claimed)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        if let Some(place) = self.0 {
            place.version.fetch_add(1, Release);
        }
    }
}

/// Gives `each` the path of every file that is being written now. Fit for a signal's handler where
/// `each` is.
pub fn each_unfinished_file(mut each: impl FnMut(&CStr)) {
    for place in &LIST {
        let version = place.version.load(Acquire);
        if version % KINDS != FULL {
            continue;
        }
        let mut path = [0; LONGEST];
        for (byte, cell) in path.iter_mut().zip(&place.path[..LONGEST - 1]) {
            *byte = cell.load(Relaxed);
        }
        fence(Acquire);
        // Another file may have taken the place meanwhile.
        if place.version.load(Relaxed) == version
            && let Ok(path) = CStr::from_bytes_until_nul(&path)
        {
            each(path);
        }
    }
}
