//! `presets`: the models that this program can build.

use serde_json::{Value, json};

use super::checkpoint::default_folders;
use super::output::say;
use crate::checkpoint::EMBEDDED;
use crate::checkpoint::catalogue::Catalogue;
use crate::data::Converter;
use crate::model::Preset;
use crate::music::{DrumClasses, Representation};

/// List the models that can be trained or imported, and what is at hand of each.
#[derive(clap::Args)]
pub struct Presets {
    /// Print JSON, with every hyper-parameter.
    #[arg(long)]
    json: bool,
}

impl Presets {
    pub fn run(self) -> anyhow::Result<()> {
        let folders: Vec<_> = default_folders()
            .into_iter()
            .filter(|path| path.is_dir())
            .collect();
        let catalogue = Catalogue::scan(&folders, Some(EMBEDDED));
        let at_hand = |preset: &Preset| -> Vec<&str> {
            let of_preset = catalogue.entries.iter().filter(|entry| {
                entry
                    .summary
                    .as_ref()
                    .is_ok_and(|summary| summary.preset.name == preset.name)
            });
            of_preset.map(|entry| entry.name.as_str()).collect()
        };
        let presets = Preset::all();
        if self.json {
            let about = |preset: &Preset| -> serde_json::Result<Value> {
                let mut about = serde_json::to_value(preset)?;
                about["makes"] = makes(preset).into();
                about["weights"] = weights(preset).into();
                about["steps"] = preset.steps().into();
                about["not_trainable"] = objection(preset).into();
                about["checkpoints"] = at_hand(preset).into();
                Ok(about)
            };
            let presets = presets.iter().map(about).collect::<Result<Vec<_>, _>>()?;
            return say!(
                "{}",
                serde_json::to_string_pretty(&json!({ "presets": presets }))?
            );
        }
        say!(
            "{:<44}  {:>11}  {:<42}  checkpoints",
            "preset",
            "weights",
            "makes"
        )?;
        for preset in &presets {
            let mut last = at_hand(preset).join(", ");
            if last.is_empty() {
                last = "-".into();
            }
            if let Some(objection) = objection(preset) {
                last += &format!(" (not to be trained here: {objection})");
            }
            say!(
                "{:<44}  {:>11}  {:<42}  {last}",
                preset.name,
                thousands(weights(preset)),
                makes(preset)
            )?;
        }
        Ok(())
    }
}

fn weights(preset: &Preset) -> usize {
    let shapes = preset.parameter_shapes();
    shapes
        .iter()
        .map(|(_, shape)| shape.iter().product::<usize>())
        .sum()
}

/// Why no examples can be made for it.
fn objection(preset: &Preset) -> Option<String> {
    let converter = Converter::new(preset.representation.clone(), preset.bars);
    converter.err().map(|reason| reason.to_string())
}

/// What the model makes, and of what.
fn makes(preset: &Preset) -> String {
    let what = match &preset.representation {
        Representation::Groove(options) if options.humanize => {
            "drums, performed, of a score".into()
        }
        Representation::Groove(options) if options.max_note_dropout > 0.0 => {
            "drums, performed, of taps with gaps".into()
        }
        Representation::Groove(options) if options.tapify => "drums, performed, of taps".into(),
        Representation::Groove(options) if !options.add_instruments.is_empty() => {
            let names = options.add_instruments.iter().map(|lane| lane.short_name());
            let names = names.collect::<Vec<_>>().join(", ");
            format!("drums, performed, with {names} added")
        }
        Representation::Groove(options) if options.hits_as_controls => {
            "drums, performed, of given hits".into()
        }
        Representation::Groove(_) => "drums, performed".into(),
        Representation::Drums(options) if options.classes == DrumClasses::Full => {
            "drums on the grid, all 61".into()
        }
        Representation::Drums(_) => "drums on the grid".into(),
        Representation::Melody(options) if options.chords => "a melody on chords".into(),
        Representation::Melody(_) => "a melody".into(),
        Representation::Trio => "melody, bass and drums".into(),
        Representation::MultiPerformance(options) if options.chords => {
            "up to 8 instruments on chords".into()
        }
        Representation::MultiPerformance(_) => "up to 8 instruments, performed".to_string(),
    };
    match preset.bars {
        1 => format!("{what}, 1 bar"),
        bars => format!("{what}, {bars} bars"),
    }
}

/// Digits in groups of three.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
