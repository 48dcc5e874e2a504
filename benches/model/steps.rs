//! What a training step of any preset costs, on data that is really there.

use std::path::Path;
use std::time::Instant;

use musicvae::model::{Factors, Preset};
use musicvae::training::{Earlier, TrainOptions, Trainer, Variation};

use super::Options;

/// Times steps of `--preset` (a name or a file; `groovae_4bar` if not given) on windows of `--data`,
/// with both formats of factors in turn. If wanted, `--steps N` and `--batch N`.
pub fn steps(options: &Options) {
    let Some(data) = options.text("--data") else {
        println!("name a corpus: cargo bench --bench model -- steps --data PATH");
        return;
    };
    let preset = options.text("--preset").unwrap_or("groovae_4bar");
    let preset = Preset::by_name(preset).unwrap_or_else(|| {
        let read = Preset::read(preset.as_ref());
        read.expect("a preset")
    });
    let (steps, batch) = (options.number("--steps", 20), options.number("--batch", 32));
    println!(
        "{}, {steps} steps of {batch} windows of {data}",
        preset.name
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    for factors in [Factors::Float32, Factors::Bfloat16] {
        let folder = folder.path().join(factors.name());
        let mut trainer = trainer(&folder, preset.clone(), data, factors, 0, steps, batch);
        let time = |_| {
            let start = Instant::now();
            trainer.step().expect("a step");
            start.elapsed().as_secs_f64()
        };
        let mut times: Vec<f64> = (0..steps).map(time).collect();
        times.sort_by(f64::total_cmp);
        let [best, middle] = [0, times.len() / 2].map(|place| times[place]);
        println!(
            "  {:<8}: {:.1} ms at best, {:.1} in the middle, {:.0} examples/s at best",
            factors.name(),
            1e3 * best,
            1e3 * middle,
            batch as f64 / best
        );
    }
}

/// A run of training that keeps its files in `folder`.
pub fn trainer(
    folder: &Path,
    preset: Preset,
    data: &str,
    factors: Factors,
    seed: u64,
    steps: u64,
    batch: u64,
) -> Trainer {
    let options = TrainOptions {
        preset,
        data: data.into(),
        out: folder.join("run"),
        steps,
        batch: batch as usize,
        seed,
        hop_bars: 1,
        every_window: false,
        reading: Default::default(),
        variation: Variation::NONE,
        average: None,
        held: Vec::new(),
        validate_every: steps,
        earlier: Earlier::Refused,
        from: None,
        device: musicvae::model::DeviceChoice::Cpu,
        factors,
    };
    Trainer::new(options, &mut |_| {}).expect("a corpus to train on")
}
