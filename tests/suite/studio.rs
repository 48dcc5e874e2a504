//! The workstation without a terminal, by actions and effects.

use musicvae::model::{Head, Posterior, Prior, Spread, StrokeHead};
use musicvae::music::{Groove, Hit, Lane};
use musicvae::training::Earlier;
use musicvae_tui::engine::{Command, Request, Song};
use musicvae_tui::studio::{
    Action, Bars, DrumMap, Effect, End, Entry, Event, ModelInfo, Named, Origin, Overlay, Paper,
    Question, Rework, RunState, Source, Split, Takeover, TrainingEvent, chain, checkpoints, edit,
    export, morph, overlays, playing, qualities, training,
};

use super::workbench::{
    self, STEPS, Workbench, Z_SIZE, engine, entry, fake_decode, fake_rework, model, record,
};

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

/// The latents of the last decode that was asked for.
fn decoded(effects: &[Effect]) -> Vec<Vec<f32>> {
    let z = |effect: &Effect| match effect {
        Effect::Decode { z, .. } => Some(z.concat()),
        _ => None,
    };
    effects.iter().rev().find_map(z).unwrap()
}

fn moved(z: &[f32], amounts: &[(usize, f32)]) -> Vec<f32> {
    let mut z = z.to_vec();
    for (quality, amount) in amounts {
        for (z, way) in z.iter_mut().zip(&workbench::qualities()[*quality].vector) {
            *z += amount * way;
        }
    }
    z
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let gaps = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    assert!(
        gaps.fold(0.0, f32::max) < 1e-6,
        "{found:?}, not {expected:?}"
    );
}

fn more(quality: &str, by: f32) -> qualities::Action {
    qualities::Action::NudgeQuality(quality.into(), by)
}

#[test]
fn qualities_move_all_that_is_decoded() {
    let mut bench = Workbench::ready();
    bench.apply(morph::Action::SetSlider(0.3));
    let plain = bench.studio.ground.scene.clone();
    bench.take();
    bench.apply(more("density", 0.25));
    bench.apply(more("density", 0.25));
    let effects = bench.take();
    assert_eq!(
        takeovers(&effects),
        [Takeover::NextBar; 2],
        "heard by the usual rule"
    );
    let amounts = [(0, 0.5)];
    let points = [plain.z(), plain.a.z.clone(), plain.b.z.clone()].concat();
    for (found, z) in decoded(&effects).iter().zip(&points) {
        close(found, &moved(z, &amounts));
    }
    assert_eq!(decoded(&effects).len(), 3);
    assert_eq!(bench.said(), "Density at +0.5.");
    let scene = &bench.studio.ground.scene;
    assert_eq!((&scene.a.z, &scene.b.z), (&plain.a.z, &plain.b.z));
    assert_ne!(scene.groove, plain.groove);

    // So is a slide, and so is a new groove.
    bench.apply(morph::Action::SetSlider(0.0));
    close(&decoded(&bench.take())[0], &moved(&plain.a.z[0], &amounts));
    bench.apply(morph::Action::Sample);
    let new = bench.studio.ground.scene.a.z[0].clone();
    close(&decoded(&bench.take())[0], &moved(&new, &amounts));
    for _ in 0..3 {
        bench.apply(edit::Action::Undo);
    }
    assert_eq!(bench.studio.ground.scene.groove, plain.groove);
    assert!(
        bench.studio.ground.scene.qualities.is_empty(),
        "undone as one"
    );

    // They have bounds, and no more is asked for there.
    for _ in 0..20 {
        bench.apply(more("swing", -0.25));
    }
    assert_eq!(bench.studio.ground.scene.amount("swing"), -3.0);
    bench.take();
    bench.apply(more("swing", -0.25));
    assert_eq!(bench.take(), []);
    bench.apply(more("charm", 1.0));
    assert_eq!(bench.said(), "This model's attributes have no `charm`.");
}

#[test]
fn one_style_after_the_other_is_tried() {
    let mut bench = Workbench::ready();
    let plain = bench.studio.ground.scene.a.z[0].clone();
    for (said, amounts) in [
        ("In the style of funk.", &[(2, 1.0)][..]),
        ("In the style of hip hop.", &[(3, 1.0)]),
        ("In no style.", &[]),
        ("In the style of funk.", &[(2, 1.0)]),
    ] {
        bench.take();
        bench.apply(qualities::Action::NextStyle);
        assert_eq!(bench.said(), said);
        close(&decoded(&bench.take())[0], &moved(&plain, amounts));
    }
    bench.apply(edit::Action::Undo);
    assert!(bench.studio.ground.scene.qualities.is_empty());
}

/// While a key is held, answers to what was asked before are no reason to hear them at once.
#[test]
fn each_quality_waits_for_its_takeover() {
    let mut bench = Workbench::ready();
    bench.take();
    for _ in 0..3 {
        bench.studio.apply(more("density", 0.25));
    }
    let asked = bench.studio.take_effects();
    let tickets: Vec<u64> = asked
        .iter()
        .filter_map(|effect| match effect {
            Effect::Decode { ticket, .. } => Some(*ticket),
            _ => None,
        })
        .collect();
    assert_eq!(tickets.len(), 3);
    // The worker had begun with the first; the last overtook the second.
    for ticket in [tickets[0], tickets[2]] {
        let grooves = vec![fake_decode(&vec![1.0; Z_SIZE], 0.5); 3];
        bench.studio.receive(Event::Decoded { ticket, grooves });
    }
    let sent = bench.studio.take_effects();
    assert_eq!(takeovers(&sent), [Takeover::NextBar; 2]);
    assert!(!bench.studio.ground.scene.pending);
}

/// What is heard is what is steered: an edit is read first, and its reading moved.
#[test]
fn an_edit_is_steered_from_where_it_is() {
    let mut bench = Workbench::ready();
    bench.apply(more("swing", 1.0));
    bench.apply(edit::Action::ToggleHit);
    let edited = bench.studio.ground.scene.clone();
    bench.take();
    bench.studio.apply(more("density", 0.25));
    bench.apply(more("density", 0.25));
    let effects = bench.take();
    let encodes = |effect: &&Effect| matches!(effect, Effect::Encode { .. });
    assert_eq!(effects.iter().filter(encodes).count(), 1);
    // The fake model reads everything as a half. It was heard with its swing.
    let read = vec![0.5; Z_SIZE];
    close(&decoded(&effects)[0], &moved(&read, &[(0, 0.5)]));
    let scene = &bench.studio.ground.scene;
    assert_eq!((scene.a.name.as_str(), scene.slider), ("my edit", 0.0));
    close(&scene.a.z[0], &moved(&read, &[(1, -1.0)]));
    assert_eq!(scene.origin, Origin::Slider);
    bench.apply(edit::Action::Undo);
    assert_eq!(bench.studio.ground.scene, edited, "one step of undo");

    // As an end of the slider it sounds as it was read, and the qualities are not counted twice.
    bench.take();
    bench.apply(morph::Action::Keep(End::B));
    let scene = &bench.studio.ground.scene;
    close(&scene.b.z[0], &moved(&read, &[(1, -1.0)]));
    assert_eq!(scene.groove, edited.groove);
    assert_eq!(scene.b.preview, Some(fake_decode(&read, 0.5)));
    assert_eq!(scene.origin, Origin::Kept(End::B));
}

#[test]
fn another_model_is_steered_by_its_own_vectors() {
    let mut bench = Workbench::ready();
    bench.apply(more("swing", 1.0));
    bench.apply(more("density", 1.0));
    let mut list = workbench::qualities();
    list.remove(1);
    list[0].vector = vec![-1.0; Z_SIZE];
    bench.take();
    bench.receive(Event::Loaded(ModelInfo {
        qualities: Ok(list),
        ..model("other")
    }));
    // It reads what was heard, which has the qualities already: its own vectors don't move that again.
    close(&decoded(&bench.take())[0], &[0.5; Z_SIZE]);
    close(&bench.studio.ground.scene.a.z[0], &[1.5; Z_SIZE]);
    let shown: Vec<_> = bench
        .studio
        .ground
        .steering()
        .map(|(it, amount)| (it.name.clone(), amount))
        .collect();
    assert_eq!(shown, [("density".to_string(), 1.0)]);
}

#[test]
fn samples_come_from_the_prior_of_the_model() {
    let far = Posterior {
        mu: vec![50.0; Z_SIZE],
        sigma: vec![1.0; Z_SIZE],
    };
    let prior = Prior::fit(&[far], Z_SIZE, 1).unwrap();
    let mut bench = Workbench::ready();
    bench.receive(Event::Loaded(ModelInfo {
        prior: prior.clone(),
        ..model("other")
    }));
    // What is heard goes on through another model of the same kind.
    assert!(
        bench.studio.ground.scene.a.z[0]
            .iter()
            .all(|z| z.abs() < 20.0)
    );
    bench.apply(morph::Action::Sample);
    let scene = &bench.studio.ground.scene;
    assert_eq!(scene.a.z, [prior.sample(Z_SIZE, scene.seed, 1.0)]);
    assert!(scene.a.z[0].iter().all(|z| *z > 30.0));
}

/// A sample is a point on a line from the middle of what the model plays; a blend is where it is.
#[test]
fn samples_of_a_model_that_draws_its_strokes_move_with_the_temperature() {
    let spread = Spread::Logistics(1);
    let head = Head::Strokes(StrokeHead {
        velocity: spread,
        offset: spread,
    });
    let mut bench = Workbench::ready();
    bench.receive(Event::Loaded(ModelInfo {
        preset: "groovae_4bar_strokes".into(),
        head,
        ..model("drawn")
    }));
    bench.apply(morph::Action::SetTemperature(0.5));
    bench.apply(morph::Action::Sample);
    let z = |bench: &Workbench| bench.studio.ground.scene.a.z[0].clone();
    let as_a_drummer = z(&bench);
    bench.apply(morph::Action::SetTemperature(2.0));
    let wild: Vec<f32> = as_a_drummer.iter().map(|z| 2.0 * z).collect();
    close(&z(&bench), &wild);
    bench.apply(morph::Action::SetTemperature(0.0));
    close(&z(&bench), &[0.0; Z_SIZE]);
    bench.apply(morph::Action::SetTemperature(0.5));
    assert_eq!(z(&bench), as_a_drummer);
}

fn able(name: &str, rework: Rework) -> Entry {
    Entry {
        rework: Some(rework),
        ..entry(name)
    }
}

#[test]
fn a_model_works_on_the_groove() {
    let mut bench = Workbench::ready();
    let list = vec![able("hum", Rework::Humanize), able("tap", Rework::Drumify)];
    bench.receive(Event::Catalogue(list, vec![]));
    bench.apply(playing::Action::NudgeTempo(10.0));
    bench.apply(playing::Action::ToggleLock); // the kick
    let before = bench.studio.ground.scene.clone();
    bench.take();
    bench.apply(Rework::Humanize);
    let effects = bench.take();
    let [
        Effect::Rework {
            source,
            rework: Rework::Humanize,
            groove,
            how,
            ..
        },
        Effect::Engine(Request::SetGroove {
            groove: sent,
            takeover,
        }),
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(source, &Source::File("hum.safetensors".into()));
    assert_eq!(groove.steps, before.groove.steps);
    assert_eq!((how.temperature, how.seed), (0.5, 1));
    assert_eq!((sent.qpm, *takeover), (130.0, Takeover::NextBar));
    let mut expected = fake_rework(Rework::Humanize, &before.groove);
    for (step, lanes) in expected.steps.iter_mut().enumerate() {
        lanes[0] = before.groove.steps[step][0];
    }
    let scene = &bench.studio.ground.scene;
    assert_eq!(scene.groove.steps, expected.steps, "the locked kick stays");
    assert_eq!(scene.origin, Origin::Reworked(Rework::Humanize));
    assert_eq!(bench.said(), "Humanized by hum; the locked Kick stayed.");
    bench.apply(edit::Action::Undo);
    assert_eq!(bench.studio.ground.scene, before);

    // What is asked for meanwhile is what is wanted.
    for other in [
        Action::from(edit::Action::ToggleHit),
        morph::Action::Sample.into(),
        qualities::Action::NextStyle.into(),
    ] {
        bench.studio.apply(Rework::Drumify);
        let asked = bench.studio.take_effects();
        let Some(Effect::Rework { ticket, groove, .. }) = asked.last() else {
            panic!("{asked:?}")
        };
        assert_eq!(bench.studio.ground.reworking(), Some(Rework::Drumify));
        bench.apply(other);
        let wanted = bench.studio.ground.scene.clone();
        bench.receive(Event::Reworked {
            ticket: *ticket,
            groove: Groove {
                steps: groove.steps[..8].to_vec(),
                ..*groove
            },
        });
        assert_eq!(bench.studio.ground.scene, wanted);
    }

    bench.studio.apply(Rework::Drumify);
    let asked = bench.studio.take_effects();
    let Some(Effect::Rework { ticket, .. }) = asked.last() else {
        panic!("{asked:?}")
    };
    bench.receive(Event::InferenceFailed {
        ticket: *ticket,
        reason: "tap.safetensors is damaged".into(),
    });
    assert_eq!(bench.studio.ground.reworking(), None);
    assert!(bench.said().contains("tap.safetensors is damaged"));
}

#[test]
fn the_nearest_checkpoint_is_asked_to_work_on_the_groove() {
    let mut bench = Workbench::ready();
    let embedded = Entry {
        source: musicvae_tui::embedded::first(),
        ..able("embedded/hum", Rework::Humanize)
    };
    let lossy = |name: &str, loss| Entry {
        validation_loss: loss,
        ..able(name, Rework::Humanize)
    };
    let torn = Entry {
        error: Some("torn".into()),
        ..lossy("torn", Some(1.0))
    };
    let file = |name: &str| Source::File(format!("{name}.safetensors").into());
    let [poor, good, in_use] = [
        lossy("poor", None),
        lossy("good", Some(9.0)),
        lossy("fake", Some(99.0)),
    ];
    for (list, expected) in [
        (vec![poor.clone(), good.clone(), torn.clone()], file("good")),
        (
            vec![poor.clone(), good.clone(), embedded.clone()],
            musicvae_tui::embedded::first(),
        ),
        (vec![embedded, poor, good, in_use], file("fake")),
        (vec![torn], file("")),
    ] {
        bench.receive(Event::Catalogue(list, vec![]));
        bench.take();
        bench.apply(Rework::Humanize);
        match bench.take().first() {
            Some(Effect::Rework { source, .. }) => assert_eq!(*source, expected),
            None => assert_eq!(
                bench.said(),
                "There is no checkpoint of groovae_2bar_humanize yet: `musicvae-tui train \
                 --preset groovae_2bar_humanize --data PATH --out \
                 checkpoints/groovae_2bar_humanize` trains one."
            ),
            other => panic!("{other:?}"),
        }
    }
}

/// What the studio has exported: the song, the drum map's name, the file's, and what is said of it.
fn exported(bench: &mut Workbench) -> (Song, String, String, String) {
    bench.take();
    bench.apply(export::Action::Export);
    let effects = bench.take();
    match effects.into_iter().next() {
        Some(Effect::Export {
            song,
            paper: Paper::Midi(_, map),
            name,
            about,
            ..
        }) => (*song, map.name, name, about),
        other => panic!("{other:?}: {}", bench.said()),
    }
}

#[test]
fn what_is_not_heard_is_not_exported() {
    let mut bench = Workbench::ready();
    bench.apply(playing::Action::ToggleMute); // the kick
    bench.apply(edit::Action::MoveCursor { lanes: 5, steps: 0 });
    bench.apply(playing::Action::ToggleMute); // a tom that does not play
    let (song, _, _, about) = exported(&mut bench);
    assert_eq!(song.levels[Lane::Kick.index()], 0.0);
    assert_eq!(song.levels[Lane::Snare.index()], 1.0);
    assert_eq!(about, "4 bars at 120.0, without the muted Kick");
    bench.receive(Event::Exported {
        file: export::Written {
            path: "/g/groove.mid".into(),
            clamped: 1,
            silent: 2,
        },
        about,
    });
    assert_eq!(
        bench.said(),
        "Exported to /g/groove.mid: 4 bars at 120.0, without the muted Kick; 1 hit was \
         moved onto beat 1, because a file can't begin earlier; 2 hits were left out, because the machine \
         has no voice for them."
    );
    bench.apply(playing::Action::ToggleSolo); // only the tom is heard now
    bench.apply(playing::Action::ToggleMute);
    bench.apply(export::Action::Export);
    assert_eq!(bench.said(), "Every lane that plays is muted.");
    assert_eq!(
        bench
            .take()
            .iter()
            .find(|it| matches!(it, Effect::Export { .. })),
        None
    );
}

#[test]
fn what_is_exported_is_what_is_heard() {
    let mut bench = Workbench::ready();
    for action in [
        playing::Action::SetTempo(96.0),
        playing::Action::SetSwing(0.58),
        playing::Action::SetTiming(0.5),
        playing::Action::SetDynamics(1.5),
        playing::Action::SetLaneLevel(Lane::Snare, 0.5),
        playing::Action::SetLoop(Some(Bars { first: 1, count: 2 })),
    ] {
        bench.apply(action);
    }
    let mut map = DrumMap::general_midi();
    map.name = "TR-8S".into();
    bench.receive(Event::MapOpened(map));
    let (song, map, name, about) = exported(&mut bench);
    assert_eq!(
        about,
        "2 bars at 96.0, swing 58 %, timing 50 %, dynamics 150 %, levels in the velocities, for \
         TR-8S"
    );
    assert_eq!((map.as_str(), name.as_str()), ("TR-8S", "groove-seed-1"));
    assert_eq!((song.qpm, song.swing), (96.0, 0.58));
    assert_eq!((song.timing, song.dynamics), (0.5, 1.5));
    assert_eq!(song.levels[Lane::Snare.index()], 0.5);
    assert_eq!(song.looped, Some(Bars { first: 1, count: 2 }));
    assert_eq!(song.links[0].groove.steps, bench.studio.groove().steps);

    // The whole chain, while it is on; the slot keeps the two bars that went round.
    bench.apply(chain::Action::ShowChain);
    bench.apply(chain::Action::StoreSlot);
    bench.apply(chain::Action::SetChain(chain::parse("1x3").unwrap()));
    bench.apply(chain::Action::ToggleChain);
    let (song, _, name, about) = exported(&mut bench);
    assert!(about.starts_with("6 bars at 96.0, swing 58 %"), "{about}");
    assert_eq!((name.as_str(), song.looped), ("song", None));
    assert_eq!(song.links[0].repeats, 3);
    assert_eq!(song.links[0].groove.steps.len(), 32);
}

#[test]
fn keeping_says_what_of_the_groove_is_not_kept() {
    let mut bench = Workbench::ready();
    bench.apply(morph::Action::Keep(End::B));
    assert_eq!(bench.said(), "B is now seed 1.");
    bench.apply(playing::Action::ToggleLock);
    bench.apply(morph::Action::Sample);
    bench.apply(morph::Action::Keep(End::A));
    assert_eq!(
        bench.said(),
        "A is now seed 3 as the model plays it, without the locked Kick."
    );
    let preview = bench.studio.ground.scene.a.preview.clone();
    assert_eq!(
        preview,
        Some(fake_decode(&bench.studio.ground.scene.a.z[0], 0.5))
    );
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
