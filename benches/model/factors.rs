//! Whether factors in bfloat16 change what is learned.

use musicvae::chart::{Line, LineChart};
use musicvae::model::{Factors, Preset};

use super::Options;
use super::growth::write_picture;
use super::steps::trainer;

/// Steps that a smoothed loss is the mean of.
const WINDOW: usize = 25;

/// Trains `groovae_4bar` for some steps three times: with float32, with bfloat16 from the same seed
/// on the same batches, and with float32 from another seed. Prints how far the smoothed losses of
/// the latter two are from the first, and draws docs/factors.svg.
///
/// Arguments: `--data PATH`, and if wanted `--steps N` and `--batch N`.
pub fn factors(options: &Options) {
    let Some(data) = options.text("--data") else {
        println!("name a corpus: cargo bench --bench model -- factors --data PATH");
        return;
    };
    let (steps, batch) = (
        options.number("--steps", 500),
        options.number("--batch", 64),
    );
    println!("groovae_4bar, {steps} steps of {batch} windows of {data}");
    let kinds = [
        ("float32", Factors::Float32, 0),
        ("bfloat16", Factors::Bfloat16, 0),
        ("float32, other seed", Factors::Float32, 1),
    ];
    let curves = kinds.map(|(name, factors, seed)| {
        let losses = losses(data, factors, seed, steps, batch);
        let smooth: Vec<f64> = (losses.windows(WINDOW.min(losses.len()).max(1)))
            .map(|some| some.iter().sum::<f64>() / some.len() as f64)
            .collect();
        let last = smooth.last().copied().unwrap_or(f64::NAN);
        println!("{name:<22} loss of the last {WINDOW} steps: {last:.3} nats");
        (name, smooth)
    });
    let [(_, one), others @ ..] = &curves;
    println!("\ndifference from float32 of the loss, smoothed over {WINDOW} steps, nats:");
    for (name, other) in others {
        let apart: Vec<f64> = one.iter().zip(other).map(|(a, b)| (a - b).abs()).collect();
        let mean = apart.iter().sum::<f64>() / apart.len().max(1) as f64;
        let most = apart.iter().copied().fold(0.0, f64::max);
        println!("{name:<22} mean {mean:.4}, at most {most:.4}");
    }
    let line = |(name, smooth): (&str, Vec<f64>)| Line {
        name: name.into(),
        points: (smooth.into_iter().enumerate())
            .map(|(step, loss)| ((step + WINDOW) as f64, loss))
            .collect(),
        ..Line::default()
    };
    let chart = LineChart {
        title: "Training with factors of 24 and of 8 bits".into(),
        x_label: "optimizer steps".into(),
        y_label: format!("loss over {WINDOW} steps, nats"),
        lines: curves.into_iter().map(line).collect(),
        ..LineChart::default()
    };
    write_picture("factors", &chart);
}

/// The loss of every step.
fn losses(data: &str, factors: Factors, seed: u64, steps: u64, batch: u64) -> Vec<f64> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let preset = Preset::groovae_4bar();
    let mut trainer = trainer(folder.path(), preset, data, factors, seed, steps, batch);
    (0..steps)
        .map(|_| trainer.step().expect("a step").loss)
        .collect()
}
