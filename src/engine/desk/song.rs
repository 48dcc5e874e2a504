//! Writes down what plays: once from the top to the end of the loop, or through the whole chain.
//! The player makes the strokes, so that a file holds what is heard.

use std::sync::Arc;

use super::request::ChainLink;
use crate::engine::command::{Bars, Takeover};
use crate::engine::range;
use crate::engine::sound::mixer::{at_level, midi_velocity};
use crate::engine::time::feel::Feel;
use crate::engine::time::pattern::Pattern;
use crate::engine::time::player::{Chain, Link, Player, Stroke};
use crate::engine::time::units::{TICKS_PER_QUARTER, TICKS_PER_STEP};
use musicvae::music::midi_file::{Controller, Encoded, Layout, MidiFileError, Take};
use musicvae::music::{Groove, LANES, Meter, STEPS_PER_QUARTER};

/// Music to be written down, and how it is played.
#[derive(Clone, Debug, PartialEq)]
pub struct Song {
    /// What plays, in turn; without any the song is empty.
    pub links: Vec<ChainLink>,
    /// Those bars of the first groove, as many turns as that has, in place of all links whole.
    pub looped: Option<Bars>,
    /// Quarter notes a minute.
    pub qpm: f64,
    /// As in [`crate::engine::Command`].
    pub swing: f32,
    /// How much of the microtiming is played.
    pub timing: f32,
    /// How much of the dynamics is played.
    pub dynamics: f32,
    /// Steps of each lane's own loop, by [`musicvae::music::Lane::index`].
    pub lane_steps: [Option<u16>; LANES],
    /// Strokes that wait for fills are struck.
    pub fills_on: bool,
    /// Of the strokes that are played by chance.
    pub chance_seed: u64,
    /// Level of each lane's sound, by [`musicvae::music::Lane::index`]; 0 where it is not heard.
    pub levels: [f32; LANES],
    /// Bars that play in the place of what goes round, each with the step that it begins at, in order.
    pub fills: Vec<(i64, Groove)>,
    /// The settings that move by themselves while it plays.
    pub motions: Vec<Motion>,
}

/// How a setting moves by itself, as a controller would move it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Motion {
    pub controller: Controller,
    /// One each sixteenth, 0..=127.
    pub values: Vec<u8>,
    /// After the last value comes the first one again; otherwise the last one stays.
    pub goes_round: bool,
}

impl Motion {
    /// The values of so many sixteenths.
    fn along(&self, steps: i64) -> impl Iterator<Item = (i64, u8)> {
        let turn = match self.goes_round {
            true => i64::MAX,
            false => self.values.len() as i64,
        };
        let values = self.values.iter().copied().cycle();
        (0..steps.min(turn)).zip(values)
    }
}

/// A part of a song.
struct Passage {
    /// Step of the song that it begins with, and its length in steps.
    start: i64,
    steps: i64,
    bar_steps: i64,
    meter: Meter,
    /// Quarter notes a minute.
    qpm: f64,
}

/// When each step of a song sounds.
pub(super) struct Timeline {
    /// Of each passage: the step and the second that it begins at, and its steps a second.
    passages: Vec<(f64, f64, f64)>,
}

impl Timeline {
    /// Seconds from the song's beginning to a position in steps, 0 or later.
    pub fn seconds(&self, position: f64) -> f64 {
        let begun = |it: &&(f64, f64, f64)| it.0 <= position;
        let last = self.passages.iter().take_while(begun).last();
        last.map_or(0.0, |(step, second, speed)| {
            second + (position - step) / speed
        })
    }
}

impl Song {
    /// A groove that plays once, as it stands on the grid.
    pub fn once(groove: Groove) -> Song {
        Song {
            links: vec![ChainLink::once(groove)],
            looped: None,
            qpm: range::TEMPO.default,
            swing: range::SWING.default,
            timing: range::TIMING.default,
            dynamics: range::DYNAMICS.default,
            lane_steps: [None; LANES],
            fills_on: false,
            chance_seed: 0,
            levels: [range::LEVEL.default; LANES],
            fills: Vec::new(),
            motions: Vec::new(),
        }
    }

    /// Its length, with the last bar of every part counted even when it is not full.
    pub fn bars(&self) -> usize {
        let (_, passages) = self.laid_out();
        let bars = |it: &Passage| (it.steps + it.bar_steps - 1) / it.bar_steps;
        passages.iter().map(bars).sum::<i64>() as usize
    }

    /// The song as a Standard MIDI file of General MIDI drums, which ends on a bar line. What comes
    /// before the first beat is moved onto it and counted, as a file has no time before it. A lane's
    /// level is in its velocities.
    ///
    /// # Errors
    /// When it is too long for a file, or has a tempo or meter that no file knows.
    pub fn midi(&self, layout: Layout) -> Result<Encoded, MidiFileError> {
        let (player, passages) = self.laid_out();
        let end: i64 = passages.iter().map(|it| it.steps).sum();
        let strokes = player.map_or_else(Vec::new, |player| self.strokes(player, end));
        let clamped = strokes.iter().filter(|it| it.position < 0.0).count();
        let mut take = Take::new(TICKS_PER_QUARTER);
        for passage in &passages {
            if take.tempos.last().map(|(_, qpm)| *qpm) != Some(passage.qpm) {
                take.tempos.push((tick_of(passage.start), passage.qpm));
            }
            if take.meters.last().map(|(_, meter)| *meter) != Some(passage.meter) {
                take.meters.push((tick_of(passage.start), passage.meter));
            }
        }
        take.end = tick_of(end);
        let written = |it: Stroke| (tick(&it), it.lane, self.velocity(&it));
        take.strokes = strokes.into_iter().map(written).collect();
        for motion in &self.motions {
            let moved = |(step, value)| (tick_of(step), motion.controller, value);
            take.movements.extend(motion.along(end).map(moved));
        }
        let bytes = take.encode(layout)?;
        Ok(Encoded { bytes, clamped })
    }

    /// The strokes that are heard, its length in steps, and when they sound.
    pub(super) fn played(&self) -> (Vec<Stroke>, i64, Timeline) {
        let (player, passages) = self.laid_out();
        let end = passages.iter().map(|it| it.steps).sum();
        let strokes = player.map_or_else(Vec::new, |player| self.strokes(player, end));
        let mut second = 0.0;
        let timed = passages.iter().map(|it| {
            let (begins, speed) = (second, it.qpm / 60.0 * STEPS_PER_QUARTER as f64);
            second += it.steps as f64 / speed;
            (it.start as f64, begins, speed)
        });
        let passages = timed.collect();
        (strokes, end, Timeline { passages })
    }

    /// The strokes that are heard, as the player plays the steps up to `end` in the first pass. The
    /// early strokes of the next pass are not among them.
    fn strokes(&self, mut player: Player, end: i64) -> Vec<Stroke> {
        let mut strokes = Vec::new();
        let mut heard = |stroke: Stroke| {
            if stroke.step < end && self.levels[stroke.lane.index()] > 0.0 {
                strokes.push(stroke);
            }
        };
        // Ahead of the top, where its early hits are: none is further from its step than this.
        player.rewind(-1.0, &mut drop);
        for (step, bar) in &self.fills {
            player.advance((step - 1) as f64, &mut heard, &mut drop);
            let bar = Arc::new(Pattern::new(bar.clone()));
            player.set_fill(bar, Takeover::NextBar, &mut drop);
        }
        player.advance(end as f64, &mut heard, &mut drop);
        strokes
    }

    /// Where the passages lie, and who plays them.
    fn laid_out(&self) -> (Option<Player>, Vec<Passage>) {
        let links: Vec<Link> = self.links.iter().cloned().map(Link::from).collect();
        let Some(first) = links.first() else {
            return (None, Vec::new());
        };
        let mut player = Player::new(first.pattern.clone());
        player.feel = Feel {
            swing: range::SWING.nearest(self.swing),
            timing: range::TIMING.nearest(self.timing),
            velocity: range::DYNAMICS.nearest(self.dynamics),
            ..Feel::default()
        };
        player.lane_steps = self.lane_steps;
        player.fills_on = self.fills_on;
        player.chance_seed = self.chance_seed;
        let mut start = 0;
        let mut passage = |link: &Link, steps: i64| {
            let (meter, bar_steps) = (link.pattern.meter(), link.pattern.bar_steps());
            start += steps;
            Passage {
                start: start - steps,
                steps,
                bar_steps,
                meter,
                qpm: link.tempo.unwrap_or(self.qpm),
            }
        };
        let passages = if self.looped.is_some() {
            player.set_loop(self.looped, Takeover::Now, &mut drop);
            player.settle(&mut drop);
            vec![passage(first, first.repeats * player.current().steps)]
        } else {
            let whole = |link| passage(link, link.repeats * link.pattern.steps());
            let passages = links.iter().map(whole).collect();
            let chain = Chain::new(links).map(Box::new);
            player.set_chain(chain, Takeover::Now, &mut drop);
            player.settle(&mut drop);
            passages
        };
        (Some(player), passages)
    }

    /// MIDI velocity of a stroke at the level of its lane.
    fn velocity(&self, stroke: &Stroke) -> u8 {
        let level = self.levels[stroke.lane.index()];
        at_level(midi_velocity(stroke.velocity), level)
    }
}

fn tick_of(step: i64) -> u64 {
    (step as f64 * TICKS_PER_STEP) as u64
}

/// The tick of a stroke. One halfway between two steps is written a tick nearer to its own, so that
/// rounding finds it there.
fn tick(stroke: &Stroke) -> u64 {
    let ticks = |sixteenths: f64| (sixteenths * TICKS_PER_STEP).round() as i64;
    let (step, half) = (ticks(stroke.line), ticks(stroke.width / 2.0));
    let away = match ticks(stroke.position) - step {
        away if away.abs() == half => away - away.signum(),
        away => away,
    };
    (step + away).max(0) as u64
}

#[cfg(test)]
mod tests;
