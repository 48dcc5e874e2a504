//! Metal: hi-hats, crashes, ride, bell, cowbell, tambourine.
//!
//! A cymbal is a plate: its modes are spread evenly over frequency, hundreds of them, and a hard
//! strike feeds the high ones late, through the low ones (wave turbulence), which is heard as the
//! cymbal opening. What rings is kept as one loop for a band of frequencies; each decays in its own
//! time, the high ones first.

use super::room;
use crate::kit::dsp::{
    Burst, Filter, Mode, Plate, Ringing, Seed, Strike, partial_loop, ringing_loop,
};
use crate::kit::shelf::Shelf;
use crate::kit::stroke::{Heads, Part, Touch, part};

const HATS_PLACE: f64 = -0.35;
const RIDE_PLACE: f64 = 0.35;

/// Hi-hats pressed together, stick on the edge.
pub fn closed_hat(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Closed hat",
        seed: 10,
        rate: 44_100,
        strengths: 6,
        strike: |seed, strength, rate| hat_head(seed, strength, rate, 0.05, 0.8),
        level: 0.0,
        place: HATS_PLACE,
        width: 0.4,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    parts.extend(hats(
        shelf,
        touch,
        touch.between(-5.0, -4.0),
        touch.between(0.11, 0.2),
    ));
    parts
}

/// Hi-hats apart, sizzling against each other.
pub fn open_hat(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Open hat",
        seed: 11,
        rate: 44_100,
        strengths: 6,
        strike: |seed, strength, rate| hat_head(seed, strength, rate, 0.09, 1.0),
        level: 0.0,
        place: HATS_PLACE,
        width: 0.4,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    parts.extend(hats(shelf, touch, -1.5, touch.between(1.8, 2.6)));
    parts
}

/// Hi-hats closed by the foot: no stick, two edges that meet.
pub fn pedal_hat(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Pedal hat",
        seed: 12,
        rate: 44_100,
        strengths: 3,
        strike: foot,
        level: 0.0,
        place: HATS_PLACE,
        width: 0.4,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    parts.extend(hats(shelf, touch, -7.0, touch.between(0.09, 0.13)));
    parts
}

/// What both hats ring with, as long as they may; `t60` at 8 kHz.
fn hats(shelf: &mut Shelf, touch: Touch, level: f64, t60: f64) -> Vec<Part> {
    let low = shelf.turn("Hats low", 32_000, || {
        let ringing = Ringing {
            modes: 150,
            low: 320.0,
            high: 6000.0,
            spectrum: &[
                (320.0, -18.0),
                (700.0, -17.0),
                (1800.0, -18.0),
                (3200.0, -8.0),
                (5200.0, -1.0),
            ],
        };
        ringing_loop(10, 32_000, 17_000, &ringing)
    });
    let high = shelf.turn("Hats high", 44_100, || {
        let ringing = Ringing {
            modes: 280,
            low: 6000.0,
            high: 17_500.0,
            spectrum: &[
                (6000.0, -0.5),
                (8000.0, 0.0),
                (12_000.0, -3.0),
                (17_500.0, -12.0),
            ],
        };
        ringing_loop(11, 44_100, 22_000, &ringing)
    });
    let tilt = touch.between(-7.0, 0.0);
    let low = part(low)
        .level(level)
        .attack(0.001)
        .decaying(0.85 * t60)
        .wide(touch, shelf, HATS_PLACE, 0.45);
    let high = part(high)
        .level(level + tilt)
        .cutoff(touch.between(11_000.0, 19_000.0))
        .attack(0.001)
        .decaying(t60)
        .wide(touch, shelf, HATS_PLACE, 0.6);
    low.into_iter().chain(high).collect()
}

/// The stick on the hats, and what of them dies at once, in `t60` seconds.
fn hat_head(seed: Seed, strength: f64, rate: u32, t60: f64, share: f64) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, 0.03 + 0.6 * t60);
    let tilt = s.between(-10.0, 0.0);
    s.plate(
        0.0,
        &Plate {
            modes: 220,
            low: 900.0,
            high: 16_500.0,
            spectrum: &[
                (900.0, -18.0),
                (3200.0, -8.0),
                (5200.0, -1.0),
                (8000.0, 0.5 * tilt),
                (16_500.0, -10.0 + 1.3 * tilt),
            ],
            t60: &[(900.0, 0.6 * t60), (7000.0, t60)],
            early: 0.4,
            early_length: 0.4,
            rise: &[(0.0, 0.0)],
            opening: 0.0,
        },
    );
    let sizzle = Burst {
        start: 0.0,
        amplitude: 4.0 * s.vary(0.15),
        rise: 0.0008,
        t60: 0.6 * t60,
        filters: &[
            Filter::HighPass(6200.0, 0.7),
            Filter::LowPass(s.between(8500.0, 16_500.0), 0.6),
        ],
    };
    s.noise(sizzle);
    stick(&mut s, share);
    s.finish(0.45)
}

fn foot(seed: Seed, strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, 0.5 * strength, 0.06);
    let tilt = s.between(-9.0, 0.0);
    s.plate(
        0.0,
        &Plate {
            modes: 160,
            low: 700.0,
            high: 13_500.0,
            spectrum: &[
                (700.0, -14.0),
                (3200.0, -6.0),
                (6000.0, 0.0),
                (13_500.0, -9.0 + tilt),
            ],
            t60: &[(700.0, 0.05), (7000.0, 0.06)],
            early: 0.4,
            early_length: 0.3,
            rise: &[(0.0, 0.0)],
            opening: 0.0,
        },
    );
    // The air pressed out between them.
    let air = Burst {
        start: 0.0,
        amplitude: 2.0 * s.vary(0.2),
        rise: 0.002,
        t60: 0.05,
        filters: &[Filter::BandPass(900.0 * s.vary(0.1), 0.7)],
    };
    s.noise(air);
    s.finish(0.5)
}

/// The stick's contact with metal.
fn stick(s: &mut Strike, share: f64) {
    let burst = Burst {
        start: 0.0,
        amplitude: share * s.between(6.0, 26.0) * s.vary(0.15),
        rise: s.between(0.0004, 0.0),
        t60: 0.010,
        filters: &[Filter::BandPass(
            s.between(3400.0, 5800.0) * s.vary(0.08),
            0.5,
        )],
    };
    s.noise(burst);
}

/// A cymbal's ringing, in three bands.
struct Cymbal {
    name: &'static str,
    seed: u8,
    /// Lowest mode, hertz.
    low: f64,
    /// Decibels of the low, middle and high band at full strength.
    levels: [f64; 3],
    /// Seconds to fall by 60 dB, of each band.
    t60: [f64; 3],
    place: f64,
}

/// 16 inches, and 18, darker and longer.
const CRASH_1: Cymbal = Cymbal {
    name: "Crash 1",
    seed: 13,
    low: 310.0,
    levels: [-5.0, -3.0, -1.0],
    t60: [6.0, 5.0, 3.2],
    place: -0.45,
};
const CRASH_2: Cymbal = Cymbal {
    name: "Crash 2",
    seed: 14,
    low: 235.0,
    levels: [-3.0, -2.0, -2.5],
    t60: [6.6, 5.4, 3.3],
    place: 0.5,
};
const RIDE: Cymbal = Cymbal {
    name: "Ride",
    seed: 15,
    low: 280.0,
    levels: [-9.0, -7.0, -3.0],
    t60: [6.4, 5.4, 3.4],
    place: RIDE_PLACE,
};

impl Cymbal {
    /// The three bands, softer by `less` decibels. A soft stroke brings the high ones less, and a hard
    /// one brings them late.
    fn rings(&self, shelf: &mut Shelf, touch: Touch, less: f64) -> Vec<Part> {
        let bands = [
            (self.low, 1500.0, 16_000, 13_000),
            (1500.0, 5000.0, 22_050, 16_000),
            (5000.0, 15_500.0, 44_100, 22_000),
        ];
        let tilt = [0.0, touch.between(-4.0, 0.0), touch.between(-13.0, 0.0)];
        let opening = [0.004, 0.008, touch.between(0.010, 0.016)];
        let mut parts = Vec::new();
        for (band, (low, high, rate, points)) in bands.into_iter().enumerate() {
            let name = format!("{} {}", self.name, ["low", "middle", "high"][band]);
            let ring = shelf.turn(&name, rate, || {
                let ringing = Ringing {
                    modes: ((high - low) / 18.0) as u32,
                    low,
                    high,
                    spectrum: &[(300.0, -3.0), (700.0, 0.0), (7000.0, 0.0), (15_500.0, -9.0)],
                };
                ringing_loop(self.seed + 10 * band as u8, rate, points, &ringing)
            });
            let ring = part(ring)
                .level(self.levels[band] + tilt[band] - less)
                .attack(opening[band])
                .decaying(self.t60[band] * touch.between(0.85, 1.0));
            let width = [0.35, 0.5, 0.5][band];
            parts.extend(ring.wide(touch, shelf, self.place, width));
        }
        parts
    }

    fn crash(&self, shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
        let heads = Heads {
            name: self.name,
            seed: self.seed,
            rate: 44_100,
            strengths: 3,
            strike: opening,
            level: 0.0,
            place: self.place,
            width: 0.4,
        };
        let mut parts = heads.parts(shelf, touch).to_vec();
        parts.extend(self.rings(shelf, touch, 0.0));
        parts
    }
}

/// A crash's first moments: the stick, and the plate as it opens.
fn opening(seed: Seed, strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, 0.15);
    let tilt = s.between(-14.0, 0.0);
    s.plate(
        0.0,
        &Plate {
            modes: 360,
            low: 500.0,
            high: 15_500.0,
            spectrum: &[
                (500.0, -5.0),
                (3000.0, -2.0 + 0.2 * tilt),
                (5500.0, 0.6 * tilt),
                (9000.0, tilt),
                (15_500.0, -8.0 + 1.2 * tilt),
            ],
            t60: &[(500.0, 0.3), (4000.0, 0.24), (15_500.0, 0.16)],
            early: 0.5,
            early_length: 0.4,
            rise: &[
                (500.0, 0.004),
                (2000.0, 0.015),
                (8000.0, 0.035),
                (15_000.0, 0.045),
            ],
            opening: 0.6,
        },
    );
    stick(&mut s, 0.9);
    s.finish(0.6)
}

pub fn crash_1(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    CRASH_1.crash(shelf, touch)
}

pub fn crash_2(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    CRASH_2.crash(shelf, touch)
}

/// Ride cymbal: the stick's ping over a wash.
pub fn ride(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Ride",
        seed: 15,
        rate: 44_100,
        strengths: 6,
        strike: |seed, strength, rate| tip(seed, strength, rate, 1.6),
        level: -1.5,
        place: RIDE_PLACE,
        width: 0.3,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    parts.extend(RIDE.rings(shelf, touch, 11.5));
    // The ping: a few strong partials that the bow lets ring for a moment.
    let low = shelf.turn("Ping low", 22_050, || {
        partial_loop(
            22_050,
            7000,
            &[(418.0, 1.5), (1135.0, 2.5), (2310.0, 3.5), (2324.0, 2.0)],
        )
    });
    let high = shelf.turn("Ping high", 44_100, || {
        partial_loop(
            44_100,
            14_000,
            &[
                (3140.0, 5.0),
                (3890.0, 6.5),
                (3905.0, 4.0),
                (4760.0, 7.5),
                (4778.0, 4.5),
                (5830.0, 7.5),
                (5851.0, 4.5),
                (7240.0, 7.0),
                (9050.0, 5.5),
            ],
        )
    });
    let ping = |sample: usize, level: f64, t60: f64| {
        part(sample)
            .level(level)
            .attack(0.0012)
            .decaying(t60)
            .pan(RIDE_PLACE)
            .humanized(touch)
    };
    parts.push(ping(low, -3.0, 1.0));
    parts.push(ping(
        high,
        touch.between(-8.0, -3.0),
        touch.between(0.45, 0.6),
    ));
    parts
}

/// The ride's bell.
pub fn ride_bell(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Bell",
        seed: 16,
        rate: 44_100,
        strengths: 3,
        strike: |seed, strength, rate| tip(seed, strength, rate, 1.4),
        level: 0.0,
        place: RIDE_PLACE,
        width: 0.25,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    parts.extend(RIDE.rings(shelf, touch, 22.0));
    let low = shelf.turn("Bell low", 22_050, || {
        partial_loop(
            22_050,
            10_000,
            &[
                (583.0, 9.0),
                (585.3, 3.6),
                (861.0, 3.0),
                (1304.0, 7.0),
                (1306.3, 2.8),
                (1921.0, 10.0),
                (1923.3, 4.0),
            ],
        )
    });
    let high = shelf.turn("Bell high", 44_100, || {
        partial_loop(
            44_100,
            20_000,
            &[
                (2583.0, 11.0),
                (2585.3, 4.4),
                (3402.0, 11.0),
                (3404.3, 4.4),
                (4268.0, 10.0),
                (5117.0, 8.0),
                (6370.0, 7.0),
                (7585.0, 5.5),
                (9240.0, 4.0),
            ],
        )
    });
    let ring = |sample: usize, level: f64, t60: f64| {
        part(sample)
            .level(level)
            .attack(0.0012)
            .decaying(t60)
            .pan(RIDE_PLACE)
            .humanized(touch)
    };
    parts.push(ring(low, 0.0, 3.6));
    parts.push(ring(
        high,
        touch.between(-7.0, 0.0),
        touch.between(1.5, 2.0),
    ));
    parts
}

/// A stick's tip on the bow.
fn tip(seed: Seed, strength: f64, rate: u32, share: f64) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, 0.05);
    s.plate(
        0.0,
        &Plate {
            modes: 120,
            low: 1200.0,
            high: 13_000.0,
            spectrum: &[(1200.0, -6.0), (5000.0, 0.0), (13_000.0, -10.0)],
            t60: &[(1200.0, 0.08), (13_000.0, 0.05)],
            early: 0.4,
            early_length: 0.3,
            rise: &[(0.0, 0.0)],
            opening: 0.0,
        },
    );
    stick(&mut s, share);
    s.finish(0.5)
}

/// Cowbell: two bent steel sides.
pub fn cowbell(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Cowbell",
        seed: 17,
        rate: 32_000,
        strengths: 3,
        strike: clank,
        level: 0.0,
        place: 0.2,
        width: 0.2,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    parts.extend(room(shelf, touch, -26.0, touch.between(1500.0, 3500.0)));
    parts
}

fn clank(seed: Seed, strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, 0.27);
    let tuned = s.vary(0.002);
    for (hertz, amplitude, t60) in [
        (562.0, 1.0, 0.32),
        (845.0, 0.8, 0.28),
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
        let amplitude = amplitude * reach * s.vary(0.15);
        s.ring(0.0, Mode::new(hertz * tuned, amplitude, t60));
    }
    let knock = Burst {
        start: 0.0,
        amplitude: s.between(0.5, 1.2) * s.vary(0.1),
        rise: 0.0,
        t60: 0.012,
        filters: &[Filter::BandPass(3200.0, 0.6)],
    };
    s.noise(knock);
    s.saturate(1.2);
    s.finish(0.4)
}

/// Tambourine: jingles that meet a few times.
pub fn tambourine(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Tambourine",
        seed: 18,
        rate: 32_000,
        strengths: 3,
        strike: jingles,
        level: 0.0,
        place: 0.25,
        width: 0.4,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    parts.extend(room(shelf, touch, -26.0, 5000.0));
    parts
}

fn jingles(seed: Seed, strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, 0.17);
    for (start, level) in [(0.0, 0.0), (0.013, -7.0), (0.031, -5.0), (0.052, -12.0)] {
        let start = start * s.vary(0.15);
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
    let shell = Burst {
        start: 0.0,
        amplitude: s.between(2.0, 6.0) * s.vary(0.15),
        rise: 0.0,
        t60: 0.02,
        filters: &[Filter::BandPass(2600.0, 0.6)],
    };
    s.noise(shell);
    s.finish(0.5)
}
