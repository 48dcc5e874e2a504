//! `musicvae-tui prepare`: a corpus of MIDI files to a TFRecord of note sequences.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use prost::Message;
use serde::Serialize;

use super::output::{note, say};
use crate::data::{Corpus, Split, tfrecord};
use crate::music::write_whole_file;

/// Convert a folder or zip of MIDI files to a TFRecord of note sequences.
///
/// Folders are searched through all their subfolders. Files that cannot be read are left out and
/// named with the reason. The TFRecord is the format of Magenta's own training tools.
#[derive(clap::Args)]
pub struct Prepare {
    /// Folder or zip of MIDI files, or one MIDI file, to read.
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// TFRecord to write.
    #[arg(value_name = "OUT.tfrecord")]
    output: PathBuf,
    /// Only the files of one split: train, validation or test.
    #[arg(long, value_name = "SPLIT")]
    split: Option<Split>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// What was done, as `--json` prints it.
#[derive(Serialize)]
struct Report {
    output: PathBuf,
    written: usize,
    notes: usize,
    skipped: Vec<Skipped>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Skipped {
    file: String,
    reason: String,
}

impl Prepare {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// When the input is no corpus, holds not one readable file, or the output cannot be written.
    pub fn run(self) -> anyhow::Result<()> {
        let corpus = Corpus::open(&self.input)?;
        let chosen = corpus.of_split(self.split);
        let bar = progress_bar(chosen.len());
        let results = corpus.map(&chosen, |entry, sequence| {
            bar.inc(1);
            match sequence {
                Ok(sequence) => Ok((sequence.notes.len(), sequence.encode_to_vec())),
                Err(reason) => Err(Skipped {
                    file: entry.name.clone(),
                    reason,
                }),
            }
        });
        bar.finish_and_clear();

        let mut report = Report {
            output: self.output,
            written: 0,
            notes: 0,
            skipped: Vec::new(),
            warnings: corpus.warnings().to_vec(),
        };
        let mut records = Vec::with_capacity(results.len());
        for result in results {
            match result {
                Ok((notes, record)) => {
                    report.notes += notes;
                    records.push(record);
                }
                Err(skipped) => report.skipped.push(skipped),
            }
        }
        report.written = records.len();
        if records.is_empty() {
            let input = self.input.display();
            match report.skipped.first() {
                Some(Skipped { file, reason }) => anyhow::bail!(
                    "`{input}` has no MIDI file that can be read ({} skipped; `{file}`: {reason})",
                    report.skipped.len()
                ),
                None => anyhow::bail!("`{input}` has no MIDI files to prepare"),
            }
        }
        write_whole_file(&report.output, |out| {
            records
                .iter()
                .try_for_each(|record| tfrecord::write_record(out, record))
        })
        .with_context(|| {
            let output = report.output.display();
            format!("cannot write `{output}`: check that its folder exists and may be written to")
        })?;
        report.print(self.json)
    }
}

/// A bar on stderr when that is a terminal, nothing otherwise.
fn progress_bar(files: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{wide_bar} {pos}/{len} files, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

impl Report {
    fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            return say!("{}", serde_json::to_string_pretty(self)?);
        }
        for warning in &self.warnings {
            note!("warning: {warning}");
        }
        for Skipped { file, reason } in &self.skipped {
            note!("skipped `{file}`: {reason}");
        }
        let (written, notes) = (self.written, self.notes);
        say!(
            "{}: {written} note sequences, {notes} notes",
            self.output.display()
        )?;
        match self.skipped.len() {
            0 => Ok(()),
            skipped => say!("{skipped} files skipped"),
        }
    }
}
