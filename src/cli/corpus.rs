//! Arguments that the commands which read a corpus share, and what they say of it.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::input::is_standard;
use super::output::note;
use musicvae::data::{AsMagenta, DataError, GrooveConverter, Report, Split, Windows, load_windows};
use musicvae::music::{Grid, Reading};

/// Parses the place of a corpus.
pub fn place() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match is_standard(&path) {
        true => Err("a corpus is a folder, a zip or a TFRecord, and can't come on standard input"),
        false => Ok(path),
    })
}

/// How music files are read.
#[derive(Args, Clone, Copy)]
pub struct ReadingArgs {
    /// How note files are read: played (the way the player meant them: no note-offs needed, tempo and
    /// meter from all tracks, drums found on any channel, loops fill a window) or magenta (the way
    /// Magenta's code reads them) [default: played].
    #[arg(long, value_name = "HOW")]
    reading: Option<Reading>,
}

impl ReadingArgs {
    pub fn reading(self) -> Reading {
        self.reading.unwrap_or_default()
    }

    /// What was asked for, where anything was.
    pub fn asked(self) -> Option<Reading> {
        self.reading
    }
}

/// What the steps of a file are.
#[derive(Args, Clone, Copy)]
pub struct GridArgs {
    /// The grid that a file was played on: sixteenths or triplets [default: what its strokes lie nearer to].
    /// Models know sixteenths only. A file in triplets that you read as sixteenths keeps the time of its
    /// strokes: they are up to a third of a step early or late.
    #[arg(long, value_name = "GRID")]
    pub grid: Option<Grid>,
}

/// How a corpus is read, and how much is said of it.
#[derive(Args, Clone, Copy)]
pub struct CorpusArgs {
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Name every file that was left out or repaired, with the reason, instead of only counting them.
    #[arg(short, long)]
    verbose: bool,
}

impl CorpusArgs {
    /// Says what was left out, of a split or of the whole.
    pub fn tell(self, split: Option<Split>, report: &Report) {
        for line in self.lines(report) {
            match split {
                Some(split) => note!("{split}: {line}"),
                None => note!("{line}"),
            }
        }
    }

    pub fn lines(self, report: &Report) -> Vec<String> {
        report.lines(self.verbose)
    }

    /// The grooves of a split, or of all.
    ///
    /// # Errors
    /// Those of [`load_windows`].
    pub fn grooves(
        self,
        data: &Path,
        split: Option<Split>,
        converter: GrooveConverter,
    ) -> Result<Windows, DataError> {
        match self.reading.reading() {
            Reading::Played => load_windows(data, split, &converter),
            Reading::Magenta => load_windows(data, split, &AsMagenta(converter)),
        }
    }
}
