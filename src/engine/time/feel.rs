//! How a groove is felt: where its grid lies, how much it swings, and how much of its timing and its
//! dynamics is played.

use crate::engine::range;
use musicvae::music::Grid;

/// How a groove is felt; see [`range`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Feel {
    /// Share of each pair of steps that the first one takes.
    pub swing: f32,
    pub timing: f32,
    pub velocity: f32,
    /// The steps of what plays, and where it began: triplets are counted from there, and do not swing.
    pub grid: Grid,
    pub origin: i64,
}

impl Default for Feel {
    fn default() -> Feel {
        Feel {
            swing: range::SWING.default,
            timing: range::TIMING.default,
            velocity: range::DYNAMICS.default,
            grid: Grid::Sixteenths,
            origin: 0,
        }
    }
}

impl Feel {
    /// Where step `n` of the swung grid lies, in sixteenths.
    pub fn grid(&self, n: i64) -> f64 {
        match self.grid {
            Grid::Sixteenths if n.rem_euclid(2) == 1 => {
                n as f64 + 2.0 * f64::from(self.swing) - 1.0
            }
            _ => self.straight(n),
        }
    }

    /// Where step `n` of the grid lies without swing, in sixteenths.
    pub fn straight(&self, n: i64) -> f64 {
        let moved = match (self.grid, (n - self.origin).rem_euclid(4)) {
            (Grid::Triplets, 1) => 1.0 / 3.0,
            (Grid::Triplets, 3) => -1.0 / 3.0,
            _ => 0.0,
        };
        n as f64 + moved
    }

    /// How long a step is without swing, in sixteenths.
    pub fn width(&self) -> f64 {
        4.0 / self.grid.steps_per_quarter() as f64
    }

    /// Whether sixteenth `n` holds a step of the grid.
    fn is_step(&self, n: i64) -> bool {
        own_step(self.grid, n - self.origin).is_some()
    }

    /// Where sixteenth `n` is over when nothing is struck on it. One that holds no triplet keeps no grace
    /// stroke of the next one waiting.
    pub fn passed(&self, n: i64) -> f64 {
        match self.is_step(n) {
            true => self.grid(n),
            false => self.grid(n) - 0.5,
        }
    }

    /// From step `n` to the next one of the grid, in sixteenths.
    pub fn gap_after(&self, n: i64) -> f64 {
        let next = if self.is_step(n + 1) { n + 1 } else { n + 2 };
        self.grid(next) - self.grid(n)
    }

    /// From the step of the grid before step `n` to that, in sixteenths.
    fn gap_before(&self, n: i64) -> f64 {
        let last = if self.is_step(n - 1) { n - 1 } else { n - 2 };
        self.grid(n) - self.grid(last)
    }

    /// Where a hit on step `n` sounds. Its offset is a share of the way to the neighbouring grid
    /// line, at most half of it: so on a straight grid it is the offset itself, and on any grid
    /// the hits of a lane stay in order.
    pub fn place(&self, n: i64, offset: f32) -> f64 {
        let offset = f64::from((offset * self.timing).clamp(-0.5, 0.5));
        let grid = self.grid(n);
        if offset >= 0.0 {
            grid - offset * self.gap_before(n)
        } else {
            grid - offset * self.gap_after(n)
        }
    }

    /// The step of the swung grid that is nearest to `position`, and the offset with which a hit on
    /// it sounds there when all of the timing is played: [`Feel::place`] the other way round.
    pub fn nearest(&self, position: f64) -> (i64, f32) {
        let around = position.floor() as i64;
        let near = (around - 1..=around + 1)
            .filter(|n| self.is_step(*n))
            .min_by(|a, b| {
                let away = |n: &i64| (self.grid(*n) - position).abs();
                away(a).total_cmp(&away(b))
            })
            .unwrap_or(around);
        let early = self.grid(near) - position;
        let width = if early >= 0.0 {
            self.gap_before(near)
        } else {
            self.gap_after(near)
        };
        (near, ((early / width) as f32).clamp(-0.5, 0.5))
    }
}

/// The step of a groove that sixteenth `n` of it holds. The third sixteenth of a beat holds no triplet.
pub(crate) fn own_step(grid: Grid, n: i64) -> Option<i64> {
    match (grid, n.rem_euclid(4)) {
        (Grid::Sixteenths, _) => Some(n),
        (Grid::Triplets, 2) => None,
        (Grid::Triplets, 3) => Some(3 * n.div_euclid(4) + 2),
        (Grid::Triplets, part) => Some(3 * n.div_euclid(4) + part),
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
        for (swing, grid) in [
            (0.5, Grid::Sixteenths),
            (0.6, Grid::Sixteenths),
            (0.75, Grid::Sixteenths),
            (0.75, Grid::Triplets),
        ] {
            let feel = Feel {
                swing,
                grid,
                origin: 2,
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
    fn triplets_lie_in_thirds_of_a_beat_and_do_not_swing() {
        let feel = Feel {
            swing: 0.75,
            grid: Grid::Triplets,
            origin: 16,
            ..Feel::default()
        };
        let third = 4.0 / 3.0;
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
        near(feel.grid(16), 16.0);
        near(feel.grid(17), 16.0 + third);
        near(feel.grid(19), 16.0 + 2.0 * third);
        near(feel.grid(15), 16.0 - third);
        // Offsets are shares of a triplet, and meet halfway between two.
        near(feel.place(17, -0.5), 18.0);
        near(feel.place(19, 0.5), 18.0);
        near(feel.place(16, 0.25), 16.0 - third / 4.0);
        near(feel.gap_after(17), third);
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
