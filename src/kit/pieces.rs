//! Which drum lies on which key, and how loud.

use super::analog;
use super::lead;
use super::math::{decibels, level};
use super::sf2::{Bank, Instrument, Preset, Zone};
use super::shelf::Shelf;
use super::stroke::{LAYERS, Part, Touch, VARIANTS, loudness_of};
use super::studio::{drums, metals};

/// One instrument of a kit.
struct Piece {
    /// At most 17 ASCII characters.
    name: &'static str,
    strike: fn(&mut Shelf, Touch) -> Vec<Part>,
    /// Loudness of its loudest 60 ms at full velocity, decibels below full scale (K-weighted).
    loudness: f64,
    exclusive_class: u16,
    /// MIDI keys, each with the cents that it is tuned by.
    keys: &'static [(u8, i16)],
}

/// A kit: the program that chooses it, as General Standard numbers drum machines of its kind.
struct Kit {
    name: &'static str,
    program: u16,
    pieces: &'static [Piece],
}

const KITS: [Kit; 2] = [
    Kit {
        name: "Studio",
        program: 0,
        pieces: STUDIO,
    },
    Kit {
        name: "Analog",
        program: 25,
        pieces: ANALOG,
    },
];

/// Hats silence each other.
const HATS: u16 = 1;

const fn piece(
    name: &'static str,
    strike: fn(&mut Shelf, Touch) -> Vec<Part>,
    loudness: f64,
    keys: &'static [(u8, i16)],
) -> Piece {
    Piece {
        name,
        strike,
        loudness,
        exclusive_class: 0,
        keys,
    }
}

const fn hat(piece: Piece) -> Piece {
    Piece {
        exclusive_class: HATS,
        ..piece
    }
}

#[rustfmt::skip] // a table, a row a line
const STUDIO: &[Piece] = &[
    piece("Kick", drums::kick, -12.5, &[(35, -100), (36, 0)]),
    piece("Side stick", drums::side_stick, -15.0, &[(37, 0)]),
    piece("Snare", drums::snare, -11.0, &[(38, 0)]),
    piece("Rimshot", drums::rimshot, -10.0, &[(40, 0)]),
    piece("Clap", drums::clap, -14.0, &[(39, 0)]),
    hat(piece("Closed hat", metals::closed_hat, -22.0, &[(22, 0), (42, 0)])),
    hat(piece("Pedal hat", metals::pedal_hat, -25.0, &[(44, 0)])),
    hat(piece("Open hat", metals::open_hat, -19.5, &[(26, 0), (46, 0)])),
    piece("Low tom", low_tom, -13.0, &[(41, -300), (43, 0), (58, 0)]),
    piece("Mid tom", mid_tom, -13.0, &[(45, -250), (47, 0)]),
    piece("High tom", high_tom, -13.0, &[(48, -250), (50, 0)]),
    piece("Crash 1", metals::crash_1, -14.5, &[(49, 0), (55, 500)]),
    piece("Crash 2", metals::crash_2, -14.5, &[(52, -300), (57, 0)]),
    piece("Ride", metals::ride, -21.0, &[(51, 0), (59, -150)]),
    piece("Ride bell", metals::ride_bell, -17.0, &[(53, 0)]),
    piece("Tambourine", metals::tambourine, -22.0, &[(54, 0)]),
    piece("Cowbell", metals::cowbell, -17.0, &[(56, 0)]),
];

#[rustfmt::skip] // a table, a row a line
const ANALOG: &[Piece] = &[
    piece("A Kick", analog::kick, -12.0, &[(35, -200), (36, 0)]),
    piece("A Claves", analog::claves, -16.0, &[(37, 0)]),
    piece("A Snare", analog::snare, -11.5, &[(38, 0)]),
    piece("A Rimshot", analog::rimshot, -13.0, &[(40, 0)]),
    piece("A Clap", analog::clap, -13.0, &[(39, 0)]),
    hat(piece("A Closed hat", analog::closed_hat, -21.0, &[(22, 0), (42, 0)])),
    hat(piece("A Pedal hat", analog::pedal_hat, -23.0, &[(44, 0)])),
    hat(piece("A Open hat", analog::open_hat, -20.0, &[(26, 0), (46, 0)])),
    piece("A Low tom", analog::low_tom, -13.0, &[(41, -300), (43, 0), (58, 0)]),
    piece("A Mid tom", analog::mid_tom, -13.0, &[(45, -250), (47, 0)]),
    piece("A High tom", analog::high_tom, -13.0, &[(48, -250), (50, 0)]),
    piece("A Crash 1", analog::crash, -16.0, &[(49, 0), (55, 500)]),
    piece("A Crash 2", analog::second_crash, -16.0, &[(52, -300), (57, 0)]),
    piece("A Ride", analog::ride, -20.0, &[(51, 0), (59, -150)]),
    piece("A Bell", analog::bell, -18.0, &[(53, 0)]),
    piece("A Maracas", analog::maracas, -22.0, &[(54, 0)]),
    piece("A Cowbell", analog::cowbell, -17.0, &[(56, 0)]),
];

fn low_tom(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    drums::tom(&drums::LOW_TOM, shelf, touch)
}

fn mid_tom(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    drums::tom(&drums::MID_TOM, shelf, touch)
}

fn high_tom(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    drums::tom(&drums::HIGH_TOM, shelf, touch)
}

/// All kits and the lead voice, synthesized.
pub fn bank() -> Bank {
    let mut shelf = Shelf::default();
    let (mut instruments, mut presets) = (Vec::new(), Vec::new());
    for kit in KITS {
        for variant in 0..VARIANTS {
            let mut keys = Vec::new();
            for piece in kit.pieces {
                let at = instruments.len();
                keys.extend((piece.keys.iter()).map(|&(key, cents)| (key..=key, at, cents)));
                instruments.push(Instrument {
                    name: format!("{} {}", piece.name, variant + 1),
                    pitched: false,
                    zones: piece.zones(&mut shelf, variant),
                });
            }
            let name = match variant {
                0 => kit.name.to_string(),
                _ => format!("{} {}", kit.name, variant + 1),
            };
            presets.push(Preset {
                name,
                bank: 128 + variant as u16,
                program: kit.program,
                keys,
            });
        }
    }
    presets.push(Preset {
        name: lead::NAME.into(),
        bank: 0,
        program: 0,
        keys: vec![(0..=127, instruments.len(), 0)],
    });
    instruments.push(lead::instrument(&mut shelf));
    let zones = instruments.iter_mut().flat_map(|it| &mut it.zones);
    shelf.bring_to_level(&mut zones.collect::<Vec<_>>());
    Bank {
        name: "Studio and analog".into(),
        comment: "Synthesized; no recording was used.".into(),
        samples: shelf.samples,
        instruments,
        presets,
    }
}

impl Piece {
    /// Every layer at very nearly the piece's loudness, whatever its strength: the synthesizer's
    /// velocity curve does the dynamics (velocity squared), so layers meet without a step. Softer ones
    /// are a little above it, because the curve leaves ghost notes too soft to be heard.
    fn zones(&self, shelf: &mut Shelf, variant: usize) -> Vec<Zone> {
        /// Decibels that a layer is above what the curve makes of the one above it.
        const SPEAKING: f64 = 0.6;
        let mut zones = Vec::new();
        let mut from = 0;
        for (layer, &up_to) in LAYERS.iter().enumerate() {
            let parts = (self.strike)(shelf, Touch { layer, variant });
            let above = SPEAKING * (LAYERS.len() - 1 - layer) as f64;
            let wanted = decibels(self.loudness + above);
            let gain = level(wanted / loudness_of(&parts, shelf));
            for part in parts {
                zones.push(Zone {
                    keys: 0..=127,
                    velocities: from..=up_to,
                    sample: part.sample,
                    from: part.from as u16,
                    pan: (500.0 * part.pan).round() as i16,
                    attenuation: -(gain + part.level + level(shelf.full_scale(part.sample))),
                    cents: part.cents.round() as i16,
                    cutoff: part.cutoff,
                    attack: part.attack,
                    t60: part.t60,
                    release: None,
                    exclusive_class: self.exclusive_class,
                });
            }
            from = up_to + 1;
        }
        zones
    }
}
