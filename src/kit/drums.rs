//! Skins and wood: kick, snare, rimshot, side stick, toms, clap.
//!
//! An ideal membrane rings at 1, 1.59, 2.14, 2.30, 2.65, 2.92... times its fundamental (zeros of
//! Bessel functions); a real drum's air and second head shift them a little. Every function takes
//! the strength of the strike, 0..=1, and the sample rate.

use super::dsp::{Burst, Filter, Mode, Strike};

/// Bass drum: a felt beater on a damped head.
pub fn kick(strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(1, rate, strength, s_between(strength, 0.42, 0.52));
    let hz = 51.0;
    // The head, tighter for an instant while the beater stretches it.
    let t60 = s.between(0.36, 0.46);
    s.glide(
        Mode::new(hz, 1.0, t60).from(0.06),
        s.between(1.4, 2.2),
        0.09,
    );
    s.glide(Mode::new(1.59 * hz, 0.22, 0.16), 0.9, 0.06);
    s.glide(Mode::new(2.3 * hz, s.between(0.06, 0.14), 0.10), 0.7, 0.05);
    s.glide(Mode::new(3.6 * hz, s.between(0.03, 0.12), 0.06), 0.5, 0.04);
    s.saturate(s.between(0.7, 1.5));
    // The shell's air, and the beater: a thud and a click.
    s.noise(Burst {
        start: 0.0,
        amplitude: s.between(0.5, 1.3),
        rise: 0.0,
        t60: 0.07,
        filters: &[Filter::BandPass(240.0, 0.7)],
    });
    s.noise(Burst {
        start: 0.0,
        amplitude: s.between(0.45, 1.2),
        rise: 0.0,
        t60: 0.045,
        filters: &[Filter::BandPass(s.between(900.0, 1700.0), 0.7)],
    });
    s.noise(Burst {
        start: 0.0,
        amplitude: s.between(0.4, 1.9),
        rise: 0.0,
        t60: 0.022,
        filters: &[
            Filter::BandPass(s.between(2400.0, 3900.0), 0.7),
            Filter::LowPass(9000.0, 0.7),
        ],
    });
    s.saturate(0.7);
    s.finish(0.35)
}

/// Snare drum with its wires on.
pub fn snare(strength: f64, rate: u32) -> Vec<f64> {
    snare_drum(2, strength, rate, 0.0)
}

/// Rimshot: head and rim struck together, so the shell rings and cracks.
pub fn rimshot(strength: f64, rate: u32) -> Vec<f64> {
    snare_drum(2, strength, rate, 1.0)
}

fn snare_drum(seed: u8, strength: f64, rate: u32, rim: f64) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, s_between(strength, 0.28, 0.40));
    let hz = 186.0;
    let bend = s.between(0.03, 0.11);
    let ring = 1.0 + 0.9 * rim;
    // (ratio, amplitude, T60): the two strong shell modes, and the upper ones that die at once.
    for (index, (ratio, amplitude, t60)) in [
        (1.0, 0.85 - 0.4 * rim, 0.19),
        (1.76, 0.55, 0.15),
        (2.33, 0.20, 0.10),
        (2.92, 0.16, 0.09),
        (3.60, 0.12, 0.08),
        (4.42, 0.10 + 0.45 * rim, 0.06 + 0.05 * rim),
        (5.87, 0.07 + 0.50 * rim, 0.05 + 0.04 * rim),
        (7.31, 0.05 + 0.45 * rim, 0.04 + 0.04 * rim),
        (9.18, 0.04 + 0.30 * rim, 0.03 + 0.03 * rim),
    ]
    .into_iter()
    .enumerate()
    {
        // Soft strokes leave the upper modes alone.
        let reach = if index < 2 {
            s.between(0.75, 1.0)
        } else {
            s.between(0.25, 1.0)
        };
        let mode = Mode::new(hz * ratio, amplitude * reach, t60 * ring);
        s.glide(mode, bend, 0.05);
    }
    // The stick.
    s.noise(Burst {
        start: 0.0,
        amplitude: s.between(0.4, 3.2) + 1.5 * rim,
        rise: 0.0,
        t60: 0.016,
        filters: &[Filter::BandPass(s.between(2200.0, 3800.0), 0.5)],
    });
    // The wires: thrown off the head, they land a moment later; then they rattle, the middle
    // longer than the top.
    let top = s.between(6200.0, 11_500.0);
    s.noise(Burst {
        start: 0.0005,
        amplitude: s.between(1.2, 1.15),
        rise: 0.0015,
        t60: s.between(0.15, 0.21),
        filters: &[Filter::HighPass(1700.0, 0.6), Filter::LowPass(top, 0.6)],
    });
    s.noise(Burst {
        start: 0.001,
        amplitude: s.between(1.2, 1.1),
        rise: 0.003,
        t60: s.between(0.22, 0.32),
        filters: &[Filter::BandPass(s.between(3000.0, 4300.0), 0.55)],
    });
    s.noise(Burst {
        start: 0.0,
        amplitude: 0.9,
        rise: 0.001,
        t60: 0.11,
        filters: &[Filter::BandPass(820.0, 0.8)],
    });
    s.saturate(s.between(0.8, 1.1));
    s.finish(0.35)
}

/// Side stick: the stick's shoulder on the rim, its tip resting on the head.
pub fn side_stick(strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(3, rate, strength, 0.16);
    for (hertz, amplitude, t60) in [
        (236.0, 0.16, 0.09),
        (492.0, 0.40, 0.055),
        (1010.0, 0.35, 0.05),
        (1718.0, 0.95, 0.060),
        (2390.0, 0.45, 0.040),
        (3370.0, 0.35, 0.032),
        (4710.0, 0.22, 0.024),
        (6480.0, 0.12, 0.018),
    ] {
        let tilt = if hertz > 2000.0 {
            s.between(0.35, 1.1)
        } else {
            1.0
        };
        s.ring(0.0, Mode::new(hertz, amplitude * tilt, 1.2 * t60));
    }
    s.noise(Burst {
        start: 0.0,
        amplitude: s.between(0.5, 1.4),
        rise: 0.0,
        t60: 0.009,
        filters: &[Filter::BandPass(s.between(2500.0, 4200.0), 0.6)],
    });
    s.noise(Burst {
        start: 0.001,
        amplitude: 0.10,
        rise: 0.0,
        t60: 0.07,
        filters: &[Filter::HighPass(2500.0, 0.7), Filter::LowPass(8000.0, 0.7)],
    });
    s.saturate(0.9);
    s.finish(0.4)
}

/// A tom's size.
pub struct Tom {
    seed: u8,
    /// Fundamental, hertz.
    hertz: f64,
    /// Seconds to fall by 60 dB.
    t60: f64,
}

/// 10, 12 and 16 inches, tuned a fifth apart or so.
pub const HIGH_TOM: Tom = Tom {
    seed: 4,
    hertz: 182.0,
    t60: 0.52,
};
pub const MID_TOM: Tom = Tom {
    seed: 5,
    hertz: 132.0,
    t60: 0.62,
};
pub const LOW_TOM: Tom = Tom {
    seed: 6,
    hertz: 88.0,
    t60: 0.80,
};

/// Tom-tom.
pub fn tom(size: &Tom, strength: f64, rate: u32) -> Vec<f64> {
    let length = s_between(strength, 0.80, 1.0) * size.t60;
    let mut s = Strike::new(size.seed, rate, strength, length);
    let bend = s.between(0.06, 0.22);
    let long = s.between(0.8, 1.0) * size.t60;
    for (index, (ratio, amplitude, t60)) in [
        (1.0, 1.0, 1.0),
        // The two heads, coupled by the air between them: a pair that beats.
        (1.045, 0.28, 0.8),
        (1.59, 0.42, 0.50),
        (2.14, 0.24, 0.34),
        (2.30, 0.18, 0.28),
        (2.65, 0.14, 0.24),
        (2.92, 0.12, 0.20),
        (3.50, 0.09, 0.16),
        (4.06, 0.07, 0.13),
        (4.83, 0.05, 0.10),
    ]
    .into_iter()
    .enumerate()
    {
        let reach = if index < 2 {
            1.0
        } else {
            s.between(0.35, 1.15)
        };
        let mode = Mode::new(size.hertz * ratio, amplitude * reach, t60 * long);
        s.glide(mode, bend, 0.16);
    }
    s.saturate(s.between(0.5, 1.0));
    // The stick, the head's own slap, and what the room and the other skins add.
    s.noise(Burst {
        start: 0.0,
        amplitude: s.between(0.8, 4.2),
        rise: 0.0,
        t60: 0.028,
        filters: &[Filter::BandPass(s.between(1700.0, 4000.0), 0.6)],
    });
    s.noise(Burst {
        start: 0.0,
        amplitude: s.between(0.5, 1.3),
        rise: 0.0,
        t60: 0.09,
        filters: &[Filter::BandPass(size.hertz * 4.5, 0.7)],
    });
    s.noise(Burst {
        start: 0.0,
        amplitude: s.between(0.12, 0.55),
        rise: 0.001,
        t60: 0.17,
        filters: &[Filter::BandPass(s.between(900.0, 2000.0), 0.5)],
    });
    s.saturate(0.6);
    s.finish(0.4)
}

/// Hand clap: several hands, not quite together, and the room.
pub fn clap(strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(7, rate, strength, 0.36);
    for (start, amplitude, t60) in [
        (0.0, 0.8, 0.014),
        (0.0095, 0.9, 0.014),
        (0.0185, 0.85, 0.016),
        (0.0285, 1.0, 0.12),
    ] {
        s.noise(Burst {
            start,
            amplitude,
            rise: 0.0,
            t60,
            filters: &[
                Filter::BandPass(s.between(1050.0, 1250.0), 1.1),
                Filter::HighPass(500.0, 0.7),
            ],
        });
        s.noise(Burst {
            start,
            amplitude: s.between(0.12, 0.35) * amplitude,
            rise: 0.0,
            t60: 0.8 * t60,
            filters: &[Filter::HighPass(2600.0, 0.7), Filter::LowPass(9000.0, 0.7)],
        });
    }
    s.noise(Burst {
        start: 0.03,
        amplitude: 0.18,
        rise: 0.004,
        t60: 0.3,
        filters: &[Filter::BandPass(1500.0, 0.6)],
    });
    s.finish(0.4)
}

fn s_between(strength: f64, soft: f64, hard: f64) -> f64 {
    soft + (hard - soft) * strength
}
