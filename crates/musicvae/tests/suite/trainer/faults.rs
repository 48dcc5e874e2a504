//! Runs that go wrong, or have little to learn from.

use std::fs;

use musicvae::data::Split;
use musicvae::model::Preset;
use musicvae::training::{
    Control, Earlier, Event, Record, TrainOptions, Trainer, TrainingError, train,
};
use tempfile::TempDir;

use super::{bits, latest, log, options, run, tiny};
use crate::support::corpus_of;

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
