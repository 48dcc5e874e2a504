//! Arguments that the commands which read a corpus share, and what they say of it.

use std::path::Path;

use clap::Args;

use super::output::note;
use musicvae::data::{
    Convert, Converted, DataError, GrooveConverter, NoWindows, Report, Split, Windows, load_windows,
};
use musicvae::music::{Groove, NoteSequence, Reading};

/// How music files are read.
#[derive(Args, Clone, Copy)]
pub struct ReadingArgs {
    /// How files of notes are understood: played (as a player means them: strokes need no end, tempo
    /// and meter are those of all tracks, drums are found wherever they stand, loops fill a window)
    /// or magenta (as the reference's code reads them) [default: played].
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

/// How a corpus is read, and how much is said of it.
#[derive(Args, Clone, Copy)]
pub struct CorpusArgs {
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Name every file that was left out or mended, with the reason, and not only count them.
    #[arg(short, long)]
    verbose: bool,
}

impl CorpusArgs {
    /// Says what was left out.
    pub fn tell(self, report: &Report) {
        for line in self.lines(report) {
            note!("{line}");
        }
    }

    pub fn lines(self, report: &Report) -> Vec<String> {
        report.lines(self.verbose)
    }

    /// The grooves of a split, with a word on what was left out.
    ///
    /// # Errors
    /// Those of [`load_windows`].
    pub fn grooves(
        self,
        data: &Path,
        split: Split,
        converter: GrooveConverter,
    ) -> Result<Windows, DataError> {
        let reading = self.reading.reading();
        let converter = Grooves { converter, reading };
        let windows = load_windows(data, Some(split), &converter)?;
        self.tell(&windows.report());
        Ok(windows)
    }
}

/// Cuts grooves in either reading.
struct Grooves {
    converter: GrooveConverter,
    reading: Reading,
}

impl Convert for Grooves {
    type Window = Groove;

    fn convert(&self, sequence: &NoteSequence) -> Result<Converted, NoWindows> {
        match self.reading {
            Reading::Played => self.converter.convert(sequence),
            Reading::Magenta => self.converter.convert_as_magenta(sequence),
        }
    }

    fn reading(&self) -> Reading {
        self.reading
    }
}
