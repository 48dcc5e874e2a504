//! `attributes`: directions of the latent space with a name, and moving along them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::UsageError;
use super::compute::DeviceArgs;
use super::corpus::{self, CorpusArgs};
use super::grooves::{Chosen, ModelArgs};
use super::output::{note, say};
use super::settings::{Settings, file_of};
use super::target::Force;
use musicvae::Drummer;
use musicvae::checkpoint::attributes::{Attribute, Attributes, Kind};
use musicvae::checkpoint::catalogue::Source;
use musicvae::data::{DataError, GrooveConverter, Split};
use musicvae::music::Measure;
use musicvae::training::attributes::{Fills, attributes, styles};

/// Make or show the attribute vectors of a checkpoint: density, swing, styles and others.
#[derive(Args)]
pub struct AttributesArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compute them from the training split of a corpus, and write them beside the checkpoint.
    ///
    /// For each, the validation split shows how moving along it changes this quality and the others.
    /// Those of a checkpoint inside the program are written into the current folder. If there is too
    /// little music, nothing is written.
    Make {
        /// The checkpoint: a file, a run's folder (for its best), or a name that `checkpoint list`
        /// shows.
        #[arg(value_name = "CHECKPOINT")]
        checkpoint: PathBuf,
        /// A folder or zip of MIDI files (info.csv gives split and style), or a TFRecord.
        #[arg(long, value_name = "PATH", value_parser = corpus::place())]
        data: PathBuf,
        #[command(flatten)]
        corpus: CorpusArgs,
        #[command(flatten)]
        device: DeviceArgs,
        /// Keep the directions of the MusicVAE paper: from the mean of the windows without a quality to the
        /// mean of those with it. Otherwise they are moved apart: each changes its own quality by one
        /// standard deviation, and the others as little as possible.
        #[arg(long)]
        plain: bool,
        #[command(flatten)]
        force: Force,
    },
    /// Show which ones a checkpoint has, and what moving along each does.
    List {
        #[command(flatten)]
        model: ModelArgs,
        /// Print JSON, the vectors included.
        #[arg(long)]
        json: bool,
    },
}

impl AttributesArgs {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self.command {
            Command::Make {
                checkpoint,
                data,
                corpus,
                device,
                plain,
                force,
            } => make(settings, &checkpoint, &data, corpus, &device, plain, force),
            Command::List { model, json } => {
                let attributes = of_model(&model.open(settings)?)?;
                match json {
                    true => say!("{}", serde_json::to_string(&attributes)?),
                    false => say!("{}", table(&attributes).trim_end()),
                }
            }
        }
    }
}

fn make(
    settings: &Settings,
    name: &Path,
    data: &Path,
    corpus: CorpusArgs,
    device: &DeviceArgs,
    plain: bool,
    force: Force,
) -> anyhow::Result<()> {
    let (source, checkpoint) = settings.open(name)?;
    let inputs = file_of(&source).into_iter().chain([data]);
    let rule = force.reading(inputs.chain(settings.file.as_deref()));
    let target = rule.file(&Attributes::path_for(match &source {
        Source::File(path) => path,
        Source::Embedded(embedded) => {
            Path::new(embedded.name.rsplit('/').next().unwrap_or_default())
        }
    }))?;
    let converter = GrooveConverter {
        bars: checkpoint.preset.bars,
        hop: None,
    };
    let train = corpus.grooves(data, Some(Split::Train), converter)?;
    corpus.tell(Some(Split::Train), &train.report());
    let validation = match corpus.grooves(data, Some(Split::Validation), converter) {
        Ok(validation) => {
            corpus.tell(Some(Split::Validation), &validation.report());
            Some(validation)
        }
        Err(error @ DataError::NoWindows { .. }) => {
            note!("note: the effects can't be measured: {error}");
            None
        }
        Err(error) => return Err(error.into()),
    };
    let styles = styles(data, &train)?;
    let a_bar = GrooveConverter {
        bars: 1,
        hop: Some(1),
    };
    let fills = Fills::among(data, &corpus.grooves(data, Some(Split::Train), a_bar)?)?;
    let compute = device.open_and_tell(settings)?;
    let made = attributes(
        &checkpoint,
        &compute,
        &train,
        &styles,
        &fills,
        validation.as_ref(),
        !plain,
    )?;
    anyhow::ensure!(
        !made.attributes.is_empty(),
        "the {} training windows of {} are too few or too much alike for any attribute: nothing was \
         written",
        train.windows.len(),
        data.display()
    );
    target.write(made.to_text()?.as_bytes())?;
    say!("{}", table(&made).trim_end())?;
    say!("\n{}", target.name())
}

/// The attributes that lie beside the model's checkpoint, or in the program with it.
fn of_model(model: &Chosen) -> anyhow::Result<Attributes> {
    let Chosen { source, checkpoint } = model;
    Attributes::of(source, checkpoint)?.with_context(|| match source {
        Source::Embedded(embedded) => format!("{} has no attributes", embedded.name),
        Source::File(path) => {
            let path = path.display();
            format!(
                "{path} has no attributes yet: make them with `musicvae-tui attributes make \
                 {path} --data CORPUS`"
            )
        }
    })
}

/// What each attribute does when it is added once or twice, taken away once or twice.
fn table(attributes: &Attributes) -> String {
    let mut text = format!(
        "{} of fingerprint {}\n\n{:<14}{:>7}{:>9}  {:>10}{:>10}{:>10}{:>10}  {:>12}  side effects of +1\n",
        attributes.preset,
        attributes.fingerprint,
        "attribute",
        "with",
        "without",
        "-2",
        "-1",
        "+1",
        "+2",
        "hits changed"
    );
    for attribute in &attributes.attributes {
        // Writing into a string cannot fail.
        let _ = row(&mut text, attribute);
    }
    text.push_str(
        "\nMean changes on the validation split, and side effects of over 0.2 in standard \
         deviations of it.\nUnits: ",
    );
    let units = Measure::ALL.map(|measure| format!("{}: {}", measure.name(), measure.unit()));
    text.push_str(&units.join("; "));
    text.push_str("; styles (*): share of the 15 nearest training windows.");
    text
}

fn row(text: &mut String, attribute: &Attribute) -> std::fmt::Result {
    let Attribute {
        name,
        kind,
        with,
        without,
        effects,
        ..
    } = attribute;
    let shown = match kind {
        Kind::Measure | Kind::Fill => name.clone(),
        Kind::Style => format!("{name} *"),
    };
    write!(text, "{shown:<14}{with:>7}{without:>9}  ")?;
    for effect in effects {
        let change = effect.changes.get(name);
        let change = change.map_or("-".into(), |change| format!("{:+.3}", change.mean));
        write!(text, "{change:>10}")?;
    }
    let Some(once) = effects.iter().find(|effect| effect.amount == 1.0) else {
        return writeln!(text);
    };
    let mut others: Vec<_> = once
        .changes
        .iter()
        .filter(|(other, change)| *other != name && change.deviations.abs() > 0.2)
        .collect();
    others.sort_by(|a, b| b.1.deviations.abs().total_cmp(&a.1.deviations.abs()));
    let others: Vec<String> = others
        .iter()
        .map(|(other, change)| format!("{other} {:+.1}", change.deviations))
        .collect();
    let changed = format!("{:.0} %", 100.0 * once.hits_changed);
    writeln!(text, "  {changed:>12}  {}", others.join(", "))
}

/// Which way a new groove is moved.
#[derive(Args)]
pub struct AttributeArgs {
    /// Move along an attribute vector: density=+1, swing=-0.5, funk=2 (`attributes list` names
    /// them). Can be given more than once.
    #[arg(long = "attribute", value_name = "NAME=AMOUNT", value_parser = amount, allow_hyphen_values = true)]
    amounts: Vec<(String, f32)>,
}

/// Parses `density=+1`.
fn amount(text: &str) -> Result<(String, f32), String> {
    let (name, amount) = text.split_once('=').unwrap_or((text, ""));
    match amount.parse::<f32>() {
        Ok(amount) if (-10.0..=10.0).contains(&amount) => Ok((name.into(), amount)),
        _ => Err("it takes a name and an amount from -10 to 10, such as density=+1".into()),
    }
}

impl AttributeArgs {
    /// The drummer of `model`, steered as was asked.
    pub fn steer(&self, drummer: Drummer, model: &Chosen) -> anyhow::Result<Drummer> {
        if self.amounts.is_empty() {
            return Ok(drummer);
        }
        let attributes = of_model(model)?;
        let moves = attributes.moves(&self.amounts);
        Ok(drummer.steered(moves.map_err(|error| UsageError(error.to_string()))?))
    }
}
