//! Skins and wood: kick, snare, rimshot, side stick, toms, clap.
//!
//! An ideal membrane rings at 1, 1.59, 2.14, 2.30, 2.65, 2.92... times its fundamental (zeros of
//! Bessel functions); a real drum's air and second head shift them a little. Where the beater meets
//! the head decides how strong each of them is.

use super::room;
use crate::kit::dsp::{Burst, Filter, Mode, Seed, Strike, noise_loop};
use crate::kit::shelf::Shelf;
use crate::kit::stroke::{Heads, Part, Touch, part};

/// What rings on of a drum, recorded at a few strengths: a head that is hit harder bends further.
const BODIES: [f64; 3] = [0.1, 0.5, 1.0];

fn body(
    shelf: &mut Shelf,
    name: &str,
    touch: Touch,
    rate: u32,
    strike: impl FnOnce(f64) -> Vec<f64>,
) -> Part {
    let nth = touch.layer * BODIES.len() / crate::kit::stroke::LAYERS.len();
    let name = format!("{name} body {}", nth + 1);
    part(shelf.sample(&name, rate, || strike(BODIES[nth]))).humanized(touch)
}

fn still(drum: u8) -> Seed {
    Seed { drum, variant: 0 }
}

/// Bass drum: a felt beater on a damped head.
pub fn kick(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Kick",
        seed: 1,
        rate: 44_100,
        strengths: 6,
        strike: beater,
        level: -5.0,
        place: 0.0,
        width: 0.35,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    parts.push(body(shelf, "Kick", touch, 22_050, kick_body));
    let air = touch.between(-25.0, -21.0);
    parts.extend(room(shelf, touch, air, touch.between(500.0, 1400.0)));
    parts
}

fn kick_body(strength: f64) -> Vec<f64> {
    let mut s = Strike::new(still(1), 22_050, strength, lerp(strength, 0.46, 0.56));
    let hz = 51.0;
    // The head, tighter for an instant while the beater stretches it.
    let t60 = s.between(0.38, 0.48);
    s.glide(
        Mode::new(hz, 1.0, t60).from(0.06),
        s.between(1.4, 2.2),
        0.09,
    );
    s.glide(Mode::new(1.59 * hz, 0.22, 0.16), 0.9, 0.06);
    s.saturate(s.between(0.7, 1.5));
    s.finish(0.35)
}

/// The beater: the upper modes where it meets the head, a thud and a click.
fn beater(seed: Seed, strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, 0.065);
    let hz = 51.0;
    let upper = s.between(0.06, 0.14) * s.vary(0.35);
    s.glide(Mode::new(2.3 * hz, upper, 0.07), 0.7, 0.05);
    let upper = s.between(0.03, 0.12) * s.vary(0.45);
    s.glide(Mode::new(3.6 * hz, upper, 0.05), 0.5, 0.04);
    let thud = Burst {
        start: 0.0,
        amplitude: s.between(0.5, 1.3) * s.vary(0.1),
        rise: 0.0,
        t60: 0.06,
        filters: &[Filter::BandPass(240.0 * s.vary(0.1), 0.7)],
    };
    s.noise(thud);
    let slap = Burst {
        start: 0.0,
        amplitude: s.between(0.4, 1.25) * s.vary(0.12),
        rise: s.between(0.0015, 0.0),
        t60: 0.042,
        filters: &[Filter::BandPass(
            s.between(800.0, 1750.0) * s.vary(0.08),
            0.7,
        )],
    };
    s.noise(slap);
    let click = Burst {
        start: 0.0,
        amplitude: s.between(0.3, 2.1) * s.vary(0.15),
        rise: s.between(0.001, 0.0),
        t60: 0.022,
        filters: &[
            Filter::BandPass(s.between(2200.0, 4100.0) * s.vary(0.08), 0.7),
            Filter::LowPass(9000.0, 0.7),
        ],
    };
    s.noise(click);
    s.saturate(0.7);
    s.finish(0.35)
}

/// Snare drum with its wires on.
pub fn snare(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Snare",
        seed: 2,
        rate: 44_100,
        strengths: 6,
        strike: |seed, strength, rate| snare_head(seed, strength, rate, 0.0),
        level: -3.5,
        place: -0.05,
        width: 0.45,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    snare_drum(&mut parts, shelf, touch, 0.0);
    parts
}

/// Rimshot: head and rim struck together, so the shell rings and cracks.
pub fn rimshot(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Rimshot",
        seed: 3,
        rate: 44_100,
        strengths: 3,
        strike: |seed, strength, rate| snare_head(seed, 0.4 + 0.6 * strength, rate, 1.0),
        level: -2.0,
        place: -0.05,
        width: 0.4,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    snare_drum(&mut parts, shelf, touch, 1.0);
    parts
}

/// What the snare drum does under the stick.
fn snare_drum(parts: &mut Vec<Part>, shelf: &mut Shelf, touch: Touch, rim: f64) {
    parts.push(body(shelf, "Snare", touch, 22_050, shell).level(4.0 - 4.0 * rim));
    let wires = shelf.turn("Snare wires", 44_100, || {
        noise_loop(
            21,
            44_100,
            24_000,
            &[
                Filter::HighPass(1500.0, 0.6),
                Filter::BandPass(3600.0, 0.35),
            ],
        )
    });
    // Thrown off the head, they land a moment later; a ghost note is little else than wires.
    let rattle = part(wires)
        .level(touch.between(-0.5, -3.0) - 2.0 * rim)
        .cutoff(touch.between(6200.0, 13_000.0))
        .attack(0.0015)
        .decaying(touch.between(0.2, 0.32));
    parts.extend(rattle.wide(touch, shelf, -0.05, 0.6));
    let air = touch.between(-19.0, -15.5);
    parts.extend(room(shelf, touch, air, touch.between(1800.0, 4200.0)));
}

/// The two strong modes of the shell and its air.
fn shell(strength: f64) -> Vec<f64> {
    let mut s = Strike::new(still(2), 22_050, strength, 0.3);
    let bend = s.between(0.03, 0.11);
    for (ratio, amplitude, t60) in [(1.0, 0.85, 0.26), (1.76, 0.5, 0.19)] {
        let amplitude = amplitude * s.between(0.75, 1.0);
        s.glide(Mode::new(186.0 * ratio, amplitude, t60), bend, 0.05);
    }
    s.saturate(s.between(0.8, 1.1));
    s.finish(0.35)
}

fn snare_head(seed: Seed, strength: f64, rate: u32, rim: f64) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, 0.095);
    let hz = 186.0 * s.vary(0.004);
    let bend = s.between(0.03, 0.11);
    let ring = 1.0 + 0.6 * rim;
    // (ratio, amplitude, T60): the upper modes, which die at once.
    for (ratio, amplitude, t60) in [
        (2.33, 0.20, 0.10),
        (2.92, 0.16, 0.09),
        (3.60, 0.12, 0.08),
        (4.42, 0.10 + 0.45 * rim, 0.06 + 0.05 * rim),
        (5.87, 0.07 + 0.50 * rim, 0.05 + 0.04 * rim),
        (7.31, 0.05 + 0.45 * rim, 0.04 + 0.04 * rim),
        (9.18, 0.04 + 0.30 * rim, 0.03 + 0.03 * rim),
    ] {
        // Soft strokes leave them alone; where the stick lands favours some.
        let reach = s.between(0.25, 1.0) * s.vary(0.4);
        let mode = Mode::new(hz * ratio, amplitude * reach, t60 * ring);
        s.glide(mode, bend, 0.05);
    }
    // The stick: its wood, and the tip that makes a ghost note speak.
    let stick = Burst {
        start: 0.0,
        amplitude: (s.between(0.7, 3.4) + 1.5 * rim) * s.vary(0.12),
        rise: s.between(0.0006, 0.0),
        t60: 0.016,
        filters: &[Filter::BandPass(
            s.between(2400.0, 4000.0) * s.vary(0.06),
            0.5,
        )],
    };
    s.noise(stick);
    let slap = Burst {
        start: 0.0,
        amplitude: 0.9 * s.vary(0.12),
        rise: 0.001,
        t60: 0.09,
        filters: &[Filter::BandPass(820.0 * s.vary(0.05), 0.8)],
    };
    s.noise(slap);
    // The wires' first answer.
    let top = s.between(6000.0, 12_500.0);
    let wires = Burst {
        start: 0.0005,
        amplitude: 1.1 * s.vary(0.1),
        rise: 0.0015,
        t60: s.between(0.07, 0.09),
        filters: &[Filter::HighPass(1700.0, 0.6), Filter::LowPass(top, 0.6)],
    };
    s.noise(wires);
    s.saturate(s.between(0.8, 1.1));
    s.finish(0.4)
}

/// Side stick: the stick's shoulder on the rim, its tip resting on the head.
pub fn side_stick(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Side stick",
        seed: 4,
        rate: 44_100,
        strengths: 3,
        strike: side_stick_head,
        level: 0.0,
        place: -0.1,
        width: 0.35,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    parts.extend(room(shelf, touch, -27.0, touch.between(1500.0, 4000.0)));
    parts
}

fn side_stick_head(seed: Seed, strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, 0.11);
    let tuned = s.vary(0.004);
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
        let amplitude = amplitude * tilt * s.vary(0.2);
        s.ring(0.0, Mode::new(hertz * tuned, amplitude, 1.2 * t60));
    }
    let knock = Burst {
        start: 0.0,
        amplitude: s.between(0.5, 1.4) * s.vary(0.1),
        rise: 0.0,
        t60: 0.009,
        filters: &[Filter::BandPass(s.between(2500.0, 4200.0), 0.6)],
    };
    s.noise(knock);
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
    name: &'static str,
    seed: u8,
    /// Fundamental, hertz.
    hertz: f64,
    /// Seconds to fall by 60 dB.
    t60: f64,
    place: f64,
    heads: fn(Seed, f64, u32) -> Vec<f64>,
}

/// 10, 12 and 16 inches, tuned a fifth apart or so.
pub const HIGH_TOM: Tom = Tom {
    name: "High tom",
    seed: 5,
    hertz: 182.0,
    t60: 1.05,
    place: -0.25,
    heads: |seed, strength, rate| tom_head(182.0, seed, strength, rate),
};
pub const MID_TOM: Tom = Tom {
    name: "Mid tom",
    seed: 6,
    hertz: 132.0,
    t60: 1.2,
    place: 0.15,
    heads: |seed, strength, rate| tom_head(132.0, seed, strength, rate),
};
pub const LOW_TOM: Tom = Tom {
    name: "Low tom",
    seed: 7,
    hertz: 88.0,
    t60: 1.4,
    place: 0.45,
    heads: |seed, strength, rate| tom_head(88.0, seed, strength, rate),
};

/// Tom-tom.
pub fn tom(size: &Tom, shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: size.name,
        seed: size.seed,
        rate: 32_000,
        strengths: 6,
        strike: size.heads,
        level: -7.5,
        place: size.place,
        width: 0.3,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    let shell = body(shelf, size.name, touch, 12_000, |strength| {
        tom_body(size, strength)
    });
    parts.push(shell.pan(0.8 * size.place));
    let air = touch.between(-20.0, -16.5);
    parts.extend(room(shelf, touch, air, touch.between(900.0, 2400.0)));
    parts
}

/// The head, the two heads' beating, and the modes that last.
fn tom_body(size: &Tom, strength: f64) -> Vec<f64> {
    let length = lerp(strength, 0.75, 0.85) * size.t60;
    let mut s = Strike::new(still(size.seed), 12_000, strength, length);
    let bend = s.between(0.05, 0.2);
    let long = s.between(0.85, 1.0) * size.t60;
    for (index, (ratio, amplitude, t60)) in [
        (1.0, 1.0, 1.0),
        // The two heads, coupled by the air between them: a pair that beats.
        (1.045, 0.28, 0.8),
        (1.59, 0.42, 0.50),
        (2.14, 0.24, 0.34),
        (2.30, 0.18, 0.28),
        (2.65, 0.14, 0.24),
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
    s.finish(0.35)
}

/// The stick, the head's own slap, and the upper modes of where it lands.
fn tom_head(hertz: f64, seed: Seed, strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, 0.075);
    for (ratio, amplitude) in [(2.92, 0.12), (3.50, 0.10), (4.06, 0.09), (4.83, 0.07)] {
        let amplitude = amplitude * s.between(0.35, 1.15) * s.vary(0.5);
        s.glide(Mode::new(hertz * ratio, amplitude, 0.09), 0.1, 0.1);
    }
    let stick = Burst {
        start: 0.0,
        amplitude: s.between(0.8, 4.4) * s.vary(0.12),
        rise: s.between(0.001, 0.0),
        t60: 0.028,
        filters: &[Filter::BandPass(
            s.between(1600.0, 4200.0) * s.vary(0.06),
            0.6,
        )],
    };
    s.noise(stick);
    let slap = Burst {
        start: 0.0,
        amplitude: s.between(0.5, 1.3) * s.vary(0.12),
        rise: 0.0,
        t60: 0.08,
        filters: &[Filter::BandPass(hertz * 4.5 * s.vary(0.06), 0.7)],
    };
    s.noise(slap);
    s.saturate(0.6);
    s.finish(0.4)
}

/// Hand clap: several hands, not quite together, and the room.
pub fn clap(shelf: &mut Shelf, touch: Touch) -> Vec<Part> {
    let heads = Heads {
        name: "Clap",
        seed: 8,
        rate: 32_000,
        strengths: 3,
        strike: hands,
        level: 0.0,
        place: 0.1,
        width: 0.6,
    };
    let mut parts = heads.parts(shelf, touch).to_vec();
    let air = room(shelf, touch, -13.0, touch.between(2200.0, 4200.0));
    parts.extend(air.map(|side| side.attack(0.02)));
    parts
}

fn hands(seed: Seed, strength: f64, rate: u32) -> Vec<f64> {
    let mut s = Strike::new(seed, rate, strength, 0.13);
    for (start, amplitude, t60) in [
        (0.0, 0.8, 0.014),
        (0.0095, 0.9, 0.014),
        (0.0185, 0.85, 0.016),
        (0.0285, 1.0, 0.10),
    ] {
        let start = start * s.vary(0.15);
        let amplitude = amplitude * s.vary(0.15);
        let palms = Burst {
            start,
            amplitude,
            rise: 0.0,
            t60,
            filters: &[
                Filter::BandPass(s.between(1050.0, 1250.0) * s.vary(0.08), 1.1),
                Filter::HighPass(500.0, 0.7),
            ],
        };
        s.noise(palms);
        let fingers = Burst {
            start,
            amplitude: s.between(0.12, 0.35) * amplitude,
            rise: 0.0,
            t60: 0.8 * t60,
            filters: &[Filter::HighPass(2600.0, 0.7), Filter::LowPass(9000.0, 0.7)],
        };
        s.noise(fingers);
    }
    s.finish(0.4)
}

fn lerp(strength: f64, soft: f64, hard: f64) -> f64 {
    soft + (hard - soft) * strength
}
