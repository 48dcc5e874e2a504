//! Holds the sound back, so that MIDI can be ahead of it.

/// Seconds that it can hold back, at the highest rate that is played.
const MOST: f64 = 0.5;
const HIGHEST_RATE: f64 = 192_000.0;

/// A delay line in stereo, made once for any rate.
pub(crate) struct Delay {
    frames: Box<[[f32; 2]]>,
    at: usize,
    delay: usize,
}

impl Delay {
    pub fn new() -> Delay {
        Delay {
            frames: vec![[0.0; 2]; (MOST * HIGHEST_RATE) as usize + 1].into(),
            at: 0,
            delay: 0,
        }
    }

    /// Sets the delay in frames.
    pub fn set(&mut self, frames: usize) {
        self.delay = frames.min(self.frames.len() - 1);
    }

    /// Exchanges what comes for what came a delay before.
    pub fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let length = self.frames.len();
        for (left, right) in left.iter_mut().zip(right) {
            self.frames[self.at] = [*left, *right];
            [*left, *right] = self.frames[(self.at + length - self.delay) % length];
            self.at = (self.at + 1) % length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_comes_out_later() {
        let mut delay = Delay::new();
        for frames in [0, 1, 700, 96_000, 1_000_000] {
            delay.set(frames);
            let frames = frames.min(96_000);
            let mut left: Vec<f32> = (0..200_000).map(|n| n as f32).collect();
            let mut right: Vec<f32> = left.iter().map(|l| -l).collect();
            for (left, right) in left.chunks_mut(977).zip(right.chunks_mut(977)) {
                delay.run(left, right);
            }
            for n in frames..200_000 {
                assert_eq!(
                    (left[n], right[n]),
                    ((n - frames) as f32, frames as f32 - n as f32)
                );
            }
        }
    }
}
