//! Corpora to windows: MIDI files in folders, zip files and TFRecords become windows of
//! equal length that a model learns from, and windows become rows of numbers and notes again.

mod chords;
mod converter;
mod corpus;
mod cut;
mod drums;
mod example;
#[cfg(feature = "fetch")]
mod fetch;
mod grid;
pub(crate) mod groove;
mod info;
mod left_out;
mod melody;
mod parallel;
mod performance;
mod pieces;
mod report;
mod rows;
mod split;
mod text;
pub mod tfrecord;
mod trio;
mod window;
mod windows;

use std::path::PathBuf;

pub use chords::ChordClass;
pub use converter::{AsMagenta, Convert, Converter, NotConvertible};
pub use corpus::{Corpus, Entry, is_named_midi};
pub use cut::Converted;
pub use drums::DrumSet;
pub use example::Example;
#[cfg(feature = "fetch")]
pub use fetch::{FetchError, Fetched, GROOVE, Remote, fetch};
pub use grid::NoWindows;
pub use groove::GrooveConverter;
pub use info::{Info, Split};
pub use left_out::LeftOut;
pub use melody::MelodyEvent;
pub use performance::{Performance, Token};
pub use report::{MendedFile, Report, Skipped};
pub use text::decode as decode_text;
pub use tfrecord::TfRecordError;
pub use trio::Trio;
pub use window::Window;
pub use windows::{Windows, load_windows};

/// Why a corpus could not be read.
#[derive(Debug, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
pub enum DataError {
    /// The file system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// The path names something that is no corpus.
    #[error(
        "`{}` is not a corpus: {problem}; give a folder or zip of MIDI files, or a TFRecord of note sequences",
        path.display()
    )]
    NotACorpus { path: PathBuf, problem: String },
    /// `info.csv` is there but cannot be understood.
    #[error("`{}`, line {line}: {problem}", path.display())]
    Info {
        path: PathBuf,
        line: usize,
        problem: String,
    },
    #[error("`{}`: {error}", path.display())]
    TfRecord { path: PathBuf, error: TfRecordError },
    /// Nothing to learn from.
    #[error("`{}` yields no windows: {reasons}", path.display())]
    NoWindows { path: PathBuf, reasons: String },
}

impl DataError {
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> DataError {
        let path = path.into();
        move |source| DataError::Io {
            action,
            path,
            source,
        }
    }
}
