//! Where the music is: written by the thread that drives it, read by any thread, without waiting.

use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
    fence,
};

use super::units::TICKS_PER_STEP;
use crate::engine::atomic::{AtomicF32, AtomicF64};
use crate::engine::events::{Nanos, SECOND};
use musicvae::music::Grid;

/// Where the playhead is, as heard now. `bar`, `beat` and `tick` count from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Position {
    /// Bar of the groove.
    pub bar: u32,
    /// Beat within the bar.
    pub beat: u32,
    /// Within the beat, [`super::TICKS_PER_QUARTER`] to a quarter note.
    pub tick: u32,
    /// Sixteenths from the start of the groove, with the fraction.
    pub step: f64,
    /// Sixteenth of the groove at which the loop begins.
    pub loop_start: u32,
    /// Length of the loop in sixteenths.
    pub loop_steps: u32,
    /// Turns of the loop since it began.
    pub turn: u64,
    /// Sixteenths since play, with the fraction; 0 while it counts in.
    pub played: f64,
    /// Bars still to be counted before the loop begins, this one included; 0 when it plays. `beat`
    /// and `tick` then count within this bar.
    pub count_in: u32,
}

/// Where the music is at one moment, and how fast it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Playhead {
    /// When `position` is heard.
    pub time: Nanos,
    /// Steps since play.
    pub position: f64,
    pub steps_per_second: f64,
    /// Position at which playing began: 0, or less after counting in.
    pub began: f64,
    /// Step at which the loop began, step of the groove that it begins with, and lengths in steps.
    pub origin: i64,
    pub loop_start: i64,
    pub loop_steps: i64,
    pub bar_steps: i64,
    pub beat_steps: i64,
    /// What the groove's own steps are.
    pub grid: Grid,
}

impl Playhead {
    /// Steps since play that are heard at `now`.
    pub fn steps_at(&self, now: Nanos) -> f64 {
        let seconds = (now - self.time) as f64 / SECOND as f64;
        // What is rendered ahead is not heard yet; the first buffer is not heard before its start.
        (self.position + seconds * self.steps_per_second).max(self.began)
    }

    /// The place that is heard at `now`.
    pub fn at(&self, now: Nanos) -> Position {
        let steps = self.steps_at(now);
        let length = self.loop_steps.max(1);
        let (bar, beat) = (self.bar_steps.max(1), self.beat_steps.max(1));
        let since = steps - self.origin as f64;
        // While it counts in, the loop waits at its start and the count goes through whole bars.
        let counting = steps < 0.0;
        let counted = if counting {
            steps.rem_euclid(bar as f64)
        } else {
            since.rem_euclid(length as f64) + self.loop_start as f64
        };
        let in_bar = counted % bar as f64;
        let tick = (in_bar % beat as f64 * TICKS_PER_STEP) as u32;
        Position {
            bar: if counting {
                0
            } else {
                (counted / bar as f64) as u32
            },
            beat: (in_bar / beat as f64) as u32,
            tick,
            step: if counting {
                self.loop_start as f64
            } else {
                counted
            },
            loop_start: self.loop_start as u32,
            loop_steps: length as u32,
            turn: if counting {
                0
            } else {
                (since.max(0.0) / length as f64) as u64
            },
            played: steps.max(0.0),
            count_in: if counting {
                (-steps / bar as f64).ceil() as u32
            } else {
                0
            },
        }
    }
}

const PLAYHEAD_WORDS: usize = 10;

/// The playhead in atomics: one writer, any number of readers, nobody waits. A reader that meets
/// a write reads again.
#[derive(Debug, Default)]
pub(crate) struct PlayheadCell {
    version: AtomicU64,
    words: [AtomicU64; PLAYHEAD_WORDS],
}

impl PlayheadCell {
    /// To be called by one thread at a time.
    pub fn publish(&self, playhead: Playhead) {
        let Playhead {
            time,
            position,
            steps_per_second,
            origin,
            ..
        } = playhead;
        let words = [
            time as u64,
            position.to_bits(),
            steps_per_second.to_bits(),
            origin as u64,
            playhead.loop_steps as u64,
            playhead.bar_steps as u64,
            playhead.beat_steps as u64,
            playhead.loop_start as u64,
            playhead.began.to_bits(),
            u64::from(playhead.grid == Grid::Triplets),
        ];
        let version = self.version.load(Relaxed);
        self.version.store(version.wrapping_add(1), Relaxed);
        fence(Release);
        for (cell, word) in self.words.iter().zip(words) {
            cell.store(word, Relaxed);
        }
        self.version.store(version.wrapping_add(2), Release);
    }

    pub fn read(&self) -> Playhead {
        loop {
            let before = self.version.load(Acquire);
            let words: [u64; PLAYHEAD_WORDS] = std::array::from_fn(|n| self.words[n].load(Relaxed));
            fence(Acquire);
            if before.is_multiple_of(2) && self.version.load(Relaxed) == before {
                return Playhead {
                    time: words[0] as Nanos,
                    position: f64::from_bits(words[1]),
                    steps_per_second: f64::from_bits(words[2]),
                    origin: words[3] as i64,
                    loop_steps: words[4] as i64,
                    bar_steps: words[5] as i64,
                    beat_steps: words[6] as i64,
                    loop_start: words[7] as i64,
                    began: f64::from_bits(words[8]),
                    grid: match words[9] {
                        0 => Grid::Sixteenths,
                        _ => Grid::Triplets,
                    },
                };
            }
            std::hint::spin_loop();
        }
    }
}

/// What plays now.
#[derive(Debug, Default)]
pub(crate) struct NowPlaying {
    pub playing: AtomicBool,
    pub playhead: PlayheadCell,
    /// Quarter notes a minute.
    pub qpm: AtomicF64,
    pub swing: AtomicF32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_playhead_is_read_whole() {
        let cell = PlayheadCell::default();
        let all = |n: i64| Playhead {
            time: n,
            position: n as f64,
            steps_per_second: n as f64,
            origin: n,
            loop_steps: n,
            bar_steps: n,
            beat_steps: n,
            loop_start: n,
            began: n as f64,
            grid: match n % 2 {
                0 => Grid::Sixteenths,
                _ => Grid::Triplets,
            },
        };
        std::thread::scope(|scope| {
            scope.spawn(|| (0..200_000).for_each(|n| cell.publish(all(n))));
            let mut last = 0;
            while last < 199_999 {
                let playhead = cell.read();
                assert_eq!(playhead, all(playhead.time));
                assert!(playhead.time >= last);
                last = playhead.time;
            }
        });
    }

    #[test]
    fn bars_and_beats_count_from_nought_in_the_loop() {
        let playhead = Playhead {
            time: SECOND,
            position: 70.0,
            steps_per_second: 8.0,
            origin: 0,
            loop_steps: 64,
            bar_steps: 16,
            beat_steps: 4,
            ..Playhead::default()
        };
        let position = playhead.at(3 * SECOND);
        assert_eq!(
            position,
            Position {
                bar: 1,
                beat: 1,
                tick: 480,
                step: 22.0,
                loop_steps: 64,
                turn: 1,
                played: 86.0,
                ..Position::default()
            }
        );
        // Before the first frame is heard the playhead waits at the start.
        let first = Playhead {
            position: 0.5,
            ..playhead
        };
        assert_eq!(
            first.at(0),
            Position {
                bar: 0,
                loop_steps: 64,
                ..Position::default()
            }
        );
        // Bars 3 and 4 go round.
        let some = Playhead {
            loop_start: 32,
            loop_steps: 32,
            ..playhead
        };
        let position = some.at(3 * SECOND);
        assert_eq!((position.bar, position.beat, position.tick), (3, 1, 480));
        assert_eq!((position.step, position.turn), (54.0, 2));
    }

    #[test]
    fn counting_in_goes_through_whole_bars_to_the_start() {
        let playhead = Playhead {
            time: 0,
            position: -32.0,
            steps_per_second: 8.0,
            began: -32.0,
            loop_steps: 64,
            bar_steps: 16,
            beat_steps: 4,
            ..Playhead::default()
        };
        let counted = |seconds: f64| {
            let at = playhead.at((seconds * SECOND as f64) as Nanos);
            (at.count_in, at.beat, at.tick, at.step)
        };
        assert_eq!(counted(-1.0), (2, 0, 0, 0.0));
        assert_eq!(counted(0.75), (2, 1, 480, 0.0));
        assert_eq!(counted(2.0), (1, 0, 0, 0.0));
        assert_eq!(counted(3.75), (1, 3, 480, 0.0));
        assert_eq!(counted(4.25), (0, 0, 480, 2.0));
    }
}
