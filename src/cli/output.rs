//! What commands print. A reader that went away (`| head -1`) has all it wanted: the work goes on, and
//! nothing panics as `println!` would.

use std::fmt::Arguments;
use std::io::{self, Write};

/// Writes a line to standard output.
///
/// # Errors
/// When it is full or fails otherwise: a result that nobody gets is not a success.
pub fn line(text: Arguments) -> anyhow::Result<()> {
    all(format!("{text}\n").as_bytes())
}

/// Writes bytes to standard output.
///
/// # Errors
/// As those of [`line`].
pub fn all(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::anyhow!("standard output can't be written: {error}"))
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error, if anybody listens.
pub fn remark(text: Arguments) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// `println!` that returns an error instead of panicking.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::output::line(format_args!($($text)*)) };
}

/// `eprintln!` that never panics.
macro_rules! note {
    ($($text:tt)*) => { $crate::cli::output::remark(format_args!($($text)*)) };
}

pub(crate) use {note, say};
