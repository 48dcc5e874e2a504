//! How a groove is felt: swing, and how much of its timing and its dynamics is played.

use crate::engine::range;

/// How a groove is felt; see [`range`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Feel {
    /// Share of each pair of steps that the first one takes.
    pub swing: f32,
    pub timing: f32,
    pub velocity: f32,
}

impl Default for Feel {
    fn default() -> Feel {
        Feel {
            swing: range::SWING.default,
            timing: range::TIMING.default,
            velocity: range::DYNAMICS.default,
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
}
