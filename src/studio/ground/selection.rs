//! The selection on the grid: some steps of some lanes.

use std::ops::Range;

use super::Ground;
use musicvae::music::{Hit, LANES, Lane};

/// How far a selection reaches along the groove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// From where it began to the cursor.
    Steps,
    /// Whole bars.
    Bars,
    /// All of the groove.
    All,
}

/// What is selected on the grid: from where it began to wherever the cursor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Where it began.
    pub lane: usize,
    pub step: usize,
    pub span: Span,
    /// All lanes, and not only those between.
    pub every_lane: bool,
}

/// Some steps of some neighbouring lanes; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub lanes: Range<usize>,
    pub steps: Range<usize>,
}

impl Region {
    pub fn contains(&self, step: usize, lane: usize) -> bool {
        self.steps.contains(&step) && self.lanes.contains(&lane)
    }
}

impl Ground {
    /// What is selected on the grid.
    pub fn selected(&self) -> Option<Region> {
        self.screen.selection.map(|it| self.region(it))
    }

    /// What `selection` reaches, with the cursor where it is.
    pub fn region(&self, selection: Selection) -> Region {
        let all = self.groove().steps.len().max(1);
        let bar = self.groove().steps_per_bar().max(1);
        let between = |one: usize, other: usize| one.min(other)..one.max(other) + 1;
        let lanes = match selection.every_lane {
            true => 0..LANES,
            false => between(selection.lane, self.screen.lane),
        };
        let steps = between(selection.step.min(all - 1), self.screen.step.min(all - 1));
        let steps = match selection.span {
            Span::Steps => steps,
            Span::Bars => steps.start / bar * bar..(steps.end.div_ceil(bar) * bar).min(all),
            Span::All => 0..all,
        };
        Region { lanes, steps }
    }

    /// The hits of a region, with their steps.
    pub fn hits_of<'g>(&'g self, region: &Region) -> impl Iterator<Item = (usize, Lane, Hit)> + 'g {
        let region = region.clone();
        let hits = self.groove().hits();
        hits.filter(move |(step, lane, _)| region.contains(*step, lane.index()))
    }
}
