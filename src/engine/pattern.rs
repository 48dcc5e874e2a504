//! A groove made ready to be played.

use musicvae::music::{Groove, Hit, LANES, Lane, Meter};

/// How a groove is felt; see [`super::Command`] for the ranges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Feel {
    /// Share of each pair of steps that the first one takes, 0.5..=0.75.
    pub swing: f32,
    /// 0..=1.5.
    pub timing: f32,
    /// 0..=1.5.
    pub velocity: f32,
}

impl Default for Feel {
    fn default() -> Feel {
        Feel {
            swing: 0.5,
            timing: 1.0,
            velocity: 1.0,
        }
    }
}

impl Feel {
    /// Where step `n` of the swung grid lies, in steps.
    pub fn grid(&self, n: i64) -> f64 {
        let delay = if n.rem_euclid(2) == 1 {
            2.0 * f64::from(self.swing) - 1.0
        } else {
            0.0
        };
        n as f64 + delay
    }

    /// Where a hit on step `n` sounds. Its offset is a share of the way to the neighbouring grid
    /// line, at most half of it: so on a straight grid it is the offset itself, and on any grid
    /// the hits of a lane stay in order.
    pub fn place(&self, n: i64, offset: f32) -> f64 {
        let offset = f64::from((offset * self.timing).clamp(-0.5, 0.5));
        let grid = self.grid(n);
        if offset >= 0.0 {
            grid - offset * (grid - self.grid(n - 1))
        } else {
            grid - offset * (self.grid(n + 1) - grid)
        }
    }
}

impl Feel {
    /// The step of the swung grid that is nearest to `position`, and the offset with which a hit on
    /// it sounds there when all of the timing is played: [`Feel::place`] the other way round.
    pub fn nearest(&self, position: f64) -> (i64, f32) {
        let around = position.floor() as i64;
        let near = (around - 1..=around + 1)
            .min_by(|a, b| {
                let away = |n: &i64| (self.grid(*n) - position).abs();
                away(a).total_cmp(&away(b))
            })
            .unwrap_or(around);
        let early = self.grid(near) - position;
        let width = if early >= 0.0 {
            self.grid(near) - self.grid(near - 1)
        } else {
            self.grid(near + 1) - self.grid(near)
        };
        (near, ((early / width) as f32).clamp(-0.5, 0.5))
    }
}

/// A loop, with what has to be known of it beforehand so that playing it needs no searching.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    groove: Groove,
    bar_steps: i64,
    mean_velocity: [f32; LANES],
}

impl Pattern {
    /// Makes `groove` ready. Values that are not numbers or out of range are brought into it, and
    /// an empty groove becomes one silent bar.
    pub fn new(mut groove: Groove) -> Pattern {
        let bar_steps = groove.meter.steps_per_bar().clamp(1, 1024);
        if groove.steps.is_empty() {
            groove.steps = vec![[None; LANES]; bar_steps];
        }
        let finite = |value: f32| if value.is_finite() { value } else { 0.0 };
        for hit in groove.steps.iter_mut().flatten().flatten() {
            hit.velocity = finite(hit.velocity).clamp(0.0, 1.0);
            hit.offset = finite(hit.offset).clamp(-0.5, 0.5);
        }
        let mean_velocity = Lane::ALL.map(|lane| {
            let hits = || groove.steps.iter().filter_map(|step| step[lane.index()]);
            hits().map(|hit| hit.velocity).sum::<f32>() / hits().count().max(1) as f32
        });
        Pattern {
            groove,
            bar_steps: bar_steps as i64,
            mean_velocity,
        }
    }

    /// Length of the loop in steps, at least 1.
    pub fn steps(&self) -> i64 {
        self.groove.steps.len() as i64
    }

    pub fn meter(&self) -> Meter {
        self.groove.meter
    }

    /// Length of a bar in steps, at least 1.
    pub fn bar_steps(&self) -> i64 {
        self.bar_steps
    }

    /// Length of a beat in steps, at least 1.
    pub fn beat_steps(&self) -> i64 {
        (self.bar_steps / i64::from(self.groove.meter.numerator.max(1))).max(1)
    }

    /// The hit of `lane`, `n` steps from the loop's start, any number of turns later.
    pub fn hit(&self, n: i64, lane: Lane) -> Option<Hit> {
        self.groove.hit(n.rem_euclid(self.steps()) as usize, lane)
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
    fn offsets_are_early_when_positive_and_scaled() {
        let feel = Feel::default();
        assert_eq!(feel.place(5, 0.25), 4.75);
        assert_eq!(feel.place(5, -0.25), 5.25);
        assert_eq!(
            Feel {
                timing: 0.0,
                ..feel
            }
            .place(5, 0.25),
            5.0
        );
        assert_eq!(
            Feel {
                timing: 1.5,
                ..feel
            }
            .place(5, 0.5),
            4.5
        );
    }

    #[test]
    fn the_nearest_step_is_where_it_sounds() {
        for swing in [0.5, 0.6, 0.75] {
            let feel = Feel {
                swing,
                ..Feel::default()
            };
            for n in -100..300 {
                let position = f64::from(n) * 0.073;
                let (step, offset) = feel.nearest(position);
                assert!(
                    (feel.place(step, offset) - position).abs() < 1e-5,
                    "{position}"
                );
            }
        }
    }

    #[test]
    fn swing_moves_the_second_sixteenth() {
        let feel = Feel {
            swing: 2.0 / 3.0,
            ..Feel::default()
        };
        assert_eq!(feel.grid(4), 4.0);
        assert!((feel.grid(5) - 5.0 - 1.0 / 3.0).abs() < 1e-6);
        assert!((feel.grid(-1) + 1.0 - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn no_dynamics_is_the_lanes_mean() {
        let mut groove = Groove::empty(16);
        groove.steps[0][0] = Some(Hit {
            velocity: 0.2,
            offset: 0.0,
        });
        groove.steps[4][0] = Some(Hit {
            velocity: 0.8,
            offset: f32::NAN,
        });
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
