//! Starting a training run as the settings describe it.

use anyhow::Context;

use crate::preset_name::preset_of_name;
use crate::studio::ground::config;
use musicvae::model::DeviceChoice;
use musicvae::training::{Event, Log, Record, RunSettings, Session, TrainOptions};

/// Steps between two looks at the validation split; each also saves.
const VALIDATE_EVERY: u64 = 100;

/// What the log says of the run that the settings' folder holds; nothing where it holds none.
pub fn story(settings: &config::Training) -> Vec<Record> {
    if holds_a_run(settings) {
        // A log that can't be read is the trainer's to complain of.
        Log::read(&settings.out.join("log.csv")).unwrap_or_default()
    } else {
        Vec::new()
    }
}

fn holds_a_run(settings: &config::Training) -> bool {
    settings.out.join("latest.safetensors").exists()
}

/// Starts the run that the settings describe, on a device; where its folder holds one already, that goes on.
/// What it says is given to `tell`, on its own thread.
pub fn start(
    settings: &config::Training,
    device: DeviceChoice,
    tell: impl FnMut(Event) + Send + 'static,
) -> anyhow::Result<Session> {
    let preset = preset_of_name(&settings.preset).map_err(anyhow::Error::msg)?;
    let resume = holds_a_run(settings);
    let run = if resume {
        RunSettings::of_run(&settings.out)?
    } else {
        RunSettings {
            batch: settings.batch,
            seed: settings.seed,
            ..RunSettings::new(preset)
        }
    };
    let options = TrainOptions {
        preset: run.preset,
        data: settings.data.clone(),
        out: settings.out.clone(),
        steps: settings.steps,
        batch: run.batch,
        seed: run.seed,
        hop_bars: run.hop_bars,
        every_window: false,
        variation: run.variation,
        reading: run.reading,
        average: run.average,
        validate_every: VALIDATE_EVERY,
        resume,
        from: None,
        device,
        factors: run.factors,
    };
    Session::spawn(options, tell).context("The trainer's thread can't be started.")
}
