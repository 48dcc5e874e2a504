//! The workstation without a terminal, by actions and effects.

mod exports;
mod reworks;
mod steering;
mod training_form;

use musicvae::music::{Groove, Hit, Lane};
use musicvae_tui::engine::{Command, Request};
use musicvae_tui::studio::{
    Action, Effect, End, Entry, Event, Origin, Question, Rework, Source, Takeover, checkpoints,
    edit, export, morph, overlays, playing, qualities, training,
};

use super::workbench::{STEPS, Workbench, Z_SIZE, engine, entry, fake_decode, model};

fn decodes(effects: &[Effect]) -> Vec<(u64, f32, usize)> {
    let decode = |effect: &Effect| match effect {
        Effect::Decode { z, how, .. } => Some((how.seed, how.temperature, z.len())),
        _ => None,
    };
    effects.iter().filter_map(decode).collect()
}

fn takeovers(effects: &[Effect]) -> Vec<Takeover> {
    let takeover = |effect: &Effect| match effect {
        Effect::Engine(Request::SetGroove { takeover, .. }) => Some(*takeover),
        _ => None,
    };
    effects.iter().filter_map(takeover).collect()
}

#[test]
fn the_first_groove_comes_by_itself() {
    let mut bench = Workbench::bare();
    assert_eq!(
        bench.take(),
        [Effect::LoadCheckpoint(musicvae_tui::embedded::first())]
    );
    assert!(bench.studio.groove().hits().next().is_none());
    bench.receive(Event::Loaded(model("fake")));
    let scene = &bench.studio.ground.scene;
    assert_eq!(scene.origin, Origin::Slider);
    assert_eq!(scene.groove, fake_decode(&scene.a.z[0], 0.5));
    assert!(scene.a.preview.is_some() && scene.b.preview.is_some());
    assert_eq!(takeovers(&bench.take()), [Takeover::NextBar]);
    assert_eq!(
        bench.studio.training.curves.records.len(),
        51,
        "the checkpoint's own story is shown"
    );
}

#[test]
fn the_slider_and_the_temperature_keep_the_random_numbers() {
    let mut bench = Workbench::ready();
    bench.take();
    for _ in 0..3 {
        bench.apply(morph::Action::NudgeSlider(0.25));
    }
    bench.apply(morph::Action::NudgeTemperature(0.1));
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
    assert_eq!(bench.studio.ground.scene.slider, 0.75);
}

#[test]
fn samples_take_the_nearer_end_and_count_the_seed_up() {
    let mut bench = Workbench::ready();
    bench.apply(morph::Action::SetSlider(0.8));
    bench.take();
    bench.apply(morph::Action::Sample);
    let scene = &bench.studio.ground.scene;
    assert_eq!(
        (scene.slider, scene.seed, scene.b.name.as_str()),
        (1.0, 3, "seed 3")
    );
    assert_eq!(scene.a.name, "seed 1");
    assert_eq!(decodes(&bench.take()), [(3, 0.5, 3)]);
    let first = bench.studio.groove().clone();
    bench.apply(morph::Action::Sample);
    assert_ne!(bench.studio.groove(), &first);
    bench.apply(morph::Action::SetSeed(3));
    assert_eq!(bench.studio.groove(), &first, "a seed names a groove");
}

#[test]
fn undo_and_redo_bring_grooves_back() {
    let mut bench = Workbench::ready();
    let first = bench.studio.ground.scene.clone();
    bench.apply(morph::Action::Sample);
    let second = bench.studio.ground.scene.clone();
    for _ in 0..10 {
        bench.apply(morph::Action::NudgeSlider(0.05));
    }
    assert_eq!(bench.studio.ground.scene.slider, 0.5);
    bench.take();
    bench.apply(edit::Action::Undo);
    assert_eq!(
        bench.studio.ground.scene, second,
        "a slide is undone as one"
    );
    assert_eq!(
        takeovers(&bench.take()),
        [Takeover::NextBar],
        "what is undone is also heard"
    );
    bench.apply(edit::Action::Undo);
    assert_eq!(bench.studio.ground.scene, first);
    bench.apply(edit::Action::Redo);
    assert_eq!(bench.studio.ground.scene, second);
    bench.apply(morph::Action::Sample);
    bench.apply(edit::Action::Redo);
    assert_eq!(bench.said(), "Nothing to redo.");
}

#[test]
fn answers_that_come_too_late_are_not_taken() {
    let mut bench = Workbench::ready();
    bench.studio.apply(morph::Action::Sample);
    let asked = bench.studio.take_effects();
    let Some(Effect::Decode { ticket, .. }) = asked.first() else {
        panic!("{asked:?}")
    };
    bench.studio.apply(edit::Action::ToggleHit);
    let edited = bench.studio.groove().clone();
    bench.studio.receive(Event::Decoded {
        ticket: *ticket,
        grooves: vec![Groove::empty(STEPS)],
    });
    assert_eq!(bench.studio.groove(), &edited, "the edit stays");
    // Answers out of order: the newer one stays.
    bench.studio.apply(morph::Action::NudgeSlider(0.1));
    bench.studio.apply(morph::Action::NudgeSlider(0.1));
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
    bench.apply(edit::Action::MoveCursor { lanes: 2, steps: 0 });
    bench.apply(playing::Action::ToggleLock);
    let before = bench.studio.groove().clone();
    for _ in 0..3 {
        bench.apply(morph::Action::Sample);
    }
    let after = bench.studio.groove();
    let hats = |groove: &Groove| -> Vec<Option<Hit>> {
        (0..STEPS)
            .map(|step| groove.hit(step, Lane::ClosedHat))
            .collect()
    };
    assert_eq!(hats(after), hats(&before));
    let z = bench.studio.ground.scene.a.z[0].clone();
    assert_ne!(
        hats(&fake_decode(&z, 0.5)),
        hats(&before),
        "the model meant other hats"
    );
}

#[test]
fn edits_are_heard_at_once_and_can_become_an_end() {
    let mut bench = Workbench::ready();
    bench.apply(edit::Action::MoveCursor { lanes: 8, steps: 3 });
    bench.take();
    bench.apply(edit::Action::ToggleHit);
    bench.apply(edit::Action::NudgeVelocity(-8));
    bench.apply(edit::Action::NudgeVelocity(-8));
    bench.apply(edit::Action::NudgeOffset(12));
    let hit = bench.studio.groove().hit(3, Lane::Ride).unwrap();
    assert!(
        (hit.velocity * 127.0 - 84.0).abs() < 1e-3 && hit.offset == 0.12,
        "{hit:?}"
    );
    assert_eq!(takeovers(&bench.take()), [Takeover::Now; 4]);
    bench.apply(morph::Action::Keep(End::B));
    let scene = &bench.studio.ground.scene;
    assert_eq!(
        (scene.b.z[0].as_slice(), scene.slider),
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
    bench.apply(morph::Action::NudgeSlider(-0.02));
    assert_eq!(bench.studio.ground.scene.origin, Origin::Slider);
}

#[test]
fn velocity_and_offset_stay_in_their_ranges() {
    let mut bench = Workbench::ready();
    for _ in 0..40 {
        bench.apply(edit::Action::NudgeVelocity(-8));
        bench.apply(edit::Action::NudgeOffset(5));
    }
    let hit = bench.studio.ground.hit_here().unwrap();
    assert_eq!((hit.velocity, hit.offset), (1.0 / 127.0, 0.5));
}

#[test]
fn playing_is_asked_of_the_engine() {
    let mut bench = Workbench::ready();
    bench.take();
    bench.apply(playing::Action::TogglePlay);
    bench.apply(playing::Action::TogglePlay);
    bench.apply(playing::Action::SetTempo(500.0));
    bench.apply(playing::Action::NudgeTempo(-1.0));
    bench.apply(playing::Action::NudgeSwing(-1.0));
    bench.apply(playing::Action::NudgeTiming(9.0));
    bench.apply(playing::Action::ToggleMute);
    bench.apply(playing::Action::ToggleLock);
    assert_eq!(
        bench.take(),
        [
            engine(Command::Play),
            engine(Command::Stop),
            engine(Command::SetTempo(300.0)),
            engine(Command::SetTempo(299.0)),
            engine(Command::SetSwing(0.5)),
            engine(Command::SetTimingAmount(1.5)),
            engine(Command::SetLane {
                lane: Lane::Kick,
                level: 1.0,
                mute: true,
                solo: false
            }),
        ]
    );
    assert!(!bench.studio.ground.is_heard(Lane::Kick) && bench.studio.ground.is_heard(Lane::Snare));
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut bench = Workbench::bare();
    let reasons = [
        (
            Action::from(morph::Action::Sample),
            "The model is still being loaded.",
        ),
        (Action::from(edit::Action::Undo), "Nothing to undo."),
        (
            Action::from(export::Action::Export),
            "The groove is silent.",
        ),
        (
            Action::from(edit::Action::NudgeVelocity(8)),
            "There is no hit under the cursor.",
        ),
        (
            Action::from(checkpoints::Action::LoadCheckpoint),
            "There is no checkpoint to load.",
        ),
        (
            Action::from(training::Action::StopTraining),
            "No training is running.",
        ),
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
        error: error.map(String::from),
        ..entry(name)
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
    bench.apply(checkpoints::Action::SelectCheckpoint(1));
    // How its run went is asked for.
    bench.take();
    bench.apply(checkpoints::Action::LoadCheckpoint);
    assert_eq!(
        (bench.said().as_str(), bench.take()),
        ("torn is damaged", vec![])
    );
    bench.apply(checkpoints::Action::SelectCheckpoint(5));
    bench.take();
    bench.apply(checkpoints::Action::LoadCheckpoint);
    let late = Source::File("late.safetensors".into());
    assert_eq!(bench.take(), [Effect::LoadCheckpoint(late.clone())]);
    // The list changes meanwhile: the selection stays on its checkpoint.
    bench.receive(Event::Catalogue(list[1..].to_vec(), vec![]));
    assert_eq!(bench.studio.checkpoints.selected, 1);
    let z = bench.studio.ground.scene.a.z.clone();
    bench.receive(Event::Loaded(model("late")));
    assert_eq!(
        bench
            .studio
            .ground
            .model
            .as_ref()
            .map(|model| &model.source),
        Some(&late)
    );
    // A and B stay the same music, which the new model reads: its numbers for them are others.
    assert_ne!(bench.studio.ground.scene.a.z, z);
    assert_eq!(bench.studio.ground.scene.a.z, [[0.5; Z_SIZE]]);
    assert_eq!(decodes(&bench.take()), [(1, 0.5, 3)]);
    bench.receive(Event::LoadFailed {
        source: late,
        reason: "gone".into(),
    });
    assert_eq!(bench.said(), "gone");
    assert!(
        bench.studio.ground.model.is_some(),
        "the model in use stays"
    );
}

#[test]
fn a_comparison_leaves_music_of_the_players_own_at_its_end() {
    let mut bench = Workbench::ready();
    bench.receive(Event::Catalogue(vec![entry("fake"), entry("late")], vec![]));
    // A draw is compared in its place.
    bench.apply(checkpoints::Action::SelectCheckpoint(1));
    bench.apply(checkpoints::Action::CompareCheckpoint);
    bench.receive(Event::Loaded(model("late")));
    let scene = &bench.studio.ground.scene;
    assert_eq!(
        (scene.a.name.as_str(), &scene.origin),
        ("seed 1", &Origin::Slider)
    );
    // What the player made is not.
    bench.press("1 enter a");
    let kept = bench.studio.ground.scene.a.name.clone();
    bench.apply(checkpoints::Action::CompareCheckpoint);
    bench.receive(Event::Loaded(model("fake")));
    let scene = &bench.studio.ground.scene;
    assert_eq!(scene.a.name, kept);
    assert_eq!(scene.origin, Origin::Named("seed 1 by fake".into()));
}

#[test]
fn undo_says_what_it_undid() {
    for (keys, said) in [
        ("enter", "Undone: Kick 1.1.1."),
        ("right right right right enter", "Undone: Kick 1.2.1."),
        ("=", "Undone: the temperature."),
        ("]", "Undone: the slider."),
        ("x", "Undone: A, B, the slider."),
        ("delete", "Undone: the groove."),
        (": b p m space 9 7 enter enter", "Undone: Kick 1.1.1."),
    ] {
        let mut bench = Workbench::ready();
        bench.press("1");
        bench.press(keys);
        bench.press("u");
        assert_eq!(bench.said(), said, "{keys}");
    }
}

#[test]
fn each_model_reads_the_same_music_and_not_what_the_one_before_made_of_it() {
    let mut bench = Workbench::ready();
    let mut next = |name: &str| {
        bench.take();
        bench.receive(Event::Loaded(model(name)));
        let read = bench.take().into_iter().filter_map(|effect| match effect {
            Effect::Encode { groove, .. } => Some(groove),
            _ => None,
        });
        let scene = &bench.studio.ground.scene;
        let shown = [&scene.a, &scene.b].map(|end| end.preview.clone().unwrap());
        (read.collect::<Vec<_>>(), shown)
    };
    let (first, shown) = next("second");
    assert_eq!(first.len(), 2, "A and B");
    assert_ne!(first, shown, "the fake model plays another groove");
    assert_eq!(next("third").0, first);
}

#[test]
fn actions_survive_serialization() {
    for action in [
        Action::from(playing::Action::TogglePlay),
        morph::Action::SetSlider(0.25).into(),
        edit::Action::MoveCursor {
            lanes: -1,
            steps: 4,
        }
        .into(),
        morph::Action::Keep(End::B).into(),
        overlays::Action::Ask(Question::Seed).into(),
        qualities::Action::NudgeQuality("density".into(), 0.25).into(),
        Rework::AddHats.into(),
    ] {
        let text = serde_json::to_string(&action).unwrap();
        assert_eq!(
            serde_json::from_str::<Action>(&text).unwrap(),
            action,
            "{text}"
        );
    }
}

#[test]
fn trouble_leaves_the_status_line_when_something_else_is_done() {
    let mut bench = Workbench::ready();
    let at = |milliseconds| Event::Tick(std::time::Duration::from_millis(milliseconds));
    bench.receive(at(10_000));
    bench.receive(Event::Trouble("It went wrong.".into()));
    bench.receive(at(11_000));
    bench.apply(edit::Action::MoveCursor { lanes: 1, steps: 0 });
    assert_eq!(bench.studio.status_line().1, "It went wrong.", "to be read");
    bench.receive(at(12_000));
    bench.apply(edit::Action::Redo);
    assert_eq!(bench.studio.status_line().1, "Nothing to redo.");
    bench.receive(at(14_000));
    assert_eq!(bench.studio.status_line().1, "Nothing to redo.");
    bench.apply(edit::Action::MoveCursor { lanes: 1, steps: 0 });
    assert!(bench.studio.status_line().1.starts_with("The sound"));
    bench.receive(Event::Trouble("Once more.".into()));
    bench.receive(at(19_999));
    assert_eq!(bench.studio.status_line().1, "Once more.");
    bench.receive(at(20_000));
    assert!(bench.studio.status_line().1.starts_with("The sound"));
}
