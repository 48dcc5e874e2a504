//! What is heard, as a song that can be written: the groove or the chain, with the fills that come by
//! themselves.

use std::ops::Range;

use super::MOST_PASSES;
use crate::engine::render::LONGEST;
use crate::engine::{Bars, ChainLink, Motion, Song, Sync};
use crate::studio::ground::{Filled, Ground, Link, Turn, unlearned};
use musicvae::music::{Groove, LANES, Lane, STEPS_PER_QUARTER, When};

/// What is heard in turn: a groove, and how it is played as a part of the chain.
fn parts(ground: &Ground) -> Vec<(&Groove, Link)> {
    match &ground.chain {
        Some(turns) => (turns.iter().map(|turn| (&turn.kept.groove, turn.link))).collect(),
        None => vec![(ground.groove(), Link::once(0))],
    }
}

/// Why there is nothing to be written, in one sentence.
pub(super) fn nothing_heard(ground: &Ground) -> Option<String> {
    let parts = parts(ground);
    let playing = playing_lanes(parts.iter().map(|(groove, link)| (*groove, link.mutes)));
    let seconds = |(groove, link): &(&Groove, Link)| {
        let quarters = groove.sixteenths() as f64 / STEPS_PER_QUARTER as f64;
        quarters * f64::from(link.repeats) * 60.0 / link.tempo.unwrap_or(ground.sound.tempo)
    };
    let seconds: f64 = parts.iter().map(seconds).sum();
    let reason = if playing.is_empty() && ground.chain.is_some() {
        "The chain is silent.".into()
    } else if playing.is_empty() {
        "The groove is silent.".into()
    } else if playing.iter().all(|lane| level(*lane, ground) == 0.0) {
        "Every lane that plays is muted.".into()
    } else if seconds > LONGEST {
        let [hours, most] = [seconds, LONGEST].map(|seconds| seconds / 3600.0);
        format!("The song lasts {hours:.1} hours, and a file {most} at most: repeat less of it.")
    } else {
        return None;
    };
    Some(reason)
}

/// What is heard, from the top of the loop or the chain. A loop goes round until its automatic fills have
/// come round too.
pub(super) fn heard(motions: Vec<Motion>, ground: &Ground) -> Song {
    let sound = &ground.sound;
    let (links, looped) = match &ground.chain {
        Some(turns) => (turns.iter().map(Turn::part).collect(), None),
        None => {
            let mut link = ChainLink::once(ground.groove().clone());
            let known = |_: &u32| unlearned(&link.groove).is_none();
            if let Some(every) = fill_every(ground).filter(known) {
                let bars = looped_bars(&link.groove, sound.looped).len() as u32;
                link.repeats = common(bars, every) / bars.max(1);
            }
            (vec![link], sound.looped)
        }
    };
    // A clock that is followed stands above the tempos of parts.
    let followed = match ground.transport.sync {
        Sync::Following(qpm) => Some(qpm),
        _ => None,
    };
    let links = links.into_iter().map(|link: ChainLink| ChainLink {
        tempo: link.tempo.filter(|_| followed.is_none()),
        ..link
    });
    Song {
        links: links.collect(),
        looped,
        qpm: followed.unwrap_or(sound.tempo),
        swing: sound.swing,
        timing: sound.timing,
        dynamics: sound.dynamics,
        fills_on: sound.fill_steps,
        chance_seed: sound.chance_seed,
        lane_steps: ground.lanes.map(|lane| lane.steps),
        levels: Lane::ALL.map(|lane| level(lane, ground)),
        fills: Vec::new(),
        motions,
    }
}

/// Level of a lane; 0 where it is not heard.
fn level(lane: Lane, ground: &Ground) -> f32 {
    match ground.is_on(lane) {
        true => ground.lanes[lane.index()].level,
        false => 0.0,
    }
}

/// After how many bars a fill comes by itself, where the model can play one.
fn fill_every(ground: &Ground) -> Option<u32> {
    let every = ground.sound.fill_every?;
    ground.fill_direction().is_ok().then_some(every)
}

/// The bars of a groove that go round.
fn looped_bars(groove: &Groove, looped: Option<Bars>) -> Range<usize> {
    let all = groove.bars().max(1);
    looped.map_or(0..all, |Bars { first, count }| {
        let first = first.min(all - 1);
        first..(first + count.max(1)).min(all)
    })
}

/// The bars of a song that are fills as they come by themselves.
pub(super) fn filled_bars(song: &Song, ground: &Ground) -> Vec<Filled> {
    let Some(every) = fill_every(ground) else {
        return Vec::new();
    };
    let mut filled = Vec::new();
    let (mut number, mut step) = (0, 0);
    for ((groove, _), link) in parts(ground).into_iter().zip(&song.links) {
        let bar_steps = groove.meter.sixteenths().max(1);
        let is_known = unlearned(groove).is_none();
        for _ in 0..link.repeats {
            for bar in looped_bars(groove, song.looped) {
                let is_turn = (number + 1_u64).is_multiple_of(u64::from(every));
                if is_known && is_turn && ground.sound.fill_falls(number) {
                    filled.push(Filled {
                        groove: groove.clone(),
                        bar,
                        number,
                        step,
                    });
                }
                number += 1;
                // The last bar need not be whole.
                let rest = groove.sixteenths().saturating_sub(bar * bar_steps);
                step += rest.min(bar_steps) as i64;
            }
        }
    }
    filled
}

/// The least number that both divide.
pub(super) fn common(one: u32, other: u32) -> u32 {
    let all = (1..=other).map(|n| n * one);
    all.into_iter().find(|it| it % other == 0).unwrap_or(one)
}

/// Turns of the groove until its conditions come round, and the lanes that have steps of their own.
pub(super) fn passes(groove: &Groove, lane_steps: &[Option<u16>; LANES]) -> u32 {
    let length = groove.steps.len().max(1);
    let come_round = |turns: &usize, steps: usize| (turns * length).is_multiple_of(steps);
    let lanes = lane_steps.iter().flatten().map(|&steps| {
        let steps = usize::from(steps.max(1));
        (1..=steps).find(|turns| come_round(turns, steps))
    });
    let lanes = lanes.map(|turns| turns.unwrap_or(1) as u32);
    let turns = groove.hits().map(|(_, _, hit)| match hit.trig.when {
        When::Turn { of, .. } | When::NotTurn { of, .. } => u32::from(of),
        When::Always | When::Fill | When::NoFill => 1,
    });
    let all = turns.chain(lanes);
    all.fold(1, |one, other| common(one, other).min(MOST_PASSES))
}

/// The lanes that have hits in some grooves, heard or not, but for those that are silent in all of them.
pub(super) fn playing_lanes<'g>(
    grooves: impl Iterator<Item = (&'g Groove, [bool; LANES])>,
) -> Vec<Lane> {
    let mut plays = [false; LANES];
    for (groove, mutes) in grooves {
        for (_, lane, _) in groove.hits() {
            plays[lane.index()] |= !mutes[lane.index()];
        }
    }
    let plays = |lane: &Lane| plays[lane.index()];
    Lane::ALL.into_iter().filter(plays).collect()
}
