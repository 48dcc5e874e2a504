//! The experiments, small enough to end at once.

use std::path::Path;
use std::process::{Command, Output};

use musicvae::checkpoint::Checkpoint;
use musicvae::data::{Converter, Split, Window, load_windows};
use musicvae::model::{Compute, Decoding, DeviceChoice, Factors, Guide, Shown};
use musicvae::music::Reading;
use musicvae::training::evaluate::{Part, Questions, Unit, evaluate_losses};
use musicvae::training::experiment::{
    Comparison, Design, Hierarchy, Music, Proportions, Rival, Sizes,
};
use musicvae::training::{Control, Event, Log};
use tempfile::TempDir;

use crate::support::corpus;

/// Two bars of the corpus's five, on models that learn at once.
fn tiny(folder: &TempDir, steps: u64) -> Hierarchy {
    let data = folder.path().join("corpus");
    if !data.exists() {
        corpus(&data);
    }
    Hierarchy {
        data,
        out: folder.path().join("out"),
        steps,
        batch: 6,
        seed: 3,
        design: Design {
            music: Music::Drums,
            bars: 2,
            sizes: Sizes {
                encoder: 8,
                z: 6,
                decoder: 8,
            },
            proportions: Proportions::Equal,
            free_bits: 256.0,
            beta: 0.2,
            sampling: 0.0,
            learning_rate: 1e-3,
            decay: 0.9999,
        },
        validate_every: 2,
        device: DeviceChoice::Cpu,
        factors: Factors::Float32,
    }
}

fn run(experiment: &Hierarchy) -> Comparison {
    let done = experiment.run(&Control::default(), &mut |_, _| {});
    done.unwrap().unwrap()
}

/// Accuracy of what a model plays by itself at temperature 0, the long way round: by its own
/// posterior means, window by window.
fn accuracy(checkpoint: &Checkpoint, windows: &[Window]) -> f64 {
    let model = checkpoint.model().unwrap();
    let preset = &checkpoint.preset;
    let converter = Converter::new(preset.representation.clone(), preset.bars).unwrap();
    let how = Decoding {
        temperature: 0.0,
        seed: 9,
    };
    let (mut right, mut all) = (0, 0);
    for window in windows {
        let example = converter.example(window, 0);
        let shown = Shown {
            input: &example.input,
            ..Shown::default()
        };
        let mu = model.encode_rows(&[shown]).unwrap().remove(0).mu;
        let played = model.decode_rows(&[mu], how, &Guide::default()).unwrap();
        let rows = played[0].rows.values.chunks_exact(512);
        for (made, truth) in rows.zip(example.output.chunks_exact(512)) {
            right += usize::from(made == truth);
            all += 1;
        }
    }
    right as f64 / all as f64
}

#[test]
fn both_models_learn_the_same_and_are_measured_as_any_other() {
    let folder = TempDir::new().unwrap();
    let experiment = tiny(&folder, 4);
    let comparison = run(&experiment);
    // Two files of five bars: two windows that don't overlap in each.
    assert_eq!((comparison.windows, comparison.files), (4, 2));
    let [flat, hierarchical] = &comparison.rivals[..] else {
        panic!("{comparison:?}")
    };
    let counts = [flat, hierarchical].map(|it| it.decoder_parameters as f64);
    assert!((counts[0] / counts[1] - 1.0).abs() < 0.02, "{counts:?}");
    let data = |rival| {
        let checkpoint = Checkpoint::load(&experiment.folder(rival).join("latest.safetensors"));
        checkpoint.unwrap().metadata.data_fingerprint.unwrap()
    };
    assert_eq!(data(Rival::Flat), data(Rival::Hierarchical));

    let questions = Questions {
        parts: vec![Part::Losses],
        samples: 1,
        pairs: 1,
        unit: Unit::File,
        resamples: comparison.resamples,
        seed: 0,
    };
    for (rival, measured) in Rival::BOTH.into_iter().zip(&comparison.rivals) {
        let out = experiment.folder(rival);
        let checkpoint = Checkpoint::load(&out.join("best.safetensors")).unwrap();
        assert_eq!((measured.rival, measured.step), (rival, 4));
        let losses = {
            let (split, reading) = (Split::Validation, Reading::Played);
            let data = &experiment.data;
            evaluate_losses(
                &checkpoint,
                &Compute::CPU,
                data,
                split,
                reading,
                &questions,
                &mut drop,
            )
        };
        let losses = losses.unwrap().losses.unwrap();
        assert_eq!(measured.reconstruction, losses.reconstruction);
        assert_eq!(measured.kl_bits, losses.kl_bits);
        let looks: Vec<_> = Log::read(&out.join("log.csv")).unwrap();
        let looks = looks.iter().filter(|it| it.split == Split::Validation);
        let looks: Vec<_> = looks.map(|it| (it.step, it.reconstruction)).collect();
        let curve: Vec<_> = (measured.curve.iter())
            .map(|it| (it.step, it.reconstruction))
            .collect();
        assert_eq!((curve.len(), &curve), (2, &looks));

        let mut converter = Converter::new(checkpoint.preset.representation.clone(), 2).unwrap();
        converter.hop = Some(2);
        let windows = load_windows(&experiment.data, Some(Split::Validation), &converter);
        let expected = accuracy(&checkpoint, &windows.unwrap().windows);
        assert_eq!(measured.means.likeliest.accuracy.value, expected);
        for it in [&measured.means, &measured.draws]
            .map(|it| [&it.told, &it.likeliest, &it.drawn])
            .concat()
        {
            for share in [it.accuracy, it.sounding, it.f1] {
                assert!((0.0..=1.0).contains(&share.value), "{share:?}");
            }
        }
    }
}

#[test]
fn an_experiment_that_was_stopped_goes_on_to_the_same_end() {
    let [whole, broken] = std::array::from_fn(|_| TempDir::new().unwrap());
    let expected = run(&tiny(&whole, 4));
    // In the middle of the second model.
    let control = Control::default();
    let mut stop = |rival, event| {
        if let (Rival::Hierarchical, Event::Record(record)) = (rival, event)
            && record.step == 2
        {
            control.stop();
        }
    };
    let stopped = tiny(&broken, 4).run(&control, &mut stop).unwrap();
    assert_eq!(stopped, None);
    let mut found = run(&tiny(&broken, 4));
    // The stop took a look of its own at step 2, as the plan did anyway.
    for it in &mut found.rivals {
        it.curve.dedup_by_key(|look| look.step);
    }
    assert_eq!(found, expected);
    // What has all its steps is only measured again.
    assert_eq!(
        run(&tiny(&broken, 4)).rivals[0].means.told,
        expected.rivals[0].means.told
    );
}

#[test]
fn what_cannot_be_measured_is_not_trained() {
    let folder = TempDir::new().unwrap();
    let mut experiment = tiny(&folder, 4);
    experiment.design.bars = 16;
    let error = experiment.run(&Control::default(), &mut |_, _| {});
    let error = error.unwrap_err().to_string();
    assert!(error.contains("of the 16 bars of a window"), "{error}");
    assert!(!experiment.out.exists());
}

fn command(folder: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_musicvae-tui"))
        .args(
            "experiment hierarchy --data corpus --out out --steps 2 --batch 4 --bars 2".split(' '),
        )
        .args("--encoder 8 --decoder 8 --z 6 --validate-every 1".split(' '))
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn the_command_prints_what_it_found() {
    let folder = TempDir::new().unwrap();
    corpus(&folder.path().join("corpus"));
    let output = command(folder.path(), &[]);
    assert!(output.status.success(), "{output:?}");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.starts_with("validation: 4 windows of 2 bars, of 2 files; "),
        "{table}"
    );
    // The same once more, as data: the picture is its own to renew.
    let json = command(folder.path(), &["--json"]);
    assert!(json.status.success(), "{json:?}");
    let comparison: Comparison = serde_json::from_slice(&json.stdout).unwrap();
    for measured in &comparison.rivals {
        for figure in [
            measured.decoder_parameters.to_string(),
            format!("{:.1} [", measured.reconstruction.value),
            format!("{:.3} [", measured.means.drawn.sounding.value),
            format!("{:.3} [", measured.means.told.f1.value),
        ] {
            assert!(table.contains(&figure), "no {figure} in\n{table}");
        }
    }
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("flat, step 1: reconstruction "), "{said}");
    let picture = std::fs::read_to_string(folder.path().join("out/curves.svg")).unwrap();
    assert!(picture.contains("hierarchical") && !picture.contains("NaN"));
}
