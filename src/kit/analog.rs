//! An analog drum machine of our own making: oscillators, noise and envelopes, no room.
//!
//! Kick and toms are a sine whose pitch falls; hats and cymbals are six square waves that are in tune
//! with nothing, through filters; snare and clap are noise. Such a machine has no hands: its variants
//! are the noise's and the oscillators' whereabouts, and parts that are never quite warm. A harder
//! stroke is the accent: louder, brighter, longer, and of the kick a deeper fall.

use super::dsp::{Burst, Filter, Mode, Seed, Strike, noise_loop, partial_loop};
use super::shelf::Shelf;
use super::stroke::{Part, Touch, part};

/// A wave that is made for every layer, as hard as that.
fn struck(
    shelf: &mut Shelf,
    name: &str,
    touch: Touch,
    rate: u32,
    seconds: f64,
    make: impl FnOnce(&mut Strike),
) -> Part {
    let name = format!("{name} {}", touch.layer + 1);
    let wave = || {
        let seed = Seed {
            drum: 40,
            variant: 0,
        };
        let mut s = Strike::new(seed, rate, touch.strength(), seconds);
        make(&mut s);
        s.finish(0.4)
    };
    part(shelf.sample(&name, rate, wave)).humanized(touch)
}

fn hiss(shelf: &mut Shelf) -> Part {
    let noise = || noise_loop(41, 44_100, 26_000, &[Filter::HighPass(700.0, 0.7)]);
    part(shelf.turn("Hiss", 44_100, noise))
}

/// Bass drum: a sine that falls, as long as one likes it.
pub fn kick(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    vec![struck(shelf, "A kick", touch, 12_000, 0.9, |s| {
        let t60 = s.between(0.75, 1.1);
        let fall = s.between(0.8, 2.4);
        s.glide(Mode::new(49.0, 1.0, t60).from(0.02), fall, 0.06);
        let click = Burst {
            start: 0.0,
            amplitude: s.between(0.15, 1.6),
            rise: 0.0,
            t60: 0.012,
            filters: &[Filter::LowPass(s.between(1500.0, 5000.0), 0.7)],
        };
        s.noise(click);
        s.saturate(s.between(0.6, 1.3));
    })]
}

/// Snare: two sines and hiss.
pub fn snare(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let shell = struck(shelf, "A snare", touch, 22_050, 0.22, |s| {
        let bend = s.between(0.04, 0.2);
        s.glide(Mode::new(178.0, 1.0, 0.16), bend, 0.03);
        s.glide(Mode::new(331.0, s.between(0.4, 0.8), 0.11), bend, 0.03);
        s.saturate(s.between(0.7, 1.2));
    });
    let snappy = hiss(shelf)
        .level(touch.between(-5.0, 2.0))
        .cutoff(touch.between(5000.0, 14_000.0))
        .attack(0.0006)
        .decaying(touch.between(0.16, 0.24))
        .wide(touch, shelf, 0.0, 0.25);
    [vec![shell], snappy.to_vec()].concat()
}

/// Rimshot: two short resonances.
pub fn rimshot(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    vec![struck(shelf, "A rim", touch, 32_000, 0.09, |s| {
        s.ring(0.0, Mode::new(455.0, 0.6, 0.05));
        s.ring(0.0, Mode::new(1667.0, 1.0, 0.05));
        let high = s.between(0.1, 0.8);
        s.ring(0.0, Mode::new(3800.0, high, 0.02));
        s.saturate(s.between(0.8, 2.5));
    })]
}

/// Claves, on the key of the side stick.
pub fn claves(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    vec![struck(shelf, "A claves", touch, 32_000, 0.1, |s| {
        s.ring(0.0, Mode::new(2500.0, 1.0, 0.07));
        let high = s.between(0.0, 0.3);
        s.ring(0.0, Mode::new(5000.0, high, 0.03));
    })]
}

/// Clap: hiss in four bursts, and what is meant for a room.
pub fn clap(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let bursts = struck(shelf, "A clap", touch, 32_000, 0.09, |s| {
        for start in [0.0, 0.010, 0.020, 0.030] {
            let burst = Burst {
                start,
                amplitude: 1.0,
                rise: 0.0,
                t60: 0.018,
                filters: &[Filter::BandPass(s.between(1000.0, 1350.0), 1.3)],
            };
            s.noise(burst);
        }
    });
    let tail = hiss(shelf)
        .level(-13.0)
        .cutoff(touch.between(1300.0, 2600.0))
        .attack(0.018)
        .decaying(touch.between(0.25, 0.34))
        .wide(touch, shelf, 0.0, 0.8);
    [vec![bursts], tail.to_vec()].concat()
}

pub fn closed_hat(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    hats(shelf, touch, touch.between(0.07, 0.12))
}

pub fn pedal_hat(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    hats(shelf, touch, touch.between(0.12, 0.18))
}

pub fn open_hat(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    hats(shelf, touch, touch.between(0.75, 1.0))
}

/// Hertz of the six oscillators.
const OSCILLATORS: [f64; 6] = [211.0, 301.0, 369.0, 523.0, 543.0, 797.0];

/// The oscillators' harmonics between two frequencies; a square wave has the odd ones, the nth of an
/// amplitude of 1/n.
fn squares(low: f64, high: f64) -> Vec<(f64, f64)> {
    let harmonics = OSCILLATORS.iter().flat_map(|hertz| {
        let odd = (0..60).map(|n| f64::from(2 * n + 1));
        odd.map(move |n| (n * hertz, 1.0 / n))
    });
    harmonics
        .filter(|(hertz, _)| (low..high).contains(hertz))
        .collect()
}

fn metal(shelf: &mut Shelf, name: &str, low: f64, high: f64) -> Part {
    let turn = || partial_loop(44_100, 22_050, &squares(low, high));
    part(shelf.turn(name, 44_100, turn))
}

fn hats(shelf: &mut Shelf, touch: Touch, t60: f64) -> Vec<Part> {
    let ring = metal(shelf, "A hats", 6000.0, 17_000.0)
        .cutoff(touch.between(8500.0, 18_000.0))
        .attack(0.0005)
        .decaying(t60)
        .wide(touch, shelf, 0.0, 0.25);
    let edge = hiss(shelf)
        .level(touch.between(-30.0, -22.0))
        .attack(0.0005)
        .decaying(0.03)
        .humanized(touch);
    [ring.to_vec(), vec![edge]].concat()
}

/// A tom: a sine that falls a little, and a breath of noise.
fn tom(shelf: &mut Shelf, touch: Touch, name: &str, hertz: f64, pan: f64) -> Vec<Part> {
    let skin = struck(shelf, name, touch, 10_000, 0.5, |s| {
        let fall = s.between(0.1, 0.55);
        s.glide(Mode::new(hertz, 1.0, s.between(0.45, 0.6)), fall, 0.08);
        s.saturate(s.between(0.5, 0.9));
    });
    let breath = hiss(shelf)
        .level(touch.between(-30.0, -18.0))
        .cutoff(touch.between(900.0, 3000.0))
        .decaying(0.12)
        .pan(pan)
        .humanized(touch);
    vec![skin.pan(pan), breath]
}

pub fn low_tom(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    tom(shelf, touch, "A low tom", 86.0, 0.3)
}

pub fn mid_tom(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    tom(shelf, touch, "A mid tom", 124.0, 0.0)
}

pub fn high_tom(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    tom(shelf, touch, "A high tom", 172.0, -0.3)
}

/// A cymbal: a short high band over a long low one.
fn cymbal(shelf: &mut Shelf, touch: Touch, [low_t60, high_t60]: [f64; 2], pan: f64) -> Vec<Part> {
    let low = metal(shelf, "A cymbal", 2200.0, 6000.0)
        .level(-8.0)
        .attack(0.001)
        .decaying(low_t60)
        .wide(touch, shelf, pan, 0.3);
    let high = metal(shelf, "A hats", 6000.0, 17_000.0)
        .level(touch.between(-6.0, 3.0))
        .attack(0.001)
        .decaying(high_t60)
        .wide(touch, shelf, pan, 0.3);
    [low, high].concat()
}

pub fn crash(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    cymbal(shelf, touch, [touch.between(2.2, 2.8), 1.5], -0.2)
}

pub fn second_crash(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let parts = cymbal(shelf, touch, [touch.between(2.8, 3.4), 1.2], 0.2);
    parts.into_iter().map(|it| it.tuned(-300.0)).collect()
}

/// Ride: the same metal, with less of the high band.
pub fn ride(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let mut parts = cymbal(shelf, touch, [1.7, touch.between(0.3, 0.5)], 0.15);
    parts.push(bell_tone(shelf, touch).level(-13.0));
    parts
}

/// The bell: two squares, as the cowbell's, but higher and longer.
pub fn bell(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let tone = bell_tone(shelf, touch).decaying(touch.between(0.8, 1.2));
    vec![tone.tuned(700.0)]
}

pub fn cowbell(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    vec![bell_tone(shelf, touch).decaying(touch.between(0.25, 0.4))]
}

fn bell_tone(shelf: &mut Shelf, touch: Touch) -> Part {
    let turn = || {
        let odd = (0..8).map(|n| f64::from(2 * n + 1));
        let partials: Vec<(f64, f64)> = odd
            .flat_map(|n| [(541.0 * n, 1.0 / n), (803.0 * n, 1.0 / n)])
            .collect();
        partial_loop(32_000, 16_000, &partials)
    };
    part(shelf.turn("A bell", 32_000, turn))
        .cutoff(touch.between(2200.0, 6500.0))
        .attack(0.0005)
        .decaying(0.6)
        .humanized(touch)
}

/// Maracas, on the key of the tambourine: hiss that swells and stops.
pub fn maracas(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let beads = hiss(shelf)
        .attack(touch.between(0.012, 0.004))
        .cutoff(touch.between(9000.0, 18_000.0))
        .decaying(0.07)
        .wide(touch, shelf, 0.2, 0.2);
    beads.to_vec()
}
