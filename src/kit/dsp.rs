//! What drums are made of: ringing modes, filtered noise, envelopes, and the finish of a sample.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::math::{cos_turns, curve, decay_per_sample, decibels, sin_turns};

/// What random numbers a strike is made with.
#[derive(Clone, Copy)]
pub struct Seed {
    pub drum: u8,
    pub variant: u8,
}

/// One strike being synthesized.
pub struct Strike {
    /// Sample points a second.
    pub rate: f64,
    /// How hard, 0 (a touch) ..= 1 (as hard as one plays).
    pub strength: f64,
    /// Seeded by the instrument and the variant and not by the layer, so that all layers are the
    /// same drum.
    pub random: ChaCha8Rng,
    pub out: Vec<f64>,
}

impl Strike {
    /// A silent strike of `seconds`.
    pub fn new(seed: Seed, rate: u32, strength: f64, seconds: f64) -> Self {
        let rate = f64::from(rate);
        let length = (seconds * rate).round() as usize;
        let mut bytes = [seed.drum; 32];
        bytes[0] = seed.variant;
        Strike {
            rate,
            strength,
            random: ChaCha8Rng::from_seed(bytes),
            out: vec![0.0; length],
        }
    }

    /// The value between `soft` and `hard` that belongs to this strength.
    pub fn between(&self, soft: f64, hard: f64) -> f64 {
        soft + (hard - soft) * self.strength
    }

    /// A random number in 0..1.
    pub fn uniform(&mut self) -> f64 {
        f64::from(self.random.next_u32()) / 4_294_967_296.0
    }

    /// A random number around 1, at most `share` from it: what a hand varies.
    pub fn vary(&mut self, share: f64) -> f64 {
        1.0 + share * (2.0 * self.uniform() - 1.0)
    }

    /// Adds a decaying sinusoid from `start` seconds on.
    pub fn ring(&mut self, start: f64, mode: Mode) {
        if mode.hertz >= 0.48 * self.rate {
            return;
        }
        let decay = decay_per_sample(mode.t60, self.rate);
        let step = mode.hertz / self.rate;
        let (turn_re, turn_im) = (decay * cos_turns(step), decay * sin_turns(step));
        let mut re = mode.amplitude * cos_turns(mode.phase);
        let mut im = mode.amplitude * sin_turns(mode.phase);
        let first = ((start * self.rate) as usize).min(self.out.len());
        for point in &mut self.out[first..] {
            *point += im;
            (re, im) = (re * turn_re - im * turn_im, re * turn_im + im * turn_re);
        }
    }

    /// Adds a sinusoid that glides from `hertz * (1 + bend)` to `hertz`, the way a membrane does
    /// whose tension falls as its deflection dies down.
    pub fn glide(&mut self, mode: Mode, bend: f64, bend_t60: f64) {
        let decay = decay_per_sample(mode.t60, self.rate);
        let bend_decay = decay_per_sample(bend_t60, self.rate);
        let (mut phase, mut level, mut bend) = (mode.phase, mode.amplitude, bend);
        for point in &mut self.out {
            *point += level * sin_turns(phase);
            phase += mode.hertz * (1.0 + bend) / self.rate;
            level *= decay;
            bend *= bend_decay;
        }
    }

    /// Adds shaped noise.
    pub fn noise(&mut self, burst: Burst) {
        let decay = decay_per_sample(burst.t60, self.rate);
        // The rise is a charge towards 1 that gets within 5 % in `rise` seconds.
        let rise = if burst.rise > 0.0 {
            decay_per_sample(2.3 * burst.rise, self.rate)
        } else {
            0.0
        };
        let mut filters: Vec<Biquad> = burst
            .filters
            .iter()
            .map(|filter| filter.biquad(self.rate))
            .collect();
        let first = ((burst.start * self.rate) as usize).min(self.out.len());
        let (mut level, mut charge) = (burst.amplitude, 1.0);
        for index in first..self.out.len() {
            let mut value = 2.0 * self.uniform() - 1.0;
            for filter in &mut filters {
                value = filter.next(value);
            }
            charge *= rise;
            self.out[index] += value * level * (1.0 - charge);
            level *= decay;
        }
    }

    /// Adds the modes of a plate (a cymbal): evenly spread over frequency, as a plate's are, each
    /// with a fast and a slow decay and, for a cymbal that "opens", a rise.
    pub fn plate(&mut self, start: f64, plate: &Plate) {
        let spread = (plate.high - plate.low) / f64::from(plate.modes);
        for index in 0..plate.modes {
            let hertz = plate.low + (f64::from(index) + self.uniform()) * spread;
            // A few modes stand far out of the crowd, by level or by how long they last: the
            // difference between a cymbal and hiss.
            let luck = 0.25 / (0.08 + self.uniform());
            let phase = self.uniform();
            let amplitude = luck * decibels(curve(plate.spectrum, hertz));
            let slow = curve(plate.t60, hertz) * (0.7 + 0.55 * self.uniform());
            let rise = curve(plate.rise, hertz);
            let mut part = |share: f64, t60: f64| {
                self.ring(
                    start,
                    Mode {
                        hertz,
                        amplitude: share * amplitude,
                        t60,
                        phase,
                    },
                );
            };
            part(1.0 - plate.early, slow);
            part(plate.early, slow * plate.early_length);
            if rise > 0.0 {
                // Subtracting a faster copy makes the mode start from nothing.
                part(-plate.opening, rise);
            }
        }
    }

    /// Bends the wave towards ±1: what air, skins and microphones do to a loud drum.
    pub fn saturate(&mut self, drive: f64) {
        for point in &mut self.out {
            let x = (*point * drive).clamp(-3.0, 3.0);
            // Padé approximant of tanh; it meets ±1 at ±3.
            *point = x * (27.0 + x * x) / (27.0 + 9.0 * x * x) / drive;
        }
    }

    /// Filters all that has been added so far.
    pub fn filter(&mut self, filter: Filter) {
        let mut biquad = filter.biquad(self.rate);
        for point in &mut self.out {
            *point = biquad.next(*point);
        }
    }

    /// Takes out what is below hearing, and fades both ends so that neither clicks.
    pub fn finish(mut self, fade_out: f64) -> Vec<f64> {
        self.filter(Filter::HighPass(22.0, 0.707));
        let length = self.out.len();
        let tail = ((fade_out * length as f64) as usize).max(1);
        for (index, point) in self.out[length - tail..].iter_mut().enumerate() {
            let left = 1.0 - (index + 1) as f64 / tail as f64;
            // Squared half cosine: level in and in slope at both ends.
            let gain = 0.5 - 0.5 * cos_turns(0.5 * left);
            *point *= gain;
        }
        let head = (0.0003 * self.rate) as usize;
        for (index, point) in self.out[..head].iter_mut().enumerate() {
            *point *= index as f64 / head as f64;
        }
        self.out
    }
}

/// One resonance.
#[derive(Clone, Copy)]
pub struct Mode {
    pub hertz: f64,
    pub amplitude: f64,
    /// Seconds to fall by 60 dB.
    pub t60: f64,
    /// Where the sine starts, in turns.
    pub phase: f64,
}

impl Mode {
    /// A mode that starts at the sine's zero.
    pub fn new(hertz: f64, amplitude: f64, t60: f64) -> Self {
        Mode {
            hertz,
            amplitude,
            t60,
            phase: 0.0,
        }
    }

    /// The same mode, starting at another phase.
    pub fn from(self, phase: f64) -> Self {
        Mode { phase, ..self }
    }
}

/// A burst of noise.
pub struct Burst<'a> {
    /// Seconds.
    pub start: f64,
    pub amplitude: f64,
    /// Seconds until the noise is up; 0 is at once.
    pub rise: f64,
    /// Seconds to fall by 60 dB.
    pub t60: f64,
    pub filters: &'a [Filter],
}

/// The modes of a cymbal. Curves are over hertz.
pub struct Plate<'a> {
    pub modes: u32,
    pub low: f64,
    pub high: f64,
    /// Decibels.
    pub spectrum: &'a [(f64, f64)],
    /// Seconds to fall by 60 dB, slow part.
    pub t60: &'a [(f64, f64)],
    /// Share of the amplitude in the early part, 0..1.
    pub early: f64,
    /// The early part's decay time, as a share of the slow part's.
    pub early_length: f64,
    /// Seconds to fall by 60 dB of what is missing at first; 0 means nothing is missing.
    pub rise: &'a [(f64, f64)],
    /// How much is missing at first, 0..1.
    pub opening: f64,
}

/// Second-order filters: corner or centre in hertz, and Q.
#[derive(Clone, Copy)]
pub enum Filter {
    LowPass(f64, f64),
    HighPass(f64, f64),
    BandPass(f64, f64),
    /// Hertz and decibels of a shelf.
    HighShelf(f64, f64),
}

impl Filter {
    /// Coefficients after R. Bristow-Johnson's *Audio EQ Cookbook*.
    pub fn biquad(self, rate: f64) -> Biquad {
        let (hertz, q) = match self {
            Filter::LowPass(hertz, q) | Filter::HighPass(hertz, q) | Filter::BandPass(hertz, q) => {
                (hertz, q)
            }
            Filter::HighShelf(hertz, _) => (hertz, std::f64::consts::FRAC_1_SQRT_2),
        };
        let turns = (hertz / rate).min(0.49);
        let (sin, cos) = (sin_turns(turns), cos_turns(turns));
        let alpha = sin / (2.0 * q);
        let (b, a) = match self {
            Filter::LowPass(..) => (
                [(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0],
                [1.0 + alpha, -2.0 * cos, 1.0 - alpha],
            ),
            Filter::HighPass(..) => (
                [(1.0 + cos) / 2.0, -1.0 - cos, (1.0 + cos) / 2.0],
                [1.0 + alpha, -2.0 * cos, 1.0 - alpha],
            ),
            Filter::BandPass(..) => ([alpha, 0.0, -alpha], [1.0 + alpha, -2.0 * cos, 1.0 - alpha]),
            Filter::HighShelf(_, gain) => {
                let a = decibels(gain / 2.0);
                let root = 2.0 * a.sqrt() * alpha;
                (
                    [
                        a * ((a + 1.0) + (a - 1.0) * cos + root),
                        -2.0 * a * ((a - 1.0) + (a + 1.0) * cos),
                        a * ((a + 1.0) + (a - 1.0) * cos - root),
                    ],
                    [
                        (a + 1.0) - (a - 1.0) * cos + root,
                        2.0 * ((a - 1.0) - (a + 1.0) * cos),
                        (a + 1.0) - (a - 1.0) * cos - root,
                    ],
                )
            }
        };
        Biquad {
            b: b.map(|c| c / a[0]),
            a: [a[1] / a[0], a[2] / a[0]],
            state: [0.0; 2],
        }
    }
}

/// A running second-order filter, transposed direct form II.
pub struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Biquad {
    pub fn next(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// One turn of a seamless loop: many modes, each a whole number of times in a turn. What a plate (a
/// cymbal) rings with; it decays in the synthesizer's envelope. Curves as in [`Plate`].
pub fn ringing_loop(seed: u8, rate: u32, points: usize, ringing: &Ringing) -> Vec<f64> {
    let drum = Seed {
        drum: seed,
        variant: 0,
    };
    let seconds = points as f64 / f64::from(rate);
    let mut s = Strike::new(drum, rate, 1.0, seconds);
    let spread = (ringing.high - ringing.low) / f64::from(ringing.modes);
    for index in 0..ringing.modes {
        let hertz = ringing.low + (f64::from(index) + s.uniform()) * spread;
        let luck = 0.25 / (0.08 + s.uniform());
        let mode = Mode::new(
            (hertz * seconds).round() / seconds,
            luck * decibels(curve(ringing.spectrum, hertz)),
            FOREVER,
        );
        let phase = s.uniform();
        s.ring(0.0, mode.from(phase));
    }
    s.out
}

/// The modes of a [`ringing_loop`].
pub struct Ringing<'a> {
    pub modes: u32,
    pub low: f64,
    pub high: f64,
    /// Decibels over hertz.
    pub spectrum: &'a [(f64, f64)],
}

/// One turn of a sum of partials (hertz, amplitude), each a whole number of times in a turn.
pub fn partial_loop(rate: u32, points: usize, partials: &[(f64, f64)]) -> Vec<f64> {
    let seconds = points as f64 / f64::from(rate);
    let seed = Seed {
        drum: 0,
        variant: 0,
    };
    let mut s = Strike::new(seed, rate, 1.0, seconds);
    for &(hertz, amplitude) in partials {
        let hertz = (hertz * seconds).round() / seconds;
        s.ring(0.0, Mode::new(hertz, amplitude, FOREVER));
    }
    s.out
}

/// One turn of a seamless loop of filtered noise.
pub fn noise_loop(seed: u8, rate: u32, points: usize, filters: &[Filter]) -> Vec<f64> {
    let drum = Seed {
        drum: seed,
        variant: 0,
    };
    let mut s = Strike::new(drum, rate, 1.0, points as f64 / f64::from(rate));
    for n in 0..s.out.len() {
        s.out[n] = 2.0 * s.uniform() - 1.0;
    }
    for filter in filters {
        // In the second turn the filter remembers the first.
        let mut biquad = filter.biquad(s.rate);
        s.out.iter().for_each(|point| {
            biquad.next(*point);
        });
        s.out
            .iter_mut()
            .for_each(|point| *point = biquad.next(*point));
    }
    s.out
}

/// A decay time so long that nothing is heard of it in a loop's turn.
const FOREVER: f64 = 1e12;

/// Loudness of the loudest 60 ms, as an amplitude: root mean square after the head filter and
/// high-pass of ITU-R BS.1770 (K weighting), left and right added, so that layers and pieces compare
/// as they are heard.
pub fn loudness(sides: &[Vec<f64>; 2], rate: u32) -> f64 {
    let rate = f64::from(rate);
    let mut energy = vec![0.0; sides[0].len()];
    for side in sides {
        let mut shelf = Filter::HighShelf(1500.0, 4.0).biquad(rate);
        let mut high_pass = Filter::HighPass(38.0, 0.5).biquad(rate);
        for (sum, &x) in energy.iter_mut().zip(side) {
            let y = high_pass.next(shelf.next(x));
            *sum += y * y;
        }
    }
    let window = ((0.06 * rate) as usize).min(energy.len()).max(1);
    let mut sum: f64 = energy[..window.min(energy.len())].iter().sum();
    let mut best = sum;
    for (entering, leaving) in energy[window..].iter().zip(&energy) {
        sum += entering - leaving;
        best = if sum > best { sum } else { best };
    }
    (best / window as f64).sqrt()
}
