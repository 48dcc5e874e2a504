//! Faults on demand: in a debug build, any thread of the running program can be made to panic, so
//! that tests see what becomes of the others. A release build has nothing of this.

/// The file that names the [`Place`] at which to panic next, as this variable names it; it is
/// removed when that has happened.
pub const FILE: &str = "MUSICVAE_TUI_FAULT";

/// Where a panic can be asked for: one for each kind of thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Place {
    Audio = 1,
    Clock,
    Midi,
    MidiInput,
    Control,
    Recorder,
    Inference,
    Trainer,
    Watch,
    Keys,
    Screen,
}

impl Place {
    pub const ALL: [Place; 11] = [
        Place::Audio,
        Place::Clock,
        Place::Midi,
        Place::MidiInput,
        Place::Control,
        Place::Recorder,
        Place::Inference,
        Place::Trainer,
        Place::Watch,
        Place::Keys,
        Place::Screen,
    ];

    /// What the file calls it.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// Panics, once, when that is asked of this place. Costs one load of an atomic, and in a release
/// build nothing.
#[inline]
pub fn point(place: Place) {
    #[cfg(debug_assertions)]
    on_demand::point(place);
    #[cfg(not(debug_assertions))]
    let _ = place;
}

/// Listens for faults, where the environment names a file for them.
pub fn listen() {
    #[cfg(debug_assertions)]
    on_demand::listen();
}

#[cfg(debug_assertions)]
mod on_demand {
    use std::path::Path;
    use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
    use std::thread;
    use std::time::Duration;

    use super::{FILE, Place};

    /// The place that is to panic; 0 is none.
    static ARMED: AtomicU8 = AtomicU8::new(0);

    pub fn point(place: Place) {
        let armed = place as u8;
        if ARMED.load(SeqCst) == armed && ARMED.compare_exchange(armed, 0, SeqCst, SeqCst).is_ok() {
            panic!("a fault on demand: {}", place.name());
        }
    }

    pub fn listen() {
        if let Some(file) = std::env::var_os(FILE) {
            thread::spawn(move || {
                loop {
                    arm(Path::new(&file));
                    thread::sleep(Duration::from_millis(10));
                }
            });
        }
    }

    /// Asks for the fault that the file names, and waits until it was taken.
    fn arm(file: &Path) {
        let Ok(name) = std::fs::read_to_string(file) else {
            return;
        };
        let named = Place::ALL.into_iter().find(|it| it.name() == name);
        if let Some(place) = named {
            ARMED.store(place as u8, SeqCst);
            while ARMED.load(SeqCst) != 0 {
                thread::sleep(Duration::from_millis(5));
            }
            let _ = std::fs::remove_file(file);
        }
    }
}
