//! Every architecture of the reference: presets, shapes, posteriors, losses and gradients.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor, npy::NpzTensors};
use musicvae::checkpoint::magenta::{Bundle, import_with};
use musicvae::internals::init;
use musicvae::internals::network::{Batch, KeepAll, Network};
use musicvae::model::{Head, ModelError, Preset, Sampling, Tensors};

use super::support;

/// The oracle's cases: the preset's name, and its sizes there (encoder, decoder; `z_size` is 16).
const CASES: [(&str, &[usize], &[usize]); 7] = [
    ("cat-mel_2bar_small", &[32], &[16, 16]),
    ("cat-drums_2bar_small", &[32], &[16, 16]),
    ("nade-drums_2bar_full", &[32], &[16, 16]),
    ("flat-trio_16bar", &[16, 16], &[16, 16, 16]),
    ("hierdec-trio_16bar", &[16, 16], &[16, 16]),
    ("hierdec-mel_16bar", &[64, 64], &[32, 32]),
    ("hier-mel_16bar", &[64], &[32, 32]),
];

/// The preset of an oracle case, in the case's sizes.
fn preset((name, encoder, decoder): (&str, &[usize], &[usize])) -> Preset {
    let preset = Preset::by_name(name).unwrap();
    Preset {
        z_size: 16,
        encoder: encoder.to_vec(),
        decoder: decoder.to_vec(),
        head: match preset.head {
            Head::Nade { .. } => Head::Nade { hidden: 16 },
            head => head,
        },
        ..preset
    }
}

#[test]
fn weights_have_the_references_names_and_shapes() {
    for case in CASES {
        let Some(folder) = support::data(&format!("oracle/other/{}/ckpt", case.0)) else {
            return;
        };
        let bundle = Bundle::open(&folder).unwrap();
        let expected: BTreeMap<_, _> = bundle
            .variables()
            .iter()
            .filter(|(name, _)| *name != "global_step")
            .map(|(name, variable)| (name.clone(), variable.shape.clone()))
            .collect();
        let found: BTreeMap<_, _> = preset(case).parameter_shapes().into_iter().collect();
        assert_eq!(found, expected, "{}", case.0);
        import_with(&folder, preset(case)).unwrap();
    }
}

#[test]
fn all_presets_can_be_built() {
    let presets = Preset::all();
    let beyond = presets
        .iter()
        .filter(|it| matches!(it.head, Head::Strokes(_)));
    assert_eq!(presets.len(), 23 + beyond.count());
    for preset in presets {
        let name = &preset.name;
        assert_eq!(preset.contradiction(), None, "{name}");
        assert_eq!(Preset::by_name(name).as_ref(), Some(&preset));
        let text = serde_json::to_string(&preset).unwrap();
        assert_eq!(serde_json::from_str::<Preset>(&text).unwrap(), preset);
        let bars = name
            .split(['-', '_'])
            .find_map(|part| part.strip_suffix("bar"));
        assert_eq!(bars.unwrap().parse(), Ok(preset.bars), "{name}");
        let steps = if name.contains("multiperf") {
            512
        } else {
            16 * preset.bars
        };
        assert_eq!(preset.steps(), steps, "{name}");
    }
    // Counted by hand for the one that is public: 4,085,019 numbers.
    let count = |name: &str| -> usize {
        let shapes = Preset::by_name(name).unwrap().parameter_shapes();
        shapes
            .iter()
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum()
    };
    assert_eq!(count("groovae_4bar"), 4_085_019);
    // The nine hits are told to encoder (both directions) and decoder.
    assert_eq!(
        count("groovae_2bar_hits_control_tfds"),
        4_085_019 + 9 * (2 * 4 * 512 + 4 * 256)
    );
}

#[test]
fn a_preset_written_before_there_were_others_is_a_groove() {
    let old = r#"{"name":"groovae_4bar","bars":4,"z_size":256,"encoder":[512],"decoder":[256,256],
        "free_bits":48.0,"max_beta":0.2,"beta_rate":0.0,"dropout_keep":0.3,"batch_size":512,
        "learning_rate":0.001,"min_learning_rate":0.00001,"decay_rate":0.9999,"gradient_clip":1.0,
        "gradient_norm_to_zero":10000.0}"#;
    assert_eq!(
        serde_json::from_str::<Preset>(old).unwrap(),
        Preset::groovae_4bar()
    );
}

#[test]
fn sampling_follows_its_schedule() {
    // (schedule, step, probability): the reference's formulas by a pocket calculator.
    for (schedule, step, expected) in [
        (Sampling::Constant(0.25), 9, 0.25),
        (Sampling::Exponential(0.9), 0, 0.0),
        (Sampling::Exponential(0.9), 3, 0.271),
        (Sampling::InverseSigmoid(1000.0), 0, 0.000_999_001),
        (Sampling::InverseSigmoid(1000.0), 5000, 0.129_233_2),
        (Sampling::InverseSigmoid(1000.0), 10_000_000, 1.0),
    ] {
        let found = schedule.probability_at(step);
        assert!(
            (found - expected).abs() < 1e-6,
            "{schedule:?} {step}: {found}"
        );
    }
    assert_eq!(Sampling::default().in_evaluation(), 0.0);
    assert_eq!(Sampling::InverseSigmoid(1000.0).in_evaluation(), 1.0);
    assert_eq!(Sampling::Constant(0.1).in_evaluation(), 1.0);
}

#[test]
fn presets_that_contradict_themselves_are_refused() {
    let hier = || preset(CASES[6]);
    let refused = |preset: Preset, words: &str| {
        let error = preset.check(&Tensors::new()).unwrap_err();
        assert!(matches!(error, ModelError::Contradiction { .. }));
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(
        Preset { bars: 8, ..hier() },
        "[16, 16], do not make its 128 steps",
    );
    refused(
        Preset {
            decoder_levels: vec![usize::MAX, 2],
            ..hier()
        },
        "decoder's levels",
    );
    refused(
        Preset {
            autoregressive_levels: vec![1],
            ..hier()
        },
        "no conductor 1",
    );
    refused(
        Preset {
            encoder: vec![],
            ..hier()
        },
        "empty layer",
    );
    refused(
        Preset {
            decoder: vec![8, 0],
            ..hier()
        },
        "empty layer",
    );
    refused(
        Preset {
            split: vec![40, 40],
            ..hier()
        },
        "share out 90",
    );
    refused(
        Preset {
            head: Head::MultiCategorical(vec![80]),
            ..hier()
        },
        "share out 90",
    );
    refused(
        Preset {
            head: Head::Nade { hidden: 0 },
            ..hier()
        },
        "hidden units",
    );
    let melody = Preset {
        head: Head::Groove,
        ..hier()
    };
    refused(melody, "its representation is no groove");
    let uneven = Preset {
        split: vec![26, 1],
        ..Preset::groovae_4bar()
    };
    refused(uneven, "26 columns are not hits");
}

#[test]
fn initial_weights_are_the_references_distributions() {
    let preset = Preset {
        encoder: vec![8],
        decoder: vec![8],
        ..Preset::by_name("nade-drums_2bar_full").unwrap()
    };
    let weights = init::random_weights(&preset, 1).unwrap();
    let numbers = |name: &str| {
        weights[name]
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap()
    };
    let estimator = numbers("decoder/nade/w_enc");
    let std = 1.0 / 61f32.sqrt();
    assert!(estimator.iter().all(|x| x.abs() <= 2.0 * std));
    let mean_square = estimator.iter().map(|x| x * x).sum::<f32>() / estimator.len() as f32;
    // A normal distribution cut at twice its deviation keeps 0.7737 of its variance.
    assert!(
        (mean_square / (std * std) - 0.7737).abs() < 0.03,
        "{mean_square}"
    );
    let around_z = numbers("decoder/z_to_initial_state/kernel");
    assert!(around_z.iter().all(|x| x.abs() < 0.006));
}

fn get(npz: &NpzTensors, name: &str) -> Tensor {
    let tensor = npz.get(name).unwrap();
    let tensor = tensor.unwrap_or_else(|| panic!("no {name} in the oracle"));
    tensor.to_dtype(DType::F32).unwrap()
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// The largest difference of two tensors of one shape.
fn difference(found: &Tensor, expected: &Tensor) -> f32 {
    assert_eq!(found.dims(), expected.dims());
    let both = numbers(found).into_iter().zip(numbers(expected));
    both.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Copies of a window (`[steps, width]`) side by side, time first.
fn copies(window: &Tensor, count: usize) -> Tensor {
    let windows = vec![window.clone(); count];
    Tensor::stack(&windows, 1).unwrap()
}

/// Windows first as the oracle has them, made time first.
fn time_first(windows: &Tensor) -> Tensor {
    windows.transpose(0, 1).unwrap().contiguous().unwrap()
}

/// Network and numbers of an oracle case.
fn oracle(case: (&str, &[usize], &[usize])) -> Option<(Network, NpzTensors)> {
    let folder = support::data(&format!("oracle/other/{}", case.0))?;
    let checkpoint = import_with(&folder.join("ckpt"), preset(case)).unwrap();
    let network = Network::new(checkpoint.preset, &checkpoint.tensors, &Device::Cpu).unwrap();
    Some((network, NpzTensors::new(folder.join("oracle.npz")).unwrap()))
}

/// Tolerances: mu, sigma 1e-6; logits 1e-5; losses 1e-4 of their value.
#[test]
fn posteriors_logits_and_losses_equal_the_references() {
    for case in CASES {
        let Some((network, oracle)) = oracle(case) else {
            return;
        };
        let name = case.0;
        let (input, output) = (get(&oracle, "input_tensor"), get(&oracle, "output_tensor"));
        let batch = |count| Batch {
            output: copies(&output, count),
            ..Batch::of(copies(&input, count))
        };
        let posterior = network.encode(&batch(1), &mut KeepAll).unwrap();
        for (found, key) in [(&posterior.mu, "mu"), (&posterior.sigma, "sigma")] {
            let off = difference(found, &get(&oracle, key));
            assert!(off < 1e-6, "{name} {key}: {off}");
        }

        // What the reference made when it heard itself is what ours makes when told the same.
        let heard = time_first(&get(&oracle, "samples"));
        let steps = heard.dim(0).unwrap();
        let heard = Batch::of(heard);
        let made = network
            .decode(&get(&oracle, "z"), &heard, &mut KeepAll)
            .unwrap();
        let expected = get(&oracle, "rnn_output");
        let rows = expected.dim(0).unwrap();
        let off = difference(&made.narrow(1, 0, rows).unwrap(), &time_first(&expected));
        assert!(off < 1e-5, "{name}: {off}");

        let noise = get(&oracle, "eval_eps");
        let losses = network.losses(&batch(2), &noise, &mut KeepAll).unwrap();
        let preset = network.preset();
        let beta = preset.beta_at(1);
        let free = preset.free_bits as f32 * std::f32::consts::LN_2;
        let cost: Vec<f32> = numbers(&losses.kl)
            .iter()
            .map(|kl| (kl - free).max(0.0))
            .collect();
        let bits = (&losses.kl / std::f64::consts::LN_2).unwrap();
        let total = losses.total(preset, beta).unwrap().mean_all().unwrap();
        for (key, found) in [
            ("loss", numbers(&total)),
            ("r_loss", numbers(&losses.reconstruction)),
            ("kl_cost", cost),
            ("kl_bits", numbers(&bits)),
            ("beta", vec![beta as f32]),
        ] {
            let expected = numbers(&get(&oracle, &format!("eval_step1__{key}")));
            assert_eq!(found.len(), expected.len(), "{name} {key}");
            for (found, expected) in found.iter().zip(expected) {
                let off = (found - expected).abs() / expected.max(1.0);
                assert!(off < 1e-4, "{name} {key}: {found}, not {expected}");
            }
        }
        let z = (posterior
            .mu
            .broadcast_add(&posterior.sigma.broadcast_mul(&noise).unwrap()))
        .unwrap();
        let made = network.decode(&z, &batch(2), &mut KeepAll).unwrap();
        let made = made.get_on_dim(1, 0).unwrap();
        let off = difference(
            &made,
            &get(&oracle, "eval_logits").reshape((steps, ())).unwrap(),
        );
        assert!(off < 1e-5, "{name}: {off}");

        let accuracy = losses.accuracy.unwrap();
        let groups = if name.contains("trio") { 3.0 } else { 1.0 };
        let split = if name.contains("hierdec-trio") {
            groups
        } else {
            1.0
        };
        assert_eq!(numbers(&accuracy.all), [split * steps as f32; 2], "{name}");
        assert!(
            numbers(&accuracy.right)
                .iter()
                .all(|right| *right <= split * steps as f32)
        );
    }
}
