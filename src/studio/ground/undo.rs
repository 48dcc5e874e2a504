//! The way back: scenes before and after the present one.

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

/// Scenes before and after the present one. They never change again, so whoever keeps them shares
/// them.
#[derive(Debug, Default)]
pub struct Undo {
    past: Vec<Arc<Scene>>,
    future: Vec<Arc<Scene>>,
    last: Option<Change>,
}

impl Undo {
    /// Scenes that are remembered.
    pub const DEPTH: usize = 256;

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
        if self.past.len() == Self::DEPTH {
            self.past.remove(0);
        }
        self.past.push(Arc::new(scene.clone()));
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
