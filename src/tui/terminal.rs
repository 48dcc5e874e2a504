//! The terminal: taken over once, and restored whatever happens.

use std::fmt;
use std::io::{self, Stdout, stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, execute};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// True while the screen is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal in raw mode on its alternate screen; dropping it gives it back.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
    /// What the terminal shows is not what was drawn.
    is_lost: bool,
}

impl Screen {
    /// Takes the terminal for the calling thread, with its mouse or without.
    pub fn take(mouse: bool) -> io::Result<Screen> {
        restore_on_panic(thread::current().id());
        let terminal = take(mouse)?;
        Ok(Screen {
            terminal,
            mouse,
            is_lost: false,
        })
    }

    /// Draws a frame, which the terminal shows at once and whole where it can.
    pub fn draw(&mut self, frame: impl FnOnce(&mut Frame)) -> io::Result<()> {
        execute!(stdout(), BeginSynchronizedUpdate)?;
        let drawn = self.drawn(frame);
        execute!(stdout(), EndSynchronizedUpdate)?;
        drawn
    }

    fn drawn(&mut self, frame: impl FnOnce(&mut Frame)) -> io::Result<()> {
        if self.is_lost {
            // (`Terminal::clear` asks where the cursor is, and the answer is read elsewhere.)
            execute!(stdout(), Clear(ClearType::All))?;
            self.terminal.swap_buffers();
            self.is_lost = false;
        }
        self.terminal.draw(frame).map(drop)
    }

    /// The terminal had another size: the next frame is redrawn completely, even if it has the old
    /// size again.
    pub fn resized(&mut self) {
        self.is_lost = true;
    }

    /// Uses the mouse, or leaves it to the terminal.
    pub fn use_mouse(&mut self, mouse: bool) {
        if std::mem::replace(&mut self.mouse, mouse) != mouse {
            // A terminal that can't take it now keeps what it does.
            let _ = match mouse {
                true => execute!(stdout(), CaptureMouse),
                false => execute!(stdout(), DisableMouseCapture),
            };
        }
    }

    /// Takes the terminal again, whatever others did to it meanwhile, and redraws all of it.
    pub fn retake(&mut self) -> io::Result<()> {
        self.terminal = take(self.mouse)?;
        Ok(())
    }

    /// Gives the terminal back and stops the process, as Ctrl-Z does elsewhere, until the shell has it
    /// go on. Where there is no shell to do so, the system lets it run on at once.
    pub fn lend(&mut self) {
        restore();
        stop_process();
    }
}

fn take(mouse: bool) -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
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
    if mouse {
        execute!(stdout(), CaptureMouse)?;
    }
    let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
    std::mem::forget(guard);
    Ok(terminal)
}

/// Makes the terminal report presses, drags and the wheel, in columns beyond 223 too. Unlike
/// crossterm's own command it does not ask for every move without a button, of which there are many.
struct CaptureMouse;

impl Command for CaptureMouse {
    fn write_ansi(&self, out: &mut impl fmt::Write) -> fmt::Result {
        out.write_str("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
    }

    #[cfg(windows)]
    fn execute_winapi(&self) -> io::Result<()> {
        crossterm::event::EnableMouseCapture.execute_winapi()
    }

    #[cfg(windows)]
    fn is_ansi_code_supported(&self) -> bool {
        false
    }
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

/// The columns that `text` takes in this terminal: it is written, the terminal is asked where the
/// cursor is, and the line is cleared. `None` where it does not answer.
pub fn columns_of(text: &str) -> Option<u16> {
    enable_raw_mode().ok()?;
    let ask = || {
        execute!(stdout(), Print("\r"), Print(text)).ok()?;
        let (column, _) = crossterm::cursor::position().ok()?;
        Some(column)
    };
    let columns = ask();
    // A terminal that does not answer has shown the text all the same.
    let _ = execute!(stdout(), Print("\r"), Clear(ClearType::CurrentLine));
    let _ = disable_raw_mode();
    columns
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
        // Where the mouse was not captured, it does no harm to let it go.
        let _ = execute!(
            stdout(),
            DisableMouseCapture,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
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
