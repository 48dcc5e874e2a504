//! Sine and exponential from nothing but `+ - * /`, so that every machine gets the same bits.
//!
//! IEEE 754 fixes the four operations, square root and rounding to the last bit, but not `sin`,
//! `exp` or `powi`: those come from the platform's libm and differ between platforms. The kit's
//! file is compared with the generator byte for byte, so the generator uses these instead.

use std::f64::consts::{LN_2, TAU};

/// Sine of an angle in turns (1 turn = 2π), to about 1e-11.
pub fn sin_turns(turns: f64) -> f64 {
    // To -0.5..=0.5 turns, then mirrored into -0.25..=0.25 where the series converges fast.
    let mut t = turns - turns.round();
    if t > 0.25 {
        t = 0.5 - t;
    } else if t < -0.25 {
        t = -0.5 - t;
    }
    let x = t * TAU;
    let square = x * x;
    let mut term = x;
    let mut sum = x;
    for n in 1..9 {
        let n = f64::from(n);
        term *= -square / ((2.0 * n) * (2.0 * n + 1.0));
        sum += term;
    }
    sum
}

/// Cosine of an angle in turns.
pub fn cos_turns(turns: f64) -> f64 {
    sin_turns(turns + 0.25)
}

/// `e` to the power `x`, to about 1e-13 relative; 0 below the smallest normal number.
pub fn exp(x: f64) -> f64 {
    let halvings = x / LN_2;
    let whole = halvings.round();
    if whole < -1000.0 {
        return 0.0;
    }
    let rest = (halvings - whole) * LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..13 {
        term *= rest / f64::from(n);
        sum += term;
    }
    // Two to an integer power is an exponent field; the clamp keeps it a normal number.
    sum * f64::from_bits(((1023.0 + whole.min(1000.0)) as u64) << 52)
}

/// Natural logarithm of a positive normal number, to about 1e-14.
pub fn ln(x: f64) -> f64 {
    // x = 2^whole * rest, rest within 0.707..1.414; then the series of the inverse hyperbolic tangent.
    let bits = x.to_bits();
    let mut whole = ((bits >> 52) & 0x7ff) as f64 - 1023.0;
    let mut rest = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | (1023 << 52));
    if rest > std::f64::consts::SQRT_2 {
        rest *= 0.5;
        whole += 1.0;
    }
    let ratio = (rest - 1.0) / (rest + 1.0);
    let square = ratio * ratio;
    let (mut power, mut sum) = (ratio, 0.0);
    for n in 0..12 {
        sum += power / f64::from(2 * n + 1);
        power *= square;
    }
    2.0 * sum + whole * LN_2
}

/// Level in decibels of an amplitude ratio.
pub fn level(ratio: f64) -> f64 {
    ln(ratio) * (20.0 / std::f64::consts::LN_10)
}

/// Amplitude ratio of a level in decibels.
pub fn decibels(level: f64) -> f64 {
    exp(level * (std::f64::consts::LN_10 / 20.0))
}

/// What one sample multiplies the amplitude by, for a decay of 60 dB in `t60` seconds.
pub fn decay_per_sample(t60: f64, rate: f64) -> f64 {
    exp(-3.0 * std::f64::consts::LN_10 / (t60 * rate))
}

/// Piecewise-linear curve through `(x, y)` points in order of `x`, flat beyond its ends.
pub fn curve(points: &[(f64, f64)], x: f64) -> f64 {
    let Some(&(first, low)) = points.first() else {
        return 0.0;
    };
    if x <= first {
        return low;
    }
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if x <= x1 {
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
        }
    }
    points[points.len() - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_platforms_functions() {
        for step in -4000..4000 {
            let x = f64::from(step) * 0.00317;
            assert!(
                (sin_turns(x) - (x * TAU).sin()).abs() < 1e-10,
                "sin of {x} turns"
            );
            assert!(
                (cos_turns(x) - (x * TAU).cos()).abs() < 1e-10,
                "cos of {x} turns"
            );
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "exp of {x}");
        }
        assert_eq!(exp(-1e6), 0.0);
        for x in [1e-9, 0.02, 0.5, 0.7072, 1.0, 1.4141, 1.5, 3.0, 44_100.0] {
            assert!((ln(x) - x.ln()).abs() < 1e-13, "ln of {x}");
        }
    }

    #[test]
    fn a_curve_passes_through_its_points() {
        let points = [(1.0, 10.0), (2.0, 20.0), (4.0, 0.0)];
        let read: Vec<f64> = [0.0, 1.0, 1.5, 2.0, 3.0, 9.0]
            .map(|x| curve(&points, x))
            .to_vec();
        assert_eq!(read, [10.0, 10.0, 15.0, 20.0, 10.0, 0.0]);
    }
}
