//! What plays and where in time it lies: a pattern, which of its bars go round, and a chain of
//! patterns.

use std::sync::Arc;

use crate::engine::command::Bars;
use crate::engine::time::feel::{Feel, own_step};
use crate::engine::time::pattern::Pattern;
use musicvae::music::{Hit, LANES, Lane, Trig};

/// A pattern with its place in time.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub pattern: Arc<Pattern>,
    /// Step (since play) at which its first turn begins.
    pub origin: i64,
    /// Step of the pattern at which a turn begins.
    pub start: i64,
    /// Steps of a turn, at least 1.
    pub steps: i64,
    /// What its last bar is, where it ends with a fill.
    pub ending: Option<Fill>,
    /// Quarter notes a minute, where it has a tempo of its own.
    pub tempo: Option<f64>,
}

/// A bar, or the rest of one, that plays once in the place of what goes round, which is not held up by
/// it. It has all of its strokes, whatever lanes go round by themselves.
#[derive(Clone, Debug)]
pub(crate) struct Fill {
    pub pattern: Arc<Pattern>,
    /// Step at which its bar begins.
    pub origin: i64,
    /// Its first step, and the first one that is not its own any more.
    pub from: i64,
    pub to: i64,
}

impl Fill {
    pub fn covers(&self, n: i64) -> bool {
        (self.from..self.to).contains(&n)
    }

    /// The hit of `lane`, `n` steps since play.
    pub fn hit(&self, n: i64, lane: Lane) -> Option<Hit> {
        let step = own_step(self.pattern.grid(), n - self.origin)?;
        self.pattern.hit(step, lane)
    }

    /// How its grid is felt.
    pub fn felt(&self, feel: Feel) -> Feel {
        felt(&self.pattern, self.origin, feel)
    }
}

/// How the grid of a pattern that begins at step `origin` is felt.
fn felt(pattern: &Pattern, origin: i64, feel: Feel) -> Feel {
    Feel {
        grid: pattern.grid(),
        origin,
        ..feel
    }
}

impl Part {
    /// Those bars that the pattern has, at least one; all of them for `None`.
    pub fn new(pattern: Arc<Pattern>, bars: Option<Bars>, origin: i64) -> Part {
        let (all, bar) = (pattern.steps(), pattern.bar_steps());
        let (start, steps) = match bars {
            None => (0, all),
            Some(Bars { first, count }) => {
                let last = ((all - 1) / bar) as usize;
                let first = first.min(last);
                let count = count.clamp(1, last - first + 1);
                let start = first as i64 * bar;
                (start, (count as i64 * bar).min(all - start))
            }
        };
        Part {
            pattern,
            origin,
            start,
            steps,
            ending: None,
            tempo: None,
        }
    }

    /// A link of a chain, with all its turns.
    pub fn of_link(link: &Link, origin: i64) -> Part {
        let mut part = Part::new(link.pattern.clone(), None, origin);
        part.ending = part.ending_of(link);
        part.tempo = link.tempo;
        part
    }

    /// The first step behind all turns of a link.
    pub fn end_of(&self, link: &Link) -> i64 {
        self.origin + link.repeats.max(1) * self.steps
    }

    /// The last bar of its last turn, where the link has another one in its place.
    pub fn ending_of(&self, link: &Link) -> Option<Fill> {
        let to = self.end_of(link);
        let from = to - 1 - (self.steps - 1) % self.pattern.bar_steps();
        link.ending.clone().map(|pattern| Fill {
            pattern,
            origin: from,
            from,
            to,
        })
    }

    /// The step of the pattern that is played `n` steps since play.
    pub fn place(&self, n: i64) -> i64 {
        self.start + (n - self.origin).rem_euclid(self.steps)
    }

    /// The hit of `lane`, `n` steps since play. Where the lane has `steps` of its own, those go round.
    pub fn hit(&self, n: i64, lane: Lane, steps: Option<u16>) -> Option<Hit> {
        let own = |n| own_step(self.pattern.grid(), n);
        let step = match steps {
            None => own(self.place(n))?,
            Some(steps) => {
                own(self.start)? + own(n - self.origin)?.rem_euclid(i64::from(steps.max(1)))
            }
        };
        self.pattern.hit(step, lane)
    }

    /// How its grid is felt.
    pub fn felt(&self, feel: Feel) -> Feel {
        felt(&self.pattern, self.origin, feel)
    }

    /// Whether a stroke, `n` steps since play, is struck in its turn of the loop, but for chance.
    pub fn strikes(&self, n: i64, trig: Trig, fill: bool) -> bool {
        let turn = (n - self.origin).div_euclid(self.steps);
        trig.when.holds(turn, fill)
    }

    /// `Some(true)` where a bar begins, `Some(false)` where another beat does.
    pub fn beat(&self, n: i64) -> Option<bool> {
        let in_bar = self.place(n) % self.pattern.bar_steps();
        (in_bar % self.pattern.beat_steps() == 0).then_some(in_bar == 0)
    }

    /// The first step from `n` on at which a bar begins.
    pub fn next_bar(&self, n: i64) -> i64 {
        let bar = self.pattern.bar_steps();
        let to_bar = (-self.place(n)).rem_euclid(bar);
        // A turn may end within a bar; the next one begins with one.
        n + to_bar.min((self.origin - n).rem_euclid(self.steps))
    }

    /// The first step from `n` on at which a turn begins.
    pub fn next_turn(&self, n: i64) -> i64 {
        n + (self.origin - n).rem_euclid(self.steps)
    }

    /// Other bars of the same or another pattern from step `from` on: if what plays is among those
    /// bars, it goes on where it is, otherwise at the same place of the first of them.
    pub fn moved_to(&self, pattern: Arc<Pattern>, bars: Option<Bars>, from: i64) -> Part {
        let mut part = Part::new(pattern, bars, from);
        let place = self.place(from);
        let ahead = if (part.start..part.start + part.steps).contains(&place) {
            place - part.start
        } else {
            place % part.pattern.bar_steps()
        };
        part.origin = from - ahead;
        part
    }
}

/// Whether chance has a stroke struck, `n` steps since play. With one seed the same step falls the same way
/// each time that it is played from the top.
pub(crate) fn falls(trig: Trig, seed: u64, n: i64, lane: Lane) -> bool {
    fallen(seed, n, lane) < u64::from(trig.chance)
}

/// What chance says for a lane's step, 0..100: SplitMix64's output function of its number.
fn fallen(seed: u64, n: i64, lane: Lane) -> u64 {
    let number = (n as u64)
        .wrapping_mul(LANES as u64)
        .wrapping_add(lane.index() as u64)
        // Seeds lie far from each other.
        .wrapping_add(seed.wrapping_mul(0xD1B5_4A32_D192_ED03));
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)) % 100
}

/// A pattern of a chain.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub pattern: Arc<Pattern>,
    /// Turns before the next one, at least 1.
    pub repeats: i64,
    /// What plays in the place of its very last bar.
    pub ending: Option<Arc<Pattern>>,
    /// Quarter notes a minute, where it has a tempo of its own.
    pub tempo: Option<f64>,
}

/// Patterns that follow each other, round and round.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// At least one.
    links: Box<[Link]>,
}

impl Chain {
    /// `None` for an empty one.
    pub fn new(links: Vec<Link>) -> Option<Chain> {
        (!links.is_empty()).then(|| Chain {
            links: links.into(),
        })
    }

    /// Any number means a link: after the last comes the first.
    pub fn link(&self, index: usize) -> &Link {
        &self.links[index % self.links.len()]
    }

    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether the pattern is one of the chain's, which then keeps it alive.
    pub fn holds(&self, pattern: &Arc<Pattern>) -> bool {
        let patterns = |link| {
            let Link {
                pattern, ending, ..
            }: &Link = link;
            [Some(pattern), ending.as_ref()].into_iter().flatten()
        };
        let mut patterns = self.links.iter().flat_map(patterns);
        patterns.any(|held| Arc::ptr_eq(held, pattern))
    }
}
