//! Variations, fills and the sweep, by the keys, as a player meets them.

use musicvae::music::{Groove, Lane};
use musicvae_tui::engine::Request;
use musicvae_tui::studio::{Effect, Event, Kin, ModelInfo, Origin, Quality, Transport, morph};

use super::workbench::{Workbench, Z_SIZE, model};

/// A studio whose model knows fills.
pub fn ready() -> Workbench {
    let mut bench = Workbench::bare();
    bench.receive(Event::Loaded(model_of_fills()));
    bench
}

/// A model that knows fills.
pub fn model_of_fills() -> ModelInfo {
    let mut model = model("fake");
    model.qualities.as_mut().unwrap().push(Quality {
        name: "fill".into(),
        style: false,
        vector: vec![0.1; Z_SIZE],
    });
    model
}

/// Has the engine be `steps` steps after play, in a loop of four bars.
pub fn hear(bench: &mut Workbench, steps: f64) {
    let mut status: Transport = bench.studio.ground.transport.clone();
    status.playing = true;
    status.position.played = steps;
    status.position.step = steps % 64.0;
    status.position.bar = (steps % 64.0 / 16.0) as u32;
    status.position.loop_steps = 64;
    bench.receive(Event::Transport(status));
}

/// What was asked of the model about relatives since the last call.
pub fn asked(bench: &mut Workbench) -> Vec<(Kin, Vec<u64>)> {
    let relate = |effect: Effect| match effect {
        Effect::Relate { kin, seeds, .. } => Some((kin, seeds)),
        _ => None,
    };
    bench.take().into_iter().filter_map(relate).collect()
}

/// The fills that were sent to the engine since the last call, by their toms, and when they begin.
fn fills(bench: &mut Workbench) -> Vec<(usize, String)> {
    let fill = |effect: Effect| match effect {
        Effect::Engine(Request::PlayFill { bar, takeover }) => {
            assert_eq!(bar.steps.len(), 16);
            Some((strokes(&bar, Lane::LowTom), format!("{takeover:?}")))
        }
        _ => None,
    };
    bench.take().into_iter().filter_map(fill).collect()
}

fn strokes(groove: &Groove, lane: Lane) -> usize {
    groove.hits().filter(|hit| hit.1 == lane).count()
}

fn shows(bench: &Workbench, text: &str) -> bool {
    let sizes = [(80, 24), (120, 40), (200, 60)];
    sizes.into_iter().all(|(width, height)| {
        let lines = bench.screen(width, height);
        lines.iter().any(|line| line.contains(text))
    })
}

#[test]
fn variations_are_chosen_by_ear() {
    // Keys, what is said, what the screen shows, rides that are heard (the relative of seed n has them
    // on the n-th step of each bar), and what it is called.
    let table = [
        ("&", "", "Variations of seed 1", 0, "seed 1"),
        ("&", "", "20 %: a sibling", 0, "seed 1"),
        ("& down", "", "+", 4, "seed 1 ~1"),
        (
            "& down down",
            "",
            "seed 1 ~2, not taken yet",
            4,
            "seed 1 ~2",
        ),
        ("& down up", "", "as is", 0, "seed 1"),
        ("& left left left", "", "5 %: a ghost note", 0, "seed 1"),
        ("& right right", "", "30 %: a cousin", 0, "seed 1"),
        ("& down s", "", "Variations", 4, "seed 1 ~9"),
        ("& tab down", "", "the hats", 0, "seed 1 ~1"),
        ("& tab tab tab", "", "bar 4", 0, "seed 1"),
        ("& < < down", "", "bar 2", 1, "seed 1 ~1"),
        ("& backtab down", "", "a fill in bar 4", 0, "seed 1 ~1"),
        ("& down esc", "", "A: seed 1", 0, "seed 1"),
        (
            "& down enter",
            "seed 1 ~1 is the groove; u brings the other back.",
            "seed 1 ~1",
            4,
            "seed 1 ~1",
        ),
        ("& down enter u", "", "A: seed 1", 0, "seed 1"),
        ("& enter", "", "A: seed 1", 0, "seed 1"),
        (
            "& down a",
            "A is now seed 1 ~1.",
            "seed 1 ~1",
            4,
            "seed 1 ~1",
        ),
        (
            "& down b",
            "B is now seed 1 ~1.",
            "seed 1 ~1",
            4,
            "seed 1 ~1",
        ),
        (
            "& down 3 esc",
            "Slot 3 holds seed 1 ~1.",
            "A: seed 1",
            0,
            "seed 1",
        ),
        // A relative of a relative.
        ("& down enter & down s", "", "seed 1 ~1", 8, "seed 1 ~9"),
    ];
    for (keys, said, seen, rides, name) in table {
        let mut bench = ready();
        bench.press(keys);
        assert!(shows(&bench, seen), "{keys}: {:#?}", bench.screen(80, 24));
        let groove = bench.studio.groove();
        assert_eq!(strokes(groove, Lane::Ride), rides, "{keys}");
        assert_eq!(bench.studio.ground.groove_name(), name, "{keys}");
        if !said.is_empty() {
            assert_eq!(bench.said(), said, "{keys}");
        }
        // What was taken or left is what the engine plays.
        let last = bench.take().into_iter().rev().find_map(|it| match it {
            Effect::Engine(Request::SetGroove { groove, .. }) => Some(groove.steps),
            _ => None,
        });
        assert_eq!(last.as_ref(), Some(&bench.studio.groove().steps), "{keys}");
    }
    let mut bench = Workbench::bare();
    bench.press("&");
    assert_eq!(bench.said(), "The model is still being loaded.");
}

#[test]
fn what_is_locked_is_told_to_the_model_and_stays() {
    let mut bench = ready();
    let before = bench.studio.groove().clone();
    // The snare, and the second bar.
    bench.press("down f pagedown ctrl-b");
    assert_eq!(
        bench.said(),
        "Bar 2 is locked: new grooves are made to fit it."
    );
    assert!(shows(&bench, "2L"), "{:#?}", bench.screen(80, 24));
    bench.take();
    bench.press("&");
    assert!(shows(&bench, "unchanged: the locked Snare and bar 2"));
    let [(Kin::Variation(variation), seeds)] = &asked(&mut bench)[..] else {
        panic!("eight variations are asked for")
    };
    assert_eq!(seeds, &[1, 2, 3, 4, 5, 6, 7, 8]);
    for step in 0..64 {
        for lane in Lane::ALL {
            let is_locked = lane == Lane::Snare || step / 16 == 1;
            assert_eq!(variation.kept.has(step, lane), is_locked);
        }
    }
    // A new groove is asked for around it, and so are fills.
    bench.press("esc s");
    let locked = bench.take().into_iter().find_map(|effect| match effect {
        Effect::Decode { locked, .. } => locked,
        _ => None,
    });
    let locked = locked.expect("the model hears what is locked");
    assert_eq!(locked.groove.steps, before.steps);
    assert_eq!(locked.cells, variation.kept);
    let now = bench.studio.groove();
    let kept = now.clone().with_cells_of(&before, &variation.kept);
    assert_eq!(kept.steps, now.steps);
    assert_ne!(now.steps, before.steps);
    hear(&mut bench, 5.0);
    bench.press("^");
    let [(Kin::Fill(fill), _)] = &asked(&mut bench)[..] else {
        panic!("a fill is asked for")
    };
    assert!(fill.kept.has(0, Lane::Snare) && !fill.kept.has(0, Lane::Kick));
    // Both are there again in the next session, and go by the same keys.
    let again = bench.studio.ground.snapshot();
    assert_eq!(again.locked_bars.into_iter().collect::<Vec<_>>(), [1]);
    bench.press("ctrl-b f s");
    let free = bench.take().into_iter().any(|effect| match effect {
        Effect::Decode { locked, .. } => locked.is_none(),
        _ => false,
    });
    assert!(free);
}

#[test]
fn fills_end_with_the_bar() {
    // Steps since play at which the key is pressed, the bar that the fill is made for, when it begins.
    for (steps, bar, takeover) in [
        (5.0, 0, "Now"),
        (16.0 + 11.5, 1, "Now"),
        // Too little is left of the bar.
        (16.0 + 12.5, 2, "NextBar"),
        (63.0, 0, "NextBar"),
    ] {
        let mut bench = ready();
        hear(&mut bench, steps);
        bench.take();
        bench.press("^");
        assert_eq!(bench.said(), "A fill plays into the next bar.");
        let Some(Effect::Relate {
            kin: Kin::Fill(fill),
            ..
        }) = bench.effects.first()
        else {
            panic!("{:?}", bench.effects)
        };
        assert_eq!(fill.bar, bar, "{steps}");
        assert_eq!(fills(&mut bench), [(16, takeover.to_string())]);
        // The groove itself is as it was.
        assert_eq!(bench.studio.ground.scene.origin, Origin::Slider);
        assert_eq!(strokes(bench.studio.groove(), Lane::LowTom), 0);
    }
    let mut bench = ready();
    bench.press("^");
    assert!(
        bench.said().starts_with("Press Space first"),
        "{}",
        bench.said()
    );
    // A model without the attribute says what is missing.
    let mut bench = Workbench::ready();
    hear(&mut bench, 1.0);
    bench.press("^");
    assert!(bench.said().contains("attributes make"), "{}", bench.said());
}

#[test]
fn fills_come_by_themselves() {
    let mut bench = ready();
    bench.press("ctrl-g ctrl-g");
    assert_eq!(bench.said(), "Every 4 bars end with a fill.");
    bench.take();
    let mut heard = Vec::new();
    for bar in 0..9 {
        for part in [0.5, 8.0, 15.5] {
            hear(&mut bench, f64::from(bar) * 16.0 + part);
            heard.extend(fills(&mut bench).into_iter().map(|(_, when)| (bar, when)));
        }
    }
    // Asked for in the bar before, so that the whole of it is there at its bar line.
    let next = || "NextBar".to_string();
    assert_eq!(heard, [(2, next()), (6, next())]);
    bench.press("ctrl-g");
    assert_eq!(bench.said(), "Every 2 bars end with a fill.");
    // From the first one on.
    hear(&mut bench, 0.5);
    assert_eq!(fills(&mut bench).len(), 1);
    bench.press("ctrl-g");
    assert_eq!(bench.said(), "No automatic fills.");
}

#[test]
fn fills_come_by_chance_and_the_same_ones_again() {
    let mut bench = ready();
    bench.press("ctrl-g ctrl-g ctrl-g : f i l l - c h a n c e space 3 0 % enter");
    assert_eq!(
        bench.said(),
        "Every 2 bars end with a fill, 30 of a hundred times."
    );
    let mut played = |seed| {
        bench.apply(musicvae_tui::studio::edit::Action::SetChanceSeed(seed));
        let bars = (0..400).filter(|bar| {
            hear(&mut bench, f64::from(*bar) * 16.0);
            !fills(&mut bench).is_empty()
        });
        bars.collect::<Vec<i32>>()
    };
    let first = played(1);
    // Four standard deviations of 200 coins of 30 of a hundred.
    assert!((34..=86).contains(&first.len()), "{}", first.len());
    assert!(first.iter().all(|bar| bar % 2 == 0));
    let other = played(2);
    assert_ne!(first, other);
    assert_eq!(played(1), first);
}

/// Where the slider stands after each of some places that are heard.
fn slider(bench: &mut Workbench, steps: &[f64]) -> Vec<f32> {
    let at = |steps: &f64| {
        hear(bench, *steps);
        bench.studio.ground.scene.slider
    };
    steps.iter().map(at).collect()
}

#[test]
fn a_sweep_goes_with_the_bars() {
    let mut bench = ready();
    hear(&mut bench, 20.0);
    bench.press("~");
    assert_eq!(
        bench.said(),
        "A sweep to B, 4 bars, round and round, from the next bar on."
    );
    assert!(shows(&bench, "sweep 4 bars"));
    let way = slider(&mut bench, &[24.0, 31.9, 32.1, 48.0, 64.0, 96.0, 128.0]);
    assert_eq!(way, [0.0, 0.0, 0.0, 0.25, 0.5, 1.0, 0.5]);
    // One step of undo, and a hand on the slider ends it.
    bench.press("]");
    hear(&mut bench, 130.0);
    assert_eq!(bench.said(), "You moved the slider: the sweep is off.");
    let stays = slider(&mut bench, &[140.0, 150.0]);
    assert_eq!(stays[0], stays[1]);
    bench.press("u");
    assert_eq!(bench.studio.ground.scene.slider, 0.0);

    // Once, from B, in two bars.
    bench.press("} 2 m pagedown ~");
    assert_eq!(
        bench.said(),
        "A sweep to A, 2 bars, once, from the next bar on."
    );
    let way = slider(&mut bench, &[160.0, 176.0, 192.0, 208.0]);
    assert_eq!(way, [1.0, 0.5, 0.0, 0.0]);
    assert_eq!(bench.said(), "The sweep has arrived.");
    // Started again by play, it begins with it; the key ends it where it is.
    bench.press("~");
    assert_eq!(slider(&mut bench, &[0.5, 16.0]), [0.0, 0.5]);
    bench.press("~");
    assert_eq!(slider(&mut bench, &[20.0]), [0.5]);
    assert_eq!(bench.said(), "The sweep is off.");
    // Nothing but grooves went to the engine.
    let others = bench.take().into_iter().filter(
        |effect| matches!(effect, Effect::Engine(it) if !matches!(it, Request::SetGroove { .. })),
    );
    assert_eq!(others.count(), 0);
}

#[test]
fn a_chain_that_is_turned_on_is_not_ended_by_the_sweep() {
    let mut bench = ready();
    bench.press("C s esc ~");
    assert_eq!(slider(&mut bench, &[0.0, 16.0]), [0.0, 0.25]);
    bench.press("X");
    assert_eq!(bench.said(), "The chain plays, and the sweep is off.");
    assert_eq!(slider(&mut bench, &[32.0, 48.0]), [0.25, 0.25]);
    assert!(bench.studio.ground.chain.is_some());
    // A sweep that is started later is what the player wants to hear, as when the slider is moved.
    bench.press("~");
    assert_eq!(slider(&mut bench, &[64.0, 80.0]), [0.0, 0.25]);
    assert!(bench.studio.ground.chain.is_none());
}

/// Where the pad stands after each of some places that are heard.
fn pad(bench: &mut Workbench, steps: &[f64]) -> Vec<(f32, f32)> {
    let at = |steps: &f64| {
        hear(bench, *steps);
        bench.studio.ground.scene.place()
    };
    steps.iter().map(at).collect()
}

/// The points that the model was asked for last, without previews.
fn point(bench: &mut Workbench) -> Vec<f32> {
    let decode = |effect: Effect| match effect {
        Effect::Decode { z, .. } => Some(z[0][0].clone()),
        _ => None,
    };
    bench.take().into_iter().filter_map(decode).last().unwrap()
}

#[test]
fn the_pad_is_the_slider_with_two_corners_more() {
    let mut bench = ready();
    // Keys, what is said, where the pad is, and what the grid calls the groove.
    let table = [
        ("f12 down", "C and D are empty", (0.0, 0.0), "seed 1"),
        (
            "] ] ] ] ] c",
            "C is now blend 25%.",
            (0.0, 1.0),
            "blend 25%",
        ),
        ("home pageup s d", "D is now seed 3.", (1.0, 1.0), "seed 3"),
        ("left k k", "", (0.95, 0.9), "blend 95 90"),
        ("pageup", "", (0.95, 0.0), "blend 95"),
        // Left and right change places, and the groove stays.
        ("pagedown x", "", (0.05, 1.0), "blend 5 100"),
        ("home", "", (0.0, 1.0), "seed 3"),
        ("u", "", (0.05, 1.0), "blend 5 100"),
        // A sample goes into the corner that is nearest.
        ("s", "", (0.0, 1.0), "seed 4"),
    ];
    for (keys, said, place, name) in table {
        bench.press(keys);
        let scene = &bench.studio.ground.scene;
        let rounded = |share: f32| (share * 1000.0).round() / 1000.0;
        let (x, y) = scene.place();
        let now = (rounded(x), rounded(y));
        assert_eq!((now, &*scene.name()), (place, name), "{keys}");
        assert!(bench.said().contains(said), "{keys}: {}", bench.said());
        assert!(shows(&bench, "D blend 25%") || place != (0.05, 1.0));
    }
    assert!(shows(&bench, "0% right, 100% down"));

    // Along both edges, and then from one to the other.
    bench.apply(musicvae_tui::studio::morph::Action::SetPad(0.5, 0.25));
    let scene = bench.studio.ground.scene.clone();
    let along =
        |left: &[f32], right: &[f32], share| musicvae::model::latent::slerp(left, right, share);
    let [a, b, c, d] = [&scene.a, &scene.b, &scene.c, &scene.d].map(|corner| &corner.z[0]);
    let expected = along(&along(a, b, 0.5), &along(c, d, 0.5), 0.25);
    assert_eq!(point(&mut bench), expected);
    assert_eq!(scene.name(), "blend 50 25");

    // By its value, and by the mouse: the corners of the field.
    bench.press("esc");
    bench.press(": p a d space 3 0 space 7 0 enter");
    assert_eq!(bench.studio.ground.scene.place(), (0.3, 0.7));
    bench.press("2 z");
    for (name, place) in [("C seed", (0.0, 1.0)), ("B seed", (1.0, 0.0))] {
        let at = bench.find(name);
        bench.click(at);
        assert_eq!(bench.studio.ground.scene.place(), place, "{name}");
    }
    // Dragged within the field, beyond its lower right corner.
    let (x, y) = bench.find("A seed");
    bench.drag(&[(x + 18, y), (x + 20, y + 1), (x + 70, y + 20)]);
    assert_eq!(bench.studio.ground.scene.place(), (1.0, 1.0));
}

#[test]
fn a_path_on_the_pad_is_recorded_in_whole_bars_and_goes_round() {
    let mut bench = ready();
    bench.press("f12 ] ] c x s d");
    assert!(bench.studio.ground.scene.has_lower_edge());
    hear(&mut bench, 20.0);
    bench.press("r");
    assert_eq!(
        bench.said(),
        "The pad's path is recorded from the next bar on."
    );
    assert!(shows(&bench, "recording the path"));
    // What is moved before the bar line is not part of it; what is moved within it is.
    bench.press("{ pageup");
    hear(&mut bench, 32.0);
    bench.press("}");
    hear(&mut bench, 40.0);
    bench.press("pagedown r");
    assert_eq!(bench.said(), "The path ends with this bar.");
    hear(&mut bench, 44.0);
    hear(&mut bench, 48.1);
    assert_eq!(
        bench.said(),
        "From now on the pad moves 1 bar, along the path."
    );
    let way = pad(&mut bench, &[48.2, 52.0, 56.2, 61.0, 64.0, 70.0]);
    let (left, right, below) = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0));
    assert_eq!(way, [left, right, right, below, left, right]);
    // A hand on the pad ends it; the path stays, and undo brings back one that was forgotten.
    bench.press("left");
    hear(&mut bench, 71.0);
    assert_eq!(bench.said(), "You moved the slider: the sweep is off.");
    bench.press("delete");
    assert!(bench.studio.ground.scene.path.is_empty());
    bench.press("u ~");
    assert_eq!(
        bench.said(),
        "A sweep, 1 bar, along the path, from the next bar on."
    );
    assert_eq!(pad(&mut bench, &[80.0, 93.0]), [left, below]);
    bench.press("~ m");
    assert_eq!(bench.said(), "Sweeps: 4 bars, once.");
}

#[test]
fn what_lies_along_the_slider_is_seen_before_one_goes_there() {
    let mut bench = ready();
    let tick = |bench: &mut Workbench, ms| {
        bench.receive(Event::Tick(std::time::Duration::from_millis(ms)));
        std::mem::take(&mut bench.glimpsed)
    };
    assert_eq!(tick(&mut bench, 1000), 0);
    // A groove that is decoded meanwhile is not waited for any longer than it takes.
    bench.studio.apply(morph::Action::Sample);
    for ms in [1010, 1200] {
        let tick = Event::Tick(std::time::Duration::from_millis(ms));
        bench.studio.receive(tick);
    }
    bench.settle();
    assert!(!bench.studio.ground.scene.pending);
    assert_eq!(std::mem::take(&mut bench.glimpsed), 1);
    bench.press("s");
    assert_eq!(tick(&mut bench, 2000), 0);
    // Once, and not while the slider moves between them.
    assert_eq!(tick(&mut bench, 2200), 1);
    assert_eq!(bench.studio.glimpses.grooves().len(), 7);
    let between = &bench.studio.glimpses.grooves()[3];
    assert_ne!(Some(between), bench.studio.ground.scene.a.preview.as_ref());
    bench.press("2 ] ] ]");
    assert_eq!(tick(&mut bench, 2400), 0);
    assert!(bench.screen(200, 60).join("").contains('\u{2575}'));
    // Other ends: not before they have settled.
    bench.press("=");
    assert_eq!(tick(&mut bench, 2500), 0);
    assert!(bench.studio.glimpses.grooves().is_empty());
    bench.press("=");
    assert_eq!(tick(&mut bench, 2600), 0);
    assert_eq!(tick(&mut bench, 2800), 1);
}
