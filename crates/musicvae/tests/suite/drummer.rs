//! A drummer: what he draws, hears and plays again, by models too small to make sense.

use musicvae::data::Window;
use musicvae::model::{Decoding, ModelError};
use musicvae::music::{Cells, Hit, Lane, Tempo};
use musicvae::{Checkpoint, Drummer, Fill, Groove, Preset, Rework, Variation};

const WARM: Decoding = Decoding {
    temperature: 0.8,
    seed: 5,
};

fn drummer(preset: &str) -> Drummer {
    let preset = Preset {
        z_size: 6,
        encoder: vec![8],
        decoder: vec![8],
        ..Preset::by_name(preset).unwrap()
    };
    Drummer::of(&Checkpoint::untrained(preset, 3).unwrap()).unwrap()
}

/// A snare on every third step, a hat on every fifth.
fn groove(steps: usize) -> Groove {
    let mut groove = Groove::empty(steps);
    for (lane, every) in [(Lane::Snare, 3), (Lane::ClosedHat, 5)] {
        for step in (0..steps).step_by(every) {
            groove.steps[step][lane.index()] = Some(Hit::new(0.6, 0.1));
        }
    }
    groove
}

fn places(groove: &Groove) -> Vec<(usize, Lane)> {
    groove.hits().map(|(step, lane, _)| (step, lane)).collect()
}

#[test]
fn every_kind_of_music_goes_in_and_comes_out() {
    for preset in [
        "groovae_2bar_humanize",
        "cat-drums_2bar_small",
        "cat-mel_2bar_big",
    ] {
        let drummer = drummer(preset);
        let drawn = drummer.sample(WARM, 93.0).unwrap();
        assert_eq!(drawn.qpm(), 93.0, "{preset}");
        assert_eq!(drawn, drummer.sample(WARM, 93.0).unwrap(), "{preset}");
        let other = drummer.sample(Decoding { seed: 6, ..WARM }, 111.0).unwrap();
        let ends = [drawn, other];
        let back = drummer.reconstruct(&ends, WARM).unwrap();
        let way = drummer.interpolate(&ends[0], &ends[1], 4, WARM).unwrap();
        let tempos: Vec<_> = way.iter().map(|window| window.qpm().round()).collect();
        assert_eq!(tempos, [93.0, 99.0, 105.0, 111.0], "{preset}");
        let ways_ends = drummer.interpolate(&ends[0], &ends[1], 2, WARM).unwrap();
        assert_eq!(ways_ends, back, "{preset}");
        let row = drummer.in_a_row(&ends);
        let count = |window: &Window| window.to_note_sequence().notes.len();
        let notes: usize = ends.iter().map(count).sum();
        assert_eq!(row.notes.len(), notes);
    }
}

/// Windows of several tempos in one file: each comes back on its own steps, at its own tempo.
#[test]
fn every_window_of_a_row_has_its_own_tempo() {
    let drummer = drummer("groovae_2bar_humanize");
    let tempos = [100.0, 100.0, 80.0, 125.0];
    let windows = tempos.map(|qpm| Window::Groove(Groove { qpm, ..groove(32) }));
    let row = drummer.in_a_row(&windows);
    let tempo = |it: &Tempo| ((it.time * 1000.0).round(), it.qpm);
    let changes: Vec<(f64, f64)> = row.tempos.iter().map(tempo).collect();
    assert_eq!(changes, [(0.0, 100.0), (9600.0, 80.0), (15_600.0, 125.0)]);
    assert!((row.total_time - 19.44).abs() < 1e-9);
    let found = drummer.windows(&row).unwrap().windows;
    let found: Vec<_> = found
        .iter()
        .map(|window| match window {
            Window::Groove(groove) => (groove.qpm.round(), places(groove)),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = tempos.map(|qpm| (qpm, places(&groove(32))));
    assert_eq!(found, expected);
}

#[test]
fn what_must_be_told_is_told_of_the_windows_played_instead_of() {
    let drummer = drummer("groovae_2bar_hits_control_tfds");
    let refused = drummer.sample(WARM, 120.0);
    assert!(matches!(refused, Err(ModelError::NoControls { .. })));
    let windows = [Window::Groove(groove(32))];
    assert_eq!(drummer.reconstruct(&windows, WARM).unwrap().len(), 1);
}

#[test]
fn a_groove_of_any_length_is_worked_on() {
    let given = groove(40);
    let humanized = drummer(Rework::Humanize.preset()).rework(&given, WARM);
    assert_eq!(places(&humanized.unwrap()), places(&given));
    let with_hats = drummer(Rework::AddHats.preset())
        .rework(&given, WARM)
        .unwrap();
    assert_eq!(with_hats.steps.len(), 40);
    for step in 0..40 {
        let snare = |groove: &Groove| groove.hit(step, Lane::Snare);
        assert_eq!(snare(&with_hats), snare(&given));
    }
    let drummer = drummer("groovae_4bar");
    let refused = drummer.rework(&given, WARM);
    assert!(matches!(refused, Err(ModelError::NoRework { .. })));
    // Read window by window, the last one filled up as the loop goes round.
    for (steps, windows) in [(40, 1), (64, 1), (80, 2)] {
        let given = groove(steps);
        let around: Vec<_> = given.steps.iter().cycle().take(64 * windows).collect();
        let window = |steps: &[&musicvae::music::Step]| Groove {
            steps: steps.iter().map(|step| **step).collect(),
            ..Groove::empty(0)
        };
        let expected: Vec<Window> = around.chunks(64).map(window).map(Window::Groove).collect();
        let read = drummer.encode_groove(&given).unwrap();
        assert_eq!(read, drummer.encode(&expected).unwrap(), "{steps}");
    }
}

/// How many cells of two grooves differ in whether they are struck.
fn apart(one: &Groove, other: &Groove) -> usize {
    let cells = one.steps.iter().flatten().zip(other.steps.iter().flatten());
    cells
        .filter(|(one, other)| one.is_some() != other.is_some())
        .count()
}

#[test]
fn relatives_go_from_the_groove_to_new_music_around_what_is_kept() {
    let drummer = drummer("groovae_2bar_humanize");
    // A window and a half, and a part of one.
    for steps in [48, 16] {
        let groove = groove(steps);
        let kept = Cells::of(steps, |step, lane| lane == Lane::Snare || step / 16 == 1);
        let vary = |amount, kept: &Cells, seeds: &[u64]| {
            let variation = Variation {
                amount,
                kept: kept.clone(),
            };
            drummer.vary(&groove, &variation, 1.0, seeds).unwrap()
        };
        let free = Cells::default();
        for seed in 0..3 {
            assert_eq!(vary(0.0, &free, &[seed]), std::slice::from_ref(&groove));
            let way: Vec<usize> = [0.1, 0.5, 1.0]
                .map(|amount| apart(&vary(amount, &free, &[seed])[0], &groove))
                .into();
            assert!(way[0] < way[1] && way[1] < way[2], "{way:?}");
        }
        let all = vary(1.0, &kept, &[4, 5, 6]);
        // Up to rounding, which depends on how many are played side by side.
        let alone = vary(1.0, &kept, &[5]).remove(0);
        assert_eq!(apart(&all[1], &alone), 0, "each by its own seed");
        assert_ne!(apart(&all[0], &all[1]), 0);
        for relative in &all {
            assert_eq!(relative.steps.len(), steps);
            let back = relative.clone().with_cells_of(&groove, &kept);
            assert_eq!(*relative, back, "what is kept stays");
        }
    }
}

#[test]
fn a_fill_takes_its_bar_and_nothing_else() {
    let drummer = drummer("groovae_2bar_humanize");
    for (steps, bar) in [(64, 3), (64, 0), (16, 0), (40, 2)] {
        let groove = groove(steps);
        let fill = |kept: Cells, seeds: &[u64]| {
            let fill = Fill {
                bar,
                direction: vec![0.5; 6],
                kept,
            };
            drummer.fill(&groove, &fill, 1.0, seeds).unwrap()
        };
        let snares = Cells::of(steps, |_, lane| lane == Lane::Snare);
        let made = fill(snares.clone(), &[1, 2]);
        assert_ne!(made[0], made[1], "fills differ");
        let others = Cells::of(steps, |step, lane| {
            step / 16 != bar || snares.has(step, lane)
        });
        for made in made {
            assert_ne!(made, groove);
            assert_eq!(made.clone().with_cells_of(&groove, &others), made);
        }
    }
    let short = Fill {
        bar: 0,
        direction: vec![0.0; 5],
        kept: Cells::default(),
    };
    let refused = drummer.fill(&groove(32), &short, 1.0, &[1]).unwrap_err();
    assert!(matches!(refused, ModelError::Input { .. }), "{refused}");
}

/// What is kept is heard: the rest is another one than where it is only put in afterwards.
#[test]
fn a_latent_is_played_around_what_is_kept() {
    let drummer = drummer("groovae_2bar_humanize");
    let groove = groove(32);
    let z = vec![0.3; 6];
    let kept = Cells::of(32, |_, lane| lane == Lane::Snare);
    let points = std::slice::from_ref(&z);
    let around = drummer.decode_around(points, &groove, &kept, WARM).unwrap();
    let alone = drummer.decode_grooves(&[z], WARM).unwrap().remove(0);
    let overlaid = alone.with_cells_of(&groove, &kept);
    assert_eq!(around.clone().with_cells_of(&groove, &kept), around);
    assert_ne!(around, overlaid);
}

/// A groove of many windows has a latent for each, in turn, and each is played by a seed of its own.
#[test]
fn long_grooves_are_played_window_by_window() {
    let drummer = drummer("groovae_2bar_humanize");
    let (one, other) = (vec![0.3; 6], vec![-0.8; 6]);
    let alone = |z: &Vec<f32>, seed| {
        let how = Decoding { seed, ..WARM };
        drummer
            .decode_grooves(std::slice::from_ref(z), how)
            .unwrap()[0]
            .steps
            .clone()
    };
    let points = [vec![one.clone(), other.clone()], vec![one.clone()]];
    // Two windows and a half.
    let long = drummer.decode_long(&points, 80, WARM).unwrap();
    for (long, order) in long.iter().zip([[&one, &other, &one], [&one, &one, &one]]) {
        let seeds = WARM.seed..;
        let windows = order.iter().zip(seeds);
        let mut expected: Vec<_> = windows.flat_map(|(z, seed)| alone(z, seed)).collect();
        expected.truncate(80);
        let expected = Groove {
            steps: expected,
            ..Groove::empty(0)
        };
        // Up to rounding, which depends on how many are played side by side.
        assert_eq!((apart(long, &expected), long.steps.len()), (0, 80));
    }
    assert!(drummer.decode_long(&[Vec::new()], 80, WARM).is_err());
    // What is kept of a long groove is kept in all of its windows.
    let given = groove(80);
    let kept = Cells::of(80, |step, lane| lane == Lane::Snare || step / 16 == 3);
    let around = drummer
        .decode_around(&points[0], &given, &kept, WARM)
        .unwrap();
    assert_eq!(around.clone().with_cells_of(&given, &kept), around);
    assert_eq!(around.steps.len(), 80);
}

#[test]
fn a_groove_goes_on_after_its_end() {
    let drummer = drummer("groovae_2bar_humanize");
    // Shorter than a window, a window, and more.
    for steps in [16, 32, 80] {
        let given = groove(steps);
        let kept = Cells::of(32, |_, lane| lane == Lane::Snare);
        let extended = |seed| {
            let how = Decoding { seed, ..WARM };
            drummer.extend(&given, &kept, how).unwrap()
        };
        let longer = extended(1);
        assert_eq!(longer.steps.len(), steps + 32);
        assert!(longer.steps.starts_with(&given.steps));
        for step in 0..32 {
            let last = (steps * 2 + step - 32) % steps;
            let (new, old) = (&longer.steps[steps + step], &given.steps[last]);
            assert_eq!(new[Lane::Snare.index()], old[Lane::Snare.index()], "{step}");
        }
        assert_eq!(longer, extended(1));
        assert_ne!(longer, extended(2));
    }
}
