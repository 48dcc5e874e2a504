//! `presets`: what models there are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::checkpoint::scan;
use super::output::say;
use super::preset_of_name;
use super::settings::Settings;
use musicvae::checkpoint::Catalogue;
use musicvae::data::Converter;
use musicvae::model::Preset;

/// List the models that can be built: what they make, their size, and the checkpoints you have of them.
///
/// A preset is a TOML file, and you can write your own for `--preset`: print a built-in one
/// (`presets --show groovae_4bar > my.toml`) and change sizes, music or schedules. If a file says
/// `like = "groovae_4bar"`, it takes whatever it leaves out from that preset. A checkpoint contains its
/// whole preset.
#[derive(clap::Args)]
pub struct Presets {
    /// Folders to look for checkpoints in [default: those of the configuration (./checkpoints), and
    /// the platform's data folder]; also files with presets of your own.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print this preset (a name, or a file) as TOML.
    #[arg(long, value_name = "PRESET", conflicts_with_all = ["paths", "json"])]
    show: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A preset and what is at hand for it.
struct Line {
    preset: Preset,
    /// Number of weights.
    parameters: usize,
    /// Why no training data can be made of MIDI files.
    obstacle: Option<String>,
    /// Names of checkpoints that say they are of this preset.
    checkpoints: Vec<String>,
}

impl Presets {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        if let Some(name) = &self.show {
            let preset = preset_of_name(name).or_else(|fault| {
                // One that only a checkpoint has.
                let lines = lines(Vec::new(), &scan(settings, Vec::new())?);
                let found = lines.into_iter().find(|line| line.preset.name == *name);
                found
                    .map(|line| line.preset)
                    .ok_or(anyhow::Error::from(fault))
            })?;
            let text = Preset::text_of(name).map_or_else(|| preset.to_toml(), str::to_string);
            return say!("{}", text.trim_end());
        }
        let (files, folders): (Vec<_>, Vec<_>) =
            self.paths.into_iter().partition(|path| path.is_file());
        let own: Result<Vec<_>, _> = files.iter().map(|path| Preset::read(path)).collect();
        let lines = lines(own?, &scan(settings, folders)?);
        if self.json {
            let presets: Vec<Value> = lines.iter().map(as_json).collect();
            return say!(
                "{}",
                serde_json::to_string_pretty(&json!({ "presets": presets }))?
            );
        }
        say!("{}", table(&lines).trim_end())
    }
}

/// The built-in presets, those of `own` and those that only checkpoints hold.
fn lines(own: Vec<Preset>, catalogue: &Catalogue) -> Vec<Line> {
    let mut presets = Preset::all();
    presets.extend(own);
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for entry in &catalogue.entries {
        if let Ok(summary) = &entry.summary {
            let of_preset = names.entry(&summary.preset.name).or_default();
            of_preset.push(entry.name.clone());
            if presets
                .iter()
                .all(|known| known.name != summary.preset.name)
            {
                presets.push(summary.preset.clone());
            }
        }
    }
    let line = |preset: Preset| {
        let shapes = preset.parameter_shapes();
        let sizes = shapes
            .iter()
            .map(|(_, shape)| shape.iter().product::<usize>());
        let converter = Converter::new(preset.representation.clone(), preset.bars);
        Line {
            parameters: sizes.sum(),
            obstacle: converter.err().map(|reason| reason.to_string()),
            checkpoints: names.get(&*preset.name).cloned().unwrap_or_default(),
            preset,
        }
    };
    presets.into_iter().map(line).collect()
}

fn table(lines: &[Line]) -> String {
    let width = |texts: &dyn Fn(&Line) -> usize, least| {
        lines.iter().map(texts).max().unwrap_or(0).max(least)
    };
    let name = width(&|line| line.preset.name.len(), "preset".len());
    let makes = width(
        &|line| line.preset.representation.makes().len(),
        "makes".len(),
    );
    let mut text = format!(
        "{:name$}  {:makes$}  bars  steps    weights  data  checkpoints\n",
        "preset", "makes"
    );
    let mut reasons: Vec<&str> = Vec::new();
    for line in lines {
        let data = match &line.obstacle {
            None => "yes".to_string(),
            Some(reason) => {
                let known = reasons.iter().position(|known| known == reason);
                let place = known.unwrap_or_else(|| {
                    reasons.push(reason);
                    reasons.len() - 1
                });
                format!("no {}", place + 1)
            }
        };
        let checkpoints = match &line.checkpoints[..] {
            [] => "-".to_string(),
            names => names.join(", "),
        };
        let _ = writeln!(
            text,
            "{:name$}  {:makes$}  {:>4}  {:>5}  {:>9}  {data:4}  {checkpoints}",
            line.preset.name,
            line.preset.representation.makes(),
            line.preset.bars,
            line.preset.steps(),
            millions(line.parameters),
        );
    }
    text.push_str("\ndata: whether MIDI files can be turned into its training data\n");
    for (place, reason) in reasons.iter().enumerate() {
        let _ = writeln!(text, "no {}: {reason}", place + 1);
    }
    text
}

fn as_json(line: &Line) -> Value {
    let preset = &line.preset;
    json!({
        "name": preset.name,
        "makes": preset.representation.makes(),
        "bars": preset.bars,
        "steps": preset.steps(),
        "z_size": preset.z_size,
        "parameters": line.parameters,
        "convertible": line.obstacle.is_none(),
        "obstacle": line.obstacle,
        "checkpoints": line.checkpoints,
        "preset": preset,
    })
}

/// `4.09 M`
fn millions(count: usize) -> String {
    format!("{:.2} M", count as f64 / 1e6)
}
