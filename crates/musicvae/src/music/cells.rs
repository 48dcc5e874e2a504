//! Some of the cells of a groove's grid, and grooves made of two.

use super::{Groove, Hit, LANES, Lane};

/// Which steps of which lanes: those of a groove that stay, for example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    /// Whether each lane's cell is among them, a step each; none further on.
    steps: Vec<[bool; LANES]>,
}

impl Cells {
    /// Those of the first `steps` steps for which `is_one` holds.
    pub fn of(steps: usize, mut is_one: impl FnMut(usize, Lane) -> bool) -> Cells {
        let step = |step| Lane::ALL.map(|lane| is_one(step, lane));
        Cells {
            steps: (0..steps).map(step).collect(),
        }
    }

    /// Whether the cell of `lane` at `step` is one of them.
    pub fn has(&self, step: usize, lane: Lane) -> bool {
        self.steps.get(step).is_some_and(|it| it[lane.index()])
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        !self.steps.iter().flatten().any(|is_one| *is_one)
    }
}

impl Groove {
    /// The groove with some `cells` taken from `other`, which is looped if it is shorter.
    #[must_use]
    pub fn with_cells_of(mut self, other: &Groove, cells: &Cells) -> Groove {
        for (step, lanes) in self.steps.iter_mut().enumerate() {
            for lane in Lane::ALL.into_iter().filter(|lane| cells.has(step, *lane)) {
                lanes[lane.index()] = other.hit_around(step, lane);
            }
        }
        self
    }

    /// The stroke of `lane` at `step` of the looped groove; `None` if it is silent.
    fn hit_around(&self, step: usize, lane: Lane) -> Option<Hit> {
        self.hit(step % self.steps.len().max(1), lane)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_another_groove_take_the_place_of_ones_own() {
        let hit = |velocity| Some(Hit::new(velocity, 0.0));
        let full = |steps, velocity| Groove {
            steps: vec![[hit(velocity); LANES]; steps],
            ..Groove::empty(0)
        };
        let (ours, mut other) = (full(4, 0.25), full(2, 0.75));
        other.steps[1][Lane::Kick.index()] = None;
        let cells = Cells::of(8, |step, lane| lane == Lane::Kick && step >= 1);
        let made = ours.clone().with_cells_of(&other, &cells);
        let kicks: Vec<_> = made.steps.iter().map(|step| step[0]).collect();
        assert_eq!(kicks, [hit(0.25), None, hit(0.75), None]);
        assert!(made.steps.iter().all(|step| step[1] == hit(0.25)));
        assert!(cells.has(7, Lane::Kick) && !cells.has(8, Lane::Kick));
        assert!(Cells::of(9, |_, _| false).is_empty() && !cells.is_empty());
        assert_eq!(ours.clone().with_cells_of(&other, &Cells::default()), ours);
    }
}
