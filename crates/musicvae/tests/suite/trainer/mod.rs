//! Whole training runs of a tiny model on a synthetic corpus.

mod faults;
mod learning;
mod resuming;
mod session;

use std::path::Path;

use candle_core::Tensor;
use musicvae::checkpoint::Checkpoint;
use musicvae::data::Split;
use musicvae::model::{DeviceChoice, Factors, Preset, Tensors};
use musicvae::music::Reading;
use musicvae::training::{
    Control, Earlier, Event, Log, Record, TrainOptions, TrainingError, Variation, train,
};
use tempfile::TempDir;

use crate::support::corpus;

pub fn tiny() -> Preset {
    Preset {
        name: "tiny".into(),
        z_size: 8,
        encoder: vec![16],
        decoder: vec![12, 12],
        ..Preset::groovae_4bar()
    }
}

/// A run in `folder/out` on a corpus in `folder`.
pub fn options(folder: &TempDir, steps: u64) -> TrainOptions {
    let data = folder.path().join("corpus");
    if !data.exists() {
        corpus(&data);
    }
    TrainOptions {
        preset: tiny(),
        data,
        out: folder.path().join("out"),
        steps,
        batch: 5,
        seed: 7,
        hop_bars: 1,
        every_window: false,
        variation: Variation::NONE,
        reading: Reading::Played,
        average: None,
        held: Vec::new(),
        validate_every: 3,
        earlier: Earlier::Refused,
        from: None,
        device: DeviceChoice::Cpu,
        factors: Factors::Float32,
    }
}

/// Runs to the end; what it said.
pub fn run(options: TrainOptions) -> Result<Vec<Event>, TrainingError> {
    let mut events = Vec::new();
    train(options, &Control::default(), &mut |event| {
        events.push(event)
    })
    .map(|_| events)
}

pub fn latest(out: &Path) -> Checkpoint {
    Checkpoint::load(&out.join("latest.safetensors")).unwrap()
}

/// Names and bits of tensors.
pub fn bits(tensors: &Tensors) -> Vec<(String, Vec<u32>)> {
    let bits = |tensor: &Tensor| {
        let numbers: Vec<f32> = tensor
            .to_dtype(candle_core::DType::F32)
            .and_then(|tensor| tensor.flatten_all()?.to_vec1())
            .unwrap();
        numbers.into_iter().map(f32::to_bits).collect()
    };
    tensors
        .iter()
        .map(|(name, tensor)| (name.clone(), bits(tensor)))
        .collect()
}

/// The log without what depends on the clock.
pub fn log(out: &Path) -> Vec<Record> {
    let timeless = |record| Record {
        examples_per_second: 0.0,
        seconds: 0.0,
        ..record
    };
    Log::read(&out.join("log.csv"))
        .unwrap()
        .into_iter()
        .map(timeless)
        .collect()
}

pub fn steps_and_splits(out: &Path) -> Vec<(u64, Split)> {
    log(out)
        .iter()
        .map(|record| (record.step, record.split))
        .collect()
}
