//! What is locked of the groove, lanes and bars: it stays when a new groove comes, which is made to fit it.

use super::Ground;
use super::effect::Locked;
use super::sound::in_words;
use musicvae::music::{Cells, Grid, Groove, Lane};

impl Ground {
    /// The cells of a groove that are locked.
    pub fn locked(&self, groove: &Groove) -> Cells {
        let bar = groove.steps_per_bar().max(1);
        Cells::of(groove.steps.len(), |step, lane| {
            self.lanes[lane.index()].lock || self.locked_bars.contains(&(step / bar))
        })
    }

    /// Which part of the groove is locked, `the locked Kick and CHat`, `the locked bar 2`; `None`
    /// when nothing is.
    pub fn locked_words(&self) -> Option<String> {
        let locked = |lane: &Lane| self.lanes[lane.index()].lock;
        let lanes = in_words(Lane::ALL.into_iter().filter(locked));
        let bars: Vec<String> = (self.locked_bars.range(..self.groove().bars()))
            .map(|bar| (bar + 1).to_string())
            .collect();
        let bars = match &bars[..] {
            [] => String::new(),
            [bar] => format!("bar {bar}"),
            bars => format!("bars {}", bars.join(", ")),
        };
        let words: Vec<String> = [lanes, bars]
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect();
        (!words.is_empty()).then(|| format!("the locked {}", words.join(" and ")))
    }

    /// What the model has to fit: `steps` sixteenths of the groove as it goes round, and what is locked of
    /// it. `None` when nothing is.
    pub(super) fn to_fit(&self, steps: usize) -> Option<Box<Locked>> {
        let mut groove = self.own_groove().on(Grid::Sixteenths).groove;
        let around: Vec<_> = groove.steps.iter().cycle().take(steps).copied().collect();
        groove.steps = around;
        let cells = self.locked(&groove);
        (!cells.is_empty()).then(|| Box::new(Locked { groove, cells }))
    }
}
