//! Undo: scenes before and after the present one.

use std::sync::Arc;

use super::scene::Scene;
use super::selection::Region;

/// Changes of one kind that follow each other are one step of undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Never merged.
    Single,
    Slider,
    Temperature,
    /// Of the quality at this place of the model's list.
    Quality(usize),
    /// Of the hits of this region.
    Velocity(Region),
    Offset(Region),
    /// Hits drawn by the mouse in one go, of this number.
    Drawn(u64),
    /// Strokes from pads, in this turn of the loop.
    Overdub(u64),
}

/// Scenes before and after the present one. They never change again, so they can be shared.
#[derive(Debug, Default)]
pub struct Undo {
    past: Vec<Arc<Scene>>,
    future: Vec<Arc<Scene>>,
    last: Option<Change>,
}

impl Undo {
    /// Scenes that are remembered at most.
    pub const DEPTH: usize = 256;

    /// Steps that their grooves have together at most, so that memory stays small: of 64 bars 64 scenes
    /// are remembered, up to 16 bars all.
    const STEPS: usize = 65_536;

    /// Those of another time; each list has the nearest scene last.
    pub fn of(past: Vec<Arc<Scene>>, future: Vec<Arc<Scene>>) -> Undo {
        let last = None;
        Undo { past, future, last }
    }

    /// Remembers `scene`, which is about to undergo `change`.
    pub fn before(&mut self, scene: &Scene, change: Change) {
        let merges = change != Change::Single && self.last.as_ref() == Some(&change);
        self.last = Some(change);
        self.future.clear();
        if merges {
            return;
        }
        self.past.push(Arc::new(scene.clone()));
        let mut steps = 0;
        let within = (self.past.iter().rev()).take_while(|scene| {
            steps += scene.groove.steps.len();
            steps <= Self::STEPS
        });
        let kept = within.count().clamp(1, Self::DEPTH);
        self.past.drain(..self.past.len() - kept);
    }

    pub fn undo(&mut self, present: &mut Scene) -> bool {
        self.last = None;
        Undo::step(&mut self.past, &mut self.future, present)
    }

    pub fn redo(&mut self, present: &mut Scene) -> bool {
        self.last = None;
        Undo::step(&mut self.future, &mut self.past, present)
    }

    fn step(from: &mut Vec<Arc<Scene>>, to: &mut Vec<Arc<Scene>>, present: &mut Scene) -> bool {
        let Some(scene) = from.pop() else {
            return false;
        };
        let left = std::mem::replace(present, Arc::unwrap_or_clone(scene));
        to.push(Arc::new(left));
        true
    }

    /// The scenes before this one, the nearest last.
    pub fn past(&self) -> &[Arc<Scene>] {
        &self.past
    }

    /// The scenes that were undone, the nearest last.
    pub fn future(&self) -> &[Arc<Scene>] {
        &self.future
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::ground::Config;
    use musicvae::music::Groove;

    #[test]
    fn what_is_remembered_is_bounded_in_scenes_and_in_steps() {
        let mut undo = Undo::default();
        let remembered = |undo: &mut Undo, bars: usize| {
            let mut scene = Scene::opening(&Config::default());
            scene.groove = Groove::empty(16 * bars);
            for _ in 0..300 {
                undo.before(&scene, Change::Single);
            }
            undo.past().len()
        };
        assert_eq!(remembered(&mut undo, 4), 256);
        assert_eq!(remembered(&mut undo, 64), 64);
        // The nearest stay, whatever was before.
        assert_eq!(remembered(&mut undo, 16), 256);
        assert_eq!(undo.past()[0].groove.steps.len(), 256);
    }
}
