//! The loop player: which strokes fall into a stretch of musical time. Pure, and free of
//! allocation while it plays.
//!
//! Every step `n` since play, a sixteenth, is decided once for each lane: `next[lane]` is the first one not
//! decided yet. So whatever changes on the way (tempo, swing, amounts, the groove itself, which of
//! its bars go round, the chain), no stroke can sound twice, and one whose time has just slipped
//! into the past sounds at once. A step may be several strokes; those still to come when the lane's
//! next step begins are left out.

mod burst;
mod part;

use std::sync::Arc;

use burst::Burst;
pub(crate) use part::{Chain, Link, Part};
use part::{Fill, falls};

use super::feel::Feel;
use super::pattern::Pattern;
use crate::engine::command::{Bars, Takeover};
use musicvae::music::{Hit, LANES, Lane};

/// A stroke that is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stroke {
    pub lane: Lane,
    /// The step that it is on, since play.
    pub step: i64,
    /// Where that lies when it does not swing, and how long it is, in sixteenths since play.
    pub line: f64,
    pub width: f64,
    /// 0..=1.
    pub velocity: f32,
    /// Steps since play.
    pub position: f64,
}

/// What the player is done with, to be freed elsewhere.
#[derive(Debug)]
pub(crate) enum Displaced {
    Pattern(#[expect(dead_code, reason = "only dropped")] Arc<Pattern>),
    Chain(#[expect(dead_code, reason = "only dropped")] Box<Chain>),
}

/// A part that waits for its moment.
#[derive(Debug)]
struct Pending {
    part: Part,
    /// First step that is its own.
    from: i64,
    /// Its number in the chain, when it is one of the chain's.
    link: Option<usize>,
}

/// Plays a pattern, some bars of it or a chain of them round and round.
#[derive(Debug)]
pub(crate) struct Player {
    part: Part,
    pending: Option<Pending>,
    fill: Option<Fill>,
    looped: Option<Bars>,
    chain: Option<Box<Chain>>,
    /// Number of the part that plays in the chain, when it is one of the chain's.
    link: Option<usize>,
    next: [i64; LANES],
    /// Strokes of the step before that.
    bursts: [Option<Burst>; LANES],
    /// Everything before this position has been played.
    cursor: f64,
    pub feel: Feel,
    /// Steps of each lane's own loop.
    pub lane_steps: [Option<u16>; LANES],
    /// Strokes that wait for fills are struck, also while none plays.
    pub fills_on: bool,
    /// Of the steps that are played by chance.
    pub chance_seed: u64,
}

impl Player {
    pub fn new(pattern: Arc<Pattern>) -> Player {
        Player {
            part: Part::new(pattern, None, 0),
            pending: None,
            fill: None,
            looped: None,
            chain: None,
            link: None,
            next: [0; LANES],
            bursts: [None; LANES],
            cursor: 0.0,
            feel: Feel::default(),
            lane_steps: [None; LANES],
            fills_on: false,
            chance_seed: 0,
        }
    }

    /// Goes to `position`, 0 (the top of the loop) or earlier: a lead-in in which nothing sounds
    /// but what is early for the top. What waited takes over at once, and a chain starts over.
    pub fn rewind(&mut self, position: f64, displace: &mut dyn FnMut(Displaced)) {
        self.cursor = position.min(0.0);
        self.next = [0; LANES];
        self.bursts = [None; LANES];
        self.end_fill(displace);
        if let Some(pending) = self.pending.take() {
            self.put(pending.part, displace);
        }
        if let Some(chain) = &self.chain {
            let first = Part::of_link(chain.link(0), 0);
            self.put(first, displace);
            self.link = Some(0);
        }
        self.part.origin = 0;
        self.plan_link(displace);
    }

    /// Goes to `position`, from where turns and the chain are counted since 0; what waited takes
    /// over at once.
    pub fn seek(&mut self, position: f64, displace: &mut dyn FnMut(Displaced)) {
        self.rewind(0.0, displace);
        // No hit is further from its grid line than half a step.
        self.advance(position - 1.0, |_| (), displace);
        self.cursor = position;
        self.bursts = [None; LANES];
        for lane in Lane::ALL {
            let passed = |n: i64| {
                let (hit, _, feel) = self.heard(n, lane);
                let placed = hit.map(|hit| feel.place(n, hit.offset));
                feel.grid(n) < position && placed.is_none_or(|placed| placed < position)
            };
            let mut n = self.next[lane.index()];
            while passed(n) {
                n += 1;
            }
            self.next[lane.index()] = n;
        }
    }

    /// Somebody has played this step of the lane: the loop does not play it again.
    pub fn played_by_hand(&mut self, lane: Lane, step: i64) {
        let next = &mut self.next[lane.index()];
        if *next == step {
            *next += 1;
        }
    }

    /// Hands over a groove; a chain that plays is left for it.
    pub fn set_pattern(
        &mut self,
        pattern: Arc<Pattern>,
        takeover: Takeover,
        displace: &mut dyn FnMut(Displaced),
    ) {
        self.leave_chain(displace);
        let (from, origin) = match takeover {
            Takeover::Now => (self.next_step(), self.part.origin),
            Takeover::NextBar => (self.part.next_bar(self.next_step()), self.part.origin),
            Takeover::NextLoop => {
                let from = self.part.next_turn(self.next_step());
                (from, from)
            }
        };
        let part = Part::new(pattern, self.looped, origin);
        self.wait(part, from, None, displace);
    }

    /// As [`Player::set_pattern`], at once, for a player that stands still.
    pub fn replace(&mut self, pattern: Arc<Pattern>, displace: &mut dyn FnMut(Displaced)) {
        self.leave_chain(displace);
        self.forget(displace);
        let part = Part::new(pattern, self.looped, self.part.origin);
        self.put(part, displace);
    }

    /// Chooses the bars that loop, of the groove that plays (or waits to) and of those after it. A
    /// chain plays its grooves whole: there it holds for what comes after the chain.
    pub fn set_loop(
        &mut self,
        bars: Option<Bars>,
        takeover: Takeover,
        displace: &mut dyn FnMut(Displaced),
    ) {
        self.looped = bars;
        if self.chain.is_some() {
            return;
        }
        let pattern = match &self.pending {
            Some(pending) => pending.part.pattern.clone(),
            None => self.part.pattern.clone(),
        };
        let from = self.moment(takeover);
        let mut part = self.part.moved_to(pattern, bars, from);
        if takeover == Takeover::NextLoop {
            part.origin = from;
        }
        self.wait(part, from, None, displace);
    }

    /// Plays a chain, from its first link on; or, if one plays already, continues in the new one
    /// with the link of the same number after the current passes. `None` leaves the chain with what
    /// plays.
    pub fn set_chain(
        &mut self,
        chain: Option<Box<Chain>>,
        takeover: Takeover,
        displace: &mut dyn FnMut(Displaced),
    ) {
        let Some(chain) = chain else {
            let in_chain = self.pending.as_ref().is_some_and(|it| it.link.is_some());
            self.leave_chain(displace);
            if in_chain {
                self.forget(displace);
            }
            self.part.tempo = None;
            return;
        };
        let first = chain.link(0).clone();
        let links = chain.len();
        if let Some(old) = self.chain.replace(chain) {
            displace(Displaced::Chain(old));
        }
        if let Some(link) = self.link {
            self.link = Some(link.min(links - 1));
            self.plan_link(displace);
            return;
        }
        let from = self.moment(takeover);
        // The bar lines stay where they are.
        let ahead = match takeover {
            Takeover::Now => self.part.place(from) % self.part.pattern.bar_steps(),
            Takeover::NextBar | Takeover::NextLoop => 0,
        };
        let part = Part::of_link(&first, from - ahead);
        self.wait(part, from, Some(0), displace);
    }

    /// Plays a bar in place of the loop: from its next step to the next bar line, or the whole next
    /// bar. Everything else runs on below it.
    pub fn set_fill(
        &mut self,
        pattern: Arc<Pattern>,
        takeover: Takeover,
        displace: &mut dyn FnMut(Displaced),
    ) {
        self.end_fill(displace);
        let from = match takeover {
            Takeover::Now => self.next_step(),
            Takeover::NextBar | Takeover::NextLoop => self.next_bar(),
        };
        let below = self.governing(from);
        let ahead = below.place(from) % below.pattern.bar_steps();
        let to = below.next_bar(from + 1);
        self.fill = Some(Fill {
            pattern,
            origin: from - ahead,
            from,
            to,
        });
    }

    fn end_fill(&mut self, displace: &mut dyn FnMut(Displaced)) {
        if let Some(fill) = self.fill.take() {
            displace(Displaced::Pattern(fill.pattern));
        }
    }

    /// What waits is put in place at once, for a player that stands still.
    pub fn settle(&mut self, displace: &mut dyn FnMut(Displaced)) {
        if self.link.is_none() {
            self.turn_over(displace);
        }
    }

    /// Plays up to `to` (not included), giving `emit` each stroke, lane by lane.
    pub fn advance(
        &mut self,
        to: f64,
        mut emit: impl FnMut(Stroke),
        displace: &mut dyn FnMut(Displaced),
    ) {
        // No step before `from` can be open at its grid line, for a hit is late by half a step at
        // most; and none after the part that waits can be due, for it is early by half at most.
        let line = |it: &Pending, feel| it.part.felt(feel).grid(it.from);
        while let Some(at) = self.pending.as_ref().map(|it| line(it, self.feel))
            && at <= to
        {
            self.play_to(at, &mut emit);
            self.turn_over(displace);
        }
        self.play_to(to, &mut emit);
        let is_over = |fill: &Fill| self.next.iter().all(|next| *next >= fill.to);
        if self.fill.as_ref().is_some_and(is_over) {
            self.end_fill(displace);
        }
    }

    fn play_to(&mut self, to: f64, emit: &mut impl FnMut(Stroke)) {
        for lane in Lane::ALL {
            let index = lane.index();
            loop {
                let n = self.next[index];
                let (hit, pattern, feel) = self.heard(n, lane);
                // Turns are those of what goes round, also while a fill plays.
                let turns = self.governing(n);
                let fills = self.fills_on || self.filled(n).is_some();
                let falls = |hit: &Hit| falls(hit.trig, self.chance_seed, n, lane);
                let struck = hit.filter(|hit| turns.strikes(n, hit.trig, fills) && falls(hit));
                let struck = struck.map(|hit| (hit, pattern.velocity(hit, lane, &feel)));
                // One that is not struck holds up no grace stroke of the next step.
                let beginning = match struck {
                    Some((hit, _)) => burst::beginning(n, hit, &feel),
                    None => feel.passed(n),
                };
                if let Some(burst) = &mut self.bursts[index]
                    && let Some(due) = burst.due()
                    && (due < beginning || burst.is_owed())
                {
                    if due >= to {
                        break;
                    }
                    emit(Stroke {
                        lane,
                        step: burst.step,
                        line: burst.line,
                        width: burst.width,
                        velocity: burst.play(),
                        position: due.max(self.cursor),
                    });
                    continue;
                }
                if beginning >= to {
                    break;
                }
                if let Some((hit, velocity)) = struck {
                    let before = self.bursts[index];
                    let burst = Burst::new(n, hit, velocity, &feel, before);
                    self.bursts[index] = Some(burst);
                }
                self.next[index] = n + 1;
            }
        }
        self.cursor = self.cursor.max(to);
    }

    /// What plays at the cursor.
    pub fn current(&self) -> &Part {
        &self.part
    }

    /// What plays at step `n`, as far as is known.
    pub fn governing(&self, n: i64) -> &Part {
        match &self.pending {
            Some(pending) if n >= pending.from => &pending.part,
            _ => &self.part,
        }
    }

    /// The fill that is heard at step `n`.
    fn filled(&self, n: i64) -> Option<&Fill> {
        let covers = |fill: &&Fill| fill.covers(n);
        let asked = self.fill.as_ref().filter(covers);
        asked.or_else(|| self.governing(n).ending.as_ref().filter(covers))
    }

    /// What is heard of a lane at step `n`: the hit, if there is one, its pattern, and how its grid is felt.
    /// It is a fill's, or of what goes round.
    fn heard(&self, n: i64, lane: Lane) -> (Option<Hit>, &Pattern, Feel) {
        if let Some(fill) = self.filled(n) {
            return (fill.hit(n, lane), &fill.pattern, fill.felt(self.feel));
        }
        let part = self.governing(n);
        let hit = part.hit(n, lane, self.lane_steps[lane.index()]);
        (hit, &part.pattern, part.felt(self.feel))
    }

    /// Where what plays goes over to another tempo, as far as is known.
    pub fn next_tempo_change(&self) -> Option<f64> {
        let changes = |pending: &&Pending| pending.part.tempo != self.part.tempo;
        let pending = self.pending.as_ref().filter(changes)?;
        Some(pending.part.felt(self.feel).grid(pending.from))
    }

    /// Number of the chain's link that plays.
    pub fn link(&self) -> Option<usize> {
        self.link
    }

    /// Whether something that was asked for waits for its moment.
    pub fn takeover_pending(&self) -> bool {
        // The chain's own next link does not count.
        let asked = |pending: &Pending| pending.link.is_none() || self.link.is_none();
        self.pending.as_ref().is_some_and(asked)
    }

    /// The first bar line that is not behind the cursor.
    pub fn next_bar(&self) -> i64 {
        let n = self.next_step();
        let bar = self.part.next_bar(n);
        match &self.pending {
            Some(pending) if bar > pending.from => pending.part.next_bar(pending.from.max(n)),
            _ => bar,
        }
    }

    /// The step at which something asked for now takes over.
    fn moment(&self, takeover: Takeover) -> i64 {
        let n = self.next_step();
        match takeover {
            Takeover::Now => n,
            Takeover::NextBar => self.part.next_bar(n),
            Takeover::NextLoop => self.part.next_turn(n),
        }
    }

    fn wait(
        &mut self,
        part: Part,
        from: i64,
        link: Option<usize>,
        displace: &mut dyn FnMut(Displaced),
    ) {
        self.forget(displace);
        self.pending = Some(Pending { part, from, link });
    }

    fn forget(&mut self, displace: &mut dyn FnMut(Displaced)) {
        if let Some(pending) = self.pending.take() {
            self.give_up(pending.part, displace);
        }
    }

    /// What waits plays now.
    fn turn_over(&mut self, displace: &mut dyn FnMut(Displaced)) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        self.put(pending.part, displace);
        self.link = pending.link;
        self.plan_link(displace);
    }

    fn put(&mut self, part: Part, displace: &mut dyn FnMut(Displaced)) {
        let old = std::mem::replace(&mut self.part, part);
        self.give_up(old, displace);
    }

    /// Lets the chain's next link wait for the end of the present one's passes.
    fn plan_link(&mut self, displace: &mut dyn FnMut(Displaced)) {
        let (Some(chain), Some(link)) = (&self.chain, self.link) else {
            return;
        };
        let present = chain.link(link);
        let end = self.part.end_of(present);
        // A chain that was made shorter while it plays goes on with the next turn.
        let from = match self.next_step() {
            n if n > end => self.part.next_turn(n),
            _ => end,
        };
        let number = (link + 1) % chain.len();
        let next = Part::of_link(chain.link(number), from);
        // It may have been given another tempo and another ending since it began.
        let (ending, tempo) = (self.part.ending_of(present), present.tempo);
        let before = std::mem::replace(&mut self.part.ending, ending);
        self.part.tempo = tempo;
        self.give_up_pattern(before.map(|fill| fill.pattern), displace);
        self.wait(next, from, Some(number), displace);
    }

    fn leave_chain(&mut self, displace: &mut dyn FnMut(Displaced)) {
        self.link = None;
        if let Some(chain) = self.chain.take() {
            displace(Displaced::Chain(chain));
        }
    }

    fn give_up(&self, part: Part, displace: &mut dyn FnMut(Displaced)) {
        self.give_up_pattern(Some(part.pattern), displace);
        self.give_up_pattern(part.ending.map(|fill| fill.pattern), displace);
    }

    /// Lets go of a pattern. One that the chain holds is only counted down: nothing is freed.
    fn give_up_pattern(&self, pattern: Option<Arc<Pattern>>, displace: &mut dyn FnMut(Displaced)) {
        let held = |it: &Arc<Pattern>| self.chain.as_ref().is_some_and(|chain| chain.holds(it));
        if let Some(pattern) = pattern.filter(|it| !held(it)) {
            displace(Displaced::Pattern(pattern));
        }
    }

    /// The first step whose grid line is not behind the cursor.
    fn next_step(&self) -> i64 {
        let feel = self.part.felt(self.feel);
        let mut n = self.cursor.floor() as i64;
        while feel.grid(n) < self.cursor {
            n += 1;
        }
        n
    }
}

#[cfg(test)]
mod tests;
