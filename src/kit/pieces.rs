//! Which drum lies on which key, how loud, and where it stands.

use super::dsp::loudness;
use super::math::decibels;
use super::sf2::{Bank, Instrument, Sample, Zone};
use super::{drums, metals};

/// One instrument of the kit.
struct Piece {
    name: &'static str,
    /// Strength of the strike (0..=1) and sample rate to wave.
    strike: fn(f64, u32) -> Vec<f64>,
    rate: u32,
    /// Loudness of its loudest 60 ms at full velocity, decibels below full scale (K-weighted).
    loudness: f64,
    /// Seen by the audience, -1 (left) ..= 1 (right).
    pan: f64,
    exclusive_class: u16,
    /// Samples, from soft to hard, as strengths of the strike.
    strengths: &'static [f64],
    /// Velocity layers, from soft to hard.
    layers: &'static [Layer],
    /// MIDI keys, each with the cents that it is tuned by.
    keys: &'static [(u8, i16)],
}

/// The velocities up to and including `up_to` that an earlier layer has not taken.
struct Layer {
    up_to: u8,
    /// Index into the piece's strengths.
    sample: usize,
    /// A low-pass corner in hertz, for a softer shade of the same sample.
    cutoff: Option<f64>,
}

const fn layer(up_to: u8, sample: usize) -> Layer {
    Layer {
        up_to,
        sample,
        cutoff: None,
    }
}

const fn shade(up_to: u8, sample: usize, cutoff: f64) -> Layer {
    Layer {
        up_to,
        sample,
        cutoff: Some(cutoff),
    }
}

/// Hats silence each other.
const HATS: u16 = 1;

const PIECES: &[Piece] = &[
    Piece {
        name: "Kick",
        strike: drums::kick,
        rate: 44_100,
        loudness: -12.5,
        pan: 0.0,
        exclusive_class: 0,
        strengths: &[0.15, 0.55, 1.0],
        layers: &[
            shade(32, 0, 2500.0),
            layer(60, 0),
            layer(94, 1),
            layer(127, 2),
        ],
        keys: &[(35, -100), (36, 0)],
    },
    Piece {
        name: "Side stick",
        strike: drums::side_stick,
        rate: 44_100,
        loudness: -15.0,
        pan: -0.08,
        exclusive_class: 0,
        strengths: &[0.2, 1.0],
        layers: &[layer(64, 0), layer(127, 1)],
        keys: &[(37, 0)],
    },
    Piece {
        name: "Snare",
        strike: drums::snare,
        rate: 44_100,
        loudness: -11.0,
        pan: -0.05,
        exclusive_class: 0,
        strengths: &[0.0, 0.35, 0.7, 1.0],
        layers: &[layer(32, 0), layer(64, 1), layer(98, 2), layer(127, 3)],
        keys: &[(38, 0)],
    },
    Piece {
        name: "Rimshot",
        strike: drums::rimshot,
        rate: 44_100,
        loudness: -10.0,
        pan: -0.05,
        exclusive_class: 0,
        strengths: &[0.9],
        layers: &[shade(50, 0, 4000.0), shade(90, 0, 8000.0), layer(127, 0)],
        keys: &[(40, 0)],
    },
    Piece {
        name: "Clap",
        strike: drums::clap,
        rate: 32_000,
        loudness: -14.0,
        pan: 0.1,
        exclusive_class: 0,
        strengths: &[0.8],
        layers: &[shade(64, 0, 4500.0), layer(127, 0)],
        keys: &[(39, 0)],
    },
    Piece {
        name: "Closed hat",
        strike: metals::closed_hat,
        rate: 44_100,
        loudness: -22.0,
        pan: -0.3,
        exclusive_class: HATS,
        strengths: &[0.0, 0.35, 0.7, 1.0],
        layers: &[layer(36, 0), layer(68, 1), layer(100, 2), layer(127, 3)],
        keys: &[(22, 0), (42, 0)],
    },
    Piece {
        name: "Pedal hat",
        strike: metals::pedal_hat,
        rate: 44_100,
        loudness: -25.0,
        pan: -0.3,
        exclusive_class: HATS,
        strengths: &[0.2, 1.0],
        layers: &[layer(64, 0), layer(127, 1)],
        keys: &[(44, 0)],
    },
    Piece {
        name: "Open hat",
        strike: metals::open_hat,
        rate: 36_000,
        loudness: -19.5,
        pan: -0.3,
        exclusive_class: HATS,
        strengths: &[0.2, 1.0],
        layers: &[
            shade(32, 0, 7000.0),
            layer(64, 0),
            shade(96, 1, 11_000.0),
            layer(127, 1),
        ],
        keys: &[(26, 0), (46, 0)],
    },
    Piece {
        name: "Low tom",
        strike: low_tom,
        rate: 26_000,
        loudness: -13.0,
        pan: 0.35,
        exclusive_class: 0,
        strengths: &[0.15, 1.0],
        layers: TOM_LAYERS,
        keys: &[(41, -300), (43, 0), (58, 0)],
    },
    Piece {
        name: "Mid tom",
        strike: mid_tom,
        rate: 26_000,
        loudness: -13.0,
        pan: 0.12,
        exclusive_class: 0,
        strengths: &[0.15, 1.0],
        layers: TOM_LAYERS,
        keys: &[(45, -250), (47, 0)],
    },
    Piece {
        name: "High tom",
        strike: high_tom,
        rate: 26_000,
        loudness: -13.0,
        pan: -0.15,
        exclusive_class: 0,
        strengths: &[0.15, 1.0],
        layers: TOM_LAYERS,
        keys: &[(48, -250), (50, 0)],
    },
    Piece {
        name: "Crash 1",
        strike: crash_1,
        rate: 32_000,
        loudness: -14.5,
        pan: -0.4,
        exclusive_class: 0,
        strengths: &[0.25, 1.0],
        layers: &[
            shade(36, 0, 4500.0),
            layer(68, 0),
            shade(100, 1, 9000.0),
            layer(127, 1),
        ],
        keys: &[(49, 0), (55, 500)],
    },
    Piece {
        name: "Crash 2",
        strike: crash_2,
        rate: 30_000,
        loudness: -14.5,
        pan: 0.4,
        exclusive_class: 0,
        strengths: &[0.85],
        layers: &[shade(40, 0, 3500.0), shade(80, 0, 6000.0), layer(127, 0)],
        keys: &[(52, -300), (57, 0)],
    },
    Piece {
        name: "Ride",
        strike: metals::ride,
        rate: 30_000,
        loudness: -21.0,
        pan: 0.3,
        exclusive_class: 0,
        strengths: &[0.25, 1.0],
        layers: &[
            shade(36, 0, 6000.0),
            layer(68, 0),
            shade(100, 1, 9500.0),
            layer(127, 1),
        ],
        keys: &[(51, 0), (59, -150)],
    },
    Piece {
        name: "Ride bell",
        strike: metals::ride_bell,
        rate: 28_000,
        loudness: -17.0,
        pan: 0.3,
        exclusive_class: 0,
        strengths: &[0.8],
        layers: &[shade(48, 0, 4500.0), shade(90, 0, 8000.0), layer(127, 0)],
        keys: &[(53, 0)],
    },
    Piece {
        name: "Tambourine",
        strike: metals::tambourine,
        rate: 36_000,
        loudness: -22.0,
        pan: 0.2,
        exclusive_class: 0,
        strengths: &[0.8],
        layers: &[shade(64, 0, 8000.0), layer(127, 0)],
        keys: &[(54, 0)],
    },
    Piece {
        name: "Cowbell",
        strike: metals::cowbell,
        rate: 28_000,
        loudness: -17.0,
        pan: 0.15,
        exclusive_class: 0,
        strengths: &[0.8],
        layers: &[shade(64, 0, 3000.0), layer(127, 0)],
        keys: &[(56, 0)],
    },
];

const TOM_LAYERS: &[Layer] = &[
    shade(32, 0, 1800.0),
    layer(64, 0),
    shade(98, 1, 4000.0),
    layer(127, 1),
];

fn low_tom(strength: f64, rate: u32) -> Vec<f64> {
    drums::tom(&drums::LOW_TOM, strength, rate)
}

fn mid_tom(strength: f64, rate: u32) -> Vec<f64> {
    drums::tom(&drums::MID_TOM, strength, rate)
}

fn high_tom(strength: f64, rate: u32) -> Vec<f64> {
    drums::tom(&drums::HIGH_TOM, strength, rate)
}

fn crash_1(strength: f64, rate: u32) -> Vec<f64> {
    metals::crash(&metals::CRASH_1, strength, rate)
}

fn crash_2(strength: f64, rate: u32) -> Vec<f64> {
    metals::crash(&metals::CRASH_2, strength, rate)
}

/// The whole kit, synthesized.
pub fn bank() -> Bank {
    let mut samples = Vec::new();
    let mut instruments = Vec::new();
    for piece in PIECES {
        let first = samples.len();
        for (index, &strength) in piece.strengths.iter().enumerate() {
            samples.push(Sample {
                name: format!("{} {}", piece.name, index + 1),
                rate: piece.rate,
                points: piece.points(strength),
            });
        }
        instruments.push(Instrument {
            name: piece.name.into(),
            zones: piece.zones(first),
        });
    }
    Bank {
        name: "Studio drum kit".into(),
        comment: "Synthesized; no recording was used.".into(),
        samples,
        instruments,
    }
}

impl Piece {
    /// One strike at very nearly the piece's loudness, whatever its strength: the synthesizer's
    /// velocity curve does the dynamics (velocity squared), so layers meet without a step. The
    /// little by which softer samples are softer makes up for what a shade's filter takes.
    fn points(&self, strength: f64) -> Vec<i16> {
        let wave = (self.strike)(strength, self.rate);
        let level = self.loudness - 1.5 * (1.0 - strength);
        let gain = decibels(level) / loudness(&wave, self.rate);
        wave.iter()
            .map(|point| (point * gain * 32_767.0).round().clamp(-32_767.0, 32_767.0) as i16)
            .collect()
    }

    fn zones(&self, first_sample: usize) -> Vec<Zone> {
        let mut zones = Vec::new();
        for &(key, tune) in self.keys {
            let mut from = 0;
            for layer in self.layers {
                zones.push(Zone {
                    keys: key..=key,
                    velocities: from..=layer.up_to,
                    sample: first_sample + layer.sample,
                    pan: (500.0 * self.pan) as i16,
                    tune,
                    cutoff: layer.cutoff,
                    exclusive_class: self.exclusive_class,
                });
                from = layer.up_to + 1;
            }
        }
        zones
    }
}
