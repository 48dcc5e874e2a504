//! The loop player: which strokes fall into a stretch of musical time. Pure, and free of
//! allocation while it plays.
//!
//! Every step `n` since play is decided once for each lane: `next[lane]` is the first one not
//! decided yet. So whatever changes on the way (tempo, swing, amounts, the groove itself), no
//! stroke can sound twice, and one whose time has just slipped into the past sounds at once.

use super::Takeover;
use super::pattern::{Feel, Pattern};
use crate::music::{LANES, Lane};

/// A stroke that is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stroke {
    pub lane: Lane,
    /// 0..=1.
    pub velocity: f32,
    /// Steps since play.
    pub position: f64,
}

/// A groove that waits for its turn.
#[derive(Debug)]
struct Pending {
    pattern: Box<Pattern>,
    /// First step that is its own.
    from: i64,
    /// Step at which its first turn begins.
    origin: i64,
}

/// Plays a pattern round and round.
#[derive(Debug)]
pub(crate) struct Player {
    pattern: Box<Pattern>,
    /// Step at which a turn of the loop begins.
    origin: i64,
    pending: Option<Pending>,
    next: [i64; LANES],
    /// Everything before this position has been played.
    cursor: f64,
    pub feel: Feel,
}

impl Player {
    pub fn new(pattern: Box<Pattern>) -> Player {
        Player {
            pattern,
            origin: 0,
            pending: None,
            next: [0; LANES],
            cursor: 0.0,
            feel: Feel::default(),
        }
    }

    /// Goes to the top of the loop. A groove that waited takes over at once; the one it replaces is
    /// returned to be freed elsewhere.
    pub fn rewind(&mut self) -> Option<Box<Pattern>> {
        self.cursor = 0.0;
        self.origin = 0;
        self.next = [0; LANES];
        let pending = self.pending.take()?;
        Some(std::mem::replace(&mut self.pattern, pending.pattern))
    }

    /// Goes to `position`, from where the loop counts its turns since 0. A groove that waited takes
    /// over at once; the one it replaces is returned to be freed elsewhere.
    pub fn seek(&mut self, position: f64) -> Option<Box<Pattern>> {
        let old = self.rewind();
        self.cursor = position;
        let Player {
            pattern,
            next,
            feel,
            ..
        } = self;
        for lane in Lane::ALL {
            // No hit is further from its grid line than half a step.
            let mut n = position.floor() as i64 - 1;
            let passed = |n: i64| {
                let placed = pattern.hit(n, lane).map(|hit| feel.place(n, hit.offset));
                feel.grid(n) < position && placed.is_none_or(|placed| placed < position)
            };
            while passed(n) {
                n += 1;
            }
            next[lane.index()] = n;
        }
        old
    }

    /// Somebody has played this step of the lane: the loop does not play it again.
    pub fn played_by_hand(&mut self, lane: Lane, step: i64) {
        let next = &mut self.next[lane.index()];
        if *next == step {
            *next += 1;
        }
    }

    /// Hands over `pattern`; the one that it displaces is returned to be freed elsewhere.
    pub fn set_pattern(
        &mut self,
        pattern: Box<Pattern>,
        takeover: Takeover,
    ) -> Option<Box<Pattern>> {
        let (from, origin) = match takeover {
            Takeover::Now => (self.next_step(), self.origin),
            Takeover::NextBar => (self.next_multiple(self.pattern.bar_steps()), self.origin),
            Takeover::NextLoop => {
                let from = self.next_multiple(self.pattern.steps());
                (from, from)
            }
        };
        self.pending
            .replace(Pending {
                pattern,
                from,
                origin,
            })
            .map(|old| old.pattern)
    }

    /// Puts `pattern` in place at once, for a player that stands still; what it displaces is
    /// returned to be freed elsewhere.
    pub fn replace(&mut self, pattern: Box<Pattern>) -> [Option<Box<Pattern>>; 2] {
        let pending = self.pending.take().map(|pending| pending.pattern);
        [pending, Some(std::mem::replace(&mut self.pattern, pattern))]
    }

    /// Plays up to `to` (not included), giving `emit` each stroke, lane by lane. Returns a pattern
    /// that is done with, to be freed elsewhere.
    pub fn advance(&mut self, to: f64, mut emit: impl FnMut(Stroke)) -> Option<Box<Pattern>> {
        for lane in Lane::ALL {
            loop {
                let n = self.next[lane.index()];
                let (pattern, origin) = self.governing(n);
                let hit = pattern.hit(n - origin, lane);
                let position = match hit {
                    Some(hit) => self.feel.place(n, hit.offset),
                    None => self.feel.grid(n),
                };
                if position >= to {
                    break;
                }
                if let Some(hit) = hit {
                    let velocity = pattern.velocity(hit, lane, &self.feel);
                    emit(Stroke {
                        lane,
                        velocity,
                        position: position.max(self.cursor),
                    });
                }
                self.next[lane.index()] = n + 1;
            }
        }
        self.cursor = self.cursor.max(to);
        // No step before `from` can be open here: a hit is late by half a step at most.
        let done = self
            .pending
            .take_if(|pending| self.feel.grid(pending.from) <= self.cursor)?;
        self.origin = done.origin;
        Some(std::mem::replace(&mut self.pattern, done.pattern))
    }

    /// The pattern that plays at the cursor, and the step at which its loop began.
    pub fn current(&self) -> (&Pattern, i64) {
        (&self.pattern, self.origin)
    }

    pub fn takeover_pending(&self) -> bool {
        self.pending.is_some()
    }

    fn governing(&self, n: i64) -> (&Pattern, i64) {
        match &self.pending {
            Some(pending) if n >= pending.from => (&pending.pattern, pending.origin),
            _ => (&self.pattern, self.origin),
        }
    }

    /// The first step whose grid line is not behind the cursor.
    fn next_step(&self) -> i64 {
        let n = self.cursor.floor() as i64;
        if self.feel.grid(n) >= self.cursor {
            n
        } else {
            n + 1
        }
    }

    /// The first such step that is a multiple of `length` from the loop's start.
    fn next_multiple(&self, length: i64) -> i64 {
        let n = self.next_step() - self.origin;
        let turns = n.div_euclid(length) + i64::from(n.rem_euclid(length) != 0);
        self.origin + turns * length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::{Groove, Hit};
    use proptest::prelude::*;

    fn groove(steps: usize, hits: &[(usize, Lane, f32)]) -> Box<Pattern> {
        let mut groove = Groove::empty(steps);
        for &(step, lane, offset) in hits {
            groove.steps[step][lane.index()] = Some(Hit {
                velocity: 0.5,
                offset,
            });
        }
        Box::new(Pattern::new(groove))
    }

    /// Plays to `to` in blocks of `block` steps.
    fn play(player: &mut Player, to: f64, block: f64) -> Vec<(Lane, f64)> {
        let mut strokes = Vec::new();
        let mut at = player.cursor;
        while at < to {
            at = (at + block).min(to);
            player.advance(at, |stroke| strokes.push((stroke.lane, stroke.position)));
        }
        strokes
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
            assert!(
                player
                    .set_pattern(groove(32, &every(Lane::Snare)), takeover)
                    .is_none()
            );
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
    fn a_bar_takeover_keeps_the_bar_and_a_loop_takeover_starts_over() {
        for (takeover, bar) in [(Takeover::NextBar, 1), (Takeover::NextLoop, 0)] {
            let mut player = Player::new(groove(16, &[]));
            play(&mut player, 1.0, 0.3);
            let hits = [(0, Lane::Kick, 0.0), (16, Lane::Snare, 0.0)];
            player.set_pattern(groove(32, &hits), takeover);
            let strokes = play(&mut player, 17.0, 0.3);
            assert_eq!(strokes, [([Lane::Kick, Lane::Snare][bar], 16.0)]);
        }
    }

    #[test]
    fn an_early_hit_of_the_new_groove_sounds_before_its_bar_line() {
        let mut player = Player::new(groove(16, &[]));
        play(&mut player, 3.0, 0.3);
        player.set_pattern(groove(16, &[(0, Lane::Kick, 0.4)]), Takeover::NextBar);
        assert!((play(&mut player, 17.0, 0.3)[0].1 - 15.6).abs() < 1e-6);
        // Handed over too late for that, it sounds at once and not never.
        player.rewind();
        player.set_pattern(groove(16, &[]), Takeover::Now);
        play(&mut player, 15.8, 0.2);
        player.set_pattern(groove(16, &[(0, Lane::Kick, 0.4)]), Takeover::NextBar);
        assert_eq!(play(&mut player, 17.0, 0.3)[0].1, 15.8);
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
            assert!(player.seek(position).is_none());
            let strokes = play(&mut player, (position / 16.0).floor() * 16.0 + 15.99, 0.1);
            let at: Vec<f64> = strokes.iter().map(|stroke| stroke.1).collect();
            assert_eq!(at.len(), expected.len(), "{position}: {at:?}");
            for (at, expected) in at.iter().zip(expected) {
                assert!((at - expected).abs() < 1e-6, "{position}: {at}");
            }
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

    #[derive(Clone, Debug)]
    enum Change {
        Groove(Vec<(usize, usize, f32)>, usize, Takeover),
        Swing(f32),
        Timing(f32),
        Wait,
    }

    fn change() -> impl Strategy<Value = Change> {
        let hits = prop::collection::vec((0..64_usize, 0..LANES, -0.5..0.5_f32), 0..200);
        let takeover = prop_oneof![
            Just(Takeover::Now),
            Just(Takeover::NextBar),
            Just(Takeover::NextLoop)
        ];
        prop_oneof![
            (
                hits,
                prop_oneof![Just(16_usize), Just(64), Just(14), Just(1)],
                takeover
            )
                .prop_map(|(hits, steps, takeover)| Change::Groove(hits, steps, takeover)),
            (0.5..0.75_f32).prop_map(Change::Swing),
            (0.0..1.5_f32).prop_map(Change::Timing),
            Just(Change::Wait),
        ]
    }

    fn pattern_of(hits: &[(usize, usize, f32)], steps: usize) -> Box<Pattern> {
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
            first in 0.001..3.0_f64, second in 0.001..3.0_f64,
        ) {
            let run = |block| {
                let mut player = Player::new(pattern_of(&hits, 64));
                player.feel = Feel { swing, timing, velocity: 1.0 };
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
                        player.set_pattern(pattern_of(&hits, steps), takeover);
                    }
                    Change::Swing(swing) => player.feel.swing = swing,
                    Change::Timing(timing) => player.feel.timing = timing,
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
}
