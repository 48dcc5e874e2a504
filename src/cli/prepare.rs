//! `musicvae-tui prepare`: a corpus of MIDI files to a TFRecord of note sequences.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::UsageError;
use super::output::note;
use super::settings::Settings;
use super::target::{Force, Target};
use musicvae::data::{Convert as _, Converter, Corpus, Split, tfrecord};
use musicvae::model::Preset;
use musicvae::music::NoteSequence;

/// Convert a folder or zip of MIDI files to a TFRecord of note sequences.
///
/// Folders are searched through all their subfolders. Files that cannot be read are left out and
/// named with the reason. The TFRecord is the format of Magenta's own training tools.
#[derive(clap::Args)]
pub struct Prepare {
    /// Folder or zip of MIDI files, or one MIDI file, to read.
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// TFRecord to write, or - for standard output.
    #[arg(value_name = "OUT.tfrecord")]
    output: PathBuf,
    #[command(flatten)]
    force: Force,
    /// Only the files of one split: train, validation or test.
    #[arg(long, value_name = "SPLIT")]
    split: Option<Split>,
    /// Leave out files that hold nothing for this preset, and count the windows that it takes of
    /// each sequence.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
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
    /// With `--preset`: windows in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    windows: Option<usize>,
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
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let inputs = [Some(self.input.clone()), settings.file.clone()];
        let rule = self.force.reading(inputs.into_iter().flatten());
        let target = rule.file(&self.output)?;
        let converter = self.preset.as_deref().map(converter).transpose()?;
        let corpus = Corpus::open(&self.input)?;
        let chosen = corpus.of_split(self.split);
        let bar = progress_bar(chosen.len());
        let results = corpus.map(&chosen, |entry, sequence| {
            bar.inc(1);
            let prepare = |sequence: NoteSequence| {
                let windows = match &converter {
                    Some(converter) => {
                        let converted = converter.convert(&sequence);
                        converted
                            .map_err(|reason| reason.to_string())?
                            .windows
                            .len()
                    }
                    None => 0,
                };
                Ok((sequence.notes.len(), windows, sequence.to_bytes()))
            };
            sequence.and_then(prepare).map_err(|reason| Skipped {
                file: entry.name.clone(),
                reason,
            })
        });
        bar.finish_and_clear();

        let mut report = Report {
            output: self.output,
            written: 0,
            notes: 0,
            windows: self.preset.as_ref().map(|_| 0),
            skipped: Vec::new(),
            warnings: corpus.warnings().to_vec(),
        };
        let mut records = Vec::with_capacity(results.len());
        for result in results {
            match result {
                Ok((notes, windows, record)) => {
                    report.notes += notes;
                    report.windows = report.windows.map(|all| all + windows);
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
                    "`{input}` has no MIDI file that can be {} ({} skipped; `{file}`: {reason})",
                    if converter.is_some() { "used" } else { "read" },
                    report.skipped.len()
                ),
                None => anyhow::bail!("`{input}` has no MIDI files to prepare"),
            }
        }
        let mut bytes = Vec::new();
        for record in &records {
            tfrecord::write_record(&mut bytes, record)?;
        }
        target.write(&bytes)?;
        report.print(&target, self.json)
    }
}

/// The converter of a preset's music.
fn converter(name: &str) -> anyhow::Result<Converter> {
    let preset = Preset::by_name(name).ok_or_else(|| {
        let names = Preset::all().into_iter().map(|preset| preset.name);
        let names = names.collect::<Vec<_>>().join(", ");
        UsageError(format!("there is no preset `{name}`; there are {names}"))
    })?;
    let converter = Converter::new(preset.representation, preset.bars);
    converter.with_context(|| format!("preset `{name}` has no data"))
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
    fn print(&self, target: &Target, json: bool) -> anyhow::Result<()> {
        if json {
            return target.report(format_args!("{}", serde_json::to_string_pretty(self)?));
        }
        for warning in &self.warnings {
            note!("warning: {warning}");
        }
        for Skipped { file, reason } in &self.skipped {
            note!("skipped `{file}`: {reason}");
        }
        let (written, notes) = (self.written, self.notes);
        let windows = match self.windows {
            Some(windows) => format!(", {windows} windows"),
            None => String::new(),
        };
        target.report(format_args!(
            "{}: {written} note sequences, {notes} notes{windows}",
            target.name()
        ))?;
        match self.skipped.len() {
            0 => Ok(()),
            skipped => target.report(format_args!("{skipped} files skipped")),
        }
    }
}
