//! Grooves of 1 to 64 bars, by the keys and from real files: longer by the model, brought in, morphed,
//! shown, kept and written.

use std::collections::HashSet;

use musicvae::model::Decoding;
use musicvae::music::midi_file::{self, Layout};
use musicvae::music::{Cells, Groove, Hit, Lane, Step};
use musicvae::{Checkpoint, Drummer};
use musicvae_tui::engine::render::Score;
use musicvae_tui::engine::{Command, DrumMap, Request, Song};
use musicvae_tui::studio::session::{decode, encode};
use musicvae_tui::studio::{Effect, Event, Kin, ModelInfo, Origin, bring, export};

use super::workbench::{Workbench, Z_SIZE, engine, fake_decode, model};

const BAR: usize = 16;

/// So many bars, of which each has its own number of kicks and a snare.
fn bars(count: usize) -> Groove {
    let mut groove = Groove::empty(BAR * count);
    for bar in 0..count {
        for kick in 0..=bar % 11 {
            groove.steps[BAR * bar + kick][Lane::Kick.index()] = Some(Hit::new(0.75, 0.0));
        }
        groove.steps[BAR * bar + bar % BAR][Lane::Snare.index()] = Some(Hit::new(0.5, 0.0));
    }
    groove
}

fn strokes(groove: &Groove) -> HashSet<(usize, usize)> {
    let hits = groove.hits();
    hits.map(|(step, lane, _)| (step, lane.index())).collect()
}

/// The bars of what is heard that begin with a crash: those that the fake model has added begin so.
fn crashes(bench: &Workbench) -> Vec<usize> {
    let hits = bench.studio.groove().hits();
    let crashes = hits.filter(|(_, lane, _)| *lane == Lane::Crash);
    crashes.map(|(step, ..)| step / BAR + 1).collect()
}

fn shows(bench: &Workbench, text: &str) -> bool {
    let sizes = [(80, 24), (120, 40), (200, 60)];
    sizes.into_iter().all(|(width, height)| {
        let lines = bench.screen(width, height);
        lines.iter().any(|line| line.contains(text))
    })
}

/// What the model was asked for last: the points of each groove, and its steps.
fn asked(bench: &mut Workbench) -> (Vec<usize>, usize) {
    let decode = bench.take().into_iter().rev().find_map(|it| match it {
        Effect::Decode { z, steps, .. } => Some((z.iter().map(Vec::len).collect(), steps)),
        _ => None,
    });
    decode.expect("the model was asked")
}

#[test]
fn a_groove_grows_and_shrinks_by_keys() {
    // Keys, bars, what is said, its name, and the bars with a crash.
    let table: [(&str, usize, &str, &str, &[usize]); 13] = [
        (
            "$",
            8,
            "The groove goes on to 8 bars, bars 5 to 8 by the model; u undoes it.",
            "seed 1 in 8 bars",
            &[5],
        ),
        (
            "$ $ $",
            16,
            "The groove goes on to 16",
            "seed 1 in 16 bars",
            &[5, 9, 13],
        ),
        ("$ $ u", 8, "", "seed 1 in 8 bars", &[5]),
        ("$ u", 4, "", "seed 1", &[]),
        (
            "ctrl-q 6 enter",
            6,
            "The groove has 6 bars; u undoes it.",
            "seed 1 in 6 bars",
            &[],
        ),
        ("ctrl-q 6 enter u", 4, "", "seed 1", &[]),
        (
            "$ ctrl-q 1 enter",
            1,
            "The groove has 1 bar;",
            "seed 1 in 1 bar",
            &[],
        ),
        (
            "ctrl-q 1 enter $",
            5,
            "The groove goes on to 5",
            "seed 1 in 5 bars",
            &[2],
        ),
        (
            "ctrl-q 6 2 enter $",
            64,
            "The groove goes on to 64",
            "seed 1 in 64 bars",
            &[63],
        ),
        (
            "ctrl-q 6 4 enter $",
            64,
            "A groove has 64 bars at most.",
            "seed 1 in 64 bars",
            &[],
        ),
        ("ctrl-q 4 enter", 4, "It has 4 bars already.", "seed 1", &[]),
        (
            "ctrl-q 6 5 enter esc",
            4,
            "Bars of the groove (1 to 64;",
            "seed 1",
            &[],
        ),
        (
            ": l e n g t h space 9 enter",
            9,
            "The groove has 9 bars",
            "seed 1 in 9 bars",
            &[],
        ),
    ];
    for (keys, length, said, name, crashed) in table {
        let mut bench = Workbench::ready();
        bench.press(keys);
        assert_eq!(bench.studio.groove().steps.len(), BAR * length, "{keys}");
        assert!(bench.said().starts_with(said), "{keys}: {}", bench.said());
        assert_eq!(bench.studio.ground.groove_name(), name, "{keys}");
        assert_eq!(crashes(&bench), crashed, "{keys}");
    }
    // More bars go round: each is the bar four bars before.
    let mut bench = Workbench::ready();
    let before = bench.studio.groove().steps.clone();
    bench.press("ctrl-q 1 1 enter");
    let around = before.iter().cycle().take(BAR * 11).copied();
    assert_eq!(bench.studio.groove().steps, around.collect::<Vec<Step>>());
}

#[test]
fn what_is_locked_goes_on_and_what_comes_too_late_is_left() {
    let mut bench = Workbench::ready();
    bench.press("down f");
    bench.take();
    bench.press("$");
    let kin = bench.take().into_iter().find_map(|it| match it {
        Effect::Relate { kin, seeds, .. } => Some((kin, seeds)),
        _ => None,
    });
    let Some((Kin::Extension(kept), seeds)) = kin else {
        panic!("{kin:?}")
    };
    let snares = Cells::of(64, |_, lane| lane == Lane::Snare);
    assert_eq!((kept, seeds), (snares, vec![2]));

    // The groove is another one by the time the answer comes.
    let mut bench = Workbench::ready();
    bench.press("pagedown");
    bench
        .studio
        .apply(musicvae_tui::studio::length::Action::Extend);
    let asked = bench.studio.take_effects();
    bench.press("$");
    assert_eq!(bench.said(), "The model is still at work: press it again.");
    bench.press("enter");
    let edited = bench.studio.groove().clone();
    let [Effect::Relate { ticket, groove, .. }] = &asked[..] else {
        panic!("{asked:?}")
    };
    let mut longer = groove.clone();
    longer.steps.extend_from_within(..);
    bench.receive(Event::Related {
        ticket: *ticket,
        grooves: vec![longer],
    });
    assert_eq!(bench.studio.groove(), &edited);
    assert_eq!(
        bench.said(),
        "The groove has changed meanwhile: press it again."
    );
    // One that failed is no reason to wait for ever.
    bench
        .studio
        .apply(musicvae_tui::studio::length::Action::Extend);
    let asked = bench.studio.take_effects();
    let [Effect::Relate { ticket, .. }] = &asked[..] else {
        panic!("{asked:?}")
    };
    bench.receive(Event::InferenceFailed {
        ticket: *ticket,
        reason: "gone".into(),
    });
    bench.press("$");
    assert_eq!(bench.studio.groove().bars(), 8);

    let mut bench = Workbench::bare();
    bench.press("$");
    assert_eq!(bench.said(), "The groove is silent.");
}

/// The model plays all of a longer groove, window by window; only what it plays alone is a window long.
#[test]
fn what_the_model_does_it_does_to_every_window() {
    // Keys after a groove of eight bars, the points that are asked for, and its length.
    for (keys, points, steps) in [
        ("s", vec![1, 1, 1], 128),
        ("]", vec![1], 128),
        // An end that was read has a point for each window, and the blend as many as the longer one.
        ("a ]", vec![2], 128),
        ("a b s", vec![1, 2, 1], 128),
        ("a + ", vec![2, 2, 1], 128),
        ("ctrl-q 6 enter a ]", vec![2], 96),
        ("ctrl-q 2 enter s", vec![1, 1, 1], 64),
    ] {
        let mut bench = Workbench::ready();
        bench.press("$");
        bench.press(keys);
        assert_eq!(asked(&mut bench), (points, steps), "{keys}");
        assert_eq!(bench.studio.groove().steps.len(), steps, "{keys}");
    }
    // Half the way from a point to two is half the way from it to each of them.
    let mut bench = Workbench::ready();
    bench.press("$ b [ [ [ [ [ [ [ [ [ [");
    let scene = &bench.studio.ground.scene;
    assert_eq!(scene.slider, 0.5);
    let half = |z: &Vec<f32>| musicvae::model::latent::slerp(&scene.a.z[0], z, 0.5);
    assert_eq!(scene.z(), scene.b.z.iter().map(half).collect::<Vec<_>>());
    // A locked bar of a long groove is told to the model and stays.
    let mut bench = Workbench::ready();
    bench.press("$ pagedown pagedown pagedown pagedown pagedown ctrl-b");
    assert!(bench.said().starts_with("Bar 6 is locked"));
    let before = bench.studio.groove().steps.clone();
    bench.take();
    bench.press("s s");
    let effects = bench.take();
    let locked = effects.iter().find_map(|it| match it {
        Effect::Decode { locked, .. } => locked.as_ref(),
        _ => None,
    });
    let locked = locked.expect("what is locked is told");
    assert_eq!(locked.groove.steps, before);
    assert!(locked.cells.has(BAR * 5, Lane::Kick) && !locked.cells.has(BAR * 4, Lane::Kick));
    let now = &bench.studio.groove().steps;
    assert_eq!(now[BAR * 5..BAR * 6], before[BAR * 5..BAR * 6]);
    assert_ne!(now, &before);
    // Of a groove that became shorter, nobody speaks of the bar that is gone.
    bench.press("ctrl-q 4 enter b");
    assert!(!bench.said().contains("bar 6"), "{}", bench.said());
}

#[test]
fn a_file_comes_in_whole() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, groove: &Groove| {
        let path = folder.path().join(name);
        let bytes = midi_file::encode(&groove.to_note_sequence()).unwrap().bytes;
        std::fs::write(&path, bytes).unwrap();
        path
    };
    // Bars of the file, keys, the first bar of it that is there, how many, and its name.
    for (count, keys, first, length, name) in [
        (10, "w", 0, 10, "take"),
        // From wherever the window is: all of it.
        (10, "right right w", 0, 10, "take"),
        (64, "w", 0, 64, "take"),
        (70, "w", 0, 64, "take 1-64"),
        (70, "right right right w", 3, 64, "take 4-67"),
        (70, "end w", 66, 4, "take 67-70"),
        (10, "enter", 0, 4, "take 1-4"),
        // Nothing to choose: as many bars as there are.
        (4, "", 0, 4, "take"),
        (3, "", 0, 3, "take"),
    ] {
        let groove = bars(count);
        let path = write("take.mid", &groove);
        let mut bench = Workbench::ready();
        bench.apply(bring::Action::Bring(vec![path]));
        if !keys.is_empty() {
            assert!(shows(&bench, &format!("of {count}")), "{count}");
        }
        bench.press(keys);
        let heard = bench.studio.groove();
        let mut expected = groove;
        expected.steps.drain(..BAR * first);
        expected.steps.truncate(BAR * length);
        assert_eq!(heard.bars(), length, "{count} {keys}");
        assert_eq!(strokes(heard), strokes(&expected), "{count} {keys}");
        assert_eq!(bench.studio.ground.scene.origin, Origin::Named(name.into()));
        bench.press("u");
        assert_eq!(bench.studio.ground.groove_name(), "seed 1");
    }
    // A bar of another meter in between is left out: four bars before it, and seven from
    // 9.5 s to the last stroke at 23.4 s.
    let mut sequence = bars(12).to_note_sequence();
    for (time, numerator) in [(8.0, 3), (9.5, 4)] {
        let mut meter = sequence.time_signatures[0].clone();
        (meter.time, meter.numerator) = (time, numerator);
        sequence.time_signatures.push(meter);
    }
    let path = folder.path().join("meters.mid");
    std::fs::write(&path, midi_file::encode(&sequence).unwrap().bytes).unwrap();
    let mut bench = Workbench::ready();
    bench.apply(bring::Action::Bring(vec![path]));
    bench.press("w");
    assert!(
        bench.said().contains("meters is the groove"),
        "{}",
        bench.said()
    );
    assert_eq!(bench.studio.groove().bars(), 11);
    let before = |groove: &Groove| {
        let mut strokes = strokes(groove);
        strokes.retain(|(step, _)| *step < BAR * 4 - 1);
        strokes
    };
    assert_eq!(before(bench.studio.groove()), before(&bars(4)));
}

/// The text of the line with the overview, from the labels on.
fn overview(bench: &Workbench, width: u16, height: u16) -> Option<String> {
    let lines = bench.screen(width, height);
    let count = format!("{} bars ", bench.studio.groove().bars());
    let within = |line: &String| {
        let line = line.trim_start_matches(['│', ' ']);
        Some(line.strip_prefix(&count)?.trim().to_string())
    };
    lines.iter().find_map(within)
}

#[test]
fn all_bars_of_a_long_groove_are_seen() {
    let mut bench = Workbench::ready();
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        assert_eq!(
            overview(&bench, width, height),
            None,
            "four bars are all there"
        );
    }
    bench.press("$ $ $");
    let sizes = [(80, 24), (120, 40), (200, 60)];
    for (width, height) in sizes {
        let strip = overview(&bench, width, height).expect("an overview");
        let columns = strip.chars().filter(|it| "▁▂▃▄▅▆▇█".contains(*it)).count();
        assert!(columns >= 16, "{width}: {strip}");
    }
    // Keys, and the bars that stand in the ruler then.
    for (keys, first) in [("", 1), ("end", 13), ("home pagedown pagedown pagedown", 1)] {
        bench.press(keys);
        let lines = bench.screen(100, 30);
        let is_there = |line: &String| line.contains(&format!(" {first}.2"));
        assert!(lines.iter().any(is_there), "{keys}: {lines:#?}");
    }
    bench.press(": b a r space 1 0 enter");
    assert_eq!(bench.studio.ground.screen.step, BAR * 9);
    // The first zoom has four bars at most, and the cursor's.
    bench.press("z");
    assert_eq!(bench.studio.ground.screen.zoom, Some(4));
    assert!(shows(&bench, "9   "));
    // A press on a bar of the overview, or a drag over it, goes there.
    let (x, y) = bench.find("16 bars  ");
    for (bar, column) in [(0, 0), (2, 8), (15, 60)] {
        bench.click((x + 10 + column, y));
        assert_eq!(bench.studio.ground.screen.step, BAR * bar, "{bar}");
    }
    bench.drag(&[(x + 10, y), (x + 10 + 20, y)]);
    assert_eq!(bench.studio.ground.screen.step, BAR * 5);
    // 64 bars have a column each, also where the screen is narrow.
    bench.press("ctrl-q 6 4 enter end");
    for (width, height) in sizes {
        let strip = overview(&bench, width, height).expect("an overview");
        let columns = strip.chars().filter(|it| "▁▂▃▄▅▆▇█".contains(*it)).count();
        assert!(columns >= 64, "{width}: {strip}");
    }
    assert!(shows(&bench, "Kick 64.4.4"));
}

#[test]
fn a_long_groove_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    for count in [1, 7, 16, 64] {
        let groove = bars(count);
        let song = Song::once(groove.clone());
        let map = DrumMap::general_midi();
        let file = export::write(&song, Layout::Drums, &map, folder.path(), "beat").unwrap();
        let read = midi_file::read(&std::fs::read(file.path).unwrap()).unwrap();
        assert!((read.total_time - 2.0 * count as f64).abs() < 1e-9);
        let mut bench = Workbench::ready();
        let path = folder.path().join("again.mid");
        std::fs::write(&path, midi_file::encode(&read).unwrap().bytes).unwrap();
        bench.apply(bring::Action::Bring(vec![path]));
        if count > 4 {
            bench.press("w");
        }
        let heard = bench.studio.groove();
        // A single bar is a loop, which goes round.
        let mut expected = groove.clone();
        if count == 1 {
            expected.steps = groove.steps.repeat(4);
        }
        assert_eq!(strokes(heard), strokes(&expected), "{count}");
        let score = Score::of_song(&song, 16_000);
        assert_eq!(score.lanes(), [Lane::Kick, Lane::Snare]);
    }
    // What is exported on screen is all of it.
    let mut bench = Workbench::ready();
    bench.press("$ $ $");
    bench.take();
    bench.press("e");
    let effects = bench.take();
    let [
        Effect::Export {
            song, about, name, ..
        },
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((song.bars(), about.as_str()), (16, "16 bars at 120.0"));
    assert_eq!(name, "groove-seed-1-in-16-bars");
}

#[test]
fn a_long_groove_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(folder.path());
    bench.press("$ $ $ a $");
    let groove = bench.studio.groove().clone();
    let points = bench.studio.ground.scene.a.z.clone();
    assert_eq!((groove.bars(), points.len()), (20, 4));
    // A favourite is in the library.
    bench.press("ctrl-f");
    bench.studio.end();
    bench.settle();
    drop(bench);
    let mut next = Workbench::over(folder.path());
    assert_eq!(next.studio.groove().steps, groove.steps);
    assert_eq!(next.studio.ground.scene.a.z, points);
    next.press("u");
    assert_eq!(next.studio.groove().bars(), 16);
    next.press("] s ctrl-l");
    assert!(shows(&next, "20 bars"));
    next.press("enter");
    assert_eq!(next.studio.groove().steps, groove.steps);
    // A blend of sixteen bars comes out of the library with all of its points.
    let mut bench = Workbench::over(folder.path());
    bench.press("ctrl-q 8 enter a ] ] ] ctrl-f");
    let (groove, points) = (
        bench.studio.groove().clone(),
        bench.studio.ground.scene.z().clone(),
    );
    assert_eq!(points.len(), 2);
    bench.press("s ctrl-l enter");
    assert_eq!(bench.studio.groove().steps, groove.steps);
    assert_eq!(bench.studio.ground.scene.z(), points);
}

/// A model that plays two bars at a time reads and plays four of them as two windows.
#[test]
fn another_model_plays_a_groove_in_windows_of_its_own() {
    let mut bench = Workbench::ready();
    bench.take();
    bench.studio.receive(Event::Loaded(ModelInfo {
        steps: 32,
        preset: "groovae_2bar".into(),
        ..model("short")
    }));
    let points = vec![vec![0.25; Z_SIZE], vec![0.75; Z_SIZE]];
    for end in 0..2 {
        let asked = bench.studio.take_effects();
        let Some(Effect::Encode { ticket, groove }) = asked.last() else {
            panic!("{asked:?}")
        };
        assert_eq!(groove.steps.len(), 64, "{end}");
        bench.studio.receive(Event::Encoded {
            ticket: *ticket,
            z: points.clone(),
        });
    }
    bench.settle();
    assert_eq!(asked(&mut bench), (vec![2, 2, 2], 64));
    assert_eq!(bench.studio.ground.scene.a.z, points);
}

/// How alike two stretches are: twice their common strokes by all of them.
fn likeness(one: &[Step], other: &[Step]) -> f64 {
    let of = |steps: &[Step]| {
        let groove = Groove {
            steps: steps.to_vec(),
            ..Groove::empty(0)
        };
        strokes(&groove)
    };
    let (one, other) = (of(one), of(other));
    2.0 * one.intersection(&other).count() as f64 / (one.len() + other.len()).max(1) as f64
}

/// The built-in model plays on as drummers do, of whom four bars and the next four have 70 % of their
/// strokes in common: new bars are much nearer to the last ones than another groove is, and are not the same.
#[test]
fn the_built_in_model_goes_on_in_the_same_way() {
    let checkpoint = Checkpoint::open(&musicvae_tui::embedded::first()).unwrap();
    let drummer = Drummer::of(&checkpoint).unwrap();
    let (mut near, mut far, mut same) = (0.0, 0.0, 0);
    let grooves: Vec<Groove> = (0..12)
        .map(|seed| {
            let how = Decoding {
                temperature: 0.5,
                seed,
            };
            match drummer.sample(how, 120.0).unwrap() {
                musicvae::data::Window::Groove(groove) => groove,
                other => panic!("{other:?}"),
            }
        })
        .collect();
    for (seed, groove) in grooves.iter().enumerate() {
        let mut longer = groove.clone();
        for more in 0..3 {
            let how = Decoding {
                temperature: 0.5,
                seed: 100 * seed as u64 + more,
            };
            longer = drummer.extend(&longer, &Cells::default(), how).unwrap();
        }
        assert_eq!(longer.bars(), 16);
        let windows: Vec<&[Step]> = longer.steps.chunks(64).collect();
        for pair in windows.windows(2) {
            near += likeness(pair[0], pair[1]) / 36.0;
            same += usize::from(pair[0] == pair[1]);
        }
        let others = grooves.iter().filter(|other| *other != groove);
        far += others
            .map(|other| likeness(&groove.steps, &other.steps))
            .sum::<f64>()
            / 132.0;
    }
    assert_eq!(same, 0);
    assert!((0.6..0.8).contains(&near) && far < 0.4, "{near} {far}");
}

/// The fake model's windows go round where there are fewer points than windows.
#[test]
fn an_end_of_one_window_goes_round() {
    let mut bench = Workbench::ready();
    bench.press("$ s");
    let scene = &bench.studio.ground.scene;
    let window = fake_decode(&scene.a.z[0], 0.5);
    assert_eq!(scene.groove.steps, window.steps.repeat(2));
}

/// Has the engine play the step `step` of a groove of four bars, in this turn of it.
fn hear(bench: &mut Workbench, turn: u64, step: f64) {
    let mut status = bench.studio.ground.transport.clone();
    status.playing = true;
    status.position.turn = turn;
    status.position.step = step;
    status.position.loop_steps = 64;
    bench.receive(Event::Transport(status));
}

#[test]
fn a_lane_goes_round_by_itself() {
    let sent = |bench: &mut Workbench| {
        let steps = bench.take().into_iter().rev().find_map(|it| match it {
            Effect::Engine(Request::Command(Command::SetLaneSteps { lane, steps })) => {
                Some((lane, steps))
            }
            _ => None,
        });
        steps.expect("the engine is told")
    };
    // Keys, what is said, and what the engine is told.
    for (keys, said, lane, steps) in [
        (
            "ctrl-4 1 2 enter",
            "Kick loops every 12 steps.",
            Lane::Kick,
            Some(12),
        ),
        (
            "down ctrl-4 1 enter",
            "Snare loops every step.",
            Lane::Snare,
            Some(1),
        ),
        (
            "ctrl-4 7 enter ctrl-4 0 enter",
            "Kick loops with the groove.",
            Lane::Kick,
            None,
        ),
    ] {
        let mut bench = Workbench::ready();
        bench.take();
        bench.press(keys);
        assert_eq!(bench.said(), said);
        assert_eq!(sent(&mut bench), (lane, steps), "{keys}");
    }
    let mut bench = Workbench::ready();
    bench.press("ctrl-4 6 5 enter");
    assert!(
        bench.said().starts_with("Steps of the lane"),
        "{}",
        bench.said()
    );
    bench.press("esc ctrl-4 1 2 enter");
    assert!(shows(&bench, "loops every 12"));
    // A new groove leaves it; what is exported has it, and as many turns as it takes to come round.
    bench.press("s");
    bench.take();
    bench.press("e");
    bench.apply(export::Action::ExportPasses);
    let effects = bench.take();
    let songs: Vec<_> = effects
        .iter()
        .filter_map(|it| match it {
            Effect::Export { song, about, .. } => Some((song, about.as_str())),
            _ => None,
        })
        .collect();
    let [(once, about), (whole, _)] = songs[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(once.lane_steps[0], Some(12));
    assert_eq!(about, "4 bars at 120.0, Kick every 12 steps");
    // 64 and 12 steps meet after 192.
    assert_eq!((once.bars(), whole.bars()), (4, 12));
    // It is there again next time, and the engine is told.
    let again = bench.studio.ground.snapshot();
    let again = decode(&encode(&again)).unwrap();
    assert_eq!(again.lanes[0].steps, Some(12));
    bench.take();
    bench.studio.ground.restore(again, true);
    bench.settle();
    let told = Command::SetLaneSteps {
        lane: Lane::Kick,
        steps: Some(12),
    };
    assert!(bench.take().contains(&engine(told)));
    // Where it is, of 64 steps and a lane of 12: in any turn, and on either side of the loop's end.
    for (turn, now, step, place) in [
        (0, 5.0, 5, 5),
        (0, 13.0, 13, 1),
        (1, 0.5, 0, 4),
        (2, 10.0, 10, 6),
        // A stroke that was early for step 0 of the next turn, and one that was late for the last.
        (0, 63.8, 0, 4),
        (1, 0.2, 63, 3),
    ] {
        hear(&mut bench, turn, now);
        assert_eq!(bench.studio.ground.place_of(Lane::Kick, step), place);
        assert_eq!(bench.studio.ground.place_of(Lane::Snare, step), step);
    }
    let ground = &bench.studio.ground;
    assert!(ground.is_reached(Lane::Kick, 11) && !ground.is_reached(Lane::Kick, 12));
    assert!(ground.is_reached(Lane::Snare, 63));
}

/// The file of a session is written anew with each change, so the way back of long grooves is shorter
/// there.
#[test]
fn a_session_of_long_grooves_stays_small() {
    let mut bench = Workbench::ready();
    // So many bars, how many steps of undo there are, and how many are there next time.
    for (length, undo, kept) in [("4", 256, 256), ("6 4", 64, 21)] {
        bench.press(&format!("ctrl-q {length} enter ctrl-a 2 esc"));
        for _ in 0..260 {
            bench.press("enter right");
        }
        let snapshot = bench.studio.ground.snapshot();
        assert_eq!(snapshot.past.len(), undo);
        let text = encode(&snapshot);
        assert!(text.len() < 3_000_000, "{}", text.len());
        let again = decode(&text).unwrap();
        assert_eq!(again.scene.groove, snapshot.scene.groove);
        let nearest = &snapshot.past[undo - again.past.len()..];
        let strokes = |scenes: &[std::sync::Arc<musicvae_tui::studio::Scene>]| {
            let counts = scenes.iter().map(|it| it.groove.hits().count());
            counts.sum::<usize>()
        };
        assert_eq!(strokes(&again.past), strokes(nearest));
        println!(
            "{length}: {} scenes, {} bytes",
            again.past.len(),
            text.len()
        );
        let began = std::time::Instant::now();
        assert_eq!(snapshot, snapshot.clone());
        println!("compared {:?}", began.elapsed());
        assert_eq!(again.past.len(), kept);
    }
}

#[test]
fn triplets_are_set_written_and_brought_in_again() {
    let mut bench = Workbench::ready();
    bench.press("ctrl-a delete esc");
    // Two beats of rides.
    bench.press("down down down down down down down down \\ right right right right right right right T esc");
    let rides = |groove: &Groove| {
        let hits = groove.hits();
        let rides = hits.filter(|(_, lane, _)| *lane == Lane::Ride);
        rides
            .map(|(step, _, hit)| (step, (hit.offset * 300.0).round()))
            .collect::<Vec<_>>()
    };
    let expected = [
        (0, 0.0),
        (1, -100.0),
        (3, 100.0),
        (4, 0.0),
        (5, -100.0),
        (7, 100.0),
    ];
    assert_eq!(rides(bench.studio.groove()), expected);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("beat.mid");
    let song = Song::once(bench.studio.groove().clone());
    let bytes = song.midi(Layout::Drums).unwrap().bytes;
    // At 960 ticks a quarter note they are 320 apart.
    let read = midi_file::read(&bytes).unwrap();
    let ticks: Vec<f64> = read
        .notes
        .iter()
        .map(|it| (it.start_time * 1920.0).round())
        .collect();
    assert_eq!(ticks, [0.0, 320.0, 640.0, 960.0, 1280.0, 1600.0]);
    std::fs::write(&path, bytes).unwrap();
    let mut again = Workbench::ready();
    again.apply(bring::Action::Bring(vec![path.clone()]));
    let around: Vec<_> = rides(again.studio.groove()).into_iter().take(6).collect();
    assert_eq!(around, [0, 1, 2, 3, 4, 5].map(|step| (step, 0.0)));
    again.press(": s i x t e e n t h s enter");
    let around: Vec<_> = rides(again.studio.groove()).into_iter().take(6).collect();
    assert_eq!(around, expected);
}
