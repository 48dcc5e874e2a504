//! A plain lead voice, so that a melody is heard without another SoundFont: a loop an octave, of
//! harmonics that fall as a reed's do, which a key plays at its pitch.

use std::f64::consts::LN_2;
use std::ops::RangeInclusive;

use super::dsp::partial_loop;
use super::math::{exp, ln};
use super::sf2::{Instrument, Zone};
use super::shelf::Shelf;

/// Its name in lists of presets.
pub const NAME: &str = "Lead";

/// A loop for each, made at the C within it.
const OCTAVES: RangeInclusive<u8> = 1..=10;

/// Frames a second of the loops.
const RATE: u32 = 44_100;

/// Hertz at which a loop is one turn of the wave; higher ones are as many more, so that the length in
/// whole frames is in tune to a cent.
const ONE_TURN: f64 = 16.0;

/// Decibels below full scale of a note at full velocity. At velocity 80 a tune is then about as loud as the
/// drums beside it.
const ATTENUATION: f64 = 7.0;

/// Hertz that no harmonic passes, whichever key plays the loop.
const HIGHEST: f64 = 16_000.0;

/// The voice.
pub fn instrument(shelf: &mut Shelf) -> Instrument {
    let octave = |number: u8| {
        let root = 12 * number;
        let keys = match number {
            // The outer ones have what is left of the keyboard.
            1 => 0..=17,
            10 => 114..=127,
            _ => root - 6..=root + 5,
        };
        zone(shelf, root, keys)
    };
    Instrument {
        name: NAME.into(),
        pitched: true,
        zones: OCTAVES.map(octave).collect(),
    }
}

fn zone(shelf: &mut Shelf, root: u8, keys: RangeInclusive<u8>) -> Zone {
    const CENTS: f64 = 1200.0 / LN_2;
    let hertz = |key: u8| 440.0 * exp((f64::from(key) - 69.0) / 12.0 * LN_2);
    let turns = (hertz(root) / ONE_TURN).floor();
    let points = (turns * f64::from(RATE) / hertz(root)).round() as usize;
    let fundamental = turns * f64::from(RATE) / points as f64;
    let highest = (HIGHEST / hertz(*keys.end())).max(1.0) as u32;
    let partials: Vec<(f64, f64)> = (1..=highest)
        .map(|n| (f64::from(n) * fundamental, exp(-1.5 * ln(f64::from(n)))))
        .collect();
    let name = format!("Lead {root}");
    let sample = shelf.turn(&name, RATE, || partial_loop(RATE, points, &partials));
    // A player takes the sample for middle C.
    let cents = CENTS * ln(hertz(60) / fundamental);
    Zone {
        keys,
        velocities: 0..=127,
        sample,
        from: 0,
        pan: 0,
        attenuation: ATTENUATION,
        cents: cents.round() as i16,
        cutoff: None,
        attack: 0.006,
        t60: Some(8.0),
        release: Some(0.15),
        exclusive_class: 0,
    }
}
