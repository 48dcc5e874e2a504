//! Runs and their folders: broken off, gone on with, refused.

use std::fs;
use std::path::Path;

use musicvae::checkpoint::{Checkpoint, CheckpointError};
use musicvae::data::Split;
use musicvae::model::Preset;
use musicvae::training::{
    Control, Earlier, Event, Log, Record, RunSettings, TrainOptions, Trainer, TrainingError, train,
};
use tempfile::TempDir;

use super::{bits, latest, log, options, run, steps_and_splits, tiny};

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
