//! Chance within limits: the same seed does the same.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::PLAIN;
use super::lanes::{Otherwise, edit_cells, region_or};
use crate::studio::ground::{Change, Ground};

/// What may change at random, and how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Limits {
    /// Velocities go up or down by no more than this, in 1/127.
    pub velocity: u8,
    /// Timings by no more than this, in hundredths of a step.
    pub timing: u8,
    /// New hits in place of those that are there: in hundredths, how likely each step has one.
    pub strokes: Option<u8>,
    /// The next one that was not used where there is none.
    pub seed: Option<u64>,
}

impl Limits {
    /// `v20 t10`, `s25`, `v20 #7`: in any order, at least one limit.
    pub fn parse(text: &str) -> Option<Limits> {
        let mut limits = Limits::default();
        for word in text.split_whitespace() {
            let mut letters = word.chars();
            let (letter, number) = (letters.next()?, letters.as_str());
            let within = |most: u8| number.parse().ok().filter(|number| *number <= most);
            match letter {
                'v' => limits.velocity = within(126)?,
                't' => limits.timing = within(50)?,
                's' => limits.strokes = Some(within(100)?),
                '#' => limits.seed = Some(number.parse().ok()?),
                _ => return None,
            }
        }
        let is_something = limits.velocity > 0 || limits.timing > 0 || limits.strokes.is_some();
        is_something.then_some(limits)
    }
}

pub fn apply(limits: Limits, seed: u64, ground: &mut Ground) {
    let region = region_or(ground, Otherwise::Lane);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    edit_cells(ground, &region, Change::Single, |_, cells| {
        for cell in cells {
            // As many numbers for each cell, whatever is asked for: limits don't change one another.
            let [strike, louder, earlier]: [f32; 3] = random.random();
            if let Some(percent) = limits.strokes {
                *cell = (strike * 100.0 < f32::from(percent)).then_some(PLAIN);
            }
            if let Some(hit) = cell {
                let velocity = f32::from(limits.velocity) * (2.0 * louder - 1.0);
                let velocity = (hit.velocity * 127.0 + velocity).round();
                hit.velocity = velocity.clamp(1.0, 127.0) / 127.0;
                let offset = f32::from(limits.timing) / 100.0 * (2.0 * earlier - 1.0);
                hit.offset = (hit.offset + offset).clamp(-0.5, 0.5);
            }
        }
    });
    ground.say(format!(
        "Random with seed {seed} (type #{seed} for the same again); u undoes it."
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        let all = Limits {
            velocity: 20,
            timing: 10,
            strokes: Some(25),
            seed: Some(7),
        };
        assert_eq!(Limits::parse("v20 t10 s25 #7"), Some(all));
        assert_eq!(Limits::parse("#7 s25 t10 v20"), Some(all));
        for wrong in ["", "#7", "v", "v200", "t51", "s101", "x5", "v0 t0", "20"] {
            assert_eq!(Limits::parse(wrong), None, "{wrong}");
        }
    }
}
