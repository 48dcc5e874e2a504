use super::*;
use musicvae::music::{Grid, Groove, Hit};
use proptest::prelude::*;

fn groove(steps: usize, hits: &[(usize, Lane, f32)]) -> Arc<Pattern> {
    let mut groove = Groove::empty(steps);
    for &(step, lane, offset) in hits {
        groove.steps[step][lane.index()] = Some(Hit::new(0.5, offset));
    }
    Arc::new(Pattern::new(groove))
}

/// Plays to `to` in blocks of `block` steps.
fn play(player: &mut Player, to: f64, block: f64) -> Vec<(Lane, f64)> {
    let mut strokes = Vec::new();
    let mut at = player.cursor;
    while at < to {
        at = (at + block).min(to);
        let emit = |stroke: Stroke| strokes.push((stroke.lane, stroke.position));
        player.advance(at, emit, &mut drop);
    }
    strokes
}

/// A bar in triplets with a stroke on each.
fn triplets(lane: Lane, offset: f32) -> Arc<Pattern> {
    let mut groove = Groove {
        grid: Grid::Triplets,
        ..Groove::empty(12)
    };
    for step in &mut groove.steps {
        step[lane.index()] = Some(Hit::new(0.5, offset));
    }
    Arc::new(Pattern::new(groove))
}

#[test]
fn triplets_play_in_thirds_of_a_beat_beside_grooves_of_sixteenths() {
    let near = |a: &[f64], b: &[f64]| {
        let same = a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(a.len() == b.len() && same, "{a:?} {b:?}");
    };
    let mut player = Player::new(triplets(Lane::Kick, 0.0));
    player.feel.swing = 0.75;
    let mut strokes = play(&mut player, 20.5, 0.3);
    player.set_pattern(
        groove(16, &every(Lane::Snare, 16)),
        Takeover::NextBar,
        &mut drop,
    );
    strokes.extend(play(&mut player, 40.5, 0.3));
    player.set_pattern(triplets(Lane::Kick, 0.25), Takeover::NextBar, &mut drop);
    strokes.extend(play(&mut player, 64.0, 0.3));
    let thirds = |from: usize, early: f64| {
        (0..12).map(move |n| from as f64 + (f64::from(n) - early) * 4.0 / 3.0)
    };
    let kicks: Vec<f64> = thirds(0, 0.0)
        .chain(thirds(16, 0.0))
        .chain(thirds(48, 0.25))
        // The next turn's first one.
        .chain([64.0 - 1.0 / 3.0])
        .collect();
    near(&strokes_of(&strokes, Lane::Kick), &kicks);
    let swung = (32..48).map(|n| f64::from(n) + f64::from(n % 2) * 0.5);
    near(
        &strokes_of(&strokes, Lane::Snare),
        &swung.collect::<Vec<_>>(),
    );
    // A lane of five triplets goes round by itself.
    let mut once = Groove {
        grid: Grid::Triplets,
        ..Groove::empty(12)
    };
    once.steps[0][Lane::Kick.index()] = Some(Hit::new(0.5, 0.0));
    let mut player = Player::new(Arc::new(Pattern::new(once)));
    player.lane_steps[Lane::Kick.index()] = Some(5);
    let strokes = play(&mut player, 32.0, 0.3);
    let fives: Vec<f64> = (0..5).map(|n| f64::from(5 * n) * 4.0 / 3.0).collect();
    near(&strokes_of(&strokes, Lane::Kick), &fives);
}

#[test]
fn an_early_hit_of_the_first_step_ends_the_turn_before() {
    let mut player = Player::new(groove(16, &[(0, Lane::Kick, 0.25)]));
    let strokes = play(&mut player, 40.0, 0.1);
    // The first turn has nothing before it: the stroke sounds at once.
    assert_eq!(
        strokes,
        [(Lane::Kick, 0.0), (Lane::Kick, 15.75), (Lane::Kick, 31.75)]
    );
}

#[test]
fn a_groove_takes_over_when_it_is_told_to() {
    for (takeover, expected) in [
        // Asked at 17.5: the next step, the next bar, the next turn of two bars.
        (Takeover::Now, 18),
        (Takeover::NextBar, 32),
        (Takeover::NextLoop, 32),
    ] {
        let every = |lane| {
            (0..32)
                .map(move |step| (step, lane, 0.0))
                .collect::<Vec<_>>()
        };
        let mut player = Player::new(groove(32, &every(Lane::Kick)));
        let mut strokes = play(&mut player, 17.5, 0.3);
        player.set_pattern(groove(32, &every(Lane::Snare)), takeover, &mut drop);
        assert!(player.takeover_pending());
        strokes.extend(play(&mut player, 64.0, 0.3));
        let first = strokes.iter().filter(|stroke| stroke.0 == Lane::Snare);
        assert_eq!(
            first.map(|stroke| stroke.1 as i64).min(),
            Some(expected),
            "{takeover:?}"
        );
        let kicks = strokes.iter().filter(|stroke| stroke.0 == Lane::Kick);
        assert_eq!(
            kicks.map(|stroke| stroke.1 as i64).max(),
            Some(expected - 1)
        );
        assert!(!player.takeover_pending());
    }
}

#[test]
fn a_fill_ends_with_its_bar_and_holds_nothing_up() {
    // Asked at 17.5, of two bars that go round, and of a chain of single ones.
    for (takeover, expected) in [(Takeover::Now, 18..32), (Takeover::NextBar, 32..48)] {
        for in_chain in [false, true] {
            let every = |lane| every(lane, 16);
            let mut player = Player::new(groove(32, &every(Lane::Kick)));
            if in_chain {
                let links = vec![link(Lane::Kick, 1, 0.0, 1), link(Lane::Kick, 1, 0.0, 2)];
                player.set_chain(chain(links), Takeover::Now, &mut drop);
            }
            play(&mut player, 17.5, 0.3);
            let before = player.governing(64).place(64);
            player.set_fill(groove(16, &every(Lane::Snare)), takeover, &mut drop);
            assert!(!player.takeover_pending());
            let strokes = play(&mut player, 64.0, 0.3);
            let fill: Vec<i64> = strokes_of(&strokes, Lane::Snare)
                .into_iter()
                .map(|position| position as i64)
                .collect();
            assert_eq!(fill, expected.clone().collect::<Vec<_>>(), "{in_chain}");
            let rest = strokes_of(&strokes, Lane::Kick);
            assert!(rest.iter().all(|at| !expected.contains(&(*at as i64))));
            assert_eq!(player.governing(64).place(64), before, "all else goes on");
            assert!(player.fill.is_none());
        }
    }
}

/// A stroke on each of the first `steps` steps.
fn every(lane: Lane, steps: usize) -> Vec<(usize, Lane, f32)> {
    (0..steps).map(|step| (step, lane, 0.0)).collect()
}

#[test]
fn a_bar_takeover_keeps_the_bar_and_a_loop_takeover_starts_over() {
    for (takeover, bar) in [(Takeover::NextBar, 1), (Takeover::NextLoop, 0)] {
        let mut player = Player::new(groove(16, &[]));
        play(&mut player, 1.0, 0.3);
        let hits = [(0, Lane::Kick, 0.0), (16, Lane::Snare, 0.0)];
        player.set_pattern(groove(32, &hits), takeover, &mut drop);
        let strokes = play(&mut player, 17.0, 0.3);
        assert_eq!(strokes, [([Lane::Kick, Lane::Snare][bar], 16.0)]);
    }
}

#[test]
fn an_early_hit_of_the_new_groove_sounds_before_its_bar_line() {
    let mut player = Player::new(groove(16, &[]));
    play(&mut player, 3.0, 0.3);
    player.set_pattern(
        groove(16, &[(0, Lane::Kick, 0.4)]),
        Takeover::NextBar,
        &mut drop,
    );
    assert!((play(&mut player, 17.0, 0.3)[0].1 - 15.6).abs() < 1e-6);
    // Handed over too late for that, it sounds at once and not never.
    player.rewind(0.0, &mut drop);
    player.set_pattern(groove(16, &[]), Takeover::Now, &mut drop);
    play(&mut player, 15.8, 0.2);
    player.set_pattern(
        groove(16, &[(0, Lane::Kick, 0.4)]),
        Takeover::NextBar,
        &mut drop,
    );
    assert_eq!(play(&mut player, 17.0, 0.3)[0].1, 15.8);
}

#[derive(Clone, Debug)]
enum Change {
    Groove(Vec<(usize, usize, f32)>, usize, Takeover),
    Swing(f32),
    Timing(f32),
    Range(Option<Bars>, Takeover),
    /// Steps and repeats of the links.
    Chain(Vec<(usize, i64)>, Takeover),
    Wait,
}

fn takeovers() -> impl Strategy<Value = Takeover> {
    prop_oneof![
        Just(Takeover::Now),
        Just(Takeover::NextBar),
        Just(Takeover::NextLoop)
    ]
}

fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![Just(16_usize), Just(64), Just(14), Just(1)]
}

fn range() -> impl Strategy<Value = Bars> {
    (0..6_usize, 0..5_usize).prop_map(|(first, count)| Bars { first, count })
}

/// A kick on every step.
fn every_kick(steps: usize) -> Arc<Pattern> {
    let hits: Vec<_> = (0..steps).map(|step| (step, Lane::Kick, 0.1)).collect();
    groove(steps, &hits)
}

fn change() -> impl Strategy<Value = Change> {
    let hits = prop::collection::vec((0..64_usize, 0..LANES, -0.5..0.5_f32), 0..200);
    prop_oneof![
        (hits, lengths(), takeovers())
            .prop_map(|(hits, steps, takeover)| Change::Groove(hits, steps, takeover)),
        (0.5..0.75_f32).prop_map(Change::Swing),
        (0.0..1.5_f32).prop_map(Change::Timing),
        (prop::option::of(range()), takeovers()).prop_map(|(range, at)| Change::Range(range, at)),
        (
            prop::collection::vec((lengths(), 1..4_i64), 0..4),
            takeovers()
        )
            .prop_map(|(links, at)| Change::Chain(links, at)),
        Just(Change::Wait),
    ]
}

fn pattern_of(hits: &[(usize, usize, f32)], steps: usize) -> Arc<Pattern> {
    let hits: Vec<_> = hits
        .iter()
        .map(|&(step, lane, o)| (step % steps, Lane::ALL[lane], o))
        .collect();
    groove(steps, &hits)
}

proptest! {
    /// How time is cut into blocks makes no difference to what is played.
    #[test]
    fn any_block_length_plays_the_same(
        hits in prop::collection::vec((0..64_usize, 0..LANES, -0.5..0.5_f32), 0..300),
        swing in 0.5..0.75_f32, timing in 0.0..1.5_f32,
        steps in prop::option::of(1..64_u16),
        first in 0.001..3.0_f64, second in 0.001..3.0_f64,
        grid in prop_oneof![Just(Grid::Sixteenths), Just(Grid::Triplets)],
    ) {
        let run = |block| {
            let mut groove = Groove { grid, ..Groove::empty(64 / 4 * grid.steps_per_quarter()) };
            let length = groove.steps.len();
            for &(step, lane, offset) in &hits {
                groove.steps[step % length][lane] = Some(Hit::new(0.5, offset));
            }
            let mut player = Player::new(Arc::new(Pattern::new(groove)));
            player.feel = Feel { swing, timing, velocity: 1.0, ..Feel::default() };
            player.lane_steps[Lane::Snare.index()] = steps;
            let mut strokes = play(&mut player, 150.0, block);
            strokes.sort_by(|a, b| (a.0, a.1).partial_cmp(&(b.0, b.1)).unwrap());
            strokes
        };
        prop_assert_eq!(run(first), run(second));
    }

    /// Whatever is changed while it plays: time never runs backwards on a lane, no lane plays
    /// twice what is written once, and what is written is played.
    #[test]
    fn no_change_doubles_or_loses_a_stroke(
        changes in prop::collection::vec((change(), 0.01..9.0_f64), 1..40),
    ) {
        let all: Vec<_> = (0..16).map(|step| (step, 0, if step % 3 == 0 { 0.5 } else { -0.5 })).collect();
        let mut player = Player::new(pattern_of(&all, 16));
        let mut strokes: Vec<(Lane, f64)> = Vec::new();
        let mut until = 0.0;
        for (change, wait) in changes {
            match change {
                // Whatever the groove, its kick is written on every step.
                Change::Groove(mut hits, steps, takeover) => {
                    let early = hits.len() as f32 % 7.0 / 7.0 - 0.5;
                    hits.extend((0..steps).map(|step| (step, 0, early)));
                    player.set_pattern(pattern_of(&hits, steps), takeover, &mut drop);
                }
                Change::Swing(swing) => player.feel.swing = swing,
                Change::Timing(timing) => player.feel.timing = timing,
                Change::Range(range, takeover) => {
                    player.set_loop(range, takeover, &mut drop);
                }
                Change::Chain(links, takeover) => {
                    let link = |(steps, repeats): (usize, i64)| Link {
                        pattern: every_kick(steps),
                        repeats,
                        ending: None,
                        tempo: None,
                    };
                    let chain = Chain::new(links.into_iter().map(link).collect());
                    player.set_chain(chain.map(Box::new), takeover, &mut drop);
                }
                Change::Wait => (),
            }
            let from = until;
            until += wait;
            for (lane, at) in play(&mut player, until, 0.37) {
                prop_assert!(at >= from && at < until, "{at} outside {from}..{until}");
                let last = strokes.iter().rev().find(|stroke| stroke.0 == lane);
                prop_assert!(last.is_none_or(|last| last.1 <= at));
                strokes.push((lane, at));
            }
        }
        // A kick on every step, at most half a step (of the swung grid) from it.
        let kicks = strokes.iter().filter(|stroke| stroke.0 == Lane::Kick).count() as f64;
        prop_assert!((kicks - until).abs() <= 2.0, "{kicks} kicks in {until} steps");
        for lane in Lane::ALL {
            let count = strokes.iter().filter(|stroke| stroke.0 == lane).count() as f64;
            prop_assert!(count <= until + 2.0, "{count} strokes in {until} steps");
        }
    }
}

fn strokes_of(strokes: &[(Lane, f64)], wanted: Lane) -> Vec<f64> {
    let mut at: Vec<f64> = strokes
        .iter()
        .filter(|(lane, _)| *lane == wanted)
        .map(|(_, at)| *at)
        .collect();
    at.sort_by(f64::total_cmp);
    at
}

/// Four bars, each with one stroke of a lane of its own at its start, the second bar's early.
fn four_bars() -> Arc<Pattern> {
    let lanes = [Lane::Kick, Lane::Snare, Lane::LowTom, Lane::Ride];
    let hits: Vec<_> = lanes
        .into_iter()
        .enumerate()
        .map(|(bar, lane)| (16 * bar, lane, if bar == 1 { 0.25 } else { 0.0 }))
        .collect();
    groove(64, &hits)
}

#[test]
fn some_bars_go_round_and_what_is_early_for_them_ends_the_turn() {
    let mut player = Player::new(four_bars());
    let range = |first, count| Some(Bars { first, count });
    player.set_loop(range(1, 2), Takeover::Now, &mut drop);
    let strokes = play(&mut player, 64.0, 0.3);
    // Nothing plays yet when the range comes: bar 2 begins the loop, and each turn after the
    // first has its early stroke at the end of the turn before.
    assert_eq!(strokes_of(&strokes, Lane::Snare), [0.0, 31.75, 63.75]);
    assert_eq!(strokes_of(&strokes, Lane::LowTom), [16.0, 48.0]);
    assert!(strokes_of(&strokes, Lane::Kick).is_empty());
    // More bars than there are: the last one alone.
    player.set_loop(range(3, 4), Takeover::NextLoop, &mut drop);
    assert_eq!(player.governing(80).steps, 16);
    player.set_loop(range(9, 0), Takeover::NextLoop, &mut drop);
    let (start, steps) = (player.governing(80).start, player.governing(80).steps);
    assert_eq!((start, steps), (48, 16));
}

#[test]
fn a_new_range_goes_on_where_it_can() {
    for (takeover, expected) in [
        // Asked for in bar 3 at 36.5: the loop's new turn begins with bar 3.
        (Takeover::Now, vec![64.0, 96.0]),
        (Takeover::NextBar, vec![64.0, 96.0]),
        // At the end of the four bars.
        (Takeover::NextLoop, vec![64.0, 96.0]),
    ] {
        let mut player = Player::new(four_bars());
        play(&mut player, 36.5, 0.3);
        let range = Some(Bars { first: 2, count: 2 });
        player.set_loop(range, takeover, &mut drop);
        let strokes = play(&mut player, 127.0, 0.3);
        assert_eq!(strokes_of(&strokes, Lane::LowTom), expected, "{takeover:?}");
        assert_eq!(strokes_of(&strokes, Lane::Ride), [48.0, 80.0, 112.0]);
        assert_eq!(player.current().place(127), 63);
    }
    // What plays is not among the new bars: its place in the bar is kept.
    let mut player = Player::new(four_bars());
    play(&mut player, 36.5, 0.3);
    let first = Some(Bars { first: 0, count: 1 });
    player.set_loop(first, Takeover::Now, &mut drop);
    let strokes = play(&mut player, 66.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Kick), [48.0, 64.0]);
    // All bars again: on from where it is.
    player.set_loop(None, Takeover::Now, &mut drop);
    let strokes = play(&mut player, 128.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Snare), [79.75]);
    assert_eq!(strokes_of(&strokes, Lane::Ride), [112.0]);
}

#[test]
fn a_groove_that_comes_keeps_the_range() {
    let mut player = Player::new(groove(64, &[]));
    let range = Some(Bars { first: 3, count: 1 });
    player.set_loop(range, Takeover::Now, &mut drop);
    play(&mut player, 4.0, 0.3);
    player.set_pattern(four_bars(), Takeover::NextBar, &mut drop);
    let strokes = play(&mut player, 50.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Ride), [16.0, 32.0, 48.0]);
    assert_eq!(strokes.len(), 3);
}

fn link(lane: Lane, bars: usize, offset: f32, repeats: i64) -> Link {
    Link {
        pattern: groove(16 * bars, &[(0, lane, offset)]),
        repeats,
        ending: None,
        tempo: None,
    }
}

fn chain(links: Vec<Link>) -> Option<Box<Chain>> {
    Chain::new(links).map(Box::new)
}

#[test]
fn a_chain_goes_on_at_the_ends_of_its_loops() {
    let links = vec![
        link(Lane::Kick, 1, 0.0, 2),
        // Early: its first stroke sounds before its boundary, at the end of the link before it.
        link(Lane::Snare, 2, 0.4, 1),
        link(Lane::Ride, 1, -0.25, 1),
    ];
    let mut player = Player::new(groove(16, &[]));
    play(&mut player, 3.0, 0.3);
    player.set_chain(chain(links), Takeover::NextLoop, &mut drop);
    assert!(player.takeover_pending() && player.link().is_none());
    let strokes = play(&mut player, 178.0, 0.3);
    // 16: kick twice; 48: snare for two bars; 80: ride; 96: again.
    assert_eq!(
        strokes_of(&strokes, Lane::Kick),
        [16.0, 32.0, 96.0, 112.0, 176.0]
    );
    let snare = strokes_of(&strokes, Lane::Snare);
    assert!((snare[0] - 47.6).abs() < 1e-6 && (snare[1] - 127.6).abs() < 1e-6);
    assert_eq!(strokes_of(&strokes, Lane::Ride), [80.25, 160.25]);
    assert_eq!(player.link(), Some(0));
    assert!(
        !player.takeover_pending(),
        "the chain's own order is no news"
    );
    // From the top again.
    player.rewind(0.0, &mut drop);
    let again = play(&mut player, 60.0, 0.3);
    assert_eq!(strokes_of(&again, Lane::Kick), [0.0, 16.0]);
    assert_eq!(player.link(), Some(1));
}

#[test]
fn a_link_ends_with_another_bar() {
    let ending = |offset| Some(groove(16, &[(0, Lane::Ride, offset)]));
    let fast = Link {
        ending: ending(0.0),
        tempo: Some(180.0),
        ..link(Lane::Kick, 2, 0.0, 2)
    };
    // All of it is its ending, which begins early.
    let short = Link {
        ending: ending(0.25),
        ..link(Lane::Snare, 1, 0.25, 1)
    };
    let mut player = Player::new(groove(16, &[]));
    player.set_chain(chain(vec![fast, short]), Takeover::Now, &mut drop);
    player.rewind(0.0, &mut drop);
    let strokes = play(&mut player, 79.5, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Kick), [0.0, 32.0]);
    assert_eq!(strokes_of(&strokes, Lane::Ride), [48.0, 63.75]);
    assert!(strokes_of(&strokes, Lane::Snare).is_empty());
    assert_eq!(player.next_tempo_change(), Some(80.0));
    // A fill that is asked for stands above it; and it is given up while the link plays.
    play(&mut player, 130.0, 0.3);
    player.set_fill(
        groove(16, &[(4, Lane::Crash, 0.0)]),
        Takeover::Now,
        &mut drop,
    );
    let strokes = play(&mut player, 140.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Crash), [132.0]);
    assert_eq!(player.current().tempo, Some(180.0));
    let plain = vec![link(Lane::Kick, 2, 0.0, 4), link(Lane::Snare, 1, 0.0, 1)];
    player.set_chain(chain(plain), Takeover::Now, &mut drop);
    assert_eq!(player.current().tempo, None);
    let strokes = play(&mut player, 209.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Kick), [144.0, 176.0]);
    assert!(strokes_of(&strokes, Lane::Ride).is_empty());
    assert_eq!(strokes_of(&strokes, Lane::Snare), [208.0]);
}

#[test]
fn a_chain_of_short_loops_loses_none_in_a_long_stretch() {
    let one = |lane| Link {
        pattern: groove(1, &[(0, lane, 0.0)]),
        repeats: 1,
        ending: None,
        tempo: None,
    };
    let mut player = Player::new(groove(16, &[]));
    let links = vec![one(Lane::Kick), one(Lane::Snare), one(Lane::Ride)];
    player.set_chain(chain(links), Takeover::Now, &mut drop);
    let strokes = play(&mut player, 9.0, 9.0);
    assert_eq!(strokes_of(&strokes, Lane::Kick), [0.0, 3.0, 6.0]);
    assert_eq!(strokes_of(&strokes, Lane::Snare), [1.0, 4.0, 7.0]);
    assert_eq!(strokes_of(&strokes, Lane::Ride), [2.0, 5.0, 8.0]);
}

#[test]
fn a_chain_that_is_edited_goes_on_with_the_same_link() {
    let mut player = Player::new(groove(16, &[]));
    let links = vec![link(Lane::Kick, 1, 0.0, 1), link(Lane::Snare, 1, 0.0, 4)];
    player.set_chain(chain(links), Takeover::Now, &mut drop);
    play(&mut player, 20.0, 0.3);
    assert_eq!(player.link(), Some(1));
    // Four turns of the snare become two: the second begins at 32.
    let links = vec![link(Lane::Ride, 1, 0.0, 1), link(Lane::Snare, 1, 0.0, 2)];
    player.set_chain(chain(links), Takeover::NextLoop, &mut drop);
    let strokes = play(&mut player, 65.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Snare), [32.0, 64.0]);
    assert_eq!(strokes_of(&strokes, Lane::Ride), [48.0]);
    // Fewer links than the present one's number, in the middle of a turn.
    let links = vec![link(Lane::Crash, 1, 0.0, 1)];
    player.set_chain(chain(links), Takeover::Now, &mut drop);
    let strokes = play(&mut player, 100.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Crash), [80.0, 96.0]);
    // A groove leaves it, at its moment.
    player.set_pattern(
        groove(16, &[(0, Lane::Kick, 0.0)]),
        Takeover::NextBar,
        &mut drop,
    );
    let strokes = play(&mut player, 130.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Kick), [112.0, 128.0]);
    assert!(strokes_of(&strokes, Lane::Crash).is_empty() && player.link().is_none());
    // And without one, what plays goes on.
    let links = vec![link(Lane::Snare, 1, 0.0, 1), link(Lane::Ride, 1, 0.0, 1)];
    player.set_chain(chain(links), Takeover::NextBar, &mut drop);
    play(&mut player, 150.0, 0.3);
    player.set_chain(None, Takeover::Now, &mut drop);
    let strokes = play(&mut player, 180.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Snare), [160.0, 176.0]);
}

#[test]
fn a_lead_in_is_silent_but_for_what_is_early() {
    let mut player = Player::new(groove(16, &[(0, Lane::Kick, 0.25), (4, Lane::Snare, 0.0)]));
    player.rewind(-32.0, &mut drop);
    let strokes = play(&mut player, 17.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Kick), [-0.25, 15.75]);
    assert_eq!(strokes_of(&strokes, Lane::Snare), [4.0]);
    // The bars of the lead-in are the groove's.
    assert_eq!(player.current().beat(-32), Some(true));
    assert_eq!(player.current().beat(-28), Some(false));
    assert_eq!(player.current().beat(-27), None);
}

/// What the audio thread lets go of is either handed out or kept alive by the chain.
#[test]
fn nothing_is_freed_while_it_plays() {
    let mut player = Player::new(groove(16, &[]));
    let mut kept = Vec::new();
    let mut weak = Vec::new();
    for turn in 0..6 {
        let links: Vec<_> = (1..4).map(|n| link(Lane::Kick, n, 0.0, 2)).collect();
        weak.extend(links.iter().map(|link| Arc::downgrade(&link.pattern)));
        let mut keep = |it| kept.push(it);
        player.set_chain(chain(links), Takeover::NextBar, &mut keep);
        player.advance(100.0 * f64::from(turn + 1), |_| (), &mut keep);
        let pattern = groove(16, &[]);
        weak.push(Arc::downgrade(&pattern));
        if turn % 2 == 0 {
            player.set_pattern(pattern, Takeover::NextLoop, &mut keep);
        } else {
            weak.pop();
        }
        player.advance(100.0 * f64::from(turn + 1) + 50.0, |_| (), &mut keep);
    }
    assert!(weak.iter().all(|it| it.strong_count() > 0));
}

#[test]
fn a_seek_plays_what_lies_ahead_and_nothing_behind() {
    let hits = [
        (0, Lane::Kick, 0.25),
        (5, Lane::Kick, -0.4),
        (6, Lane::Kick, 0.0),
        (7, Lane::Kick, 0.4),
    ];
    for (position, expected) in [
        (0.0, vec![0.0, 5.4, 6.0, 6.6, 15.75]),
        (5.2, vec![5.4, 6.0, 6.6, 15.75]),
        (6.0, vec![6.0, 6.6, 15.75]),
        // The hit that has just been missed sounds at once.
        (6.7, vec![6.7, 15.75]),
        (16.0 * 3.0 + 6.3, vec![54.6, 63.75]),
        // The first hit of the next turn is early.
        (15.9, vec![15.9]),
        (15.6, vec![15.75]),
    ] {
        let mut player = Player::new(groove(16, &hits));
        play(&mut player, 77.7, 0.7);
        player.seek(position, &mut drop);
        let strokes = play(&mut player, (position / 16.0).floor() * 16.0 + 15.99, 0.1);
        let at: Vec<f64> = strokes.iter().map(|stroke| stroke.1).collect();
        assert_eq!(at.len(), expected.len(), "{position}: {at:?}");
        for (at, expected) in at.iter().zip(expected) {
            assert!((at - expected).abs() < 1e-6, "{position}: {at}");
        }
    }
}

#[test]
fn a_seek_finds_its_place_in_the_chain() {
    let link = |lane, repeats| Link {
        pattern: groove(16, &[(0, lane, 0.0)]),
        repeats,
        ending: None,
        tempo: None,
    };
    let chain = || Chain::new(vec![link(Lane::Kick, 2), link(Lane::Snare, 1)]);
    let mut player = Player::new(groove(16, &[]));
    player.set_chain(chain().map(Box::new), Takeover::Now, &mut drop);
    player.rewind(0.0, &mut drop);
    let from_the_top = play(&mut player, 200.0, 0.3);
    for position in [0.0, 17.0, 33.0, 50.0, 100.5] {
        player.seek(position, &mut drop);
        let ahead = from_the_top.iter().filter(|stroke| stroke.1 >= position);
        let ahead: Vec<_> = ahead.copied().collect();
        assert_eq!(play(&mut player, 200.0, 0.3), ahead, "{position}");
    }
}

#[test]
fn what_was_played_by_hand_is_not_played_again() {
    let mut player = Player::new(groove(16, &[(4, Lane::Snare, 0.0), (8, Lane::Snare, 0.0)]));
    play(&mut player, 3.8, 0.3);
    // Struck a little early.
    player.played_by_hand(Lane::Snare, 4);
    // And one that has sounded already.
    player.played_by_hand(Lane::Snare, 3);
    assert_eq!(play(&mut player, 16.0, 0.3), [(Lane::Snare, 8.0)]);
}

/// A pattern of a bar whose strokes do what the texts say.
fn trigs(hits: &[(usize, f32, &str)]) -> Player {
    let mut groove = Groove::empty(16);
    for &(step, offset, trig) in hits {
        let mut hit = Hit::new(0.5, offset);
        hit.trig = trig.parse().unwrap();
        groove.steps[step][Lane::Snare.index()] = Some(hit);
    }
    Player::new(Arc::new(Pattern::new(groove)))
}

fn near(strokes: &[(Lane, f64)], expected: &[f64]) -> bool {
    let mut pairs = strokes.iter().zip(expected);
    strokes.len() == expected.len() && pairs.all(|((_, at), to)| (at - to).abs() < 1e-6)
}

#[test]
fn a_step_may_be_several_strokes() {
    /// A stroke's step, offset and what it does.
    type Written<'s> = (usize, f32, &'s str);
    let table: [(&[Written], &[f64]); 8] = [
        (&[(4, 0.0, "x4")], &[4.0, 4.25, 4.5, 4.75]),
        (&[(4, 0.25, "x2")], &[3.75, 4.25]),
        (&[(4, 0.0, "flam")], &[3.78, 4.0]),
        (&[(4, 0.0, "flam x2")], &[3.78, 4.0, 4.5]),
        // The next step cuts a ratchet off, and never its first stroke.
        (&[(4, -0.5, "x4"), (5, 0.25, "")], &[4.5, 4.75]),
        // Nor has a grace stroke room before it.
        (&[(4, -0.5, "x4"), (5, 0.5, "flam")], &[4.5, 4.5]),
        (
            &[(4, 0.0, "x4"), (6, 0.0, "")],
            &[4.0, 4.25, 4.5, 4.75, 6.0],
        ),
        // One that is not struck cuts nothing off.
        (
            &[(4, -0.5, "x4"), (5, 0.25, "fill")],
            &[4.5, 4.75, 5.0, 5.25],
        ),
    ];
    for (hits, expected) in table {
        for block in [0.1, 0.37, 5.0, 16.0] {
            let strokes = play(&mut trigs(hits), 16.0, block);
            assert!(near(&strokes, expected), "{hits:?} by {block}: {strokes:?}");
        }
    }
}

#[test]
fn ratchets_slope_and_grace_strokes_are_softer() {
    let mut player = trigs(&[(4, 0.0, "flam x3-40")]);
    let mut velocities = Vec::new();
    let emit = |stroke: Stroke| velocities.push(stroke.velocity * 127.0);
    player.advance(16.0, emit, &mut drop);
    let pairs = velocities.iter().zip([31.75, 63.5, 43.5, 23.5_f32]);
    assert_eq!(velocities.len(), 4);
    for (velocity, expected) in pairs {
        assert!((velocity - expected).abs() < 0.01, "{velocities:?}");
    }
}

#[test]
fn conditions_count_turns_and_fills_are_told() {
    let bars = |player: &mut Player| {
        let strokes = play(player, 16.0 * 8.0, 0.7);
        let bars = strokes.iter().map(|(_, at)| (*at / 16.0) as usize);
        bars.collect::<Vec<usize>>()
    };
    assert_eq!(bars(&mut trigs(&[(4, 0.0, "1/4")])), [0, 4]);
    assert_eq!(bars(&mut trigs(&[(4, 0.0, "!1/4")])), [1, 2, 3, 5, 6, 7]);
    // An early stroke on the first step is the new turn's.
    let early = play(&mut trigs(&[(0, 0.5, "2/2")]), 64.0, 0.7);
    assert!(near(&early, &[15.5, 47.5]), "{early:?}");
    let mut player = trigs(&[(4, 0.0, "fill"), (8, 0.0, "!fill")]);
    assert!(near(&play(&mut player, 16.0, 0.7), &[8.0]));
    player.fills_on = true;
    assert!(near(&play(&mut player, 32.0, 0.7), &[20.0]));
}

#[test]
fn chance_falls_as_often_as_it_says_and_the_same_way_again() {
    for percent in [1, 25, 50, 99] {
        let mut player = trigs(&[(4, 0.0, &format!("{percent}%"))]);
        let turns = 40_000;
        let strokes = play(&mut player, f64::from(turns) * 16.0, 16.0);
        let share = strokes.len() as f64 / f64::from(turns) * 100.0;
        // Four standard deviations of a coin are 1 of a hundred.
        assert!(
            (share - f64::from(percent)).abs() < 1.0,
            "{percent}: {share}"
        );
        player.rewind(0.0, &mut drop);
        assert_eq!(play(&mut player, f64::from(turns) * 16.0, 0.9), strokes);
    }
}

#[test]
fn lanes_may_go_round_by_themselves() {
    let hits = [
        (0, Lane::Kick, 0.0),
        (5, Lane::Kick, 0.0),
        (0, Lane::Snare, 0.25),
        (20, Lane::Ride, 0.0),
    ];
    let player = || {
        let mut player = Player::new(groove(16, &hits[..3]));
        player.lane_steps[Lane::Kick.index()] = Some(5);
        player.lane_steps[Lane::Snare.index()] = Some(12);
        player
    };
    // The kick's second stroke lies behind its five steps. A stroke that is early for its turn ends the
    // turn before.
    let kicks = [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0];
    let snares = [0.0, 11.75, 23.75, 35.75];
    let mut whole = player();
    let strokes = play(&mut whole, 36.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Kick), kicks);
    assert_eq!(strokes_of(&strokes, Lane::Snare), snares);
    // From the loop's first step on; more steps than there are go round with them.
    let mut some = Player::new(groove(32, &hits));
    some.lane_steps[Lane::Ride.index()] = Some(8);
    some.lane_steps[Lane::Kick.index()] = Some(64);
    some.set_loop(Some(Bars { first: 1, count: 1 }), Takeover::Now, &mut drop);
    let strokes = play(&mut some, 32.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Ride), [4.0, 12.0, 20.0, 28.0]);
    assert_eq!(strokes_of(&strokes, Lane::Kick), [16.0, 21.0]);
    // It is found again from anywhere, and a fill is played as it is.
    let mut found = player();
    found.seek(27.0, &mut drop);
    let strokes = play(&mut found, 36.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Kick), [30.0, 35.0]);
    let mut filled = player();
    play(&mut filled, 3.0, 0.3);
    let fill = groove(16, &[(9, Lane::Kick, 0.0)]);
    filled.set_fill(fill, Takeover::Now, &mut drop);
    let strokes = play(&mut filled, 22.0, 0.3);
    assert_eq!(strokes_of(&strokes, Lane::Kick), [9.0, 20.0]);
}
