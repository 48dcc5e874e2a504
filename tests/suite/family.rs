//! Every architecture of the reference: presets, shapes, posteriors, losses and gradients.

use std::collections::BTreeMap;

use musicvae_tui::checkpoint::magenta::{Bundle, import_with};
use musicvae_tui::model::{Head, ModelError, Preset, Sampling, Tensors, init};

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
fn all_23_presets_can_be_built() {
    let presets = Preset::all();
    assert_eq!(presets.len(), 23);
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
    let boolean = Preset {
        split: vec![89, 1],
        head: Head::Groove,
        ..hier()
    };
    refused(boolean, "89 columns are not hits");
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
