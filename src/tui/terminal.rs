//! The terminal: taken once, and given back whatever happens.

use std::io::{self, Stdout, stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

/// True while the screen is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal in raw mode on its alternate screen; dropping it gives it back.
pub struct Screen {
    pub terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    /// Takes the terminal for the calling thread.
    pub fn take() -> io::Result<Screen> {
        restore_on_panic(thread::current().id());
        let terminal = take()?;
        Ok(Screen { terminal })
    }

    /// Takes the terminal again, whatever others did to it meanwhile, to draw all of it anew.
    pub fn retake(&mut self) -> io::Result<()> {
        self.terminal = take()?;
        Ok(())
    }

    /// Gives the terminal back and stops the process, as Ctrl-Z does elsewhere, until the shell has it
    /// go on. Where there is no shell to do so, the system lets it run on at once.
    pub fn lend(&mut self) {
        restore();
        stop_process();
    }
}

fn take() -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
    TAKEN.store(true, Ordering::SeqCst);
    // From here on `drop` undoes whatever part of this succeeded.
    let guard = Guard;
    enable_raw_mode()?;
    // Not `Terminal::clear`: that asks where the cursor is, and a terminal need not answer.
    execute!(
        stdout(),
        EnterAlternateScreen,
        Clear(ClearType::All),
        EnableBracketedPaste
    )?;
    let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
    std::mem::forget(guard);
    Ok(terminal)
}

/// Stops every process of the job, so that a shell sees that whatever started this one.
#[cfg(unix)]
fn stop_process() {
    use std::mem::MaybeUninit;
    let mut usual = MaybeUninit::<libc::sigaction>::zeroed();
    let mut heard = MaybeUninit::<libc::sigaction>::zeroed();
    // Safe: all zeros are a whole `sigaction` that asks for the default, and what was heard is put
    // back only where it was given.
    unsafe {
        (*usual.as_mut_ptr()).sa_sigaction = libc::SIG_DFL;
        if libc::sigaction(libc::SIGTSTP, usual.as_ptr(), heard.as_mut_ptr()) == 0 {
            libc::kill(0, libc::SIGTSTP);
            libc::sigaction(libc::SIGTSTP, heard.as_ptr(), std::ptr::null_mut());
        }
    }
}

#[cfg(not(unix))]
fn stop_process() {}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back, once. Errors are let go: it may no longer be there.
fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// A panic of the thread that owns the screen gives it back. The report goes to stderr, which is
/// the log file meanwhile; what the user reads is the error that the event loop returns.
fn restore_on_panic(owner: ThreadId) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == owner {
                restore();
            }
            report(info);
        }));
    });
}
