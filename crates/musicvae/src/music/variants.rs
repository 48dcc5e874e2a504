//! Grooves with something taken away: what groove models are shown, and what a player can do to a
//! groove before a model works on it.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Groove, GrooveOptions, Hit, Lane, Step};

/// The lane that taps are written on, as the reference has it.
const TAP_LANE: Lane = Lane::OpenHat;

/// However loud a stroke is, it is left out with this part of the probability of the softest.
const LEAST_DROPOUT: f64 = 0.2;

impl Groove {
    /// The groove as a score has it: every hit on the grid, velocities 0. (A hit of velocity 0 is
    /// still a hit.) A humanizing model is shown this.
    pub fn without_feel(&self) -> Groove {
        self.map_hits(|_| Hit::new(0.0, 0.0))
    }

    /// The groove with every velocity 0.
    pub fn without_velocities(&self) -> Groove {
        self.map_hits(|hit| Hit {
            velocity: 0.0,
            ..hit
        })
    }

    /// The groove without the strokes on `lanes`.
    pub fn without_lanes(&self, lanes: &[Lane]) -> Groove {
        let mut groove = self.clone();
        for step in &mut groove.steps {
            for lane in lanes {
                step[lane.index()] = None;
            }
        }
        groove
    }

    /// The groove as taps: of each step the loudest stroke (of equally loud ones the first lane's),
    /// on the lane of the open hi-hat. A drummer tapping a rhythm on a table.
    ///
    /// A step whose strokes all have velocity 0 counts as its first lane's, so that it is a tap only
    /// where the kick plays: the reference's rule.
    pub fn tapped(&self) -> Groove {
        self.taps_chosen_by(self)
    }

    /// Taps of this groove, on each step the lane that is loudest in `chooser`.
    fn taps_chosen_by(&self, chooser: &Groove) -> Groove {
        let mut groove = self.clone();
        for (step, heard) in groove.steps.iter_mut().zip(&chooser.steps) {
            let mut tap = Step::default();
            tap[TAP_LANE.index()] = step[loudest(heard)];
            *step = tap;
        }
        groove
    }

    /// The groove with strokes left out at random. A probability is drawn from 0 to
    /// `max_probability` for the whole groove; a stroke goes with that probability times 1 minus its
    /// velocity, or times 0.2 if that is more. The same seed leaves out the same strokes.
    pub fn thinned(&self, max_probability: f64, seed: u64) -> Groove {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let probability = max_probability.clamp(0.0, 1.0) * rng.random::<f64>();
        let mut groove = self.clone();
        for cell in groove.steps.iter_mut().flatten() {
            let Some(hit) = *cell else { continue };
            let weight = (1.0 - f64::from(hit.velocity)).clamp(LEAST_DROPOUT, 1.0);
            if rng.random::<f64>() < weight * probability {
                *cell = None;
            }
        }
        groove
    }

    fn map_hits(&self, change: impl Fn(Hit) -> Hit) -> Groove {
        let mut groove = self.clone();
        for cell in groove.steps.iter_mut().flatten() {
            *cell = cell.map(&change);
        }
        groove
    }
}

/// The lane of the greatest velocity, silence counting as 0; the first of equals.
fn loudest(step: &Step) -> usize {
    let velocity = |lane: usize| step[lane].map_or(0.0, |hit: Hit| hit.velocity);
    (0..step.len()).fold(0, |best, lane| {
        if velocity(lane) > velocity(best) {
            lane
        } else {
            best
        }
    })
}

impl GrooveOptions {
    /// What a model with these options is shown in place of `groove`: strokes left out, taps, no
    /// feel, no velocities and lanes taken away, in the reference's order. Only leaving out strokes
    /// is random, and a pure function of `seed`.
    ///
    /// Where strokes are left out *and* taps are made, the thinned groove only says which lane is
    /// tapped; on a step where nothing is left that is the kick, and a kick that was left out is
    /// heard again. So it is in the reference.
    pub fn apply(&self, groove: &Groove, seed: u64) -> Groove {
        let mut shown = if self.max_note_dropout > 0.0 {
            groove.thinned(self.max_note_dropout, seed)
        } else {
            groove.clone()
        };
        if self.tapify {
            shown = groove.taps_chosen_by(&shown);
        }
        if self.humanize {
            shown = shown.without_feel();
        }
        if self.fixed_velocities {
            shown = shown.without_velocities();
        }
        shown.without_lanes(&self.add_instruments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(velocity: f32, offset: f32) -> Option<Hit> {
        Some(Hit::new(velocity, offset))
    }

    /// Kick and a louder snare on step 0, two hats of one velocity on 1, silent hats on 2.
    fn groove() -> Groove {
        let mut groove = Groove::empty(4);
        groove.steps[0][0] = hit(0.5, 0.25);
        groove.steps[0][1] = hit(0.75, -0.25);
        groove.steps[1][2] = hit(0.5, 0.125);
        groove.steps[1][3] = hit(0.5, 0.0);
        groove.steps[2][2] = hit(0.0, 0.0);
        groove
    }

    fn cells(groove: &Groove) -> Vec<(usize, usize, f32, f32)> {
        groove
            .hits()
            .map(|(step, lane, hit)| (step, lane.index(), hit.velocity, hit.offset))
            .collect()
    }

    #[test]
    fn taps_are_the_loudest_strokes_on_one_lane() {
        assert_eq!(
            cells(&groove().tapped()),
            [(0, 3, 0.75, -0.25), (1, 3, 0.5, 0.125)]
        );
        // A soft kick alone is a tap; the same on another lane is not.
        let mut soft = Groove::empty(2);
        soft.steps[0][0] = hit(0.0, 0.5);
        soft.steps[1][1] = hit(0.0, 0.5);
        assert_eq!(cells(&soft.tapped()), [(0, 3, 0.0, 0.5)]);
    }

    #[test]
    fn feel_velocities_and_lanes_are_taken_away() {
        let all = [(0, 0), (0, 1), (1, 2), (1, 3), (2, 2)];
        let straight: Vec<_> = all.iter().map(|&(s, l)| (s, l, 0.0, 0.0)).collect();
        assert_eq!(cells(&groove().without_feel()), straight);
        let offsets: Vec<f32> = cells(&groove().without_velocities())
            .iter()
            .map(|cell| cell.3)
            .collect();
        assert_eq!(offsets, [0.25, -0.25, 0.125, 0.0, 0.0]);
        let without = groove().without_lanes(&[Lane::ClosedHat, Lane::Kick]);
        assert_eq!(cells(&without), [(0, 1, 0.75, -0.25), (1, 3, 0.5, 0.0)]);
    }

    #[test]
    fn thinning_is_a_function_of_its_seed_and_spares_the_loud() {
        let mut busy = Groove::empty(4000);
        for step in &mut busy.steps {
            step[0] = hit(1.0, 0.0);
            step[1] = hit(0.0, 0.0);
        }
        assert_eq!(busy.thinned(0.0, 7), busy);
        let mut odds = Vec::new();
        let mut gone = [0, 0];
        for seed in 0..20 {
            let thin = busy.thinned(0.8, seed);
            assert_eq!(thin, busy.thinned(0.8, seed));
            let lost = |lane: usize| thin.steps.iter().filter(|s| s[lane].is_none()).count();
            gone = [gone[0] + lost(0), gone[1] + lost(1)];
            odds.push(lost(1) as f64 / 4000.0);
        }
        // The softest strokes go five times as often as the loudest.
        let ratio = gone[1] as f64 / gone[0] as f64;
        assert!((4.7..5.3).contains(&ratio), "{gone:?}");
        // Every seed has a probability of its own, from 0 to 0.8.
        assert!(odds.iter().all(|p| *p < 0.83), "{odds:?}");
        assert!(
            odds.iter().any(|p| *p < 0.2) && odds.iter().any(|p| *p > 0.6),
            "{odds:?}"
        );
    }

    #[test]
    fn a_left_out_kick_is_tapped_where_nothing_else_is() {
        let options = GrooveOptions {
            tapify: true,
            max_note_dropout: 1.0,
            ..GrooveOptions::default()
        };
        let mut kicks = Groove::empty(64);
        for step in &mut kicks.steps {
            step[0] = hit(0.5, 0.0);
        }
        assert_eq!(options.apply(&kicks, 3).hits().count(), 64);
        let mut snares = Groove::empty(64);
        for step in &mut snares.steps {
            step[1] = hit(0.5, 0.0);
        }
        assert!(options.apply(&snares, 3).hits().count() < 64);
    }
}
