//! A path that is being recorded: where the pad is each sixteenth, from one bar line to another.

use super::super::ground::{PadPath, Place, Sweeping};

/// A path that is being recorded.
#[derive(Debug, Default)]
pub struct Recording {
    /// Step since play with which it begins, a bar line; not known before something plays.
    pub start: Option<f64>,
    places: Vec<Place>,
    /// Its steps, once it is known with which bar it ends.
    until: Option<usize>,
}

impl Recording {
    /// Has it end with the bar that plays; false where it has not begun.
    pub fn end(&mut self, steps_per_bar: usize) -> bool {
        let steps = self.places.len().next_multiple_of(steps_per_bar);
        self.until = (steps > 0).then_some(steps);
        steps > 0
    }

    /// Writes down where the pad is, `step` sixteenths after it began. True when it is over.
    pub fn hear(&mut self, step: usize, place: Place, steps_per_bar: usize) -> bool {
        let longest = Sweeping::LONGEST as usize * steps_per_bar;
        let until = self.until.unwrap_or(longest);
        let due = (step + 1).min(until);
        if due > self.places.len() {
            self.places.resize(due, place);
        }
        step >= until
    }

    /// What was recorded, in whole bars.
    pub fn path(&self, steps_per_bar: usize) -> PadPath {
        let whole = self.places.len() / steps_per_bar * steps_per_bar;
        self.places[..whole].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_of_whole_bars() {
        let mut recording = Recording::default();
        assert!(!recording.end(16), "nothing was recorded yet");
        // Two sixteenths at once: the clock came late.
        for (step, x) in [(0, 0.1), (2, 0.2), (17, 0.3)] {
            assert!(!recording.hear(step, (x, 0.0), 16));
        }
        assert_eq!(recording.path(16).len(), 16, "the second bar is not over");
        assert!(recording.end(16));
        assert!(!recording.hear(31, (0.4, 1.0), 16));
        assert!(recording.hear(32, (0.5, 1.0), 16));
        let path = recording.path(16);
        let places = [path[0], path[1], path[2], path[16], path[18], path[31]];
        let along = [0.1, 0.2, 0.2, 0.3, 0.4, 0.4].map(|x| (x, if x > 0.3 { 1.0 } else { 0.0 }));
        assert_eq!((path.len(), places), (32, along));
    }

    #[test]
    fn a_path_has_an_end() {
        let mut recording = Recording::default();
        let longest = Sweeping::LONGEST as usize * 16;
        assert!(!recording.hear(longest - 1, (0.5, 0.5), 16));
        assert!(recording.hear(longest, (0.5, 0.5), 16));
        assert_eq!(recording.path(16).len(), longest);
    }
}
