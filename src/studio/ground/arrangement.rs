//! How the panes share the screen, as far as the player has changed it.

use serde::{Deserialize, Serialize};

use super::pane::Pane;

/// What is added to or taken from the places that the panes have by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrangement {
    /// The pane with the keys has the whole screen.
    pub full: bool,
    hidden: [bool; Pane::ALL.len()],
    /// Lines more for the groove.
    pub taller: i16,
    /// Columns more for each pane.
    wider: [i16; Pane::ALL.len()],
}

/// Lines or columns at most: screens are smaller.
const MOST: i16 = 200;

impl Arrangement {
    pub fn shows(&self, pane: Pane) -> bool {
        !self.hidden[pane as usize]
    }

    /// The panes that are shown.
    pub fn shown(&self) -> impl Iterator<Item = Pane> {
        let shows = *self;
        Pane::ALL.into_iter().filter(move |pane| shows.shows(*pane))
    }

    /// With all numbers in their ranges, and a pane that is shown.
    pub fn in_range(mut self) -> Arrangement {
        for size in self.wider.iter_mut().chain([&mut self.taller]) {
            *size = (*size).clamp(-MOST, MOST);
        }
        if self.shown().next().is_none() {
            self.show(Pane::default());
        }
        self
    }

    /// With the panes that are shown side by side: the whole screen for one of them is for a moment.
    pub fn together(self) -> Arrangement {
        Arrangement {
            full: false,
            ..self
        }
    }

    pub fn show(&mut self, pane: Pane) {
        self.hidden[pane as usize] = false;
    }

    /// Hides a pane, or shows it; the last one stays.
    pub fn toggle(&mut self, pane: Pane) {
        self.hidden[pane as usize] ^= true;
        if self.shown().next().is_none() {
            self.show(pane);
        }
    }

    pub fn wider(&self, pane: Pane) -> i16 {
        self.wider[pane as usize]
    }

    pub fn widen(&mut self, pane: Pane, by: i16) {
        let wider = &mut self.wider[pane as usize];
        *wider = (*wider + by).clamp(-MOST, MOST);
    }

    pub fn heighten(&mut self, by: i16) {
        self.taller = (self.taller + by).clamp(-MOST, MOST);
    }
}
