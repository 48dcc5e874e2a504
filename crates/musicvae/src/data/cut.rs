//! Windows cut out of music, as every representation yields them.

use std::collections::HashSet;
use std::hash::Hash;

use super::grid::{NoWindows, STEPS_PER_BAR};
use super::left_out::LeftOut;
use crate::music::Groove;

/// Silent steps that end a stretch of drums or melody.
pub(super) const GAP: usize = STEPS_PER_BAR;

/// Steps of one stretch of drums or melody that are looked at.
pub(super) const MAX_STEPS: usize = 100 * STEPS_PER_BAR;

/// The windows of one sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted<W = Groove> {
    /// In the order of time.
    pub windows: Vec<W>,
    /// Notes left out because their pitch is none of the nine lanes' (the reference stops with an
    /// error there).
    pub unknown_notes: usize,
    /// What else no window holds, or holds otherwise than it was played.
    pub left_out: LeftOut,
}

impl<W> Converted<W> {
    /// Windows of a sequence of which every note was understood.
    pub(super) fn whole(windows: Vec<W>) -> Converted<W> {
        Converted {
            windows,
            unknown_notes: 0,
            left_out: LeftOut::default(),
        }
    }

    /// The same with every window made another.
    pub(super) fn map<V>(self, window: impl FnMut(W) -> V) -> Converted<V> {
        Converted {
            windows: self.windows.into_iter().map(window).collect(),
            unknown_notes: self.unknown_notes,
            left_out: self.left_out,
        }
    }
}

/// How a file is cut into windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutAs {
    /// As it is played: on its own beats, in whole windows; a shorter loop is repeated.
    Played,
    /// And silence fills the last window.
    Filled,
    /// As the reference cuts in training.
    MagentaTraining,
    /// As the reference cuts elsewhere, where it has another table of pitches.
    Magenta,
}

/// How a part of one tempo and meter is cut.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// Length of a window.
    pub bars: usize,
    /// Bars from the start of one window to the next.
    pub hop: usize,
}

impl Cut {
    /// Bars of stretches, given by their steps, that are in no window.
    pub fn bars_left_out(self, stretches: impl Iterator<Item = usize>) -> usize {
        let left_out = |steps: usize| match (steps / STEPS_PER_BAR).checked_sub(self.bars) {
            Some(more) => more % self.hop,
            None => steps / STEPS_PER_BAR,
        };
        stretches.map(left_out).sum()
    }

    /// Windows of every stretch (given with its first step), each different one once.
    pub fn windows<'a, T: 'a, W: Clone + Eq + Hash>(
        self,
        stretches: impl Iterator<Item = (usize, &'a [T])> + Clone,
        cut_out: impl Fn(usize, &[T]) -> W,
    ) -> Result<Vec<W>, NoWindows> {
        let (window, hop) = (self.bars * STEPS_PER_BAR, self.hop * STEPS_PER_BAR);
        let longest = stretches.clone().map(|(_, stretch)| stretch.len()).max();
        let longest = longest.unwrap_or(0).min(MAX_STEPS);
        if longest < window {
            return Err(NoWindows::TooShort {
                bars: longest / STEPS_PER_BAR,
                window: self.bars,
            });
        }
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for (start, stretch) in stretches {
            let stretch = &stretch[..stretch.len().min(MAX_STEPS)];
            let slices = stretch.windows(window).step_by(hop);
            for (place, slice) in (start..).step_by(hop).zip(slices) {
                let slice = cut_out(place, slice);
                if seen.insert(slice.clone()) {
                    all.push(slice);
                }
            }
        }
        Ok(all)
    }
}
