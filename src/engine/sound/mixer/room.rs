//! A small room: a network of delays that feed each other (Jot and Chaigne, 1991), into which every
//! lane sends a share of its sound.

use super::CHUNK;
use musicvae::music::Lane;

/// Delays in the network.
const LINES: usize = 8;

/// Their lengths in seconds: the ways to the walls of a room of some six metres and back, without a
/// common measure.
const LENGTHS: [f32; LINES] = [
    0.0117, 0.0139, 0.0163, 0.0197, 0.0229, 0.0251, 0.0283, 0.0319,
];

/// Seconds to fall by 60 dB, and how much of the high end a turn leaves.
const T60: f32 = 0.7;
const DAMPING: f32 = 0.35;

/// Seconds until the first of it is heard.
const PRE_DELAY: f32 = 0.008;

/// Level of the room where it is on.
const LEVEL: f32 = 0.5;

/// How much each lane sends: little if it is low or rings by itself.
pub(super) fn share(lane: Lane) -> f32 {
    match lane {
        Lane::Kick => 0.10,
        Lane::Snare => 0.40,
        Lane::ClosedHat | Lane::OpenHat => 0.18,
        Lane::LowTom | Lane::MidTom | Lane::HighTom => 0.35,
        Lane::Crash | Lane::Ride => 0.15,
    }
}

/// The room, and what is sent into it during a chunk.
pub(super) struct Room {
    /// Mono, as it is sent.
    pub sent: [f32; CHUNK],
    early: Delay,
    lines: [Delay; LINES],
    /// What a turn through a line leaves of it.
    feedback: [f32; LINES],
    low_passed: [f32; LINES],
    /// 0 to 1, on its way to on or off.
    open: f32,
    /// It is off, and all that was in it has died away and been wiped out.
    empty: bool,
}

/// A ring of samples.
struct Delay {
    samples: Vec<f32>,
    at: usize,
}

impl Delay {
    fn new(seconds: f32, rate: f32) -> Delay {
        let length = ((seconds * rate) as usize).max(1);
        Delay {
            samples: vec![0.0; length],
            at: 0,
        }
    }

    /// The sample that went in a delay ago.
    fn out(&self) -> f32 {
        self.samples[self.at]
    }

    fn put(&mut self, sample: f32) {
        // Sound that has died away would otherwise become denormal numbers, which are slow, and a
        // NaN would stay for ever.
        let is_sound = sample.is_finite() && sample.abs() > 1e-15;
        self.samples[self.at] = if is_sound { sample } else { 0.0 };
        self.at = (self.at + 1) % self.samples.len();
    }
}

impl Room {
    /// Allocates.
    pub fn new(rate: u32) -> Room {
        let rate = rate as f32;
        Room {
            sent: [0.0; CHUNK],
            early: Delay::new(PRE_DELAY, rate),
            lines: LENGTHS.map(|seconds| Delay::new(seconds, rate)),
            feedback: LENGTHS.map(|seconds| 10_f32.powf(-3.0 * seconds / T60)),
            low_passed: [0.0; LINES],
            open: 0.0,
            empty: true,
        }
    }

    /// Whether anything that is sent may be heard.
    pub fn listens(&self, on: bool) -> bool {
        on || !self.empty
    }

    /// Adds what the room answers; `smooth` is the share of a change that a frame makes.
    pub fn add_to(&mut self, left: &mut [f32], right: &mut [f32], on: bool, smooth: f32) {
        if !self.listens(on) {
            return;
        }
        self.empty = false;
        let target = if on { 1.0 } else { 0.0 };
        for (n, (left, right)) in left.iter_mut().zip(right).enumerate() {
            self.open += (target - self.open) * smooth;
            let sent = self.early.out();
            self.early.put(self.sent[n]);
            let mut outs = [0.0; LINES];
            for (line, out) in outs.iter_mut().enumerate() {
                let sample = self.lines[line].out();
                let low = &mut self.low_passed[line];
                *low += (1.0 - DAMPING) * (sample - *low);
                *out = *low * self.feedback[line];
            }
            // Every line goes into every other: the sum, turned over (Householder's matrix).
            let mirror = 2.0 / LINES as f32 * outs.iter().sum::<f32>();
            for (line, out) in self.lines.iter_mut().zip(outs) {
                line.put(sent + out - mirror);
            }
            let sides = [0, 1].map(|side| {
                let of_side = outs.iter().skip(side).step_by(2).enumerate();
                let signs = of_side.map(|(nth, out)| if nth % 2 == 0 { *out } else { -*out });
                signs.sum::<f32>()
            });
            *left += sides[0] * LEVEL * self.open;
            *right += sides[1] * LEVEL * self.open;
        }
        if !on && self.open < 1e-4 {
            self.wipe();
        }
    }

    /// Nothing is in it any more.
    pub fn wipe(&mut self) {
        for delay in self.lines.iter_mut().chain([&mut self.early]) {
            delay.samples.fill(0.0);
        }
        self.low_passed = [0.0; LINES];
        self.open = 0.0;
        self.empty = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Energy of left, of right and of their product in each of `chunks` chunks after a click.
    fn answer(room: &mut Room, on: bool, chunks: usize) -> Vec<[f32; 3]> {
        let mut heard = Vec::new();
        for chunk in 0..chunks {
            room.sent.fill(0.0);
            if chunk == 0 {
                room.sent[0] = 1.0;
            }
            let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
            room.add_to(&mut left, &mut right, on, 0.01);
            let both = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            heard.push([
                both(&left, &left),
                both(&right, &right),
                both(&left, &right),
            ]);
        }
        heard
    }

    #[test]
    fn it_answers_wide_and_dies_away() {
        let mut room = Room::new(44_100);
        let heard = answer(&mut room, true, 400);
        let sum = |range: std::ops::Range<usize>, what: usize| -> f32 {
            heard[range].iter().map(|chunk| chunk[what]).sum()
        };
        // Nothing before the first wall.
        assert_eq!(sum(0..1, 0), 0.0);
        let (left, right) = (sum(0..100, 0), sum(0..100, 1));
        assert!(
            left > 1e-3 && (0.5..2.0).contains(&(left / right)),
            "{left} {right}"
        );
        assert!(
            sum(0..100, 2).abs() < 0.3 * left,
            "left and right are alike"
        );
        // 60 dB in 0.7 s or less, as the high end goes first.
        let first = sum(4..24, 0);
        assert!(sum(130..150, 0) < 1e-5 * first, "it rings on");
        assert!(sum(60..80, 0) > 1e-7 * first, "it is no room");
    }

    #[test]
    fn off_it_is_silent_and_forgets() {
        let mut room = Room::new(48_000);
        assert_eq!(answer(&mut room, false, 20).last(), Some(&[0.0; 3]));
        answer(&mut room, true, 10);
        answer(&mut room, false, 40);
        assert!(!room.listens(false));
        // What was in it before is not heard when it opens again.
        room.sent.fill(0.0);
        let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
        room.add_to(&mut left, &mut right, true, 0.01);
        assert_eq!(left, [0.0; CHUNK]);
    }
}
