//! Starting a run, and putting what it says into the studio's words.

use anyhow::Context;
use candle_core::Device;

use super::{Event, LossRecord, Split, TrainingEvent, config};
use crate::data;
use crate::model::Preset;
use crate::training::{self, Record, Session, TrainOptions};

/// Steps between two looks at the validation split; each also saves.
const VALIDATE_EVERY: u64 = 100;

/// Starts the run that the settings describe; where its folder holds one already, that goes on.
pub fn start(settings: &config::Training) -> anyhow::Result<Session> {
    let preset = Preset::by_name(&settings.preset).with_context(|| {
        let names: Vec<String> = Preset::all()
            .into_iter()
            .map(|preset| preset.name)
            .collect();
        let known = names.join(", ");
        format!(
            "There is no preset `{}`; known ones: {known}.",
            settings.preset
        )
    })?;
    let options = TrainOptions {
        preset,
        data: settings.data.clone(),
        out: settings.out.clone(),
        steps: settings.steps,
        batch: settings.batch,
        seed: settings.seed,
        hop_bars: 1,
        validate_every: VALIDATE_EVERY,
        resume: settings.out.join("latest.safetensors").exists(),
        from: None,
        device: Device::Cpu,
    };
    Session::spawn(options).context("The trainer's thread can't be started.")
}

/// What the run said since the last call.
pub fn news(session: &Session) -> Vec<Event> {
    session.events().map(translated).collect()
}

fn translated(event: training::Event) -> Event {
    Event::Training(match event {
        training::Event::Notice(text) => return Event::Notice(text),
        training::Event::Record(record) => TrainingEvent::Record(loss_record(&record)),
        training::Event::Saved(path) => TrainingEvent::Saved(path),
        training::Event::Finished(step) => TrainingEvent::Finished(step),
        training::Event::Failed(reason) => TrainingEvent::Failed(reason),
    })
}

fn loss_record(record: &Record) -> LossRecord {
    LossRecord {
        step: record.step,
        split: if record.split == data::Split::Train {
            Split::Train
        } else {
            Split::Validation
        },
        terms: [
            record.loss,
            record.hits,
            record.velocities,
            record.offsets,
            record.kl_bits,
        ],
        examples_per_second: record.examples_per_second,
    }
}
