//! `musicvae-tui prepare`: a corpus of MIDI files to a TFRecord of note sequences.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::corpus::{self, CorpusArgs};
use super::kind;
use super::preset_of_name;
use super::settings::Settings;
use super::target::Force;
use musicvae::data::{
    Convert as _, Converted, Converter, Corpus, LeftOut, MendedFile, Report, Skipped, Split,
    tfrecord,
};
use musicvae::music::Reading;
use musicvae::music::midi_file::Read;

/// Convert a folder or zip of MIDI files to a TFRecord of note sequences.
///
/// Folders are searched with all their subfolders and the zips in them. MIDI files end in .mid,
/// .midi, .kar, .rmi or .smf, or begin like one. Files that cannot be read are left out, and counted
/// by reason; `--verbose` names them. The TFRecord is the format of Magenta's own training
/// tools; it keeps the splits that an info.csv gives.
///
/// With --preset, a loop that is shorter than a window (one or two bars of four) is repeated to fill
/// it, unless info.csv calls it a fill; last bars that fill no window are left out.
#[derive(clap::Args)]
pub struct Prepare {
    /// Folder or zip of MIDI files, or one MIDI file, to read.
    #[arg(value_name = "IN", value_parser = corpus::place())]
    input: PathBuf,
    /// TFRecord to write, or - for standard output.
    #[arg(value_name = "OUT.tfrecord")]
    output: PathBuf,
    #[command(flatten)]
    force: Force,
    #[command(flatten)]
    corpus: CorpusArgs,
    /// Only the files of one split: train, validation or test.
    #[arg(long, value_name = "SPLIT")]
    split: Option<Split>,
    /// Leave out files that have nothing for this preset (as for `train`), and count the windows that it
    /// takes from each sequence.
    #[arg(long, value_name = "PRESET")]
    preset: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// The report that `--json` prints.
#[derive(Serialize)]
struct Prepared {
    output: String,
    written: usize,
    notes: usize,
    /// With `--preset`: windows in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    windows: Option<usize>,
    skipped: Vec<File>,
    mended: Vec<File>,
    /// What was left out of the music, or changed; a sentence each.
    left_out: Vec<String>,
    warnings: Vec<String>,
}

/// A file, and what is to be said of it.
#[derive(Serialize)]
struct File {
    file: String,
    reason: String,
}

/// What becomes of one file.
struct Sequence {
    notes: usize,
    converted: Converted<()>,
    mended: String,
    record: Vec<u8>,
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
        kind::check(&self.output, "a TFRecord", "tfrecord")?;
        let reading = self.corpus.reading.reading();
        let converter = self.preset.as_deref().map(|name| converter(name, reading));
        let converter = converter.transpose()?;
        let corpus = Corpus::open(&self.input)?;
        let chosen = corpus.of_split(self.split);
        let bar = progress_bar(chosen.len());
        let results = corpus.map_read(&chosen, reading, |entry, read| {
            bar.inc(1);
            let prepare = |read: Read| {
                let converted = match &converter {
                    None => Ok(counted(0, 0, LeftOut::default())),
                    Some(converter) => converter
                        .convert(&read.sequence)
                        .map(|it| counted(it.windows.len(), it.unknown_notes, it.left_out)),
                };
                Ok(Sequence {
                    notes: read.sequence.notes.len(),
                    converted: converted.map_err(|reason| reason.to_string())?,
                    mended: read.mended.to_string(),
                    record: read.sequence.to_bytes(),
                })
            };
            let file = entry.name.clone();
            match read.and_then(prepare) {
                Ok(sequence) => Ok((file, sequence)),
                Err(reason) => Err(Skipped { file, reason }),
            }
        });
        bar.finish_and_clear();

        let mut report = Report {
            skipped: corpus.skipped().to_vec(),
            warnings: corpus.warnings().to_vec(),
            ..Report::default()
        };
        let (mut bytes, mut notes, mut windows) = (Vec::new(), 0, 0);
        for result in results {
            match result {
                Ok((file, sequence)) => {
                    report.used += 1;
                    report.unknown_notes += sequence.converted.unknown_notes;
                    report.left_out.add(&sequence.converted.left_out);
                    if !sequence.mended.is_empty() {
                        let what = sequence.mended;
                        report.mended.push(MendedFile { file, what });
                    }
                    notes += sequence.notes;
                    windows += sequence.converted.windows.len();
                    tfrecord::write_record(&mut bytes, &sequence.record)?;
                }
                Err(skipped) => report.skipped.push(skipped),
            }
        }
        if report.used == 0 {
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
        target.write(&bytes)?;
        let (used, name) = (report.used, target.name());
        let windows = converter.map(|_| windows);
        if self.json {
            let prepared = Prepared::new(name, notes, windows, report);
            let text = serde_json::to_string_pretty(&prepared)?;
            return target.report(format_args!("{text}"));
        }
        self.corpus.tell(self.split, &report);
        let windows = windows.map_or(String::new(), |windows| format!(", {windows} windows"));
        target.report(format_args!(
            "{name}: {used} note sequences, {notes} notes{windows}"
        ))
    }
}

/// Counts of one file's windows, without the windows.
fn counted(windows: usize, unknown_notes: usize, left_out: LeftOut) -> Converted<()> {
    Converted {
        windows: vec![(); windows],
        unknown_notes,
        left_out,
    }
}

impl Prepared {
    fn new(output: String, notes: usize, windows: Option<usize>, report: Report) -> Prepared {
        let skipped = report.skipped.into_iter().map(|it| File {
            file: it.file,
            reason: it.reason,
        });
        let mended = report.mended.into_iter().map(|it| File {
            file: it.file,
            reason: it.what,
        });
        Prepared {
            output,
            written: report.used,
            notes,
            windows,
            skipped: skipped.collect(),
            mended: mended.collect(),
            left_out: report.left_out.lines(),
            warnings: report.warnings,
        }
    }
}

/// The converter of a preset's music.
fn converter(name: &str, reading: Reading) -> anyhow::Result<Converter> {
    let preset = preset_of_name(name)?;
    let converter = Converter::new(preset.representation, preset.bars);
    let mut converter = converter.with_context(|| format!("preset `{name}` has no data"))?;
    converter.reading = reading;
    Ok(converter)
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
