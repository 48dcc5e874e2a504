//! What the real-time side tells the rest: numbers in atomics, written by whoever drives the
//! clock, read by any screen.

use std::sync::atomic::{
    AtomicBool, AtomicI64, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
    fence,
};

use super::Position;
use super::clock::{Nanos, SECOND};
use super::record::TICKS_PER_STEP;
use musicvae::music::LANES;

/// A float in an atomic.
#[derive(Debug, Default)]
pub(crate) struct AtomicF32(AtomicU32);

impl AtomicF32 {
    pub fn get(&self) -> f32 {
        f32::from_bits(self.0.load(Relaxed))
    }

    pub fn set(&self, value: f32) {
        self.0.store(value.to_bits(), Relaxed);
    }
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
            count_in: if counting {
                (-steps / bar as f64).ceil() as u32
            } else {
                0
            },
        }
    }
}

const PLAYHEAD_WORDS: usize = 9;

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
                };
            }
            std::hint::spin_loop();
        }
    }
}

/// Everything that the real-time side publishes.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub playhead: PlayheadCell,
    pub playing: AtomicBool,
    pub takeover_pending: AtomicBool,
    /// Number of the chain's link that plays, from 1 on; 0 without a chain.
    pub chain_link: AtomicU32,
    /// Frames a second of whoever drives the clock.
    pub rate: AtomicU32,
    /// Bits of an `f64`: seconds recorded, less than 0 while the recording waits for its start.
    pub recorded: AtomicU64,
    /// Bits of an `f64`.
    pub qpm: AtomicU64,
    pub swing: AtomicF32,
    pub lane_levels: [AtomicF32; LANES],
    pub master_level: [AtomicF32; 2],
    pub limiter_gain: AtomicF32,
    /// An external clock is followed.
    pub external: AtomicBool,
    /// What plays has the place of an external clock.
    pub has_place: AtomicBool,
    /// Bits of an `f64`: the tempo of the clock that comes in.
    pub clock_qpm: AtomicU64,
    /// When its latest tick came; `Nanos::MIN` before the first one.
    pub clock_tick: AtomicI64,
    /// Strokes that come in are sent on to the MIDI output.
    pub thru: AtomicBool,
    /// MIDI comes from the device to which it goes.
    pub same_port: AtomicBool,
    pub dropped_commands: AtomicU64,
    pub dropped_midi: AtomicU64,
    pub audio_errors: AtomicU64,
    /// The system grants the audio callback no real-time priority.
    pub audio_denied: AtomicBool,
    pub midi_errors: AtomicU64,
    /// Set when the synthesizer panicked: it plays no more until a kit is loaded again.
    pub sound_failed: AtomicBool,
    /// When the audio callback was last called.
    pub last_callback: AtomicI64,
    /// Number of the stream that may play; 0 while none is open.
    pub stream: AtomicU64,
    /// Frames, frames a second and latency (ns) of the last callback; frames of all of them.
    pub callback_frames: AtomicU32,
    pub callback_rate: AtomicU32,
    pub callback_latency: AtomicI64,
    pub frames_played: AtomicU64,
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
            loop_start: 0,
            began: 0.0,
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
