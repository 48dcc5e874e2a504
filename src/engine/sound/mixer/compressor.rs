//! A gentle compressor over all lanes: loud moments a little softer, so that the kit holds together.

/// Level above which it works, decibels below full scale, and the width of the bend around it.
const THRESHOLD: f32 = -16.0;
const KNEE: f32 = 8.0;
/// A rise of 2 dB comes out as one of 1.
const RATIO: f32 = 2.0;
/// Late enough to let the stick through.
const ATTACK_SECONDS: f32 = 0.015;
const RELEASE_SECONDS: f32 = 0.15;
/// Decibels that are given back.
const MAKE_UP: f32 = 2.5;

/// Both sides by the same gain, so that nothing moves.
pub(super) struct Compressor {
    attack: f32,
    release: f32,
    /// Decibels that are taken away now.
    reduction: f32,
    /// 0 to 1, on its way to on or off.
    on: f32,
}

impl Compressor {
    pub fn new(rate: u32) -> Compressor {
        let share = |seconds: f32| 1.0 - (-1.0 / (seconds * rate as f32)).exp();
        Compressor {
            attack: share(ATTACK_SECONDS),
            release: share(RELEASE_SECONDS),
            reduction: 0.0,
            on: 0.0,
        }
    }

    /// Compresses a chunk; `smooth` is the share of a change that a frame makes.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32], on: bool, smooth: f32) {
        if !on && self.on < 1e-4 {
            (self.on, self.reduction) = (0.0, 0.0);
            return;
        }
        let target = if on { 1.0 } else { 0.0 };
        for (left, right) in left.iter_mut().zip(right) {
            self.on += (target - self.on) * smooth;
            let peak = left.abs().max(right.abs()).clamp(0.0, 1e3).max(1e-6);
            let wanted = taken(20.0 * peak.log10());
            let share = if wanted > self.reduction {
                self.attack
            } else {
                self.release
            };
            self.reduction += (wanted - self.reduction) * share;
            let gain = 10_f32.powf((MAKE_UP - self.reduction) * self.on / 20.0);
            *left *= gain;
            *right *= gain;
        }
    }
}

/// Decibels to take away from a level.
fn taken(level: f32) -> f32 {
    let above = level - THRESHOLD;
    let slope = 1.0 - 1.0 / RATIO;
    if above <= -0.5 * KNEE {
        0.0
    } else if above < 0.5 * KNEE {
        slope * (above + 0.5 * KNEE).powi(2) / (2.0 * KNEE)
    } else {
        slope * above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Level that a steady tone of `level` decibels comes out at.
    fn steady(level: f32, on: bool) -> f32 {
        let mut compressor = Compressor::new(44_100);
        let mut peak = 0.0_f32;
        for chunk in 0..200 {
            let tone = |n: usize| ((chunk * 256 + n) as f32 * 0.2).sin();
            let mut left: Vec<f32> = (0..256)
                .map(|n| tone(n) * 10_f32.powf(level / 20.0))
                .collect();
            let mut right = left.clone();
            compressor.process(&mut left, &mut right, on, 0.01);
            assert_eq!(left, right);
            if chunk > 150 {
                peak = left.iter().fold(peak, |peak, x| peak.max(x.abs()));
            }
        }
        20.0 * peak.log10()
    }

    #[test]
    fn what_is_loud_comes_nearer_to_what_is_soft() {
        assert!((steady(-40.0, true) - (-40.0 + MAKE_UP)).abs() < 0.1);
        let [soft, loud] = [-12.0, 0.0].map(|level| steady(level, true));
        // 12 dB become some 6 to 8, as the gain follows the wave a little.
        assert!((4.0..9.0).contains(&(loud - soft)), "{soft} {loud}");
        assert!(loud < 0.0, "{loud}");
    }

    #[test]
    fn off_it_does_nothing() {
        for level in [-40.0, -6.0, 0.0] {
            assert!((steady(level, false) - level).abs() < 0.01);
        }
    }
}
