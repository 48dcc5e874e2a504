//! The CPU's own way beside a device's: `cargo bench --bench model -- device cuda` (or `metal`, or
//! `cuda:1`). With `cpu`, the operations that a GPU is given run on the CPU: a rehearsal, and slow.

use std::time::Duration;

use musicvae::checkpoint::Checkpoint;
use musicvae::internals::network::Network;
use musicvae::internals::{Adam, Examples, gradients};
use musicvae::model::latent::{Latent, sample_prior};
use musicvae::model::{Compute, Decoding, DeviceChoice};

use super::{is_short, shortest};

const HOW: Decoding = Decoding {
    temperature: 0.5,
    seed: 0,
};

pub fn device(checkpoint: &Checkpoint, word: Option<&str>) {
    let choice: Result<DeviceChoice, String> = word.unwrap_or("auto").parse();
    let opened = choice.and_then(|choice| match choice {
        DeviceChoice::Cpu => Ok(Compute::rehearsed()),
        choice => choice.open().map_err(|error| error.to_string()),
    });
    let compute = match opened {
        Ok(compute) => compute,
        Err(refused) => return println!("{refused}"),
    };
    println!(
        "{:<24}{:>14}{:>14}",
        "",
        "CPU's own way",
        word.unwrap_or("auto")
    );
    playing(checkpoint, &compute);
    let [few, many] = [64, if is_short() { 64 } else { 512 }];
    for batch in [few, many] {
        let speeds = [&Compute::CPU, &compute].map(|it| training(checkpoint, it, batch));
        row(&format!("train {batch}, examples/s"), speeds, 0);
    }
}

fn row(what: &str, [ours, other]: [f64; 2], decimals: usize) {
    println!("{what:<24}{ours:>14.decimals$}{other:>14.decimals$}");
}

fn milliseconds(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}

fn playing(checkpoint: &Checkpoint, compute: &Compute) {
    let models = [&Compute::CPU, compute].map(|it| checkpoint.model_on(it).expect("a model"));
    let latents = |count: u64| -> Vec<Latent> {
        let z_size = checkpoint.preset.z_size;
        (0..count).map(|seed| sample_prior(z_size, seed)).collect()
    };
    let counts: &[u64] = if is_short() { &[1] } else { &[1, 32, 1024] };
    for &count in counts {
        let z = latents(count);
        let times = models.each_ref().map(|model| {
            let decode = || drop(model.decode(&z, HOW).expect("grooves"));
            milliseconds(shortest(if count > 32 { 3 } else { 10 }, decode))
        });
        row(&format!("decode {count}, ms"), times, 2);
    }
    for &count in counts {
        let grooves = models[0].decode(&latents(count), HOW).expect("grooves");
        let times = models.each_ref().map(|model| {
            let encode = || drop(model.encode(&grooves).expect("posteriors"));
            milliseconds(shortest(if count > 32 { 3 } else { 10 }, encode))
        });
        row(&format!("encode {count}, ms"), times, 2);
    }
}

/// Examples a second.
fn training(checkpoint: &Checkpoint, compute: &Compute, batch: usize) -> f64 {
    let preset = &checkpoint.preset;
    let latents: Vec<Latent> = (0..16)
        .map(|seed| sample_prior(preset.z_size, seed))
        .collect();
    let grooves = checkpoint.model().expect("a model").decode(&latents, HOW);
    let grooves = grooves.expect("grooves").into_iter().cycle();
    let grooves: Vec<_> = grooves.take(batch).collect();
    let examples = Examples::of_grooves(preset, &grooves).expect("examples");
    let network = Network::new(preset.clone(), &checkpoint.tensors, compute.trainer());
    let network = network.expect("a network");
    let mut adam = Adam::new(&network).expect("an optimizer");
    let chosen: Vec<usize> = (0..batch).collect();
    let time = shortest(3, || {
        let mut gradients = gradients(&network, &examples, &chosen, 0, 1).expect("gradients");
        let norm = gradients.global_norm().expect("a norm");
        gradients.clip(norm, preset).expect("clipped gradients");
        let update = adam.update(&network, &gradients.tensors, 0.0);
        update.expect("an update");
        network.device().synchronize().expect("a device");
    });
    batch as f64 / time.as_secs_f64()
}
