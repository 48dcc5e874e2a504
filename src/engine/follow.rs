//! Following another machine's MIDI clock: where its music is at any moment, and how fast ours has
//! to go to be there too. Messages with their times go in, a speed comes out; no clock, no thread
//! and no port in here, so that all of it is tested by simulation.
//!
//! *Estimating.* A tick's number and its time lie on a line whose slope is the tempo. The line is
//! fitted by least squares to the latest ticks: to as many as go along with it, at most
//! [`WINDOW`]. How many is decided at every tick by the intersection of confidence intervals
//! (Goldenshluger and Nemirovski, *On spatially adaptive estimation of nonparametric regression*,
//! 1997; Katkovnik 1999): the window grows for as long as what the longer one says of now agrees
//! with what every shorter one says. A steady tempo is so averaged over four beats, and a change
//! is followed within a few ticks. The jitter that the intervals need is measured by the median of
//! second differences, which no steady tempo touches.
//!
//! *Counting.* A tick that is far too early and close behind another is a doubled one and is not
//! counted; any other that comes early or late is counted, but is no witness. [`SUSPECTS`] such ticks
//! in a row are a new tempo, or a gap in the transmission: then they are the new line. Time goes by
//! in a gap, so the ticks that are missing are counted as if they had come.
//!
//! *Steering.* Ours is drawn to the line with a time constant of [`DRAWN`] and by at most
//! [`GENTLE`] of the tempo, which is not heard as a change of speed. Further off than [`NEAR`] it
//! hurries or waits, but skips and repeats nothing; only more than [`FAR`] away it jumps.

use super::clock::{Nanos, SECOND};

/// Ticks in a step: 24 a quarter note.
pub(crate) const CLOCKS_PER_STEP: f64 = 6.0;

/// A master that says nothing for so long is lost.
pub(crate) const LOST: Nanos = SECOND / 2;

/// Most ticks that a line is fitted to: four beats. More would gain little (the error falls with
/// the square root) and make slow changes of tempo lag.
const WINDOW: usize = 96;

/// Lengths of window that are tried.
const WINDOWS: [usize; 11] = [4, 6, 8, 12, 16, 24, 32, 48, 64, 80, WINDOW];

/// Half the width of a confidence interval, in standard deviations. Smaller ones find changes
/// sooner and take noise for change more often; 2 to 3 is usual.
const CONFIDENCE: f64 = 2.5;

/// Jitter that is always reckoned with, in nanoseconds: no clock is read more exactly.
const LEAST_JITTER: f64 = 1e5;

/// Ticks in a row that contradict the line until they are believed.
const SUSPECTS: usize = 4;

/// A tick that is off by less than this, or by five times the jitter, is no suspect.
const GATE: f64 = 4e6;

/// A tick that follows another within this share of the tempo's time is taken for a doubled one.
const DOUBLED_SHARE: f64 = 0.3;

/// Before there is a line: a second tick within this time is a doubled one. At 300 quarter notes a
/// minute ticks are 8.3 ms apart, with 3 ms of jitter at least 2.3 ms.
const DOUBLED: f64 = 2e6;

/// Times between ticks that can be a clock: 5 to 500 quarter notes a minute.
const PERIODS: std::ops::RangeInclusive<f64> = 5e6..=5e8;

/// Time constant of the steering, in seconds.
const DRAWN: f64 = 0.25;

/// Most that the speed differs from the tempo while the music is nearly right.
const GENTLE: f64 = 0.03;

/// Nearly right, in seconds.
const NEAR: f64 = 0.03;

/// So many steps away the music jumps.
const FAR: f64 = 4.0;

/// What a master says about time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockMessage {
    Tick,
    /// The next tick is the first one of the song.
    Start,
    /// The next tick is the one where the song is.
    Continue,
    Stop,
    /// Where the song is, in sixteenth notes.
    Position(u16),
}

/// What the transport has to do, because the master did it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Move {
    /// Plays from the top.
    Start,
    /// Plays from this position, in steps.
    Continue(f64),
    /// Goes on at this position, in steps.
    Locate(f64),
    Stop,
}

/// How the transport goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Steering {
    /// Quarter notes a minute, to be played at until the next question; it may be 0.
    pub speed: f64,
    /// Where to jump to first.
    pub jump: Option<f64>,
}

/// A tick by its number and its time in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Tick {
    number: i64,
    time: f64,
}

/// The line through the ticks.
#[derive(Clone, Copy, Debug)]
struct Line {
    number: i64,
    /// When that tick was, without its jitter.
    time: f64,
    /// Nanoseconds a tick.
    period: f64,
}

impl Line {
    fn time_of(&self, number: i64) -> f64 {
        self.time + (number - self.number) as f64 * self.period
    }

    fn qpm(&self) -> f64 {
        60e9 / (24.0 * self.period)
    }
}

/// Where the master's song is.
#[derive(Clone, Copy, Debug)]
enum Song {
    /// Not playing; the next tick after a continue is this one of the song.
    Stopped { next: i64 },
    /// Playing; tick `first` was the song's first one.
    Playing { first: i64, by_master: bool },
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Follower {
    /// Ticks that agree with each other, the latest last.
    ticks: [Tick; WINDOW],
    count: usize,
    /// Those since then that do not.
    suspects: [f64; SUSPECTS],
    suspected: usize,
    /// How many of those were taken for doubled ones.
    doubled: usize,
    /// Number of the first suspect.
    suspected_from: i64,
    /// Number of the latest tick.
    number: i64,
    /// When the latest tick came.
    last: Option<f64>,
    /// Nanoseconds a tick until there is a line.
    period: f64,
    /// The tempo is the master's own, and not what was assumed.
    settled: bool,
    line: Option<Line>,
    /// Standard deviation of the ticks' times, in nanoseconds.
    jitter: f64,
    /// For show: the tempo, smoothed over some ticks.
    qpm: f64,
    song: Song,
    /// To be done at the next tick.
    armed: Option<Move>,
    /// The next tick begins the song anew, wherever the ticks before it were.
    downbeat: bool,
}

impl Follower {
    /// A follower that takes `qpm` for the tempo until it hears better.
    pub fn new(qpm: f64) -> Follower {
        let mut follower = Follower {
            ticks: [Tick::default(); WINDOW],
            count: 0,
            suspects: [0.0; SUSPECTS],
            suspected: 0,
            doubled: 0,
            suspected_from: 0,
            number: -1,
            last: None,
            period: 60e9 / 24.0 / 120.0,
            settled: false,
            line: None,
            jitter: LEAST_JITTER,
            qpm: 120.0,
            song: Song::Stopped { next: 0 },
            armed: None,
            downbeat: false,
        };
        follower.assume(qpm);
        follower
    }

    /// The tempo to take until ticks say better.
    pub fn assume(&mut self, qpm: f64) {
        let period = 60e9 / 24.0 / qpm;
        if self.line.is_none() && PERIODS.contains(&period) {
            (self.period, self.qpm) = (period, qpm);
        }
    }

    /// Takes a message that came at `time`; says what the transport has to do.
    pub fn receive(&mut self, message: ClockMessage, time: Nanos) -> Option<Move> {
        // A clock that runs backwards would be no clock.
        let time = (time as f64).max(self.last.unwrap_or(f64::MIN));
        match message {
            ClockMessage::Tick => {
                self.tick(time);
                self.armed.take()
            }
            ClockMessage::Start => self.begin(0, Move::Start, time),
            ClockMessage::Continue => {
                let next = self.next_of_song();
                let position = next as f64 / CLOCKS_PER_STEP;
                self.begin(next, Move::Continue(position), time)
            }
            ClockMessage::Stop => {
                let next = self.next_of_song();
                self.song = Song::Stopped { next };
                self.armed = None;
                Some(Move::Stop)
            }
            ClockMessage::Position(sixteenths) => {
                let next = i64::from(sixteenths) * CLOCKS_PER_STEP as i64;
                match self.song {
                    Song::Playing { by_master, .. } => {
                        let first = self.number + 1 - next;
                        self.song = Song::Playing { first, by_master };
                        Some(Move::Locate(f64::from(sixteenths)))
                    }
                    Song::Stopped { .. } => {
                        self.song = Song::Stopped { next };
                        None
                    }
                }
            }
        }
    }

    /// Play was pressed here. When the master plays, it is joined where it is; otherwise our song
    /// begins with the next tick.
    pub fn join(&mut self, now: Nanos) -> Move {
        match (self.song, self.position(now)) {
            (
                Song::Playing {
                    by_master: true, ..
                },
                Some(position),
            ) => Move::Continue(position),
            _ => {
                let coming = self
                    .last
                    .is_some_and(|last| now as f64 - last < LOST as f64);
                self.song = if coming {
                    Song::Playing {
                        first: self.number + 1,
                        by_master: false,
                    }
                } else {
                    // Nobody to wait for; when ticks come, they are adopted.
                    Song::Stopped { next: 0 }
                };
                Move::Start
            }
        }
    }

    /// We play already, and are at `position` (in steps) at `time`: from now on the nearest tick is
    /// ours, too. Does nothing while no clock comes.
    pub fn adopt(&mut self, position: f64, time: Nanos) {
        let Some(line) = self.line else { return };
        let fresh = self
            .last
            .is_some_and(|last| time as f64 - last < LOST as f64);
        let tick = line.number as f64 + (time as f64 - line.time) / line.period;
        let first = (tick - position * CLOCKS_PER_STEP).round();
        if fresh && self.armed.is_none() && first.abs() < 1e15 {
            self.song = Song::Playing {
                first: first as i64,
                by_master: false,
            };
        }
    }

    /// Where the song is at `time`, in steps: negative before its first tick, `None` while it
    /// stands or nothing is known.
    pub fn position(&self, time: Nanos) -> Option<f64> {
        let (Song::Playing { first, .. }, Some(line)) = (self.song, self.line) else {
            return None;
        };
        let mut ticks = (time as f64 - line.time) / line.period;
        if !self.settled && self.count == 1 {
            // Who knows how fast it will go.
            ticks = ticks.min(1.0);
        }
        Some(((line.number - first) as f64 + ticks) / CLOCKS_PER_STEP)
    }

    /// How to go on from `position` (in steps), which sounds at `time`. `None` while there is
    /// nothing to follow.
    ///
    /// A lost master's line simply goes on: so do we, at its last tempo.
    pub fn steer(&self, time: Nanos, position: f64) -> Option<Steering> {
        let target = self.position(time)?;
        let tempo = self.line?.qpm();
        let away = target - position;
        if away.abs() > FAR || away.is_nan() {
            return Some(Steering {
                speed: tempo,
                jump: Some(target),
            });
        }
        // Four steps a quarter note.
        let seconds = away * 15.0 / tempo;
        let most = if seconds.abs() < NEAR { GENTLE } else { 1.0 };
        let pull = (seconds / DRAWN).clamp(-most, most);
        Some(Steering {
            speed: tempo * (1.0 + pull),
            jump: None,
        })
    }

    /// The master's tempo in quarter notes a minute, for show.
    pub fn qpm(&self) -> f64 {
        self.qpm
    }

    /// When the latest tick came.
    pub fn last_tick(&self) -> Option<Nanos> {
        self.last.map(|time| time as Nanos)
    }

    /// Number in the song of the tick that comes next.
    fn next_of_song(&self) -> i64 {
        match self.song {
            Song::Stopped { next } => next,
            Song::Playing { first, .. } => (self.number + 1 - first).max(0),
        }
    }

    /// The song begins at the tick that comes next, which is its tick `next`.
    fn begin(&mut self, next: i64, what: Move, time: f64) -> Option<Move> {
        self.song = Song::Playing {
            first: self.number + 1 - next,
            by_master: true,
        };
        self.downbeat = true;
        let fresh = self
            .last
            .is_some_and(|last| time - last < LOST as f64 && self.line.is_some());
        if fresh {
            // The ticks have been coming: it is known when the next one will.
            self.armed = None;
            return Some(what);
        }
        self.forget();
        self.settled = false;
        self.armed = Some(what);
        None
    }

    fn tick(&mut self, time: f64) {
        let since = self.last.map_or(f64::MAX, |last| time - last);
        let line = self.line.filter(|_| self.count > 0);
        let Some(line) = line.filter(|_| since <= LOST as f64) else {
            return self.found_again(time);
        };
        let off = time - line.time_of(self.number + 1);
        let gate = GATE.max(5.0 * self.jitter).min(0.5 * line.period);
        if self.downbeat && off.abs() > gate {
            // A sequencer that was started now has set its clock to now.
            self.downbeat = false;
            self.forget();
            self.number += 1;
            return self.keep(self.number, time);
        }
        if self.count < SUSPECTS {
            if since < DOUBLED && !self.downbeat {
                return;
            }
            self.downbeat = false;
            self.number += 1;
            return self.keep(self.number, time);
        }
        self.downbeat = false;
        // Among doubled ones, one that would fit may be the next of many at a much faster tempo.
        if off.abs() <= gate && (self.doubled == 0 || since > 0.5 * line.period) {
            self.suspected = 0;
            self.doubled = 0;
            self.number += 1;
            return self.keep(self.number, time);
        }
        let doubled = off < 0.0 && since < DOUBLED_SHARE * line.period;
        self.suspect(time, doubled, line);
    }

    /// The first tick, or the first one after a loss.
    fn found_again(&mut self, time: f64) {
        // Ours has gone on, so the tick is the one that is nearest to it.
        let missed = match (self.line, self.song) {
            (Some(line), Song::Playing { .. }) if self.armed.is_none() && !self.downbeat => {
                let ticks = (time - line.time_of(self.number)) / line.period;
                if ticks.is_finite() {
                    (ticks.round() as i64).clamp(1, i64::MAX / 4)
                } else {
                    1
                }
            }
            _ => 1,
        };
        self.downbeat = false;
        self.number = self.number.saturating_add(missed);
        self.forget();
        self.keep(self.number, time);
    }

    /// A tick that does not fit.
    fn suspect(&mut self, time: f64, doubled: bool, line: Line) {
        self.last = Some(time);
        if self.suspected == 0 {
            self.suspected_from = self.ticks[self.count - 1].number + 1;
        }
        if self.suspected == SUSPECTS {
            self.suspects.rotate_left(1);
            self.suspected_from += 1;
            self.suspected -= 1;
        }
        self.suspects[self.suspected] = time;
        self.suspected += 1;
        self.number += i64::from(!doubled);
        self.doubled += usize::from(doubled);
        if self.suspected < SUSPECTS {
            return;
        }
        let from = self.suspected_from;
        let new: [Tick; SUSPECTS] = std::array::from_fn(|n| Tick {
            number: from + n as i64,
            time: self.suspects[n],
        });
        let Some(found) = fit(&new) else { return };
        // At the same tempo, all late by the same whole number of ticks: those got lost.
        let late = |tick: &Tick| (tick.time - line.time_of(tick.number)) / line.period;
        let missed = late(&new[0]).round();
        let same = (found.period / line.period - 1.0).abs() < 0.25;
        let all = new.iter().all(|tick| (late(tick) - missed).abs() < 0.35);
        let missed = if same && all && missed > 0.0 {
            missed as i64
        } else {
            0
        };
        self.forget();
        for tick in new {
            self.number = tick.number + missed;
            self.keep(self.number, tick.time);
        }
        self.qpm = found.qpm();
    }

    /// Forgets the ticks so far, but not their tempo.
    fn forget(&mut self) {
        self.count = 0;
        self.suspected = 0;
        self.doubled = 0;
    }

    /// Takes a tick as a witness.
    fn keep(&mut self, number: i64, time: f64) {
        if self.count == WINDOW {
            self.ticks.rotate_left(1);
            self.count -= 1;
        }
        self.ticks[self.count] = Tick { number, time };
        self.count += 1;
        self.last = Some(time);
        let ticks = &self.ticks[..self.count];
        let found = if self.count < SUSPECTS {
            None
        } else {
            if let Some(jitter) = jitter(ticks) {
                self.jitter = jitter.max(LEAST_JITTER);
            }
            longest(ticks, self.jitter)
        };
        match found {
            Some(line) => {
                self.line = Some(line);
                self.period = line.period;
                self.settled = true;
                // Doubling the weight of a tick's tempo every four beats or so.
                let new = line.qpm();
                let fresh = self.count <= SUSPECTS || (new / self.qpm - 1.0).abs() > 0.05;
                self.qpm += (new - self.qpm) * if fresh { 1.0 } else { 0.1 };
            }
            None => {
                // Four at once are a heap and no clock: the tempo stays what it was.
                if self.count >= SUSPECTS {
                    self.ticks[0] = Tick { number, time };
                    self.count = 1;
                }
                let ticks = &self.ticks[..self.count];
                let unknown = !self.settled && self.count > 1;
                let fitted = fit(ticks).filter(|_| unknown);
                self.line = Some(fitted.unwrap_or_else(|| few(ticks, self.period)));
            }
        }
    }
}

/// A line of known slope through a few ticks.
fn few(ticks: &[Tick], period: f64) -> Line {
    let last = ticks[ticks.len() - 1];
    let mean = ticks
        .iter()
        .map(|tick| tick.time - last.time + (last.number - tick.number) as f64 * period)
        .sum::<f64>()
        / ticks.len() as f64;
    Line {
        number: last.number,
        time: last.time + mean,
        period,
    }
}

/// The line through all of these ticks by least squares, when that is a clock.
fn fit(ticks: &[Tick]) -> Option<Line> {
    let mut sums = Sums::new(*ticks.last()?);
    ticks.iter().for_each(|tick| sums.add(*tick));
    sums.line()
}

/// The line through the longest stretch of the latest ticks that tells one story.
fn longest(ticks: &[Tick], jitter: f64) -> Option<Line> {
    let mut sums = Sums::new(*ticks.last()?);
    let (mut low, mut high) = (f64::MIN, f64::MAX);
    let mut best = None;
    for tick in ticks.iter().rev() {
        sums.add(*tick);
        let count = sums.count as usize;
        if !WINDOWS.contains(&count) {
            continue;
        }
        let Some(line) = sums.line() else { break };
        // Standard deviation of a fitted line at its last point.
        let (n, at) = (sums.count, line.time - sums.last.time);
        let half = CONFIDENCE * jitter * (2.0 * (2.0 * n - 1.0) / (n * (n + 1.0))).sqrt();
        (low, high) = (low.max(at - half), high.min(at + half));
        if low > high {
            break;
        }
        best = Some(line);
    }
    best
}

/// The ticks' standard deviation about an even clock, from the median of their second differences:
/// the deviation of those is the square root of 6 times as large, and the median of a normal
/// deviate's amount is 0.6745. `None` when there are too few to say.
fn jitter(ticks: &[Tick]) -> Option<f64> {
    let mut sizes = [0.0; WINDOW];
    let mut count = 0;
    for three in ticks.windows(3) {
        if three[2].number - three[1].number == 1 && three[1].number - three[0].number == 1 {
            sizes[count] = (three[2].time - 2.0 * three[1].time + three[0].time).abs();
            count += 1;
        }
    }
    if count < 12 {
        return None;
    }
    let (_, median, _) = sizes[..count].select_nth_unstable_by(count / 2, f64::total_cmp);
    Some(*median / 0.6745 / 6.0_f64.sqrt())
}

/// Sums of least squares, about the latest tick.
struct Sums {
    last: Tick,
    count: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
}

impl Sums {
    fn new(last: Tick) -> Sums {
        Sums {
            last,
            count: 0.0,
            x: 0.0,
            y: 0.0,
            xx: 0.0,
            xy: 0.0,
        }
    }

    fn add(&mut self, tick: Tick) {
        let x = (tick.number - self.last.number) as f64;
        let y = tick.time - self.last.time;
        self.count += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.xy += x * y;
    }

    fn line(&self) -> Option<Line> {
        let spread = self.count * self.xx - self.x * self.x;
        let period = (self.count * self.xy - self.x * self.y) / spread;
        let time = self.last.time + (self.y - period * self.x) / self.count;
        // Written so that NaN fails too.
        (PERIODS.contains(&period) && time.is_finite()).then_some(Line {
            number: self.last.number,
            time,
            period,
        })
    }
}

#[cfg(test)]
mod tests;
