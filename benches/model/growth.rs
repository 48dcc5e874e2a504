//! How the cost of a training step and of a decode grows.

use std::path::Path;

use candle_core::Device;
use musicvae::chart::{Line, LineChart, Scale, Style};
use musicvae::internals::init;
use musicvae::internals::network::Network;
use musicvae::internals::{Adam, Examples, gradients};
use musicvae::model::Factors;
use musicvae::model::latent::sample_prior;
use musicvae::model::{Decoding, MusicVae, Preset};
use musicvae::music::{Groove, Hit};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::shortest;

/// A size of everything.
#[derive(Clone, Copy)]
struct Size {
    steps: usize,
    batch: usize,
    hidden: usize,
}

/// Where the lines meet: all else stays at this while one thing grows.
const USUAL: Size = Size {
    steps: 64,
    batch: 64,
    hidden: 256,
};

/// A name, the sizes it takes, and how to set it.
type Quantity = (&'static str, &'static [usize], fn(&mut Size) -> &mut usize);

const QUANTITIES: [Quantity; 3] = [
    ("steps", &[16, 32, 64, 128, 256], |size| &mut size.steps),
    ("batch", &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512], |size| {
        &mut size.batch
    }),
    ("hidden size", &[64, 128, 256, 512, 1024], |size| {
        &mut size.hidden
    }),
];

/// Measures, prints a table and draws docs/growth.svg.
pub fn growth() {
    println!(
        "grooves; unless it grows: {} steps, batch {}, layers of {} units, latent 256, float32\n",
        USUAL.steps, USUAL.batch, USUAL.hidden
    );
    println!(
        "{:<14}{:>8}{:>22}{:>16}",
        "", "", "training step, ms", "decode, ms"
    );
    let mut lines = Vec::new();
    for (name, values, of) in QUANTITIES {
        let mut usual = USUAL;
        let usual = *of(&mut usual) as f64;
        let mut points = [Vec::new(), Vec::new()];
        for &value in values {
            let mut size = USUAL;
            *of(&mut size) = value;
            let costs = [training(size), decode(size)];
            let [step, decode] = costs;
            println!("{name:<14}{value:>8}{step:>22.2}{decode:>16.2}");
            for (points, cost) in points.iter_mut().zip(costs) {
                points.push((value as f64 / usual, cost));
            }
        }
        let kinds = [("training step", Style::Solid), ("decode", Style::Dashed)];
        for ((kind, style), points) in kinds.into_iter().zip(points) {
            let name = format!("{kind}, {name}");
            lines.push(Line {
                name,
                points,
                style,
            });
        }
        println!();
    }
    let chart = LineChart {
        title: "How the cost grows".into(),
        x_label: format!(
            "times {} steps, batch {}, {} units",
            USUAL.steps, USUAL.batch, USUAL.hidden
        ),
        y_label: "milliseconds".into(),
        x_scale: Scale::Log,
        y_scale: Scale::Log,
        lines,
        ..LineChart::default()
    };
    write_picture("growth", &chart);
}

/// Writes docs/NAME.svg.
pub fn write_picture(name: &str, chart: &LineChart) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{name}.svg"));
    std::fs::write(&path, chart.svg()).expect("docs can be written");
    println!("{}", path.display());
}

fn preset(size: Size) -> Preset {
    Preset {
        bars: size.steps / 16,
        encoder: vec![size.hidden],
        decoder: vec![size.hidden; 2],
        dropout_keep: 1.0,
        ..Preset::groovae_4bar()
    }
}

/// Milliseconds of gradient and optimizer.
fn training(size: Size) -> f64 {
    let preset = preset(size);
    let weights = init::random_weights(&preset, 0).expect("weights");
    let network = Network::new(preset.clone(), &weights, &Device::Cpu)
        .expect("a network")
        .with_factors(Factors::Float32);
    let mut adam = Adam::new(&network).expect("an optimizer");
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut groove = || {
        let mut groove = Groove::empty(size.steps);
        for cell in groove.steps.iter_mut().flatten() {
            *cell = rng.random_bool(0.15).then(|| Hit::new(rng.random(), 0.1));
        }
        groove
    };
    let grooves: Vec<_> = (0..size.batch).map(|_| groove()).collect();
    let examples = Examples::of_grooves(&preset, &grooves).expect("examples");
    let chosen: Vec<usize> = (0..size.batch).collect();
    let time = shortest(runs(size), || {
        let mut gradients = gradients(&network, &examples, &chosen, 0, 1).expect("gradients");
        let norm = gradients.global_norm().expect("a norm");
        gradients.clip(norm, &preset).expect("clipped gradients");
        adam.update(&network, &gradients.tensors, 1e-6)
            .expect("an update");
    });
    1e3 * time.as_secs_f64()
}

/// Milliseconds of playing as many latents as the batch.
fn decode(size: Size) -> f64 {
    let preset = preset(size);
    let weights = init::random_weights(&preset, 0).expect("weights");
    let model = MusicVae::new(preset.clone(), &weights).expect("a model");
    let latents: Vec<_> = (0..size.batch as u64)
        .map(|seed| sample_prior(preset.z_size, seed))
        .collect();
    let how = Decoding {
        temperature: 0.5,
        seed: 0,
    };
    let time = shortest(3 * runs(size), || {
        model.decode(&latents, how).expect("grooves");
    });
    1e3 * time.as_secs_f64()
}

/// More of what is over soon.
fn runs(size: Size) -> usize {
    let work = size.steps * size.batch * size.hidden * size.hidden;
    ((1 << 31) / work).clamp(3, 20)
}
