//! Metal: hi-hats, crashes, ride, bell, cowbell, tambourine.
//!
//! A cymbal is a plate: its modes are spread evenly over frequency, hundreds of them, and a hard
//! strike feeds the high ones late, through the low ones (wave turbulence), which is heard as the
//! cymbal opening. Every function takes the strength of the strike, 0..=1, and the sample rate.

use super::dsp::{Burst, Filter, Mode, Plate, Strike};

/// How the two hats touch.
struct Hats {
    seconds: f64,
    /// Decay at 7 kHz, seconds to fall by 60 dB.
    t60: f64,
    /// Share of the sound that dies at once.
    early: f64,
}

/// Hi-hats pressed together, stick on the edge.
pub fn closed_hat(strength: f64, rate: u32) -> Vec<f64> {
    let t60 = lerp(strength, 0.10, 0.19);
    let mut s = hats(
        strength,
        rate,
        &Hats {
            seconds: 1.35 * t60 + 0.02,
            t60,
            early: 0.5,
        },
    );
    stick(&mut s, 0.7);
    s.finish(0.5)
}

/// Hi-hats apart, sizzling against each other.
pub fn open_hat(strength: f64, rate: u32) -> Vec<f64> {
    let t60 = lerp(strength, 1.2, 1.6);
    let mut s = hats(
        strength,
        rate,
        &Hats {
            seconds: lerp(strength, 1.0, 1.25),
            t60,
            early: 0.35,
        },
    );
    stick(&mut s, 0.8);
    s.finish(0.6)
}

/// Hi-hats closed by the foot: no stick, two edges that meet.
pub fn pedal_hat(strength: f64, rate: u32) -> Vec<f64> {
    let t60 = lerp(strength, 0.09, 0.13);
    let mut s = hats(
        0.55 * strength,
        rate,
        &Hats {
            seconds: 1.5 * t60 + 0.02,
            t60,
            early: 0.4,
        },
    );
    // The air pressed out between them.
    s.noise(Burst {
        start: 0.0,
        amplitude: 2.2,
        rise: 0.002,
        t60: 0.05,
        filters: &[Filter::BandPass(900.0, 0.7)],
    });
    s.finish(0.5)
}

fn hats(strength: f64, rate: u32, hats: &Hats) -> Strike {
    let mut s = Strike::new(10, rate, strength, hats.seconds);
    let t60 = hats.t60;
    let tilt = lerp(strength, -9.0, 0.0);
    s.plate(
        0.0,
        &Plate {
            modes: 420,
            low: 320.0,
            high: 17_500.0,
            spectrum: &[
                (320.0, -18.0),
                (700.0, -16.0),
                (1800.0, -18.0),
                (3200.0, -8.0),
                (5200.0, -1.0),
                (8000.0, 0.0 + 0.5 * tilt),
                (12_000.0, -3.0 + tilt),
                (17_500.0, -12.0 + 1.3 * tilt),
            ],
            t60: &[
                (320.0, 0.55 * t60),
                (3000.0, 0.9 * t60),
                (7000.0, t60),
                (16_000.0, 0.7 * t60),
            ],
            early: hats.early,
            early_length: 0.3,
            rise: &[(0.0, 0.0)],
            opening: 0.0,
        },
    );
    s.noise(Burst {
        start: 0.0,
        amplitude: 4.5,
        rise: 0.0008,
        t60: 0.6 * t60,
        filters: &[
            Filter::HighPass(6200.0, 0.7),
            Filter::LowPass(lerp(strength, 9000.0, 16_000.0), 0.6),
        ],
    });
    s
}

/// The stick's contact with metal.
fn stick(s: &mut Strike, share: f64) {
    let amplitude = share * s.between(6.0, 26.0);
    let filters = [Filter::BandPass(s.between(3600.0, 5600.0), 0.5)];
    s.noise(Burst {
        start: 0.0,
        amplitude,
        rise: 0.0,
        t60: 0.010,
        filters: &filters,
    });
}

/// A crash's size.
pub struct Crash {
    seed: u8,
    /// Lowest mode, hertz.
    low: f64,
    modes: u32,
    /// Decay at 1 kHz, seconds to fall by 60 dB.
    t60: f64,
    seconds: f64,
}

/// 16 inches, and 18, darker and longer.
pub const CRASH_1: Crash = Crash {
    seed: 11,
    low: 310.0,
    modes: 760,
    t60: 2.9,
    seconds: 2.3,
};
pub const CRASH_2: Crash = Crash {
    seed: 12,
    low: 235.0,
    modes: 860,
    t60: 3.1,
    seconds: 2.4,
};

/// Crash cymbal.
pub fn crash(size: &Crash, strength: f64, rate: u32) -> Vec<f64> {
    let length = lerp(strength, 0.7, 1.0);
    let mut s = Strike::new(size.seed, rate, strength, length * size.seconds);
    let tilt = lerp(strength, -14.0, 0.0);
    let t60 = size.t60 * lerp(strength, 0.8, 1.0);
    s.plate(
        0.0,
        &Plate {
            modes: size.modes,
            low: size.low,
            high: 15_500.0,
            spectrum: &[
                (size.low, -7.0),
                (600.0, -4.0),
                (1200.0, -5.0),
                (3000.0, -2.0 + 0.2 * tilt),
                (5500.0, 0.0 + 0.6 * tilt),
                (9000.0, -1.0 + tilt),
                (15_500.0, -8.0 + 1.2 * tilt),
            ],
            t60: &[
                (size.low, 1.25 * t60),
                (1000.0, t60),
                (4000.0, 0.78 * t60),
                (9000.0, 0.55 * t60),
                (15_500.0, 0.36 * t60),
            ],
            early: 0.55,
            early_length: 0.28,
            rise: &[
                (500.0, 0.004),
                (2000.0, 0.02),
                (8000.0, 0.05),
                (15_000.0, 0.06),
            ],
            opening: lerp(strength, 0.75, 0.55),
        },
    );
    stick(&mut s, 1.1);
    s.finish(0.6)
}

/// Ride cymbal: the stick's ping over a wash.
pub fn ride(strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(13, rate, strength, lerp(strength, 1.7, 2.2));
    let tilt = lerp(strength, -10.0, 0.0);
    let t60 = lerp(strength, 2.8, 3.4);
    wash(&mut s, 1.0, tilt, t60);
    // The ping: a few strong partials that the bow lets ring for a moment, and the tip's tick.
    for (hertz, amplitude, seconds) in [
        (418.0, 1.5, 1.2),
        (1135.0, 2.5, 0.6),
        (2310.0, 3.5, 0.50),
        (3140.0, 5.0, 0.50),
        (3890.0, 6.5, 0.45),
        (4760.0, 7.5, 0.40),
        (5830.0, 7.5, 0.33),
        (7240.0, 7.0, 0.27),
        (9050.0, 5.5, 0.22),
    ] {
        let reach = if hertz > 3500.0 {
            s.between(0.4, 1.0)
        } else {
            s.between(0.75, 1.0)
        };
        let phase = s.uniform();
        s.ring(
            0.0,
            Mode::new(hertz, amplitude * reach, 1.3 * seconds).from(phase),
        );
        s.ring(
            0.0,
            Mode::new(1.0037 * hertz, 0.6 * amplitude * reach, seconds).from(phase),
        );
    }
    stick(&mut s, 1.6);
    s.finish(0.6)
}

/// The ride's bell.
pub fn ride_bell(strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(13, rate, strength, 1.8);
    wash(&mut s, 0.45, lerp(strength, -8.0, 0.0), 2.4);
    for (hertz, amplitude, t60) in [
        (583.0, 9.0, 2.0),
        (861.0, 3.0, 1.6),
        (1304.0, 7.0, 1.8),
        (1921.0, 10.0, 1.7),
        (2583.0, 11.0, 1.5),
        (3402.0, 11.0, 1.3),
        (4268.0, 10.0, 1.1),
        (5117.0, 8.0, 0.9),
        (6370.0, 7.0, 0.75),
        (7585.0, 5.5, 0.6),
        (9240.0, 4.0, 0.45),
    ] {
        let reach = if hertz > 2500.0 {
            s.between(0.45, 1.0)
        } else {
            1.0
        };
        let phase = s.uniform();
        s.ring(0.0, Mode::new(hertz, amplitude * reach, t60).from(phase));
        // Not quite round: each partial is a pair that beats.
        s.ring(
            0.0,
            Mode::new(hertz + 2.3, 0.4 * amplitude * reach, t60).from(phase),
        );
    }
    stick(&mut s, 1.4);
    s.finish(0.6)
}

/// What a ride does under the stick.
fn wash(s: &mut Strike, amount: f64, tilt: f64, t60: f64) {
    let level = 20.0 * (amount - 1.0);
    s.plate(
        0.0,
        &Plate {
            modes: 620,
            low: 280.0,
            high: 15_000.0,
            spectrum: &[
                (280.0, level - 8.0),
                (700.0, level - 10.0),
                (2000.0, level - 7.0),
                (4500.0, level - 2.0 + 0.4 * tilt),
                (8000.0, level - 1.0 + tilt),
                (15_000.0, level - 9.0 + 1.2 * tilt),
            ],
            t60: &[
                (280.0, 1.2 * t60),
                (2000.0, t60),
                (6000.0, 0.75 * t60),
                (15_000.0, 0.4 * t60),
            ],
            early: 0.35,
            early_length: 0.2,
            rise: &[(500.0, 0.004), (4000.0, 0.03), (15_000.0, 0.04)],
            opening: 0.5,
        },
    );
}

/// Cowbell: two bent steel sides.
pub fn cowbell(strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(14, rate, strength, 0.36);
    for (hertz, amplitude, t60) in [
        (562.0, 1.0, 0.34),
        (845.0, 0.8, 0.30),
        (1440.0, 0.35, 0.18),
        (2136.0, 0.45, 0.16),
        (2873.0, 0.25, 0.12),
        (3917.0, 0.22, 0.09),
        (5240.0, 0.12, 0.06),
    ] {
        let reach = if hertz > 1200.0 {
            s.between(0.4, 1.0)
        } else {
            1.0
        };
        s.ring(0.0, Mode::new(hertz, amplitude * reach, t60));
    }
    s.noise(Burst {
        start: 0.0,
        amplitude: s.between(0.5, 1.2),
        rise: 0.0,
        t60: 0.012,
        filters: &[Filter::BandPass(3200.0, 0.6)],
    });
    s.saturate(1.2);
    s.finish(0.4)
}

/// Tambourine: jingles that meet a few times.
pub fn tambourine(strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(15, rate, strength, 0.3);
    for (start, level) in [(0.0, 0.0), (0.013, -7.0), (0.031, -5.0), (0.052, -12.0)] {
        s.plate(
            start,
            &Plate {
                modes: 60,
                low: 4200.0,
                high: 15_500.0,
                spectrum: &[
                    (4200.0, level - 6.0),
                    (8000.0, level),
                    (15_500.0, level - 6.0),
                ],
                t60: &[(4000.0, 0.22), (15_000.0, 0.14)],
                early: 0.5,
                early_length: 0.3,
                rise: &[(0.0, 0.0)],
                opening: 0.0,
            },
        );
    }
    s.noise(Burst {
        start: 0.0,
        amplitude: s.between(2.0, 6.0),
        rise: 0.0,
        t60: 0.02,
        filters: &[Filter::BandPass(2600.0, 0.6)],
    });
    s.finish(0.5)
}

fn lerp(strength: f64, soft: f64, hard: f64) -> f64 {
    soft + (hard - soft) * strength
}
