//! Whole training runs of a tiny model on a synthetic corpus.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use candle_core::{Device, Tensor};
use musicvae::Drummer;
use musicvae::checkpoint::{Checkpoint, CheckpointError};
use musicvae::data::{GrooveConverter, Split, load_windows};
use musicvae::internals::network::Network;
use musicvae::internals::{Examples, gradients, init};
use musicvae::model::{Compute, DeviceChoice, Factors, Preset, Prior, Tensors};
use musicvae::music::{GrooveOptions, Note, NoteSequence, Reading, Representation, midi_file};
use musicvae::training::{
    Control, Earlier, Event, Log, Record, RunSettings, Session, TrainOptions, Trainer,
    TrainingError, Variation, train,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use crate::support::{corpus, corpus_of};

fn tiny() -> Preset {
    Preset {
        name: "tiny".into(),
        z_size: 8,
        encoder: vec![16],
        decoder: vec![12, 12],
        ..Preset::groovae_4bar()
    }
}

/// A run in `folder/out` on a corpus in `folder`.
fn options(folder: &TempDir, steps: u64) -> TrainOptions {
    let data = folder.path().join("corpus");
    if !data.exists() {
        corpus(&data);
    }
    TrainOptions {
        preset: tiny(),
        data,
        out: folder.path().join("out"),
        steps,
        batch: 5,
        seed: 7,
        hop_bars: 1,
        every_window: false,
        variation: Variation::NONE,
        reading: Reading::Played,
        average: None,
        held: Vec::new(),
        validate_every: 3,
        earlier: Earlier::Refused,
        from: None,
        device: DeviceChoice::Cpu,
        factors: Factors::Float32,
    }
}

/// Runs to the end; what it said.
fn run(options: TrainOptions) -> Result<Vec<Event>, TrainingError> {
    let mut events = Vec::new();
    train(options, &Control::default(), &mut |event| {
        events.push(event)
    })
    .map(|_| events)
}

fn latest(out: &Path) -> Checkpoint {
    Checkpoint::load(&out.join("latest.safetensors")).unwrap()
}

/// Names and bits of tensors.
fn bits(tensors: &Tensors) -> Vec<(String, Vec<u32>)> {
    let bits = |tensor: &Tensor| {
        let numbers: Vec<f32> = tensor
            .to_dtype(candle_core::DType::F32)
            .and_then(|tensor| tensor.flatten_all()?.to_vec1())
            .unwrap();
        numbers.into_iter().map(f32::to_bits).collect()
    };
    tensors
        .iter()
        .map(|(name, tensor)| (name.clone(), bits(tensor)))
        .collect()
}

/// The log without what depends on the clock.
fn log(out: &Path) -> Vec<Record> {
    let timeless = |record| Record {
        examples_per_second: 0.0,
        seconds: 0.0,
        ..record
    };
    Log::read(&out.join("log.csv"))
        .unwrap()
        .into_iter()
        .map(timeless)
        .collect()
}

fn steps_and_splits(out: &Path) -> Vec<(u64, Split)> {
    log(out)
        .iter()
        .map(|record| (record.step, record.split))
        .collect()
}

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
fn a_resumed_run_equals_the_unbroken_one() {
    let (unbroken, broken) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    run(options(&unbroken, 6)).unwrap();
    run(options(&broken, 3)).unwrap();
    let said = run(TrainOptions {
        earlier: Earlier::Continued,
        ..options(&broken, 6)
    })
    .unwrap();
    assert!(
        !said.iter().any(|event| matches!(event, Event::Notice(_))),
        "{said:?}"
    );
    let (unbroken, broken) = (unbroken.path().join("out"), broken.path().join("out"));
    let (a, b) = (latest(&unbroken), latest(&broken));
    assert_eq!(a.metadata.step, 6);
    assert_eq!(bits(&a.tensors), bits(&b.tensors));
    assert_eq!(bits(&a.optimizer), bits(&b.optimizer));
    assert_eq!(a.optimizer["adam_step"].to_scalar::<i64>().unwrap(), 6);
    assert_eq!(log(&unbroken), log(&broken));
    for key in ["validation_loss", "best_validation_loss"] {
        assert_eq!(a.metadata.notes[key], b.metadata.notes[key], "{key}");
    }
    let best = |out: &Path| Checkpoint::load(&out.join("best.safetensors")).unwrap();
    assert_eq!(bits(&best(&unbroken).tensors), bits(&best(&broken).tensors));
    // Both sessions' time counts.
    let seconds = Log::read(&broken.join("log.csv")).unwrap();
    assert!(
        seconds
            .windows(2)
            .all(|pair| pair[0].seconds <= pair[1].seconds)
    );
}

#[test]
fn what_a_killed_run_left_is_cleaned_up() {
    let (unbroken, killed) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    run(options(&unbroken, 6)).unwrap();
    run(options(&killed, 3)).unwrap();
    let out = killed.path().join("out");
    // Lines after the last checkpoint; the last one cut off where it would still make sense.
    let text = fs::read_to_string(out.join("log.csv")).unwrap();
    let line = text.lines().nth(3).unwrap();
    let later = line.replacen('3', "4", 1) + "\n";
    let half = line.replacen('3', "2", 1);
    let half = &half[..half.len() - 2];
    fs::write(out.join("log.csv"), format!("{text}{later}{half}")).unwrap();
    run(TrainOptions {
        earlier: Earlier::Continued,
        ..options(&killed, 6)
    })
    .unwrap();
    assert_eq!(log(&out), log(&unbroken.path().join("out")));
    // A lost log is no reason to refuse.
    fs::remove_file(out.join("log.csv")).unwrap();
    run(TrainOptions {
        earlier: Earlier::Continued,
        ..options(&killed, 7)
    })
    .unwrap();
    assert_eq!(
        steps_and_splits(&out),
        [(7, Split::Train), (7, Split::Validation)]
    );
}

#[test]
fn a_new_run_goes_into_no_folder_of_another() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    run(options(&folder, 3)).unwrap();
    for file in ["latest.safetensors", "best.safetensors", "log.csv"] {
        let refused = run(options(&folder, 1)).unwrap_err();
        let is_told = matches!(&refused, TrainingError::Occupied { file: it, .. } if *it == file);
        assert!(is_told, "{refused}");
        fs::remove_file(out.join(file)).unwrap();
    }
    run(options(&folder, 1)).unwrap();
    assert_eq!(
        steps_and_splits(&out),
        [(1, Split::Train), (1, Split::Validation)]
    );
}

#[test]
fn the_notes_speak_of_the_weights_beside_them() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    run(options(&folder, 4)).unwrap();
    let log = log(&out);
    let loss = |step| {
        let of_step = |record: &&Record| record.step == step && record.split == Split::Validation;
        log.iter().find(of_step).unwrap().loss
    };
    let latest = latest(&out).metadata;
    assert_eq!(latest.validation_loss(), Some(loss(4)));
    let best = Checkpoint::load(&out.join("best.safetensors"))
        .unwrap()
        .metadata;
    assert_eq!(best.validation_loss(), Some(loss(best.step)));
    assert_eq!(
        latest.notes["best_validation_loss"].as_f64(),
        best.validation_loss()
    );
    assert_eq!(best.validation_loss().unwrap(), loss(3).min(loss(4)));
    assert_eq!(latest.data_fingerprint.unwrap().len(), 16);
    assert_eq!(latest.seed, Some(7));
    // After a step the loss of the step before says nothing of the weights.
    let mut trainer = Trainer::new(
        TrainOptions {
            earlier: Earlier::Continued,
            ..options(&folder, 9)
        },
        &mut |_| {},
    )
    .unwrap();
    assert_eq!(
        trainer.checkpoint().unwrap().metadata.validation_loss(),
        Some(loss(4))
    );
    trainer.step().unwrap();
    assert_eq!(
        trainer.checkpoint().unwrap().metadata.validation_loss(),
        None
    );
}

/// Two trainers in one folder would write over each other's weights.
#[test]
fn a_folder_is_trained_in_by_one_trainer_at_a_time() {
    let folder = TempDir::new().unwrap();
    run(options(&folder, 1)).unwrap();
    let again = || TrainOptions {
        earlier: Earlier::Continued,
        ..options(&folder, 2)
    };
    let first = Trainer::new(again(), &mut |_| ()).unwrap();
    let second = run(again()).unwrap_err();
    assert!(matches!(second, TrainingError::Held { .. }), "{second}");
    drop(first);
    run(again()).unwrap();
}

#[test]
fn runs_that_do_not_fit_their_folder_are_refused() {
    let folder = TempDir::new().unwrap();
    let none = run(TrainOptions {
        earlier: Earlier::Continued,
        ..options(&folder, 3)
    })
    .unwrap_err();
    let TrainingError::Checkpoint(none) = none else {
        panic!("{none}")
    };
    assert!(matches!(*none, CheckpointError::Read { .. }), "{none}");
    run(options(&folder, 1)).unwrap();
    let before = fs::read(folder.path().join("out/latest.safetensors")).unwrap();
    let occupied = run(options(&folder, 3)).unwrap_err();
    assert!(
        matches!(occupied, TrainingError::Occupied { .. }),
        "{occupied}"
    );
    let resume = |preset| {
        run(TrainOptions {
            preset,
            earlier: Earlier::Continued,
            ..options(&folder, 3)
        })
    };
    let other = resume(Preset {
        name: "other".into(),
        ..tiny()
    })
    .unwrap_err()
    .to_string();
    assert!(
        other.ends_with("was trained as preset tiny, not other: choose another folder"),
        "{other}"
    );
    let keep = resume(Preset {
        dropout_keep: 0.5,
        ..tiny()
    })
    .unwrap_err()
    .to_string();
    assert!(
        keep.contains("was trained with dropout keep 0.3, not 0.5: resume it with"),
        "{keep}"
    );
    // What is only for playing can't be resumed.
    let path = folder.path().join("out/latest.safetensors");
    assert_eq!(fs::read(&path).unwrap(), before);
    let mut played = Checkpoint::load(&path).unwrap();
    played.optimizer.clear();
    played
        .save(&path, musicvae::checkpoint::Precision::Full)
        .unwrap();
    let no_optimizer = resume(tiny()).unwrap_err();
    assert!(
        matches!(no_optimizer, TrainingError::NoOptimizer { .. }),
        "{no_optimizer}"
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

#[test]
fn a_resumed_run_says_what_is_not_as_it_was() {
    let folder = TempDir::new().unwrap();
    run(options(&folder, 1)).unwrap();
    let options = TrainOptions {
        earlier: Earlier::Continued,
        seed: 8,
        batch: 4,
        ..options(&folder, 2)
    };
    let said: Vec<_> = run(options)
        .unwrap()
        .into_iter()
        .filter_map(|event| {
            if let Event::Notice(text) = event {
                Some(text)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(
        said,
        [
            "the run was made with seed 7 so far and goes on with 8",
            "the run was made with batch 5 so far and goes on with 4"
        ]
    );
}

/// Where a run began: its folder's name, and the step.
fn began(said: &[Event]) -> (String, u64) {
    let began = said.iter().find_map(|event| match event {
        Event::Began { out, step, .. } => Some((out, *step)),
        _ => None,
    });
    let (out, step) = began.unwrap();
    (out.file_name().unwrap().to_string_lossy().into(), step)
}

#[test]
fn a_run_goes_on_only_with_data_and_settings_of_its_own() {
    let folder = TempDir::new().unwrap();
    run(options(&folder, 2)).unwrap();
    let wanted = |steps| TrainOptions {
        earlier: Earlier::ContinuedIfSame,
        ..options(&folder, steps)
    };
    let said = run(wanted(3)).unwrap();
    assert_eq!(began(&said), ("out".into(), 2));
    let story = said.iter().find_map(|event| match event {
        Event::Began { story, .. } => Some(story.len()),
        _ => None,
    });
    assert!(story >= Some(2), "what was before is told");
    // It has all its steps.
    assert_eq!(began(&run(wanted(3)).unwrap()), ("out".into(), 3));
    let kept = bits(&latest(&folder.path().join("out")).tensors);

    let notice = |said: &[Event]| {
        said.iter().find_map(|event| match event {
            Event::Notice(text) if text.contains("another run") => Some(text.clone()),
            _ => None,
        })
    };
    let other_batch = TrainOptions {
        batch: 4,
        ..wanted(3)
    };
    let said = run(other_batch).unwrap();
    assert_eq!(began(&said), ("out-2".into(), 0));
    let text = notice(&said).unwrap();
    assert!(
        text.contains("out holds another run (batch 5, not 4)"),
        "{text}"
    );
    // The same folder name, but other music in it.
    let other = TempDir::new().unwrap();
    let other_data = TrainOptions {
        data: options(&other, 1).data,
        ..wanted(3)
    };
    std::fs::remove_file(other_data.data.join("c.mid")).unwrap();
    let said = run(other_data).unwrap();
    assert_eq!(began(&said), ("out-3".into(), 0));
    let text = notice(&said).unwrap();
    assert!(
        text.contains("out holds another run (other data)"),
        "{text}"
    );
    // A new one beside, though it is the same.
    let beside = TrainOptions {
        earlier: Earlier::Kept,
        ..wanted(1)
    };
    assert_eq!(began(&run(beside).unwrap()), ("out-4".into(), 0));
    let now = bits(&latest(&folder.path().join("out")).tensors);
    assert_eq!(now, kept, "it is left alone");
}

#[test]
fn a_run_that_is_stopped_while_it_reads_makes_nothing() {
    let folder = TempDir::new().unwrap();
    let control = Control::default();
    control.stop();
    let options = options(&folder, 3);
    let out = options.out.clone();
    assert_eq!(train(options, &control, &mut |_| {}).unwrap(), 0);
    assert!(!out.exists());
}

#[test]
fn weights_that_blow_up_stop_the_run_at_their_step() {
    let folder = TempDir::new().unwrap();
    // After the first step the weights are finite, and what they lead to is not.
    let preset = Preset {
        learning_rate: 1e9,
        ..tiny()
    };
    let error = run(TrainOptions {
        preset: preset.clone(),
        ..options(&folder, 6)
    })
    .unwrap_err();
    assert!(
        matches!(error, TrainingError::NotFinite { step: 2 }),
        "{error}"
    );
    let saved = latest(&folder.path().join("out"));
    assert_eq!(saved.metadata.step, 1);
    let other = TempDir::new().unwrap();
    let mut trainer = Trainer::new(
        TrainOptions {
            preset,
            ..options(&other, 6)
        },
        &mut |_| {},
    )
    .unwrap();
    trainer.step().unwrap();
    assert!(matches!(
        trainer.step(),
        Err(TrainingError::NotFinite { step: 2 })
    ));
    assert_eq!(
        bits(&trainer.checkpoint().unwrap().tensors),
        bits(&saved.tensors)
    );
}

#[test]
fn weights_that_are_no_numbers_are_named_and_not_saved() {
    let folder = TempDir::new().unwrap();
    let mut from = Trainer::new(options(&folder, 0), &mut |_| {})
        .unwrap()
        .checkpoint()
        .unwrap();
    let bias = from.tensors.get_mut("encoder/mu/bias").unwrap();
    *bias = (&*bias * f64::NAN).unwrap();
    let mut said = Vec::new();
    let options = TrainOptions {
        from: Some(from),
        ..options(&folder, 3)
    };
    let outcome = train(options, &Control::default(), &mut |event| said.push(event));
    assert!(
        matches!(outcome, Err(TrainingError::NotFinite { step: 1 })),
        "{outcome:?}"
    );
    let Some(Event::Notice(last)) = said.last() else {
        panic!("{said:?}")
    };
    assert!(
        last.starts_with("the last steps could not be saved: "),
        "{last}"
    );
    assert!(!folder.path().join("out/latest.safetensors").exists());
}

#[test]
fn stopping_saves_even_before_the_first_step() {
    let folder = TempDir::new().unwrap();
    let control = Control::default();
    let mut stop_at_2 = |event: Event| {
        if matches!(event, Event::Record(Record { step: 2, .. })) {
            control.stop();
        }
    };
    assert_eq!(
        train(options(&folder, 100), &control, &mut stop_at_2).unwrap(),
        2
    );
    assert_eq!(latest(&folder.path().join("out")).metadata.step, 2);
    let fresh = TempDir::new().unwrap();
    let control = Control::default();
    let mut stop_at_once = |event| {
        if matches!(event, Event::Began { step: 0, .. }) {
            control.stop();
        }
    };
    assert_eq!(
        train(options(&fresh, 100), &control, &mut stop_at_once).unwrap(),
        0
    );
    run(TrainOptions {
        earlier: Earlier::Continued,
        ..options(&fresh, 1)
    })
    .unwrap();
    assert_eq!(latest(&fresh.path().join("out")).metadata.step, 1);
}

#[test]
fn a_corpus_without_validation_files_is_trained_on() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("corpus");
    corpus_of(&data, &[("a.mid", "train", 1), ("b.mid", "train", 2)]);
    let out = folder.path().join("out");
    let said = run(options(&folder, 3)).unwrap();
    let told = |event: &Event| matches!(event, Event::Notice(text) if text.starts_with("there is nothing to validate on"));
    assert_eq!(
        said.iter().filter(|event| told(event)).count(),
        1,
        "{said:?}"
    );
    assert!(!out.join("best.safetensors").exists());
    assert_eq!(latest(&out).metadata.validation_loss(), None);
    assert!(log(&out).iter().all(|record| record.split == Split::Train));
    // The other way round there is nothing to learn from.
    fs::remove_dir_all(&data).unwrap();
    corpus_of(&data, &[("a.mid", "validation", 1)]);
    let error = run(TrainOptions {
        earlier: Earlier::Continued,
        ..options(&folder, 4)
    })
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("there are no MIDI files of the train split"),
        "{error}"
    );
}

/// A run in the background, and what it says.
fn begin(options: TrainOptions) -> (Session, Receiver<Event>) {
    let (tell, told) = channel();
    let session = Session::spawn(|| Ok(options), move |event| drop(tell.send(event))).unwrap();
    (session, told)
}

/// Collects a session's events until `enough`.
fn wait(told: &Receiver<Event>, events: &mut Vec<Event>, enough: impl Fn(&[Event]) -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !enough(events) {
        events.extend(told.try_iter());
        assert!(Instant::now() < patience, "{events:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn records(events: &[Event]) -> usize {
    events
        .iter()
        .filter(|event| matches!(event, Event::Record(_)))
        .count()
}

/// The last step that is told of.
fn steps(events: &[Event]) -> u64 {
    let last = events.iter().rev().find_map(|event| match event {
        Event::Record(record) => Some(record.step),
        _ => None,
    });
    last.unwrap_or_default()
}

fn ended(events: &[Event]) -> bool {
    matches!(events.last(), Some(Event::Finished(_) | Event::Failed(_)))
}

#[test]
fn a_session_tells_all_of_a_run() {
    let folder = TempDir::new().unwrap();
    let (session, told) = begin(options(&folder, 4));
    let mut events = Vec::new();
    wait(&told, &mut events, ended);
    let words: String = events
        .iter()
        .map(|event| match event {
            Event::Notice(_) => 'n',
            Event::Corpus(..) => 'c',
            Event::Began { step: 0, .. } => 'b',
            Event::Record(Record {
                split: Split::Train,
                ..
            }) => 't',
            Event::Record(_) => 'v',
            Event::Saved(path) => {
                assert_eq!(*path, folder.path().join("out/latest.safetensors"));
                's'
            }
            Event::Finished(4) => 'f',
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(words, "ccbtttvstvsf");
    session.join();
}

#[test]
fn a_session_that_cannot_start_says_why() {
    let folder = TempDir::new().unwrap();
    let data = PathBuf::from("nowhere");
    let (_session, told) = begin(TrainOptions {
        data,
        ..options(&folder, 4)
    });
    let mut events = Vec::new();
    wait(&told, &mut events, ended);
    let [Event::Failed(reason)] = &events[..] else {
        panic!("{events:?}")
    };
    assert!(reason.contains("`nowhere`"), "{reason}");
}

#[test]
fn pause_holds_and_stop_ends_a_session() {
    let folder = TempDir::new().unwrap();
    let (session, told) = begin(options(&folder, 1_000_000));
    let mut events = Vec::new();
    wait(&told, &mut events, |events| records(events) >= 2);
    session.control.pause(true);
    // The step under way, and a look at the validation split, may still end; on a busy machine late.
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        std::thread::sleep(Duration::from_millis(400));
        let before = events.len();
        events.extend(told.try_iter());
        if events.len() == before {
            break;
        }
        assert!(Instant::now() < patience, "a paused run went on");
    }
    assert!(session.is_running());
    // A run that is held saves all the same when it is asked to, after the step where it stands.
    let saves = |events: &[Event]| {
        let saved = |event: &&Event| matches!(event, Event::Saved(_));
        events.iter().filter(saved).count()
    };
    let (before, step) = (saves(&events), steps(&events));
    session.control.save();
    wait(&told, &mut events, |events| saves(events) > before);
    assert_eq!(latest(&folder.path().join("out")).metadata.step, step);
    session.control.pause(false);
    let before = records(&events);
    wait(&told, &mut events, |events| records(events) > before);
    // A stop also ends a pause.
    session.control.pause(true);
    session.control.stop();
    wait(&told, &mut events, ended);
    let Some(Event::Finished(step)) = events.last() else {
        panic!("{:?}", events.last())
    };
    assert_eq!(latest(&folder.path().join("out")).metadata.step, *step);
    session.join();
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

#[test]
fn a_log_from_before_there_were_other_models_goes_on() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.csv");
    let old = "step,split,loss,hits,velocities,offsets,kl_bits,gradient_norm,examples_per_second,seconds\n\
               1,train,9.5,4.0,3.0,2.0,30.0,1.5,10.0,0.1\n";
    std::fs::write(&path, old).unwrap();
    let mut records = Log::read(&path).unwrap();
    assert_eq!((records[0].loss, records[0].accuracy), (9.5, None));
    let next = Record {
        step: 2,
        reconstruction: 8.0,
        accuracy: Some(0.25),
        ..records[0]
    };
    Log::open(&path, Some(1)).unwrap().write(&next).unwrap();
    records.push(next);
    assert_eq!(Log::read(&path).unwrap(), records);
}

/// Weights of the preset that is wanted are trained on as they were trained; another preset has settings
/// of its own, and so has one's own of the same name.
#[test]
fn weights_are_trained_on_as_they_were() {
    let folder = TempDir::new().unwrap();
    let mut start = options(&folder, 0);
    start.preset = Preset {
        free_bits: 1200.0,
        dropout_keep: 1.0,
        ..Preset::by_name("groovae_2bar_humanize").unwrap()
    };
    start.variation.told = 0.6;
    start.batch = 3;
    let from = Trainer::new(start, &mut |_| {})
        .unwrap()
        .checkpoint()
        .unwrap();
    let built_in = |name| Preset::by_name(name).unwrap();
    let own = Preset {
        free_bits: 7.0,
        ..built_in("groovae_2bar_humanize")
    };
    for (wanted, expected) in [
        (None, (1200.0, 1.0, 0.6, 3)),
        (
            Some(built_in("groovae_2bar_humanize")),
            (1200.0, 1.0, 0.6, 3),
        ),
        (Some(own), (7.0, 0.3, 1.0, 512)),
        (Some(built_in("groovae_4bar")), (48.0, 0.3, 1.0, 512)),
    ] {
        let run = RunSettings::starting(wanted, Some(&from));
        let found = (
            run.preset.free_bits,
            run.preset.dropout_keep,
            run.variation.told,
            run.batch,
        );
        assert_eq!(found, expected, "{}", run.preset.name);
    }
    assert_eq!(
        RunSettings::starting(None, None).preset.name,
        "groovae_4bar"
    );
}
