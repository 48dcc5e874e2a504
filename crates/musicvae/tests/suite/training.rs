//! The differentiable model and its optimizer against the reference implementation's numbers.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor, npy::NpzTensors};
use musicvae::internals::network::{Batch, InputMask, KeepAll, Network, Past};
use musicvae::internals::{Adam, Gradients};
use musicvae::model::{Preset, Tensors};

use super::support;

/// The shrunken `groovae_4bar` of the oracle's training cases.
fn small_preset() -> Preset {
    Preset {
        z_size: 8,
        encoder: vec![16],
        decoder: vec![12, 12],
        dropout_keep: 1.0,
        ..Preset::groovae_4bar()
    }
}

fn npz(relative: &str) -> Option<NpzTensors> {
    Some(NpzTensors::new(support::data(relative)?).unwrap())
}

fn get(npz: &NpzTensors, name: &str) -> Tensor {
    npz.get(name)
        .unwrap()
        .unwrap_or_else(|| panic!("no {name} in the oracle"))
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Largest difference, relative to the largest expected magnitude.
fn difference(found: &Tensor, expected: &Tensor) -> f32 {
    assert_eq!(found.dims(), expected.dims());
    let (found, expected) = (numbers(found), numbers(expected));
    let scale = expected.iter().fold(1e-12f32, |max, x| max.max(x.abs()));
    found
        .iter()
        .zip(&expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
        / scale
}

/// The oracle's batch (given window by window) with its posterior noise.
fn batch(lengths: Option<Vec<usize>>) -> Option<(Batch, Tensor)> {
    let data = npz("oracle/train_small_groovae_4bar/batch.npz")?;
    let x = get(&data, "windows")
        .transpose(0, 1)
        .unwrap()
        .contiguous()
        .unwrap();
    let batch = Batch {
        lengths,
        ..Batch::of(x)
    };
    Some((batch, get(&data, "eps")))
}

fn network(preset: Preset) -> Option<Network> {
    let weights = npz("oracle/train_small_groovae_4bar/init_weights.npz")?;
    let names: Tensors = weights
        .names()
        .into_iter()
        .map(|name| (name.clone(), get(&weights, name)))
        .collect();
    Some(Network::new(preset, &names, &Device::Cpu).unwrap())
}

/// Gradients of the mean loss at optimizer step `step`.
fn gradients(network: &Network, batch: &Batch, noise: &Tensor, step: u64) -> (f32, Gradients) {
    masked_gradients(network, batch, noise, step, &mut KeepAll, &mut Past::Told)
}

fn masked_gradients(
    network: &Network,
    batch: &Batch,
    noise: &Tensor,
    step: u64,
    mask: InputMask,
    past: &mut Past,
) -> (f32, Gradients) {
    let losses = network.losses_hearing(batch, noise, mask, past).unwrap();
    let preset = network.preset();
    let loss = losses
        .total(preset, preset.beta_at(step))
        .unwrap()
        .mean_all()
        .unwrap();
    let store = loss.backward().unwrap();
    let named = |(name, var): (&String, &candle_core::Var)| {
        let gradient = store
            .get(var.as_tensor())
            .unwrap_or_else(|| panic!("no gradient: {name}"));
        (name.clone(), gradient.clone())
    };
    let tensors: BTreeMap<_, _> = network.variables().iter().map(named).collect();
    (
        loss.to_scalar().unwrap(),
        Gradients {
            tensors,
            terms: Default::default(),
        },
    )
}

/// Every gradient of a variant at `step` equals the reference's: 2e-5 of the largest entry.
fn check_gradients(variant: &str, preset: Preset, lengths: Option<Vec<usize>>, steps: &[u64]) {
    let file = format!("oracle/train_small_groovae_4bar/{variant}.npz");
    let (Some(oracle), Some(network)) = (npz(&file), network(preset)) else {
        return;
    };
    let (batch, noise) = batch(lengths).unwrap();
    for &step in steps {
        let (loss, gradients) = gradients(&network, &batch, &noise, step);
        let expected: f32 = get(&oracle, &format!("at_step{step}__loss"))
            .to_scalar()
            .unwrap();
        assert!(
            (loss - expected).abs() < 1e-4 * expected.max(1.0),
            "{variant}: {loss} {expected}"
        );
        let mut checked = 0;
        for (name, gradient) in &gradients.tensors {
            let expected = get(&oracle, &format!("grad_at_step{step}__{name}"));
            let difference = difference(gradient, &expected);
            assert!(
                difference < 2e-5,
                "{variant} step {step}: {name} is off by {difference}"
            );
            checked += 1;
        }
        assert_eq!(checked, 16);
    }
}

#[test]
fn every_gradient_equals_the_references() {
    check_gradients("config", small_preset(), None, &[0, 1]);
}

#[test]
fn every_gradient_equals_the_references_without_free_bits() {
    check_gradients(
        "free_bits0",
        Preset {
            free_bits: 0.0,
            ..small_preset()
        },
        None,
        &[0, 1],
    );
}

#[test]
fn every_gradient_equals_the_references_with_short_windows() {
    let preset = Preset {
        free_bits: 0.0,
        ..small_preset()
    };
    check_gradients(
        "free_bits0_varlen",
        preset,
        Some(vec![64, 40, 16, 5]),
        &[0, 1],
    );
}

#[test]
fn every_gradient_equals_the_references_under_a_fixed_dropout_mask() {
    let (Some(oracle), Some(masks)) = (
        npz("oracle/train_small_groovae_4bar/dropout_mask.npz"),
        npz("oracle/train_small_groovae_4bar/dropout_masks.npz"),
    ) else {
        return;
    };
    let network = network(Preset {
        free_bits: 0.0,
        ..small_preset()
    })
    .unwrap();
    let (batch, noise) = batch(None).unwrap();
    let mut mask = |x: &Tensor| {
        let mask = get(&masks, &format!("width_{}", x.dim(2)?));
        x.broadcast_mul(&(mask / 0.3)?)
    };
    let (loss, gradients) =
        masked_gradients(&network, &batch, &noise, 1, &mut mask, &mut Past::Told);
    let expected: f32 = get(&oracle, "at_step1__loss").to_scalar().unwrap();
    assert!(
        (loss - expected).abs() < 1e-4 * expected,
        "{loss} {expected}"
    );
    for (name, gradient) in &gradients.tensors {
        let difference = difference(gradient, &get(&oracle, &format!("grad_at_step1__{name}")));
        assert!(difference < 2e-5, "{name} is off by {difference}");
    }
}

/// Five steps of clipping, schedule and Adam end at the reference's weights: 1e-6 absolute.
fn check_five_steps(variant: &str, preset: Preset) {
    let file = format!("oracle/train_small_groovae_4bar/{variant}.npz");
    let (Some(oracle), Some(network)) = (npz(&file), network(preset.clone())) else {
        return;
    };
    let (batch, noise) = batch(None).unwrap();
    let mut adam = Adam::new(&network).unwrap();
    for step in 0..5 {
        let (loss, mut gradients) = gradients(&network, &batch, &noise, step);
        let norm = gradients.global_norm().unwrap();
        for (name, found) in [("loss", f64::from(loss)), ("global_norm", norm)] {
            let expected: f32 = get(&oracle, &format!("trace{step}__{name}"))
                .to_scalar()
                .unwrap();
            let off = (found - f64::from(expected)).abs() / f64::from(expected);
            assert!(
                off < 2e-5,
                "{variant} step {step}: {name} {found}, not {expected}"
            );
        }
        gradients.clip(norm, &preset).unwrap();
        adam.update(&network, &gradients.tensors, preset.learning_rate_at(step))
            .unwrap();
        let done = step + 1;
        for (name, var) in network.variables() {
            let Ok(Some(expected)) = oracle.get(&format!("after{done}__{name}")) else {
                continue;
            };
            let (found, expected) = (numbers(var.as_tensor()), numbers(&expected));
            let off = found
                .iter()
                .zip(&expected)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(off < 1e-6, "{variant} after {done}: {name} is off by {off}");
        }
    }
    assert!(
        oracle.get("after5__encoder/mu/kernel").unwrap().is_some(),
        "nothing was compared"
    );
}

#[test]
fn five_optimizer_steps_equal_the_references() {
    check_five_steps("config", small_preset());
    check_five_steps(
        "clip_hit",
        Preset {
            free_bits: 0.0,
            gradient_clip: 0.05,
            ..small_preset()
        },
    );
}

/// The decoder hears nothing but itself; a hit is where the logit is over 0. Gradients flow through
/// the velocities and offsets that are heard.
#[test]
fn scheduled_sampling_equals_the_references() {
    let preset = Preset {
        free_bits: 0.0,
        ..small_preset()
    };
    let (Some(oracle), Some(network)) = (
        npz("oracle/train_small_groovae_4bar/sched.npz"),
        network(preset.clone()),
    ) else {
        return;
    };
    let (batch, noise) = batch(None).unwrap();
    let run = |step: u64| {
        let mut half = || 0.5;
        let mut past = Past::Mixed {
            probability: 1.0,
            uniform: &mut half,
        };
        masked_gradients(&network, &batch, &noise, step, &mut KeepAll, &mut past)
    };
    for step in [0, 1] {
        let (loss, gradients) = run(step);
        let expected: f32 = get(&oracle, &format!("at_step{step}__loss"))
            .to_scalar()
            .unwrap();
        assert!(
            (loss - expected).abs() < 1e-4 * expected,
            "{loss} {expected}"
        );
        for (name, gradient) in &gradients.tensors {
            let expected = get(&oracle, &format!("grad_at_step{step}__{name}"));
            let difference = difference(gradient, &expected);
            assert!(
                difference < 2e-5,
                "step {step}: {name} is off by {difference}"
            );
        }
    }
    let mut adam = Adam::new(&network).unwrap();
    for step in 0..5 {
        let (_, mut gradients) = run(step);
        let norm = gradients.global_norm().unwrap();
        gradients.clip(norm, &preset).unwrap();
        adam.update(&network, &gradients.tensors, preset.learning_rate_at(step))
            .unwrap();
    }
    for (name, var) in network.variables() {
        let expected = get(&oracle, &format!("after5__{name}"));
        let (found, expected) = (numbers(var.as_tensor()), numbers(&expected));
        let off = |(a, b): (&f32, &f32)| (a - b).abs();
        let off = found.iter().zip(&expected).map(off).fold(0.0, f32::max);
        assert!(off < 1e-6, "{name} is off by {off} after five steps");
    }
}
