//! The way back: scenes before and after the present one.

use super::scene::Scene;

/// Changes of one kind that follow each other are one step of undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Never merged.
    Single,
    Slider,
    Temperature,
    /// Of the quality at this place of the model's list.
    Quality(usize),
    /// Of the hit at this lane and step.
    Velocity(usize, usize),
    Offset(usize, usize),
    /// Strokes from pads, in this turn of the loop.
    Overdub(u64),
}

/// Scenes before and after the present one.
#[derive(Debug, Default)]
pub struct History {
    past: Vec<Scene>,
    future: Vec<Scene>,
    last: Option<Change>,
}

impl History {
    /// Scenes that are remembered.
    pub const DEPTH: usize = 256;

    /// Remembers `scene`, which is about to undergo `change`.
    pub fn before(&mut self, scene: &Scene, change: Change) {
        let merges = change != Change::Single && self.last == Some(change);
        self.last = Some(change);
        self.future.clear();
        if merges {
            return;
        }
        if self.past.len() == Self::DEPTH {
            self.past.remove(0);
        }
        self.past.push(scene.clone());
    }

    pub fn undo(&mut self, present: &mut Scene) -> bool {
        self.last = None;
        let Some(scene) = self.past.pop() else {
            return false;
        };
        self.future.push(std::mem::replace(present, scene));
        true
    }

    pub fn redo(&mut self, present: &mut Scene) -> bool {
        self.last = None;
        let Some(scene) = self.future.pop() else {
            return false;
        };
        self.past.push(std::mem::replace(present, scene));
        true
    }

    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}
