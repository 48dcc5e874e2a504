//! What a run learns, and how: gradients, losses, averages, variations, every preset.

use candle_core::{Device, Tensor};
use musicvae::Drummer;
use musicvae::checkpoint::Checkpoint;
use musicvae::data::{GrooveConverter, Split, load_windows};
use musicvae::internals::network::Network;
use musicvae::internals::{Examples, gradients, init};
use musicvae::model::{Compute, Preset, Prior, Tensors};
use musicvae::music::{GrooveOptions, Note, NoteSequence, Representation, midi_file};
use musicvae::training::{Earlier, RunSettings, TrainOptions, Trainer, Variation};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use super::{bits, latest, log, options, run, tiny};

#[test]
fn every_variable_gets_a_gradient_that_remembers_nothing() {
    let folder = TempDir::new().unwrap();
    let options = options(&folder, 0);
    let converter = GrooveConverter {
        bars: 4,
        hop: Some(1),
    };
    let windows = load_windows(&options.data, Some(Split::Train), &converter).unwrap();
    // No bits are free, or the divergence of a new model would not count.
    let preset = Preset {
        free_bits: 0.0,
        ..tiny()
    };
    let examples = Examples::of_grooves(&preset, &windows.windows).unwrap();
    let weights = init::random_weights(&preset, 1).unwrap();
    let network = Network::new(preset, &weights, &Device::Cpu).unwrap();
    let found = gradients(&network, &examples, &[0, 1, 2], 1, 1).unwrap();
    assert_eq!(found.tensors.len(), weights.len());
    for (name, gradient) in &found.tensors {
        assert_eq!(gradient.dims(), weights[name].dims());
        let size = gradient
            .sqr()
            .unwrap()
            .sum_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap();
        assert!(size > 0.0, "the gradient of {name} is zero");
        assert!(
            !gradient.track_op(),
            "the gradient of {name} keeps its tape"
        );
    }
    assert_eq!(found.terms.examples, 3);
}

#[test]
fn a_trainer_keeps_no_tape() {
    let folder = TempDir::new().unwrap();
    let mut trainer = Trainer::new(options(&folder, 9), &mut |_| {}).unwrap();
    trainer.step().unwrap();
    trainer.step().unwrap();
    let checkpoint = trainer.checkpoint().unwrap();
    for (name, tensor) in checkpoint.tensors.iter().chain(&checkpoint.optimizer) {
        assert!(!tensor.track_op(), "{name} keeps its tape");
    }
}

#[test]
fn the_seed_decides_every_bit() {
    let trained = |seed| {
        let folder = TempDir::new().unwrap();
        let options = TrainOptions {
            seed,
            ..options(&folder, 3)
        };
        let out = options.out.clone();
        run(options).unwrap();
        let Checkpoint {
            tensors, optimizer, ..
        } = latest(&out);
        (bits(&tensors), bits(&optimizer))
    };
    let first = trained(1);
    assert_eq!(first, trained(1));
    assert_ne!(first, trained(2));
}

#[test]
fn training_lowers_the_loss() {
    let folder = TempDir::new().unwrap();
    let preset = Preset {
        learning_rate: 0.02,
        dropout_keep: 1.0,
        ..tiny()
    };
    let options = TrainOptions {
        preset,
        ..options(&folder, 30)
    };
    let out = options.out.clone();
    run(options).unwrap();
    let validation: Vec<_> = log(&out)
        .into_iter()
        .filter(|record| record.split == Split::Validation)
        .collect();
    let (first, last) = (validation[0].loss, validation[validation.len() - 1].loss);
    assert!(last < 0.8 * first, "{first} {last}");
}

#[test]
fn the_log_says_what_became_of_each_gradient() {
    // Clipped to a norm that none stays under, none passes, or that leaves every step out.
    for (clip, zero, expected) in [
        (1e-3, 1e9, None),
        (1e6, 1e9, Some(1.0)),
        (1e-3, 1e-2, Some(0.0)),
    ] {
        let folder = TempDir::new().unwrap();
        let mut options = options(&folder, 2);
        options.preset.gradient_clip = clip;
        options.preset.gradient_norm_to_zero = zero;
        let out = options.out.clone();
        run(options).unwrap();
        for record in log(&out) {
            let norm = record.gradient_norm;
            let scale = match record.split {
                Split::Train => Some(expected.unwrap_or(clip / norm)),
                _ => None,
            };
            // As text and back.
            let [found, scale] = [record.gradient_scale, scale].map(|it| it.unwrap_or(-1.0));
            assert!((found - scale).abs() < 1e-12, "{record:?}");
        }
    }
}

#[test]
fn what_is_held_stays_as_it_is_while_the_rest_learns() {
    let folder = TempDir::new().unwrap();
    let mut options = options(&folder, 3);
    options.preset.encoder_levels = vec![16, 4];
    options.preset.encoder_above = vec![3];
    options.preset.decoder_levels = vec![4, 16];
    let held = ["core_decoder", "encoder/hierarchical_level_0"].map(String::from);
    options.held = held.to_vec();
    let before = init::random_weights(&options.preset, options.seed).unwrap();
    let out = options.out.clone();
    run(options).unwrap();
    for ((name, before), (_, after)) in bits(&before).iter().zip(bits(&latest(&out).tensors)) {
        let is_held = held.iter().any(|scope| name.starts_with(scope));
        assert_eq!(*before == after, is_held, "{name}");
    }
    assert_eq!(RunSettings::of_run(&out).unwrap().held, held);
}

#[test]
fn nothing_can_be_held_that_the_model_does_not_have() {
    let folder = TempDir::new().unwrap();
    let mut options = options(&folder, 1);
    options.held = vec!["decoder".into(), "conductor".into()];
    let refusal = run(options).unwrap_err().to_string();
    assert!(
        refusal.contains("under `conductor`: its scopes are decoder, encoder,"),
        "{refusal}"
    );
}

#[test]
fn a_varied_run_learns_otherwise_and_is_resumed_as_it_was() {
    let vary = |folder: &TempDir, steps| TrainOptions {
        variation: Variation {
            augment: 0.7,
            told: 0.6,
            blurred: 0.4,
        },
        average: Some(0.9),
        ..options(folder, steps)
    };
    let [plain, unbroken, broken] = std::array::from_fn(|_| TempDir::new().unwrap());
    run(options(&plain, 4)).unwrap();
    run(vary(&unbroken, 4)).unwrap();
    run(vary(&broken, 2)).unwrap();
    let kept = RunSettings::of_run(&broken.path().join("out")).unwrap();
    assert_eq!(kept.variation, vary(&broken, 4).variation);
    run(TrainOptions {
        earlier: Earlier::Continued,
        variation: kept.variation,
        average: kept.average,
        ..options(&broken, 4)
    })
    .unwrap();
    let weights = |folder: &TempDir| bits(&latest(&folder.path().join("out")).tensors);
    assert_eq!(weights(&unbroken), weights(&broken));
    assert_ne!(weights(&unbroken), weights(&plain));
    let slots = |folder: &TempDir| bits(&latest(&folder.path().join("out")).optimizer);
    assert_eq!(slots(&unbroken), slots(&broken));
}

/// What a model was taught to continue is what its music is drawn from: as many hints as there are
/// windows, near where its own encoder puts them.
#[test]
fn a_run_that_blurs_latents_draws_music_from_hints_of_its_windows() {
    let blurred = Variation {
        blurred: 0.5,
        ..Variation::NONE
    };
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let options = |steps| TrainOptions {
        variation: blurred,
        earlier: Earlier::ContinuedIfSame,
        ..options(&folder, steps)
    };
    run(options(3)).unwrap();
    let checkpoint = latest(&out);
    let best = Checkpoint::load(&out.join("best.safetensors")).unwrap();
    assert_eq!(best.prior, checkpoint.prior);
    let drummer = Drummer::on(&Compute::CPU, &checkpoint).unwrap();
    let mut converter = drummer.converter().clone();
    converter.hop = Some(1);
    let data = folder.path().join("corpus");
    let windows = load_windows(&data, Some(Split::Train), &converter).unwrap();
    let found = checkpoint.prior.to_tensors().unwrap();
    let found: Vec<Vec<f32>> = found["means"].to_vec2().unwrap();
    assert_eq!(found.len(), windows.windows.len());
    for posterior in drummer.encode(&windows.windows).unwrap() {
        // What a hint of 0.6 is expected to say.
        let expected: Vec<f32> = posterior.mu.iter().map(|mu| 0.36 * mu).collect();
        let off = |mean: &Vec<f32>| {
            let differences = mean.iter().zip(&expected).map(|(a, b)| (a - b).abs());
            differences.fold(0.0, f32::max)
        };
        assert!(found.iter().map(off).fold(1.0, f32::min) < 1e-4);
    }

    // Other weights, other hints.
    run(options(6)).unwrap();
    assert_ne!(latest(&out).prior, checkpoint.prior);

    // Without blur, everything is as in the reference.
    let plain = TempDir::new().unwrap();
    run(self::options(&plain, 3)).unwrap();
    assert_eq!(latest(&plain.path().join("out")).prior, Prior::default());
}

/// The average over four steps, worked out from the weights of each; the best checkpoint is the
/// average, and its loss what was logged.
#[test]
fn averaged_weights_are_what_is_measured_and_kept() {
    let folder = TempDir::new().unwrap();
    let options = |steps| TrainOptions {
        average: Some(0.25),
        validate_every: 4,
        earlier: match steps {
            1 => Earlier::Refused,
            _ => Earlier::Continued,
        },
        ..options(&folder, steps)
    };
    let out = folder.path().join("out");
    let mut average = None;
    for step in 1..=4_u8 {
        run(options(step.into())).unwrap();
        let weights = latest(&out).tensors;
        let step = f64::from(step);
        let decay = 0.25_f64.min((1.0 + step) / (10.0 + step));
        let Some(before) = average.replace(weights.clone()) else {
            // Where it begins is not seen from outside: the first step's is taken as it is.
            average = Some(averages(&latest(&out).optimizer));
            continue;
        };
        let mixed = weights.iter().map(|(name, weight)| {
            let mixed =
                ((&before[name] * decay).unwrap() + (weight * (1.0 - decay)).unwrap()).unwrap();
            (name.clone(), mixed)
        });
        average = Some(mixed.collect());
    }
    let best = Checkpoint::load(&out.join("best.safetensors")).unwrap();
    assert_eq!(best.metadata.step, 4);
    assert!(best.optimizer.is_empty());
    for (name, expected) in average.unwrap() {
        let difference = (&best.tensors[&name] - expected).unwrap().abs().unwrap();
        let largest = difference
            .flatten_all()
            .unwrap()
            .max(0)
            .unwrap()
            .to_scalar::<f32>();
        assert!(largest.unwrap() < 1e-6, "{name}");
    }
    assert_ne!(bits(&best.tensors), bits(&latest(&out).tensors));
    assert_eq!(
        bits(&best.tensors),
        bits(&averages(&latest(&out).optimizer))
    );
}

/// The averaged weights among the slots of a run.
fn averages(slots: &Tensors) -> Tensors {
    let averaged = |(name, tensor): (&String, &Tensor)| {
        Some((name.strip_prefix("average/")?.to_string(), tensor.clone()))
    };
    slots.iter().filter_map(averaged).collect()
}

#[test]
fn strokes_that_are_left_out_are_others_each_time_and_the_same_after_a_break() {
    let thinned = |dropout| Preset {
        representation: Representation::Groove(GrooveOptions {
            max_note_dropout: dropout,
            ..GrooveOptions::default()
        }),
        ..tiny()
    };
    let [unbroken, broken] = std::array::from_fn(|_| TempDir::new().unwrap());
    let run = |folder: &TempDir, steps, earlier| {
        let preset = thinned(0.8);
        run(TrainOptions {
            preset,
            earlier,
            ..options(folder, steps)
        })
        .unwrap();
        bits(&latest(&folder.path().join("out")).tensors)
    };
    run(&broken, 2, Earlier::Refused);
    let whole = run(&unbroken, 4, Earlier::Refused);
    assert_eq!(whole, run(&broken, 4, Earlier::Continued));
}

/// Sixteen bars and more of a melody, a bass and drums, other ones for every `seed`.
fn band(seed: u64) -> NoteSequence {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut sequence = NoteSequence {
        ticks_per_quarter: 220,
        ..NoteSequence::default()
    };
    // Instrument, program, lowest pitch, steps between notes.
    for (instrument, program, pitch, every) in [(0, 0, 60, 2), (1, 33, 36, 4), (9, 0, 36, 2)] {
        for step in (0..20 * 16).step_by(every) {
            let drum = instrument == 9;
            let drums = [36, 38, 42];
            let start_time = step as f64 * 0.125;
            sequence.notes.push(Note {
                pitch: match drum {
                    true => drums[rng.random_range(0..3)],
                    false => pitch + rng.random_range(0..12),
                },
                velocity: rng.random_range(40..120),
                start_time,
                end_time: start_time + 0.1,
                instrument,
                program,
                is_drum: drum,
            });
        }
    }
    sequence.total_time = 40.0;
    sequence
}

#[test]
fn every_preset_trains() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("band");
    std::fs::create_dir(&data).unwrap();
    let mut info = "midi_filename,split\n".to_string();
    for (seed, split) in [(1, "train"), (2, "train"), (3, "validation")] {
        let midi = midi_file::write(&band(seed)).unwrap();
        std::fs::write(data.join(format!("{seed}.mid")), midi).unwrap();
        info += &format!("{seed}.mid,{split}\n");
    }
    std::fs::write(data.join("info.csv"), info).unwrap();
    for preset in Preset::all() {
        let name = preset.name.clone();
        let out = folder.path().join(&name);
        let preset = Preset {
            z_size: 3,
            encoder: vec![4; preset.encoder.len()],
            decoder: vec![4; preset.decoder.len()],
            ..preset
        };
        run(TrainOptions {
            preset: preset.clone(),
            data: data.clone(),
            out: out.clone(),
            batch: 3,
            validate_every: 2,
            ..options(&folder, 2)
        })
        .unwrap();
        let records = log(&out);
        assert_eq!(records.len(), 3, "{name}");
        for record in records {
            assert!(
                record.loss.is_finite() && record.reconstruction > 0.0,
                "{name}"
            );
            let groove = name.starts_with("groovae");
            assert_eq!(record.accuracy.is_none(), groove, "{name}");
            assert_eq!(record.hits > 0.0, groove, "{name}");
            let parts = record.hits + record.velocities + record.offsets;
            assert!(
                !groove || (parts - record.reconstruction).abs() < 1e-3,
                "{name}"
            );
        }
        assert_eq!(latest(&out).preset, preset);
    }
}
