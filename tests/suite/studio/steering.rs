//! Qualities that move what is heard, and where samples come from.

use musicvae::model::{Head, Posterior, Prior, Spread, StrokeHead};
use musicvae_tui::studio::{
    Effect, End, Event, ModelInfo, Origin, Takeover, edit, morph, qualities,
};

use super::takeovers;
use crate::workbench::{self, Workbench, Z_SIZE, fake_decode, model};

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
