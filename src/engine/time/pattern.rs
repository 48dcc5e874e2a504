//! A groove made ready to be played.

use super::feel::Feel;
use musicvae::music::{Grid, Groove, Hit, LANES, Lane, Meter};

/// A loop, with what has to be known of it beforehand so that playing it needs no searching.
///
/// The player counts in sixteenths, whatever the groove's own steps are: of four sixteenths a beat, three
/// hold the triplets of a groove of those ([`super::feel::own_step`]).
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    groove: Groove,
    /// In sixteenths.
    steps: i64,
    bar_steps: i64,
    mean_velocity: [f32; LANES],
}

impl Pattern {
    /// Makes `groove` ready. Values that are not numbers or out of range are brought into it, and
    /// an empty groove becomes one silent bar.
    pub fn new(mut groove: Groove) -> Pattern {
        let bar_steps = groove.meter.sixteenths().clamp(1, 1024);
        if groove.steps.is_empty() {
            groove = Groove {
                grid: Grid::Sixteenths,
                steps: vec![[None; LANES]; bar_steps],
                ..groove
            };
        }
        let finite = |value: f32| if value.is_finite() { value } else { 0.0 };
        for hit in groove.steps.iter_mut().flatten().flatten() {
            hit.velocity = finite(hit.velocity).clamp(0.0, 1.0);
            hit.offset = finite(hit.offset).clamp(-0.5, 0.5);
            hit.trig = hit.trig.within_limits();
        }
        let mean_velocity = Lane::ALL.map(|lane| {
            let hits = || groove.steps.iter().filter_map(|step| step[lane.index()]);
            hits().map(|hit| hit.velocity).sum::<f32>() / hits().count().max(1) as f32
        });
        Pattern {
            steps: groove.sixteenths() as i64,
            groove,
            bar_steps: bar_steps as i64,
            mean_velocity,
        }
    }

    /// Length of the loop in sixteenths, at least 1.
    pub fn steps(&self) -> i64 {
        self.steps
    }

    /// What the groove's own steps are.
    pub fn grid(&self) -> Grid {
        self.groove.grid
    }

    pub fn meter(&self) -> Meter {
        self.groove.meter
    }

    /// Length of a bar in sixteenths, at least 1.
    pub fn bar_steps(&self) -> i64 {
        self.bar_steps
    }

    /// Length of a beat in sixteenths, at least 1.
    pub fn beat_steps(&self) -> i64 {
        (self.bar_steps / i64::from(self.groove.meter.numerator.max(1))).max(1)
    }

    /// The hit of `lane`, `n` of the groove's own steps from the loop's start, any number of turns later.
    pub fn hit(&self, n: i64, lane: Lane) -> Option<Hit> {
        let steps = self.groove.steps.len() as i64;
        self.groove.hit(n.rem_euclid(steps) as usize, lane)
    }

    /// Velocity of a hit by how much of the dynamics is wanted.
    pub fn velocity(&self, hit: Hit, lane: Lane, feel: &Feel) -> f32 {
        let mean = self.mean_velocity[lane.index()];
        (mean + (hit.velocity - mean) * feel.velocity).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_dynamics_is_the_lanes_mean() {
        let mut groove = Groove::empty(16);
        groove.steps[0][0] = Some(Hit::new(0.2, 0.0));
        groove.steps[4][0] = Some(Hit::new(0.8, f32::NAN));
        let pattern = Pattern::new(groove);
        let hit = pattern.hit(16 + 4, Lane::Kick).unwrap();
        assert_eq!(hit.offset, 0.0);
        let with = |velocity| {
            pattern.velocity(
                hit,
                Lane::Kick,
                &Feel {
                    velocity,
                    ..Feel::default()
                },
            )
        };
        assert_eq!(with(0.0), 0.5);
        assert!((with(1.0) - 0.8).abs() < 1e-6);
        assert!((with(1.5) - 0.95).abs() < 1e-6);
    }
}
