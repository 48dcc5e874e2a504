//! Frames of a stream to the time of day: when is a frame heard?

use crate::engine::events::{Nanos, SECOND};

/// Observations that are averaged; later ones count as much as the last of these, so that the
/// jitter of callbacks is smoothed to a fiftieth while two clocks that drift stay together.
const MEMORY: u32 = 50;

/// An observation so far off is no jitter: the stream has stopped in between.
const JUMP: Nanos = SECOND / 5;

/// Which frame is heard when, smoothed over the jitter of the callbacks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameClock {
    rate: f64,
    frame: u64,
    /// When `frame` is heard.
    time: f64,
    observations: u32,
}

impl FrameClock {
    /// `frame` is heard at `time`; from there on at `rate` frames a second.
    pub fn new(frame: u64, time: Nanos, rate: f64) -> FrameClock {
        FrameClock {
            rate,
            frame,
            time: time as f64,
            observations: 1,
        }
    }

    /// When `frame` is heard.
    pub fn time_of(&self, frame: u64) -> Nanos {
        (self.time + (frame as f64 - self.frame as f64) * self.frame_nanos()) as Nanos
    }

    /// Frames from `frame` on that are heard before `time`.
    pub fn frames_until(&self, frame: u64, time: Nanos) -> u64 {
        let nanos = (time - self.time_of(frame)).max(0);
        (nanos as f64 / self.frame_nanos()) as u64
    }

    /// A callback says that `frame` will be heard at `time`.
    pub fn observe(&mut self, frame: u64, time: Nanos) {
        let error = time - self.time_of(frame);
        if error.abs() > JUMP {
            *self = FrameClock::new(frame, time, self.rate);
            return;
        }
        self.observations = (self.observations + 1).min(MEMORY);
        let time = self.time_of(frame) as f64 + error as f64 / f64::from(self.observations);
        (self.frame, self.time) = (frame, time);
    }

    /// Frames a second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    fn frame_nanos(&self) -> f64 {
        SECOND as f64 / self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_smoothed_and_drift_followed() {
        let mut clock = FrameClock::new(0, 0, 48_000.0);
        let mut worst = 0;
        for n in 1..5000_u64 {
            // A card that is 100 millionths slow, callbacks up to 3 ms late.
            let ideal = (n * 512) as f64 / 48_000.0 * 1e9 * 1.0001;
            let late = (n * 7919 % 3000) as f64 * 1e3;
            clock.observe(n * 512, (ideal + late) as Nanos);
            let error =
                (clock.time_of(n * 512 + 100) as f64 - ideal - 1.5e6 - 100.0 / 48e-6) as i64;
            if n > 100 {
                worst = worst.max(error.abs());
            }
        }
        // The mean lateness of 1.5 ms is a steady latency; what is left of the jitter is small.
        assert!(worst < 300_000, "{worst} ns");
    }

    #[test]
    fn a_gap_is_jumped_over() {
        let mut clock = FrameClock::new(0, 0, 48_000.0);
        clock.observe(480, 5 * SECOND);
        assert_eq!(clock.time_of(480), 5 * SECOND);
        assert_eq!(clock.frames_until(480, 6 * SECOND), 48_000);
        assert_eq!(clock.frames_until(480, 4 * SECOND), 0);
    }
}
