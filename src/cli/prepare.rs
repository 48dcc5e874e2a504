//! `musicvae-tui prepare`: a corpus of MIDI files to a TFRecord of note sequences.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::UsageError;
use super::output::{note, say};
use musicvae::data::{self, Convert as _, Converter, Corpus, MendedFile, Skipped, Split, tfrecord};
use musicvae::model::Preset;
use musicvae::music::midi_file::Read;
use musicvae::music::{Reading, write_whole_file};

/// Convert a folder or zip of MIDI files to a TFRecord of note sequences.
///
/// Folders are searched through all their subfolders, and zips within them; MIDI files end in .mid,
/// .midi, .kar, .rmi or .smf, or begin like one. Files that cannot be read are left out, and the
/// reasons counted. The TFRecord is the format of Magenta's own training tools; it keeps the splits
/// that an info.csv tells.
///
/// With --preset, a piece that is shorter than a window and fills it when it is repeated (one or two
/// bars of four) is repeated, unless info.csv calls it a fill; last bars that fill no window are
/// left out.
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
    /// Leave out files that hold nothing for this preset, and count the windows that it takes of
    /// each sequence.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// How files are read: played, or magenta for the reference's reading.
    #[arg(long, value_name = "READING", default_value_t)]
    reading: Reading,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Name every file that was left out or mended.
    #[arg(short, long)]
    verbose: bool,
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
    skipped: Vec<Named>,
    mended: Vec<Named>,
    warnings: Vec<String>,
    #[serde(skip)]
    report: data::Report,
}

/// A file and the reason why it is named.
#[derive(Serialize)]
struct Named {
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
        let mut converter = self.preset.as_deref().map(converter).transpose()?;
        if let Some(converter) = &mut converter {
            converter.reading = self.reading;
        }
        let corpus = Corpus::open(&self.input)?;
        let chosen = corpus.of_split(self.split);
        let bar = progress_bar(chosen.len());
        let results = corpus.map_read(&chosen, self.reading, |_, read| {
            bar.inc(1);
            let Read { sequence, mended } = read?;
            let converted = match &converter {
                Some(converter) => {
                    let converted = converter.convert(&sequence);
                    Some(converted.map_err(|reason| reason.to_string())?)
                }
                None => None,
            };
            let notes = sequence.notes.len();
            Ok::<_, String>((notes, converted, mended.to_string(), sequence.to_bytes()))
        });
        bar.finish_and_clear();

        let mut report = data::Report {
            skipped: corpus.skipped().to_vec(),
            warnings: corpus.warnings().to_vec(),
            ..data::Report::default()
        };
        let (mut notes, mut windows) = (0, 0);
        let mut records = Vec::with_capacity(results.len());
        for (entry, result) in chosen.iter().zip(results) {
            let file = corpus.entries()[*entry].name.clone();
            match result {
                Ok((of_file, converted, what, record)) => {
                    notes += of_file;
                    if !what.is_empty() {
                        report.mended.push(MendedFile { file, what });
                    }
                    if let Some(converted) = converted {
                        windows += converted.windows.len();
                        report.unknown_notes += converted.unknown_notes;
                        report.left_out.add(&converted.left_out);
                    }
                    records.push(record);
                }
                Err(reason) => report.skipped.push(Skipped { file, reason }),
            }
        }
        report.used = records.len();
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
        let named = |file: &String, reason: &String| Named {
            file: file.clone(),
            reason: reason.clone(),
        };
        let skipped = report.skipped.iter();
        let mended = report.mended.iter();
        let report = Report {
            output: self.output,
            written: records.len(),
            notes,
            windows: self.preset.as_ref().map(|_| windows),
            skipped: skipped.map(|it| named(&it.file, &it.reason)).collect(),
            mended: mended.map(|it| named(&it.file, &it.what)).collect(),
            warnings: report.warnings.clone(),
            report,
        };
        write_whole_file(&report.output, |out| {
            records
                .iter()
                .try_for_each(|record| tfrecord::write_record(out, record))
        })
        .with_context(|| {
            let output = report.output.display();
            format!("cannot write `{output}`: check that its folder exists and may be written to")
        })?;
        report.print(self.json, self.verbose)
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
    fn print(&self, json: bool, verbose: bool) -> anyhow::Result<()> {
        if json {
            return say!("{}", serde_json::to_string_pretty(self)?);
        }
        for line in self.report.lines(verbose) {
            note!("{line}");
        }
        let (written, notes) = (self.written, self.notes);
        let windows = match self.windows {
            Some(windows) => format!(", {windows} windows"),
            None => String::new(),
        };
        say!(
            "{}: {written} note sequences, {notes} notes{windows}",
            self.output.display()
        )?;
        match self.skipped.len() {
            0 => Ok(()),
            skipped => say!("{skipped} files skipped"),
        }
    }
}
