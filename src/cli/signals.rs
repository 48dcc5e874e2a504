//! Signals that end the program: at once, unless there is something to save or to give back first.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

#[cfg(unix)]
use musicvae::music::each_unfinished_file;
use musicvae::training::Control;

#[cfg(unix)]
const ENDING: [i32; 4] = [
    SIGINT,
    SIGTERM,
    signal_hook::consts::SIGHUP,
    signal_hook::consts::SIGQUIT,
];
#[cfg(not(unix))]
const ENDING: [i32; 2] = [SIGINT, SIGTERM];

/// Whether a signal ends the program at once.
static AT_ONCE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));
/// The last signal that came; 0 for none.
static CAME: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// The exit status of a program that a signal ended, by the shells' convention.
fn status(signal: i32) -> i32 {
    128 + signal
}

/// From now on signals end the program at once, whatever it waits for. Signals that were ignored when it
/// started (`nohup`) stay ignored.
///
/// # Errors
/// When the system refuses a handler.
pub fn listen() -> std::io::Result<()> {
    for signal in ENDING.into_iter().filter(|signal| !is_ignored(*signal)) {
        end_when(signal, &AT_ONCE)?;
        flag::register_usize(signal, CAME.clone(), signal as usize)?;
    }
    Ok(())
}

/// While the flag is set, a signal ends the program at once; a file that is being written is removed.
fn end_when(signal: i32, at_once: &Arc<AtomicBool>) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let ends = at_once.clone();
        let clean = move || {
            if ends.load(Ordering::SeqCst) {
                each_unfinished_file(|path| {
                    // Safe: the path is a C string.
                    unsafe { libc::unlink(path.as_ptr()) };
                });
            }
        };
        // Safe: it only reads atomics and calls `unlink`, which a handler may do.
        unsafe { signal_hook::low_level::register(signal, clean) }?;
    }
    flag::register_conditional_shutdown(signal, status(signal), at_once.clone()).map(drop)
}

/// From now on a signal ends the program in order, because there is something to lose.
pub fn end_in_order() {
    AT_ONCE.store(false, Ordering::SeqCst);
}

/// From now on nothing is lost when a signal ends the program at once.
pub fn end_at_once() {
    AT_ONCE.store(true, Ordering::SeqCst);
}

/// The exit status that a signal asked for, when one came.
pub fn asked() -> Option<u8> {
    let signal = CAME.load(Ordering::SeqCst);
    let signal = i32::try_from(signal).ok().filter(|signal| *signal > 0)?;
    u8::try_from(status(signal)).ok()
}

/// A run's control that the first signal stops, once [`end_in_order`] was said; the second one ends
/// the program at once, as saving may take long.
pub fn control() -> anyhow::Result<Control> {
    let control = Control::default();
    for signal in ENDING.into_iter().filter(|signal| !is_ignored(*signal)) {
        end_when(signal, &control.stop_flag())
            .and_then(|()| flag::register(signal, control.stop_flag()))
            .context("can't listen for Ctrl-C")?;
    }
    Ok(control)
}

#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let mut now = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // Safe: asks only, and the answer is read only where it was given.
    unsafe {
        let asked = libc::sigaction(signal, std::ptr::null(), now.as_mut_ptr());
        asked == 0 && now.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(not(unix))]
fn is_ignored(_: i32) -> bool {
    false
}
