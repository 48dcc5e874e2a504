//! Speeds of the model, beside this machine's own arithmetic peak in the same run:
//! `cargo bench --bench model`. Absolute figures move from machine to machine; compare the shares.
//!
//! By name (`cargo bench --bench model -- NAME`), one part alone: `training`, `playing`, of the main
//! checkpoint or of another of grooves (`--checkpoint FILE`); or what is measured only when it is
//! asked for: `device WORD` (the CPU beside a GPU), `growth` (how the cost grows with steps, batch
//! and layer size; docs/growth.svg), `factors --data PATH` (losses of training with both formats of
//! factors; docs/factors.svg), `steps --data PATH --preset NAME` (what a training step of any preset
//! costs).
//!
//! `cargo test --bench model` tries in seconds whether all of it can be measured at all.

mod device;
mod factors;
mod growth;
mod steps;

use std::time::{Duration, Instant};

use candle_core::{Device, Tensor};
use musicvae::checkpoint::Checkpoint;
use musicvae::internals::cpu::{
    Bf16Pair, Factor, Half, Kernels, LeftPanels, Matrix, Onto, RightPanels, Weight, matmul, matvec,
    multiply_adds_in_registers,
};
use musicvae::internals::network::Network;
use musicvae::internals::{Adam, Examples, gradients};
use musicvae::model::Factors;
use musicvae::model::latent::{Latent, sample_prior, slerp};
use musicvae::model::{Decoding, Preset};
use musicvae::music::FEATURES;
use musicvae::training::prepare_process;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // Safe: no other thread runs yet.
    unsafe { prepare_process() };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo itself adds `--bench`.
    let named: Vec<&str> = (arguments.iter())
        .map(String::as_str)
        .take_while(|argument| *argument == "--bench" || !argument.starts_with('-'))
        .filter(|argument| *argument != "--bench")
        .collect();
    match named[..] {
        ["growth"] => return growth::growth(),
        ["device", ref word @ ..] => {
            let checkpoint = musicvae_tui::embedded::checkpoint();
            let checkpoint = checkpoint.expect("the embedded checkpoint");
            return device::device(&checkpoint, word.first().copied());
        }
        ["factors"] => return factors::factors(&Options(&arguments)),
        ["steps"] => return steps::steps(&Options(&arguments)),
        _ => {}
    }
    let kernels = match Kernels::chosen() {
        Ok(kernels) => kernels,
        Err(refused) => return println!("{refused}"),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "kernels for {}, GFLOP/s on one core and on {cores}:",
        kernels.name()
    );
    let peak = products::<f32>(kernels, cores, "float32");
    if kernels.multiplies_bf16() {
        products::<Bf16Pair>(kernels, cores, "bfloat16");
    }
    let read = [weights_read::<f32>(kernels), weights_read::<Half>(kernels)];
    println!(
        "weights read: {:.0} GB/s on one core, as float16 {:.0}\n",
        read[0], read[1]
    );

    let checkpoint = match Options(&arguments).text("--checkpoint") {
        Some(path) => Checkpoint::load(path.as_ref()).expect("a checkpoint"),
        None => musicvae_tui::embedded::checkpoint().expect("the embedded checkpoint"),
    };
    let wanted = |name: &str| named.is_empty() || named.contains(&name);
    if wanted("training") {
        training(&checkpoint, peak);
    }
    if wanted("playing") {
        playing(&checkpoint);
    }
    if is_short() {
        device::device(&checkpoint, Some("cpu"));
    }
}

/// What stands behind words like `--data`.
struct Options<'a>(&'a [String]);

impl Options<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        let place = self.0.iter().position(|argument| argument == name)?;
        self.0.get(place + 1).map(String::as_str)
    }

    fn number(&self, name: &str, default: u64) -> u64 {
        self.text(name)
            .map_or(default, |text| text.parse().expect("a number"))
    }
}

/// Whether this only tries that everything can be measured: cargo says when it is for the figures.
fn is_short() -> bool {
    !std::env::args().any(|argument| argument == "--bench")
}

/// The shortest of several runs: what the work costs when nothing else takes the machine.
fn shortest(runs: usize, mut work: impl FnMut()) -> Duration {
    let runs = if is_short() { 1 } else { runs };
    let time = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..runs).map(time).min().unwrap_or_default()
}

/// Prints the peak of multiply-adds in registers, and what matrix products reach of it; returns the
/// peak of all cores.
fn products<E: Factor>(kernels: Kernels, cores: usize, name: &str) -> f64 {
    let [one, all] = [1, cores].map(|threads| {
        rate(threads, || {
            || multiply_adds_in_registers::<E>(kernels, 50_000)
        })
    });
    println!("  {name} multiply-adds in registers: {one:.0}, {all:.0}");
    // Products of a training step: a batch's shard on each core, and the layers of a decoder and of
    // an encoder.
    for (m, k, n) in [
        (64, 256, 1024),
        (32, 256, 1024),
        (64, 512, 2048),
        (32, 512, 2048),
    ] {
        let product = || {
            let right = RightPanels::<E>::pack(kernels, Matrix::new(&vec![0.25; k * n], k, n));
            let mut left = LeftPanels::<E>::zeros(kernels, m, k);
            left.pack(0, Matrix::new(&vec![0.5; m * k], m, k));
            let mut out = vec![0.0; m * n];
            move || {
                matmul(&left, &right, Onto::Output, &mut out);
                m * k * n
            }
        };
        let reached = [1, cores].map(|threads| rate(threads, product));
        println!(
            "  {m:>4} x {k} x {n}: {:.0}, {:.0} ({:.0} and {:.0} %)",
            reached[0],
            reached[1],
            100.0 * reached[0] / one,
            100.0 * reached[1] / all
        );
    }
    all
}

/// GFLOP/s of the fastest of many runs of what `work` makes, on `threads` cores at once; a run says
/// how many multiply-adds it was.
fn rate<W: FnMut() -> usize>(threads: usize, work: impl Fn() -> W + Sync) -> f64 {
    const RUNS: usize = 40;
    let slowest = std::thread::scope(|scope| {
        let threads = (0..threads).map(|_| {
            scope.spawn(|| {
                let mut work = work();
                let mut count = 1;
                let time = shortest(RUNS, || count = work());
                time.as_secs_f64() / count as f64
            })
        });
        let threads: Vec<_> = threads.collect();
        let times = (threads.into_iter()).map(|thread| thread.join().expect("a thread"));
        times.fold(0.0, f64::max)
    });
    2e-9 * threads as f64 / slowest
}

/// The speed at which a product with one row reads weights, GB/s.
fn weights_read<W: Weight<f32>>(kernels: Kernels) -> f64 {
    const K: usize = 512;
    const N: usize = 1024;
    const TIMES: usize = 50;
    let right = RightPanels::<W>::pack(kernels, Matrix::new(&vec![0.25; K * N], K, N));
    let mut out = vec![0.0; N];
    let time = shortest(20, || {
        (0..TIMES).for_each(|turn| matvec(&[1.0; K], &right, turn % 2 == 1, &mut out))
    });
    1e-9 * (TIMES * K * N * size_of::<W>()) as f64 / time.as_secs_f64()
}

/// Multiply-adds of one forward step of `preset` for one example.
fn multiply_adds(preset: &Preset) -> usize {
    let kernels = preset
        .parameter_shapes()
        .into_iter()
        .filter(|(name, shape)| {
            shape.len() == 2 && (name.contains("lstm_cell") || name.contains("output_projection"))
        });
    kernels.map(|(_, shape)| shape[0] * shape[1]).sum()
}

fn training(checkpoint: &Checkpoint, peak: f64) {
    let preset = &checkpoint.preset;
    let model = checkpoint.model().expect("a model");
    let latents: Vec<Latent> = (0..64)
        .map(|seed| sample_prior(preset.z_size, seed))
        .collect();
    let how = Decoding {
        temperature: 0.5,
        seed: 0,
    };
    let grooves = model.decode(&latents, how).expect("grooves");
    let grooves: Vec<_> = grooves.into_iter().cycle().take(512).collect();
    let examples = Examples::of_grooves(preset, &grooves).expect("examples");
    let network =
        Network::new(preset.clone(), &checkpoint.tensors, &Device::Cpu).expect("a network");
    let mut adam = Adam::new(&network).expect("an optimizer");
    // Forward, and twice that backward, two operations a multiply-add.
    let flop = (6 * multiply_adds(preset) * preset.steps()) as f64;

    println!(
        "training step, {} ({:.2} GFLOP an example):",
        preset.name,
        flop * 1e-9
    );
    // With the preset's dropout, whatever the checkpoint was trained with, and with nothing dropped,
    // as the peers were timed: then z is multiplied once a window.
    let [kept, dropped] = [1.0, Preset::groovae_4bar().dropout_keep];
    let network = |dropout_keep, factors| {
        let preset = Preset {
            dropout_keep,
            ..preset.clone()
        };
        Network::new(preset, &checkpoint.tensors, &Device::Cpu)
            .expect("a network")
            .with_factors(factors)
    };
    let kinds = [
        ("float32", network(kept, Factors::Float32)),
        ("bfloat16", network(kept, Factors::Bfloat16)),
        ("float32, dropout", network(dropped, Factors::Float32)),
        ("bfloat16, dropout", network(dropped, Factors::Bfloat16)),
    ];
    let rows: &[(usize, usize)] = match is_short() {
        true => &[(4, 1)],
        false => &[(512, 3), (128, 5), (64, 7)],
    };
    let rows = rows.iter().flat_map(|&(batch, runs)| {
        let kinds = kinds.iter();
        kinds.map(move |(name, network)| (batch, runs, name, network))
    });
    for (batch, runs, precision, network) in rows {
        let chosen: Vec<usize> = (0..batch).collect();
        let time = shortest(runs, || {
            let mut gradients = gradients(network, &examples, &chosen, 0, 1).expect("gradients");
            let norm = gradients.global_norm().expect("a norm");
            gradients.clip(norm, preset).expect("clipped gradients");
            adam.update(network, &gradients.tensors, 0.0)
                .expect("an update");
        });
        let speed = batch as f64 / time.as_secs_f64();
        let rate = speed * flop * 1e-9;
        println!(
            "  batch {batch:>3}, {precision:<17}: {speed:>4.0} examples/s, {rate:>4.0} GFLOP/s, {:.0} % of the peak",
            100.0 * rate / peak
        );
    }
    println!();
}

fn playing(checkpoint: &Checkpoint) {
    let preset = &checkpoint.preset;
    let how = Decoding {
        temperature: 0.5,
        seed: 0,
    };
    let model = checkpoint.model().expect("a model");
    let ends = [
        sample_prior(preset.z_size, 0),
        sample_prior(preset.z_size, 1),
    ];
    let path = |count: usize| -> Vec<Latent> {
        (0..count)
            .map(|step| slerp(&ends[0], &ends[1], step as f32 / count as f32))
            .collect()
    };
    let say =
        |what: &str, time: Duration| println!("{what:<28}{:>8.2} ms", time.as_secs_f64() * 1e3);
    let load = shortest(5, || {
        let checkpoint = musicvae_tui::embedded::checkpoint().expect("the embedded checkpoint");
        checkpoint.model().expect("a model");
    });
    say("open the checkpoint", load);
    for count in [1, 11, 32] {
        let latents = path(count);
        let time = shortest(20, || {
            model.decode(&latents, how).expect("grooves");
        });
        say(&format!("decode {count}"), time);
    }
    let counts: &[usize] = if is_short() { &[1] } else { &[1, 64, 512] };
    for &count in counts {
        let grooves = model.decode(&path(count), how).expect("grooves");
        let time = shortest(if count == 512 { 3 } else { 20 }, || {
            model.encode(&grooves).expect("posteriors");
        });
        say(&format!("encode {count}"), time);
    }
    // The same decode as candle's ordinary operations would run it, teacher-forced.
    let network =
        Network::new(preset.clone(), &checkpoint.tensors, &Device::Cpu).expect("a network");
    let x = Tensor::zeros(
        (preset.steps(), 1, FEATURES),
        candle_core::DType::F32,
        &Device::Cpu,
    );
    let batch = musicvae::internals::network::Batch::of(x.expect("zeros"));
    let z = Tensor::from_slice(&ends[0], (1, preset.z_size), &Device::Cpu).expect("a latent");
    let time = shortest(5, || {
        network
            .decode(&z, &batch, &mut musicvae::internals::network::KeepAll)
            .expect("logits");
    });
    say("decode 1 on the tape", time);
}
