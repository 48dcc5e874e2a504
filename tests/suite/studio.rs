//! The workstation without a terminal, by actions and effects.

use musicvae_tui::music::{Groove, Hit, Lane};
use musicvae_tui::studio::{
    Action, Effect, End, Entry, Event, Origin, Overlay, Question, RunState, Source, Split,
    Takeover, TrainingEvent,
};

use super::workbench::{STEPS, Workbench, fake_decode, model, record};

fn decodes(effects: &[Effect]) -> Vec<(u64, f32, usize)> {
    let decode = |effect: &Effect| match effect {
        Effect::Decode { z, how, .. } => Some((how.seed, how.temperature, z.len())),
        _ => None,
    };
    effects.iter().filter_map(decode).collect()
}

fn takeovers(effects: &[Effect]) -> Vec<Takeover> {
    let takeover = |effect: &Effect| match effect {
        Effect::Groove { takeover, .. } => Some(*takeover),
        _ => None,
    };
    effects.iter().filter_map(takeover).collect()
}

#[test]
fn the_first_groove_comes_by_itself() {
    let mut bench = Workbench::bare();
    assert_eq!(bench.take(), [Effect::LoadCheckpoint(Source::Embedded)]);
    assert!(bench.studio.groove().hits().next().is_none());
    bench.receive(Event::Loaded(model("fake")));
    let scene = &bench.studio.scene;
    assert_eq!(scene.origin, Origin::Slider);
    assert_eq!(scene.groove, fake_decode(&scene.a.z, 0.5));
    assert!(scene.a.preview.is_some() && scene.b.preview.is_some());
    assert_eq!(takeovers(&bench.take()), [Takeover::NextBar]);
    assert_eq!(
        bench.studio.run.curves.records.len(),
        51,
        "the checkpoint's own story is shown"
    );
}

#[test]
fn the_slider_and_the_temperature_keep_the_random_numbers() {
    let mut bench = Workbench::ready();
    bench.take();
    for _ in 0..3 {
        bench.apply(Action::NudgeSlider(0.25));
    }
    bench.apply(Action::NudgeTemperature(0.1));
    let effects = bench.take();
    // A slider move decodes one latent; a new temperature also changes what A and B sound like.
    assert_eq!(
        decodes(&effects),
        [(1, 0.5, 1), (1, 0.5, 1), (1, 0.5, 1), (1, 0.6, 3)]
    );
    assert_eq!(
        takeovers(&effects),
        [Takeover::Now; 4],
        "a morph is heard at once"
    );
    assert_eq!(bench.studio.scene.slider, 0.75);
}

#[test]
fn samples_take_the_nearer_end_and_count_the_seed_up() {
    let mut bench = Workbench::ready();
    bench.apply(Action::SetSlider(0.8));
    bench.take();
    bench.apply(Action::Sample);
    let scene = &bench.studio.scene;
    assert_eq!(
        (scene.slider, scene.seed, scene.b.name.as_str()),
        (1.0, 3, "seed 3")
    );
    assert_eq!(scene.a.name, "seed 1");
    assert_eq!(decodes(&bench.take()), [(3, 0.5, 3)]);
    let first = bench.studio.groove().clone();
    bench.apply(Action::Sample);
    assert_ne!(bench.studio.groove(), &first);
    bench.apply(Action::SetSeed(3));
    assert_eq!(bench.studio.groove(), &first, "a seed names a groove");
}

#[test]
fn undo_and_redo_bring_grooves_back() {
    let mut bench = Workbench::ready();
    let first = bench.studio.scene.clone();
    bench.apply(Action::Sample);
    let second = bench.studio.scene.clone();
    for _ in 0..10 {
        bench.apply(Action::NudgeSlider(0.05));
    }
    assert_eq!(bench.studio.scene.slider, 0.5);
    bench.take();
    bench.apply(Action::Undo);
    assert_eq!(bench.studio.scene, second, "a slide is undone as one");
    assert_eq!(
        takeovers(&bench.take()),
        [Takeover::NextBar],
        "what is undone is also heard"
    );
    bench.apply(Action::Undo);
    assert_eq!(bench.studio.scene, first);
    bench.apply(Action::Redo);
    assert_eq!(bench.studio.scene, second);
    bench.apply(Action::Sample);
    bench.apply(Action::Redo);
    assert_eq!(bench.said(), "Nothing to redo.");
}

#[test]
fn answers_that_come_too_late_are_not_taken() {
    let mut bench = Workbench::ready();
    bench.studio.apply(Action::Sample);
    let asked = bench.studio.take_effects();
    let Some(Effect::Decode { ticket, .. }) = asked.first() else {
        panic!("{asked:?}")
    };
    bench.studio.apply(Action::ToggleHit);
    let edited = bench.studio.groove().clone();
    bench.studio.receive(Event::Decoded {
        ticket: *ticket,
        grooves: vec![Groove::empty(STEPS)],
    });
    assert_eq!(bench.studio.groove(), &edited, "the edit stays");
    // Answers out of order: the newer one stays.
    bench.studio.apply(Action::NudgeSlider(0.1));
    bench.studio.apply(Action::NudgeSlider(0.1));
    let newer = fake_decode(&vec![1.0; 16], 0.0);
    bench.studio.receive(Event::Decoded {
        ticket: ticket + 2,
        grooves: vec![newer.clone()],
    });
    bench.studio.receive(Event::Decoded {
        ticket: ticket + 1,
        grooves: vec![Groove::empty(STEPS)],
    });
    assert_eq!(bench.studio.groove().steps, newer.steps);
}

#[test]
fn locked_lanes_keep_their_hits() {
    let mut bench = Workbench::ready();
    bench.apply(Action::MoveCursor { lanes: 2, steps: 0 });
    bench.apply(Action::ToggleLock);
    let before = bench.studio.groove().clone();
    for _ in 0..3 {
        bench.apply(Action::Sample);
    }
    let after = bench.studio.groove();
    let hats = |groove: &Groove| -> Vec<Option<Hit>> {
        (0..STEPS)
            .map(|step| groove.hit(step, Lane::ClosedHat))
            .collect()
    };
    assert_eq!(hats(after), hats(&before));
    let z = bench.studio.scene.a.z.clone();
    assert_ne!(
        hats(&fake_decode(&z, 0.5)),
        hats(&before),
        "the model meant other hats"
    );
}

#[test]
fn edits_are_heard_at_once_and_can_become_an_end() {
    let mut bench = Workbench::ready();
    bench.apply(Action::MoveCursor { lanes: 8, steps: 3 });
    bench.take();
    bench.apply(Action::ToggleHit);
    bench.apply(Action::NudgeVelocity(-8));
    bench.apply(Action::NudgeVelocity(-8));
    bench.apply(Action::NudgeOffset(12));
    let hit = bench.studio.groove().hit(3, Lane::Ride).unwrap();
    assert!(
        (hit.velocity * 127.0 - 84.0).abs() < 1e-3 && hit.offset == 0.12,
        "{hit:?}"
    );
    assert_eq!(takeovers(&bench.take()), [Takeover::Now; 4]);
    bench.apply(Action::Keep(End::B));
    let scene = &bench.studio.scene;
    assert_eq!(
        (scene.b.z.as_slice(), scene.slider),
        ([0.5; 16].as_slice(), 1.0)
    );
    assert_eq!(
        scene.groove.hit(3, Lane::Ride),
        Some(hit),
        "the edit itself plays on"
    );
    let reading = fake_decode(&vec![0.5; 16], 0.5);
    assert_eq!(
        scene.b.preview.as_ref(),
        Some(&reading),
        "the preview is the model's reading"
    );
    bench.apply(Action::NudgeSlider(-0.02));
    assert_eq!(bench.studio.scene.origin, Origin::Slider);
}

#[test]
fn velocity_and_offset_stay_in_their_ranges() {
    let mut bench = Workbench::ready();
    for _ in 0..40 {
        bench.apply(Action::NudgeVelocity(-8));
        bench.apply(Action::NudgeOffset(5));
    }
    let hit = bench.studio.hit_here().unwrap();
    assert_eq!((hit.velocity, hit.offset), (1.0 / 127.0, 0.5));
}

#[test]
fn playing_is_asked_of_the_engine() {
    let mut bench = Workbench::ready();
    bench.take();
    bench.apply(Action::TogglePlay);
    bench.apply(Action::TogglePlay);
    bench.apply(Action::SetTempo(500.0));
    bench.apply(Action::NudgeTempo(-1.0));
    bench.apply(Action::NudgeSwing(-1.0));
    bench.apply(Action::NudgeTiming(9.0));
    bench.apply(Action::ToggleMute);
    bench.apply(Action::ToggleLock);
    assert_eq!(
        bench.take(),
        [
            Effect::Play,
            Effect::Stop,
            Effect::Tempo(300.0),
            Effect::Tempo(299.0),
            Effect::Swing(0.5),
            Effect::Timing(1.5),
            Effect::Lane {
                lane: Lane::Kick,
                level: 1.0,
                mute: true,
                solo: false
            },
        ]
    );
    assert!(!bench.studio.is_heard(Lane::Kick) && bench.studio.is_heard(Lane::Snare));
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut bench = Workbench::bare();
    let reasons = [
        (Action::Sample, "The model is still being loaded."),
        (Action::Undo, "Nothing to undo."),
        (Action::Export, "The groove is silent."),
        (
            Action::NudgeVelocity(8),
            "There is no hit under the cursor.",
        ),
        (Action::LoadCheckpoint, "There is no checkpoint to load."),
        (Action::StopTraining, "Nothing is in training."),
    ];
    bench.take();
    for (action, reason) in reasons {
        bench.apply(action);
        assert_eq!(bench.said(), reason);
    }
    assert_eq!(bench.take(), [], "and nothing is done");
}

#[test]
fn a_checkpoint_is_chosen_and_loaded() {
    let mut bench = Workbench::ready();
    let entry = |name: &str, error: Option<&str>| Entry {
        source: Source::File(format!("{name}.safetensors").into()),
        name: name.into(),
        preset: "groovae_4bar".into(),
        step: 10,
        validation_loss: Some(9.0),
        age: None,
        error: error.map(String::from),
        unplayable: None,
    };
    let list = vec![
        entry("fake", None),
        entry("torn", Some("torn is damaged")),
        entry("late", None),
    ];
    bench.receive(Event::Catalogue(
        list.clone(),
        vec!["a folder can't be read".into()],
    ));
    assert_eq!(bench.said(), "a folder can't be read");
    bench.take();
    bench.apply(Action::SelectCheckpoint(1));
    bench.apply(Action::LoadCheckpoint);
    assert_eq!(
        (bench.said().as_str(), bench.take()),
        ("torn is damaged", vec![])
    );
    bench.apply(Action::SelectCheckpoint(5));
    bench.apply(Action::LoadCheckpoint);
    let late = Source::File("late.safetensors".into());
    assert_eq!(bench.take(), [Effect::LoadCheckpoint(late.clone())]);
    // The list changes meanwhile: the selection stays on its checkpoint.
    bench.receive(Event::Catalogue(list[1..].to_vec(), vec![]));
    assert_eq!(bench.studio.screen.checkpoint, 1);
    let z = bench.studio.scene.a.z.clone();
    bench.receive(Event::Loaded(model("late")));
    assert_eq!(
        bench.studio.model.as_ref().map(|model| &model.source),
        Some(&late)
    );
    assert_eq!(
        bench.studio.scene.a.z, z,
        "the same points sound through the new model"
    );
    assert_eq!(decodes(&bench.take()), [(1, 0.5, 3)]);
    bench.receive(Event::LoadFailed {
        source: late,
        reason: "gone".into(),
    });
    assert_eq!(bench.said(), "gone");
    assert!(bench.studio.model.is_some(), "the model in use stays");
}

#[test]
fn a_run_is_started_watched_paused_and_stopped() {
    let mut bench = Workbench::ready();
    bench.take();
    bench.apply(Action::ToggleTraining);
    let asked = Overlay::Prompt {
        question: Question::TrainingData,
        text: String::new(),
    };
    assert_eq!(bench.studio.screen.overlay, Some(asked));
    for character in "/grooves".chars() {
        bench.apply(Action::Type(character));
    }
    bench.apply(Action::Accept);
    let effects = bench.take();
    let [Effect::StartTraining(settings)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(settings.data.to_str(), Some("/grooves"));
    assert!(
        bench.studio.run.curves.records.is_empty(),
        "the run tells its own story"
    );
    bench.receive(Event::Training(TrainingEvent::Record(record(
        1,
        Split::Train,
        9.0,
    ))));
    bench.apply(Action::ToggleTraining);
    assert_eq!(bench.studio.run.state, RunState::Paused);
    bench.apply(Action::Quit);
    assert_eq!(bench.studio.screen.overlay, Some(Overlay::ConfirmQuit));
    assert!(!bench.studio.leaving);
    bench.apply(Action::Close);
    bench.apply(Action::ToggleTraining);
    bench.apply(Action::StopTraining);
    let wished = [
        Effect::PauseTraining(true),
        Effect::PauseTraining(false),
        Effect::StopTraining,
    ];
    assert_eq!(bench.take(), wished);
    bench.receive(Event::Training(TrainingEvent::Finished(7)));
    assert_eq!(bench.said(), "Training ended at step 7.");
    assert_eq!(bench.studio.run.curves.records.len(), 1);
    bench.apply(Action::Quit);
    assert!(bench.studio.leaving);
}

#[test]
fn actions_survive_serialization() {
    for action in [
        Action::TogglePlay,
        Action::SetSlider(0.25),
        Action::MoveCursor {
            lanes: -1,
            steps: 4,
        },
        Action::Keep(End::B),
        Action::Ask(Question::Seed),
    ] {
        let text = serde_json::to_string(&action).unwrap();
        assert_eq!(
            serde_json::from_str::<Action>(&text).unwrap(),
            action,
            "{text}"
        );
    }
}
