//! The form of a training, and a run beside the music.

use musicvae::training::Earlier;
use musicvae_tui::studio::{
    Effect, Event, Named, Overlay, RunState, Split, TrainingEvent, overlays, training,
};

use crate::workbench::{Workbench, record};

/// The trainer has read its data and begins.
fn began(out: &str, step: u64) -> Event {
    let story = (1..=step).map(|step| record(step, Split::Train, 9.0));
    Event::Training(TrainingEvent::Began {
        out: out.into(),
        preset: Box::new(musicvae::model::Preset::by_name("groovae_4bar_strokes").unwrap()),
        step,
        story: story.collect(),
    })
}

/// Opens the form, types what the data is, where that is to be said, and trains.
fn train_on(bench: &mut Workbench, data: &str) {
    bench.apply(training::Action::ToggleTraining);
    assert_eq!(
        bench.studio.ground.screen.overlay,
        Some(Overlay::TrainingForm)
    );
    for character in data.chars() {
        bench.apply(overlays::Action::Type(character));
    }
    bench.take();
    bench.apply(overlays::Action::Accept);
    assert_eq!(bench.studio.ground.screen.overlay, None);
}

/// What training the studio asked for: its data, folder, steps and seed, and what of an earlier run.
fn started(bench: &mut Workbench) -> (String, String, u64, u64, Earlier) {
    let effects = bench.take();
    match effects.as_slice() {
        [Effect::StartTraining(settings, _, earlier)] => (
            settings.data.display().to_string(),
            settings.out.display().to_string(),
            settings.steps,
            settings.seed,
            *earlier,
        ),
        other => panic!("{other:?}: {}", bench.said()),
    }
}

#[test]
fn the_form_of_a_training_says_what_it_finds_while_it_is_typed() {
    let mut bench = Workbench::ready();
    bench.take();
    bench.press("r");
    let folder = Effect::Look(Named::RunFolder, "checkpoints/mine".into());
    let from = Effect::Look(Named::Checkpoint, "embedded".into());
    let device = Effect::Look(Named::Device, "cpu".into());
    assert_eq!(bench.take(), [folder, from, device]);
    let shown = |bench: &Workbench, text: &str| {
        let screen = bench.screen(80, 24).join("\n");
        assert!(screen.contains(text), "{text}\n{screen}");
    };
    shown(&bench, "data: name a folder or zip of MIDI files");
    // It can't be started as it is.
    bench.press("enter");
    assert_eq!(bench.take(), []);
    bench.press("/ m");
    assert_eq!(
        bench.take().last(),
        Some(&Effect::Look(Named::Corpus, "/m".into()))
    );
    shown(&bench, "data: looking there");
    let found = Ok("90 files".to_string());
    bench.receive(Event::Seen(Named::Corpus, "/".into(), found.clone()));
    shown(&bench, "data: looking there");
    bench.receive(Event::Seen(Named::Corpus, "/m".into(), found));
    shown(&bench, "data: 90 files");
    bench.press("down down down right");
    shown(&bench, "steps: optimizer steps in all");
    bench.press("enter");
    match bench.take().as_slice() {
        [Effect::StartTraining(settings, _, Earlier::ContinuedIfSame)] => {
            assert_eq!((settings.steps, settings.batch), (3000, 64));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_run_is_gone_on_with_by_accident() {
    let mut bench = Workbench::ready();
    bench.take();
    train_on(&mut bench, "/grooves");
    let same = Earlier::ContinuedIfSame;
    let mine = "checkpoints/mine".to_string();
    let grooves = "/grooves".to_string();
    assert_eq!(
        started(&mut bench),
        (grooves.clone(), mine.clone(), 2000, 1, same)
    );
    assert_eq!(
        bench.said(),
        "Reading /grooves to train groovae_4bar_strokes."
    );
    // While it reads it can be stopped; nothing was begun.
    bench.apply(training::Action::StopTraining);
    assert_eq!(bench.take(), [Effect::StopTraining]);
    bench.receive(Event::Training(TrainingEvent::Finished(0)));
    assert_eq!(bench.said(), "Training was stopped before it began.");

    // The folder holds a run of other data, so another one is taken, and the next r means that.
    train_on(&mut bench, "");
    bench.take();
    bench.receive(began("checkpoints/mine-2", 0));
    assert_eq!(
        bench.said(),
        "Training groovae_4bar_strokes on /grooves into checkpoints/mine-2, for checkpoints/mine holds \
         another run."
    );
    bench.receive(Event::Training(TrainingEvent::Finished(40)));
    train_on(&mut bench, "");
    let second = "checkpoints/mine-2".to_string();
    assert_eq!(
        started(&mut bench),
        (grooves.clone(), second.clone(), 2000, 1, same)
    );
    bench.receive(began(&second, 40));
    assert_eq!(
        bench.said(),
        "Continuing the run in checkpoints/mine-2 from step 40: data and settings are the same."
    );
    assert_eq!(bench.studio.training.curves.records.len(), 40);
    bench.receive(Event::Training(TrainingEvent::Finished(2000)));
    assert_eq!(bench.studio.training.state, RunState::Finished);

    // Complete: longer, or a new one, as is asked.
    bench.press("r");
    assert_eq!(bench.take(), []);
    assert_eq!(bench.studio.ground.screen.overlay, Some(Overlay::RunEnded));
    let screen = bench.screen(80, 24).join("\n");
    assert!(screen.contains("train 2000 more"), "{screen}");
    bench.press("l");
    assert_eq!(
        started(&mut bench),
        (grooves.clone(), second.clone(), 4000, 1, same)
    );
    // Nothing was left to do: the question comes by itself.
    bench.receive(began(&second, 4000));
    bench.receive(Event::Training(TrainingEvent::Finished(4000)));
    assert_eq!(bench.studio.ground.screen.overlay, Some(Overlay::RunEnded));
    bench.press("n");
    assert_eq!(
        started(&mut bench),
        (grooves, second, 4000, 2, Earlier::Kept)
    );
}

#[test]
fn a_run_is_started_watched_paused_and_stopped() {
    let mut bench = Workbench::ready();
    bench.take();
    train_on(&mut bench, "/grooves");
    let effects = bench.take();
    let [Effect::StartTraining(settings, _, Earlier::ContinuedIfSame)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(settings.data.to_str(), Some("/grooves"));
    assert!(
        bench.studio.training.curves.records.is_empty(),
        "the run tells its own story"
    );
    bench.receive(began("checkpoints/mine", 0));
    assert_eq!(
        bench.said(),
        "Training groovae_4bar_strokes on /grooves into checkpoints/mine."
    );
    bench.receive(Event::Training(TrainingEvent::Record(record(
        1,
        Split::Train,
        9.0,
    ))));
    bench.apply(training::Action::ToggleTraining);
    assert_eq!(bench.studio.training.state, RunState::Paused);
    bench.apply(overlays::Action::Quit);
    assert_eq!(
        bench.studio.ground.screen.overlay,
        Some(Overlay::ConfirmQuit)
    );
    assert!(!bench.studio.ground.leaving);
    bench.apply(overlays::Action::Close);
    bench.apply(training::Action::ToggleTraining);
    bench.apply(training::Action::StopTraining);
    let wished = [
        Effect::PauseTraining(true),
        Effect::PauseTraining(false),
        Effect::StopTraining,
    ];
    assert_eq!(bench.take(), wished);
    bench.receive(Event::Training(TrainingEvent::Finished(7)));
    assert_eq!(
        bench.said(),
        "Training stopped at step 7; the run is saved."
    );
    assert_eq!(bench.studio.training.state, RunState::Stopped);
    assert_eq!(bench.studio.training.curves.records.len(), 1);
    bench.apply(overlays::Action::Quit);
    assert!(bench.studio.ground.leaving);
}
