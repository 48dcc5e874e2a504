//! What was used of a corpus and what was left out, as every command reports it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Converted;
use super::left_out::LeftOut;
use crate::music::midi_file::Mended;

/// A file that yielded nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its name within the corpus.
    pub file: String,
    /// Why, one sentence.
    pub reason: String,
}

/// A file that breaks the rules but was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MendedFile {
    /// Its name within the corpus.
    pub file: String,
    /// What was repaired, in one line.
    pub what: String,
}

/// What was used of a corpus, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Files that were used.
    pub used: usize,
    /// Files that yielded nothing.
    pub skipped: Vec<Skipped>,
    /// Files that break the rules but were read.
    pub mended: Vec<MendedFile>,
    /// Drum notes of unknown pitch.
    pub unknown_notes: usize,
    /// What was left out of the music, or changed.
    pub left_out: LeftOut,
    /// Other warnings for the user, one sentence each.
    pub warnings: Vec<String>,
}

/// Reasons that are told one by one; the others are counted.
const SHOWN: usize = 6;

impl Report {
    /// The report of one file and what was made of it.
    pub fn of_file<W>(file: &str, mended: &Mended, converted: &Converted<W>) -> Report {
        let (file, what) = (file.to_string(), mended.to_string());
        let mended = (!mended.is_empty()).then_some(MendedFile { file, what });
        Report {
            used: 1,
            mended: mended.into_iter().collect(),
            unknown_notes: converted.unknown_notes,
            left_out: converted.left_out.clone(),
            ..Report::default()
        }
    }

    /// The report line by line: counts by reason; with `verbose` every file. Nothing when all was used
    /// as it is.
    pub fn lines(&self, verbose: bool) -> Vec<String> {
        let mut lines = self.warnings.clone();
        let of_all = self.used + self.skipped.len();
        if !self.skipped.is_empty() {
            let count = self.skipped.len();
            lines.push(format!("{count} of {} left out:", files(of_all)));
            let skipped = self.skipped.iter();
            let skipped = skipped.map(|skipped| (&skipped.file[..], &skipped.reason[..]));
            lines.extend(by_reason(skipped, verbose));
        }
        if !self.mended.is_empty() {
            lines.push(format!("{} repaired:", files(self.mended.len())));
            let mended = self.mended.iter();
            lines.extend(by_reason(
                mended.map(|mended| (&mended.file[..], &mended.what[..])),
                verbose,
            ));
        }
        if self.unknown_notes > 0 {
            let notes = match self.unknown_notes {
                1 => "1 drum note is".into(),
                count => format!("{count} drum notes are"),
            };
            lines.push(format!("{notes} outside the nine lanes: left out"));
        }
        lines.extend(self.left_out.lines());
        lines
    }
}

fn files(count: usize) -> String {
    match count {
        1 => "1 file".into(),
        count => format!("{count} files"),
    }
}

/// A line a reason with its count and a file that has it, the commonest first; or a line a file.
fn by_reason<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    verbose: bool,
) -> Vec<String> {
    if verbose {
        let line = |(file, reason)| format!("  `{file}`: {reason}");
        return files.map(line).collect();
    }
    let mut counts: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for (file, reason) in files {
        counts.entry(reason).or_insert((0, file)).0 += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, (count, _))| Reverse(*count));
    let shown = counts.iter().take(SHOWN);
    let mut lines: Vec<String> = shown
        .map(|(reason, (count, file))| match count {
            1 => format!("  `{file}`: {reason}"),
            count => format!("  {count} like `{file}`: {reason}"),
        })
        .collect();
    let rest = counts.iter().skip(SHOWN).map(|(_, (count, _))| count);
    let rest: usize = rest.sum();
    if rest > 0 {
        lines.push(format!("  and {rest} more for other reasons"));
    }
    lines
}
