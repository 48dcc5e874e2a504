//! Models that work on the groove, asked for by the studio.

use musicvae::music::Groove;
use musicvae_tui::engine::Request;
use musicvae_tui::studio::{
    Action, Effect, Entry, Event, Origin, Rework, Source, Takeover, edit, morph, playing, qualities,
};

use crate::workbench::{Workbench, entry, fake_rework};

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
