//! Following another machine's MIDI clock: where its music is at any moment, and how fast ours has
//! to go to be there too. Messages with their times go in, a speed comes out; no clock, no thread
//! and no port in here, so that all of it is tested by simulation.
//!
//! The ticks are counted ([`counting`]) and a line is fitted to them ([`mod@line`]). Our music is
//! pulled to the line with a time constant of [`DRAWN`] and by at most [`GENTLE`] of the tempo, which
//! nobody hears as a change of speed. Further off than [`NEAR`] it hurries or waits, but skips and
//! repeats nothing; only beyond [`FAR`] it jumps.

mod counting;
mod line;

use super::units::CLOCKS_PER_STEP;
use crate::engine::events::{ClockMessage, Nanos, SECOND};
use counting::SUSPECTS;
use line::{LEAST_JITTER, Line, PERIODS, Tick, WINDOW};

/// A master that says nothing for so long is lost.
pub(crate) const LOST: Nanos = SECOND / 2;

/// Time constant of the steering, in seconds.
const DRAWN: f64 = 0.25;

/// Most that the speed differs from the tempo while the music is nearly right.
const GENTLE: f64 = 0.03;

/// Nearly right, in seconds.
const NEAR: f64 = 0.03;

/// Ticks of a bar, of a clock that knows its bars.
const BAR: i64 = 96;

/// So many steps away the music jumps.
const FAR: f64 = 4.0;

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
    /// The next tick starts the song over, wherever the ticks before it were.
    downbeat: bool,
    /// Number of a tick that begins a bar, where the clock says so.
    bar: Option<i64>,
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
            bar: None,
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
            ClockMessage::Bar(in_bar) => {
                self.bar = in_bar.map(|ticks| self.number + 1 - i64::from(ticks));
                None
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
    /// begins with the next tick, or the next bar where it is known.
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
                        first: self.next_bar(),
                        by_master: false,
                    }
                } else {
                    // There is nobody to wait for; when ticks come, they are adopted.
                    Song::Stopped { next: 0 }
                };
                Move::Start
            }
        }
    }

    /// We play already, and are at `position` (in steps) at `time`: from now on the nearest tick is
    /// ours, too, or the nearest bar line where it is known. Does nothing while no clock comes.
    pub fn adopt(&mut self, position: f64, time: Nanos) {
        let Some(line) = self.line else { return };
        let fresh = self
            .last
            .is_some_and(|last| time as f64 - last < LOST as f64);
        let tick = line.number as f64 + (time as f64 - line.time) / line.period;
        let first = tick - position * CLOCKS_PER_STEP;
        let first = match self.bar {
            None => first.round(),
            Some(bar) => bar as f64 + ((first - bar as f64) / BAR as f64).round() * BAR as f64,
        };
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
            // Nobody knows how fast it will go.
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

    /// Number of the next tick that begins a bar; of the next one where bars are unknown.
    fn next_bar(&self) -> i64 {
        let next = self.number + 1;
        let away = self.bar.map_or(0, |bar| (bar - next).rem_euclid(BAR));
        next + away
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
}

#[cfg(test)]
mod tests;
