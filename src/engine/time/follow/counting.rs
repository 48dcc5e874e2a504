//! Counting a clock's ticks.
//!
//! A tick that is far too early and close behind another is a doubled one and is not counted; any
//! other that comes early or late is counted, but is no witness. [`SUSPECTS`] such ticks in a row are
//! a new tempo, or a gap in the transmission: then they are the new line. Time goes by in a gap, so
//! the ticks that are missing are counted as if they had come.

use super::line::{LEAST_JITTER, Line, Tick, WINDOW, few, fit, jitter, longest};
use super::{Follower, LOST, Song};

/// Ticks in a row that contradict the line until they are believed.
pub(super) const SUSPECTS: usize = 4;

/// A tick that is off by less than this, or by five times the jitter, is no suspect.
const GATE: f64 = 4e6;

/// A tick that follows another within this share of the tempo's time is taken for a doubled one.
const DOUBLED_SHARE: f64 = 0.3;

/// Before there is a line: a second tick within this time is a doubled one. At 300 quarter notes a
/// minute ticks are 8.3 ms apart, with 3 ms of jitter at least 2.3 ms.
const DOUBLED: f64 = 2e6;

impl Follower {
    pub(super) fn tick(&mut self, time: f64) {
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
    pub(super) fn forget(&mut self) {
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
