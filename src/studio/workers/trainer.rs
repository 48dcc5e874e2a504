//! Starting a training run as the settings describe it.

use anyhow::Context;

use crate::embedded;
use crate::preset_name::preset_of_name;
use crate::studio::ground::config;
use musicvae::checkpoint::Checkpoint;
use musicvae::model::{DeviceChoice, Factors};
use musicvae::training::{Earlier, Event, RunSettings, Session, TrainOptions, Variation};

/// Steps between two looks at the validation split; each also saves.
const VALIDATE_EVERY: u64 = 100;

/// Starts the run that the settings describe on a device; it may be one that its folder holds. What it
/// says is given to `tell`, on its own thread.
pub fn start(
    settings: &config::Training,
    device: DeviceChoice,
    earlier: Earlier,
    tell: impl FnMut(Event) + Send + 'static,
) -> anyhow::Result<Session> {
    let settings = settings.clone();
    let describe =
        move || options(&settings, device, earlier).map_err(|error| format!("{error:#}"));
    Session::spawn(describe, tell).context("The trainer's thread can't be started.")
}

fn options(
    settings: &config::Training,
    device: DeviceChoice,
    earlier: Earlier,
) -> anyhow::Result<TrainOptions> {
    let preset = preset_of_name(&settings.preset).map_err(anyhow::Error::msg)?;
    let from = match settings.from.as_os_str().is_empty() {
        true => None,
        false => Some(Checkpoint::open(&embedded::named(&settings.from))?),
    };
    let run = RunSettings::starting(Some(preset), from.as_ref());
    let run = RunSettings {
        factors: factors(device),
        batch: settings.batch,
        seed: settings.seed,
        variation: Variation {
            augment: settings.varying,
            ..run.variation
        },
        ..run
    };
    Ok(TrainOptions {
        steps: settings.steps,
        validate_every: VALIDATE_EVERY,
        earlier,
        from,
        device,
        ..TrainOptions::new(run, &settings.data, &settings.out)
    })
}

/// The faster ones; the loss falls alike with both (docs/factors.svg).
fn factors(device: DeviceChoice) -> Factors {
    let on_cpu = || device.open().is_ok_and(|it| it.trainer().is_cpu());
    match Factors::Bfloat16.pay() && on_cpu() {
        true => Factors::Bfloat16,
        false => Factors::Float32,
    }
}
