//! `musicvae-tui checkpoint`: the catalogue, one checkpoint's particulars, changes, and import.

mod space;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::bail;
use serde_json::{Value, json};

use super::compute::DeviceArgs;
use super::corpus::{self, CorpusArgs};
use super::input::is_standard;
use super::kind;
use super::output::{note, say};
use super::preset_of_name;
use super::settings::{Settings, file_of};
use super::target::{Force, Target};
use crate::embedded::EMBEDDED;
use musicvae::checkpoint::attributes::Attributes;
use musicvae::checkpoint::catalogue::{Catalogue, Entry, Source, Summary};
use musicvae::checkpoint::{Checkpoint, Metadata, Precision, magenta, rfc3339};
use musicvae::model::Preset;

/// List, describe, export and import checkpoints, and fit their priors.
#[derive(clap::Args)]
pub struct CheckpointArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the checkpoints at hand.
    List {
        /// Folders to look in [default: those of the configuration (./checkpoints), and the
        /// platform's data folder].
        #[arg(value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read and verify a checkpoint, and describe it.
    Info {
        /// A file, a run's folder (for its best), or a name that `checkpoint list` shows.
        #[arg(value_name = "CHECKPOINT")]
        checkpoint: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a checkpoint for playing: smaller weights, can't be trained further.
    Export {
        /// The checkpoint: a file, a run's folder (for its best), or a name that `checkpoint list`
        /// shows.
        #[arg(value_name = "IN")]
        input: PathBuf,
        #[command(flatten)]
        output: Output,
        /// Bits per weight: 16 (float16), or 8 (with one step size per matrix column), which halves the
        /// file; measure the loss with `eval`.
        #[arg(long, value_name = "BITS", default_value = "16", value_parser = ["8", "16"])]
        bits: String,
    },
    /// Change the latent space so that the corpus has mean 0 and unit covariance, as samples do.
    /// Reconstructions stay the same. For models trained with many free bits, whose samples are worse
    /// than their reconstructions.
    Whiten(ByCorpus),
    /// Fit the prior to a corpus: new music is then drawn from a mixture of Gaussians in place of one,
    /// so that its bars fit together better. Nothing else changes.
    FitPrior {
        #[command(flatten)]
        files: ByCorpus,
        /// How many Gaussians; with as many as there are windows, each window gets one. More fit the
        /// corpus better, too many overfit it [default: one for every 16 windows, at most 256].
        #[arg(long)]
        gaussians: Option<usize>,
        /// How much of a latent is drawn, from 0 (nothing) to 1 (all). For models trained with `--blur`,
        /// which continue from a hint [default: 1].
        #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = super::train::part)]
        clarity: f64,
    },
    /// Turn a Magenta TensorFlow checkpoint into one of this program.
    Import {
        /// The `.index` file (or its prefix, or its folder), or the `.tar` that Magenta distributes.
        #[arg(value_name = "IN")]
        input: PathBuf,
        #[command(flatten)]
        output: Output,
        /// What the checkpoint is, if its names and shapes fit several presets (see `presets`); sizes
        /// are the checkpoint's own.
        #[arg(long)]
        preset: Option<String>,
        /// Store the weights as float16: half the size, for playing.
        #[arg(long)]
        half: bool,
    },
}

/// What changes a checkpoint by the corpus that it was trained on.
#[derive(clap::Args)]
struct ByCorpus {
    /// The checkpoint: a file, a run's folder (for its best), or a name that `checkpoint list` shows.
    #[arg(value_name = "IN")]
    input: PathBuf,
    #[command(flatten)]
    output: Output,
    /// The corpus it was trained on: a folder or zip of MIDI files, or a TFRecord.
    #[arg(long, value_name = "PATH", value_parser = corpus::place())]
    data: PathBuf,
    #[command(flatten)]
    corpus: CorpusArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

/// The checkpoint that a command makes.
#[derive(clap::Args)]
struct Output {
    /// The file to write, or - for standard output.
    #[arg(value_name = "OUT.safetensors")]
    output: PathBuf,
    #[command(flatten)]
    force: Force,
}

impl Output {
    /// The place for what is made of `inputs`.
    fn target<'i>(
        &self,
        settings: &'i Settings,
        inputs: impl IntoIterator<Item = &'i Path>,
    ) -> anyhow::Result<Target> {
        let inputs = inputs.into_iter().chain(settings.file.as_deref());
        let target = self.force.reading(inputs).file(&self.output)?;
        kind::check(&self.output, "a checkpoint", "safetensors")?;
        Ok(target)
    }
}

/// The attributes of a checkpoint on their way to a copy of it, in which a latent means the same.
struct Attached {
    attributes: Attributes,
    target: Target,
}

impl Output {
    /// The attributes of `checkpoint`, with a place beside the copy; `None` where it has none.
    fn attached(
        &self,
        settings: &Settings,
        source: &Source,
        checkpoint: &Checkpoint,
    ) -> anyhow::Result<Option<Attached>> {
        let attributes = match Attributes::of(source, checkpoint) {
            Ok(Some(attributes)) => attributes,
            Ok(None) => {
                self.tell_of_others();
                return Ok(None);
            }
            Err(reason) => {
                note!("note: its attributes stay behind: {reason}");
                self.tell_of_others();
                return Ok(None);
            }
        };
        if is_standard(&self.output) {
            note!("note: its attributes stay behind, as standard output takes one file");
            return Ok(None);
        }
        let inputs = file_of(source).into_iter().chain(settings.file.as_deref());
        let path = Attributes::path_for(&self.output);
        let target = self.force.reading(inputs).file(&path)?;
        Ok(Some(Attached { attributes, target }))
    }

    /// Says that attributes of other weights lie where those of the copy would.
    fn tell_of_others(&self) {
        let path = Attributes::path_for(&self.output);
        if path.exists() {
            note!(
                "note: `{}` is there and belongs to other weights: move it away, or write \
                 new ones (`attributes make --force`)",
                path.display()
            );
        }
    }
}

/// Writes a checkpoint, making its folder where there is none, and its attributes beside it.
fn save(
    checkpoint: &Checkpoint,
    target: &Target,
    precision: Precision,
    attached: Option<Attached>,
) -> anyhow::Result<()> {
    let bytes = checkpoint.to_bytes(&target.name(), precision)?;
    target.make_folder()?;
    target.write(&bytes)?;
    let Some(Attached { attributes, target }) = attached else {
        return Ok(());
    };
    // Rounded weights are others.
    let fingerprint = Checkpoint::from_bytes(&bytes, &target.name())?.fingerprint()?;
    let attributes = Attributes {
        fingerprint,
        ..attributes
    };
    target.write(attributes.to_text()?.as_bytes())?;
    note!("note: its attributes are in `{}`", target.name());
    Ok(())
}

impl CheckpointArgs {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self.command {
            Command::List { folders, json } => list(settings, folders, json),
            Command::Info { checkpoint, json } => info(settings, &checkpoint, json),
            Command::Export {
                input,
                output,
                bits,
            } => {
                let precision = match bits.as_str() {
                    "8" => Precision::EightBits,
                    _ => Precision::Half,
                };
                export(settings, &input, &output, precision)
            }
            Command::Whiten(files) => space::whitened(settings, &files),
            Command::FitPrior {
                files,
                gaussians,
                clarity,
            } => space::with_prior(settings, &files, gaussians, clarity),
            Command::Import {
                input,
                output,
                preset,
                half,
            } => {
                let preset = preset.as_deref().map(preset_of_name).transpose()?;
                let target = output.target(settings, [input.as_path()])?;
                import(&input, &target, preset, half)
            }
        }
    }
}

/// The checkpoints of the folders that were named, or of those where they usually are.
pub(super) fn scan(settings: &Settings, folders: Vec<PathBuf>) -> anyhow::Result<Catalogue> {
    for folder in &folders {
        if !folder.is_dir() {
            bail!(
                "{} is not a folder; name one that holds checkpoints",
                folder.display()
            );
        }
    }
    let folders = if folders.is_empty() {
        settings.config.checkpoints.searched()
    } else {
        folders
    };
    let catalogue = Catalogue::scan(&folders, EMBEDDED);
    for problem in &catalogue.problems {
        note!("musicvae-tui: {problem}");
    }
    Ok(catalogue)
}

fn list(settings: &Settings, folders: Vec<PathBuf>, as_json: bool) -> anyhow::Result<()> {
    let catalogue = scan(settings, folders)?;
    if as_json {
        let entries: Vec<Value> = catalogue.entries.iter().map(entry_json).collect();
        return print_json(&json!({ "checkpoints": entries }));
    }
    let widest = |heading: &str, of: &dyn Fn(&Entry) -> usize| {
        let each = catalogue.entries.iter().map(of);
        each.max().unwrap_or(0).max(heading.len())
    };
    let width = widest("name", &|entry| entry.name.chars().count());
    let wide = widest("preset", &|entry| match &entry.summary {
        Ok(summary) => summary.preset.name.chars().count(),
        Err(_) => 0,
    });
    let mut text = format!(
        "{:width$}  {:wide$}  {:>8}  {:>9}  {:>9}  modified\n",
        "name", "preset", "step", "loss", "size"
    );
    for entry in &catalogue.entries {
        let name = &entry.name;
        match &entry.summary {
            Ok(Summary {
                preset, metadata, ..
            }) => {
                let loss = metadata.validation_loss();
                writeln!(
                    text,
                    "{name:width$}  {:wide$}  {:>8}  {:>9}  {:>9}  {}",
                    preset.name,
                    metadata.step,
                    loss.map_or("-".into(), |loss| format!("{loss:.3}")),
                    megabytes(entry.size),
                    modified(entry).unwrap_or("-".into())
                )?;
            }
            Err(sentence) => writeln!(text, "{name:width$}  {sentence}")?,
        }
    }
    say!("{}", text.trim_end())
}

fn export(
    settings: &Settings,
    input: &Path,
    output: &Output,
    precision: Precision,
) -> anyhow::Result<()> {
    let (source, mut checkpoint) = settings.open(input)?;
    let target = output.target(settings, file_of(&source))?;
    let attached = output.attached(settings, &source, &checkpoint)?;
    checkpoint.optimizer.clear();
    save(&checkpoint, &target, precision, attached)?;
    target.say_path()
}

fn info(settings: &Settings, checkpoint: &Path, as_json: bool) -> anyhow::Result<()> {
    let (source, loaded) = settings.open(checkpoint)?;
    let entry = match &source {
        Source::Embedded(embedded) => Entry::embedded(embedded),
        Source::File(path) => {
            let name = checkpoint.with_extension("").display().to_string();
            Entry::of_file(path, name)
        }
    };
    let fingerprint = loaded.fingerprint()?;
    if as_json {
        let mut about = entry_json(&entry);
        about["fingerprint"] = fingerprint.into();
        about["preset"] = serde_json::to_value(&loaded.preset)?;
        about["metadata"] = serde_json::to_value(&loaded.metadata)?;
        return print_json(&about);
    }
    let Ok(summary) = &entry.summary else {
        bail!("{} changed while it was read", checkpoint.display())
    };
    let preset = &loaded.preset;
    let Metadata {
        step,
        created,
        program,
        command,
        data_fingerprint,
        seed,
        strokes,
        notes,
    } = &loaded.metadata;
    let mut text = String::new();
    let mut line = |key: &str, value: String| text.push_str(&format!("{key:17} {value}\n"));
    line(
        "file",
        match &entry.source {
            Source::File(path) => path.display().to_string(),
            Source::Embedded(_) => "inside the program".into(),
        },
    );
    line("size", megabytes(entry.size));
    line("preset", preset.name.clone());
    line("bars", preset.bars.to_string());
    line("z size", preset.z_size.to_string());
    let above = match preset.encoder_above.is_empty() {
        true => String::new(),
        false => format!(", above the lowest level {:?}", preset.encoder_above),
    };
    line("encoder units", format!("{:?}{above}", preset.encoder));
    line("decoder units", format!("{:?}", preset.decoder));
    line("weights", summary.parameters.to_string());
    line("stored as", summary.precision.name().into());
    line("fingerprint", fingerprint);
    line("step", step.to_string());
    line(
        "can be resumed",
        if summary.resumable { "yes" } else { "no" }.into(),
    );
    line("strokes are read", format!("as {strokes}"));
    let texts = [
        ("created", created),
        ("program", program),
        ("command", command),
        ("data fingerprint", data_fingerprint),
        ("seed", &seed.map(|seed| seed.to_string())),
    ];
    for (key, value) in texts {
        line(key, value.as_deref().unwrap_or("unknown").into());
    }
    for (key, value) in notes {
        let text = match value {
            Value::String(text) => text.clone(),
            // A whole number that was noted as a fraction is shown as what it is.
            Value::Number(number) => number.as_f64().map_or(value.to_string(), |n| n.to_string()),
            _ => value.to_string(),
        };
        line(&key.replace('_', " "), text);
    }
    say!("{}", text.trim_end())
}

fn import(input: &Path, target: &Target, preset: Option<Preset>, half: bool) -> anyhow::Result<()> {
    let checkpoint = match preset {
        Some(preset) => magenta::import_with(input, preset)?,
        None => {
            let checkpoint = magenta::import(input)?;
            let alike = magenta::fitting(input)?
                .into_iter()
                .map(|preset| preset.name);
            let others: Vec<String> = alike
                .filter(|name| *name != checkpoint.preset.name)
                .collect();
            if !others.is_empty() {
                note!(
                    "musicvae-tui: taken for {}; its shapes are also those of {}: say --preset if \
                     it is one of them",
                    checkpoint.preset.name,
                    others.join(", ")
                );
            }
            checkpoint
        }
    };
    let precision = if half {
        Precision::Half
    } else {
        Precision::Full
    };
    save(&checkpoint, target, precision, None)?;
    target.report(format_args!(
        "wrote {}: preset {}, {} tensors, step {}, {}",
        target.name(),
        checkpoint.preset.name,
        checkpoint.tensors.len(),
        checkpoint.metadata.step,
        match checkpoint.optimizer.is_empty() {
            true => "no optimizer state",
            false => "with its optimizer's state",
        }
    ))
}

fn entry_json(entry: &Entry) -> Value {
    let path = match &entry.source {
        Source::Embedded(_) => None,
        Source::File(path) => Some(path.display().to_string()),
    };
    let mut value = json!({
        "name": entry.name,
        "path": path,
        "bytes": entry.size,
        "modified": modified(entry),
    });
    match &entry.summary {
        Ok(summary) => {
            value["preset"] = summary.preset.name.as_str().into();
            value["step"] = summary.metadata.step.into();
            value["validation_loss"] = summary.metadata.validation_loss().into();
            value["parameters"] = summary.parameters.into();
            value["weights"] = summary.precision.name().into();
            value["resumable"] = summary.resumable.into();
        }
        Err(sentence) => value["error"] = sentence.as_str().into(),
    }
    value
}

fn modified(entry: &Entry) -> Option<String> {
    let since = entry.modified?.duration_since(UNIX_EPOCH).ok()?;
    Some(rfc3339(since.as_secs()))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

fn print_json(value: &Value) -> anyhow::Result<()> {
    say!("{}", serde_json::to_string_pretty(value)?)
}
