//! The metronome's click: a short tone, higher and louder on the first beat of a bar. Free of
//! allocation, and no part of the kit, so that it can't be taken for a drum.

use std::f32::consts::TAU;

/// Pitch (Hz) and loudness of a plain click and of an accented one.
const PLAIN: (f32, f32) = (1_050.0, 0.35);
const ACCENTED: (f32, f32) = (1_575.0, 0.5);

/// The tone rises in this time and then falls by e in each [`FALL_SECONDS`].
const RISE_SECONDS: f32 = 0.0005;
const FALL_SECONDS: f32 = 0.009;

/// A click to start, `offset` frames into the next chunk.
#[derive(Clone, Copy, Debug)]
struct Strike {
    offset: usize,
    hertz: f32,
    gain: f32,
}

/// The one voice that clicks.
#[derive(Clone, Debug)]
pub(crate) struct Click {
    rate: f32,
    strike: Option<Strike>,
    /// In turns.
    phase: f32,
    step: f32,
    level: f32,
    /// 0 to 1 while the tone rises.
    rise: f32,
}

impl Click {
    pub fn new(rate: u32) -> Click {
        Click {
            rate: rate as f32,
            strike: None,
            phase: 0.0,
            step: 0.0,
            level: 0.0,
            rise: 0.0,
        }
    }

    /// Clicks `offset` frames into the next chunk, at `level` (0..=1).
    pub fn strike(&mut self, offset: usize, accented: bool, level: f32) {
        let (hertz, gain) = if accented { ACCENTED } else { PLAIN };
        let gain = gain * level;
        self.strike = Some(Strike {
            offset,
            hertz,
            gain,
        });
    }

    pub fn silence(&mut self) {
        self.strike = None;
        self.level = 0.0;
    }

    /// Adds the sound of a chunk to `left` and `right`, of equal length.
    pub fn add_to(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.level == 0.0 && self.strike.is_none() {
            return;
        }
        let fall = (-1.0 / (FALL_SECONDS * self.rate)).exp();
        let rise = 1.0 / (RISE_SECONDS * self.rate);
        for (n, (left, right)) in left.iter_mut().zip(right).enumerate() {
            if let Some(strike) = self.strike.take_if(|strike| strike.offset <= n) {
                self.step = strike.hertz / self.rate;
                (self.phase, self.level, self.rise) = (0.0, strike.gain, 0.0);
            }
            if self.level < 1e-5 {
                self.level = 0.0;
                continue;
            }
            let sample = (self.phase * TAU).sin() * self.level * self.rise;
            *left += sample;
            *right += sample;
            self.phase = (self.phase + self.step).fract();
            self.rise = (self.rise + rise).min(1.0);
            self.level *= fall;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(accented: bool, level: f32) -> Vec<f32> {
        let mut click = Click::new(48_000);
        click.strike(100, accented, level);
        let (mut left, mut right) = (vec![0.0; 9_600], vec![0.0; 9_600]);
        for (left, right) in left.chunks_mut(256).zip(right.chunks_mut(256)) {
            click.add_to(left, right);
        }
        assert_eq!(left, right);
        left
    }

    #[test]
    fn it_begins_at_its_frame_and_is_over_soon() {
        let sound = sound(true, 1.0);
        assert!(sound[..=100].iter().all(|s| *s == 0.0));
        assert!(sound[101..150].iter().any(|s| s.abs() > 0.1));
        assert!(sound[100 + 7_200..].iter().all(|s| *s == 0.0));
    }

    #[test]
    fn the_first_beat_is_higher_and_louder() {
        let peak = |sound: &[f32]| sound.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        let crossings = |sound: &[f32]| {
            let pairs = sound[100..700].windows(2);
            pairs.filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count()
        };
        let (plain, accented) = (sound(false, 1.0), sound(true, 1.0));
        assert!(peak(&accented) > 1.2 * peak(&plain));
        assert!(crossings(&accented) > crossings(&plain));
        let soft = peak(&sound(false, 0.5)) / peak(&plain);
        assert!((soft - 0.5).abs() < 1e-3);
        assert_eq!(peak(&sound(true, 0.0)), 0.0);
    }
}
