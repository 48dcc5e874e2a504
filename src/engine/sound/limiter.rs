//! A look-ahead peak limiter: many drums on one beat sum to ten times full scale.

/// Loudest sample that leaves, just under full scale (-0.3 dB).
pub(crate) const CEILING: f32 = 0.966;

/// Frames that the sound is late by, so that the gain is down when the peak arrives.
pub(crate) const LOOKAHEAD: usize = 32;

/// Time for the gain to come back by two thirds, in seconds.
const RELEASE_SECONDS: f32 = 0.08;

/// Limits a stereo signal to [`CEILING`], both sides by the same gain.
#[derive(Clone, Debug)]
pub(crate) struct Limiter {
    delayed: [[f32; 2]; LOOKAHEAD],
    /// Gain that each frame in the delay line needs for itself.
    needed: [f32; LOOKAHEAD],
    /// Lowest gain needed by any frame then in the line, for each of the last frames: their mean
    /// falls in a straight line and is down in time.
    held: [f32; LOOKAHEAD],
    at: usize,
    envelope: f32,
    release: f32,
    gain: f32,
}

impl Limiter {
    pub fn new(rate: f32) -> Limiter {
        Limiter {
            delayed: [[0.0; 2]; LOOKAHEAD],
            needed: [1.0; LOOKAHEAD],
            held: [1.0; LOOKAHEAD],
            at: 0,
            envelope: 1.0,
            release: 1.0 - (-1.0 / (RELEASE_SECONDS * rate)).exp(),
            gain: 1.0,
        }
    }

    /// Limits one frame; what comes back is the frame of [`LOOKAHEAD`] frames ago. What is not a
    /// number becomes silence.
    pub fn process(&mut self, frame: [f32; 2]) -> [f32; 2] {
        let frame = frame.map(|sample| if sample.is_finite() { sample } else { 0.0 });
        let delayed = std::mem::replace(&mut self.delayed[self.at], frame);
        let peak = frame[0].abs().max(frame[1].abs());
        self.needed[self.at] = if peak > CEILING { CEILING / peak } else { 1.0 };
        // The usual frame needs nothing: no window is searched for it.
        let lowest = if self.envelope == 1.0 && peak <= CEILING {
            1.0
        } else {
            self.needed.iter().copied().fold(1.0, f32::min)
        };
        self.envelope = (self.envelope + (1.0 - self.envelope) * self.release).min(lowest);
        // The last hundredth of a decibel is below what an f32 can creep.
        if self.envelope > 0.999 {
            self.envelope = lowest;
        }
        self.held[self.at] = self.envelope;
        self.at = (self.at + 1) % LOOKAHEAD;
        if self.gain == 1.0 && self.envelope == 1.0 {
            return delayed;
        }
        self.gain = self.held.iter().sum::<f32>() / LOOKAHEAD as f32;
        delayed.map(|sample| (sample * self.gain).clamp(-CEILING, CEILING))
    }

    /// Gain at work now: 1 when nothing is taken away.
    pub fn gain(&self) -> f32 {
        self.gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_too_loud_only_comes_later() {
        let mut limiter = Limiter::new(48_000.0);
        for n in 0..1000 {
            let frame = |n: usize| [(n as f32 * 0.1).sin() * 0.9, (n as f32 * 0.07).cos() * 0.9];
            let out = limiter.process(frame(n));
            assert_eq!(
                out,
                if n < LOOKAHEAD {
                    [0.0; 2]
                } else {
                    frame(n - LOOKAHEAD)
                }
            );
        }
    }

    #[test]
    fn a_peak_is_turned_down_and_not_cut() {
        let mut limiter = Limiter::new(48_000.0);
        // A sine at ten times full scale keeps its shape: the ratio of neighbours stays.
        let frame = |n: usize| [(n as f32 * 0.3).sin() * 10.0; 2];
        let out: Vec<_> = (0..2000).map(|n| limiter.process(frame(n))[0]).collect();
        let peak = out
            .iter()
            .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!(peak <= CEILING && peak > 0.9 * CEILING, "{peak}");
        for (n, sample) in out.iter().enumerate().skip(500) {
            let expected = frame(n - LOOKAHEAD)[0] * CEILING / 10.0;
            assert!(
                (sample - expected).abs() < 0.02,
                "{n}: {sample} is not {expected}"
            );
        }
        // And a second later all is as it was.
        for _ in 0..48_000 {
            limiter.process([0.1; 2]);
        }
        assert_eq!(limiter.gain(), 1.0);
    }

    proptest! {
        #[test]
        fn nothing_leaves_above_the_ceiling(
            samples in prop::collection::vec((-30.0..30.0_f32, -1.0..1.0_f32), 1..400),
        ) {
            let mut limiter = Limiter::new(44_100.0);
            for (loud, soft) in samples {
                for frame in [[loud, soft], [soft, soft], [f32::NAN, f32::INFINITY]] {
                    for sample in limiter.process(frame) {
                        prop_assert!(sample.abs() <= CEILING);
                    }
                }
            }
        }
    }
}
