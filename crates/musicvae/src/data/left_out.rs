//! What was left out of the music, or changed.

use std::collections::BTreeMap;

use crate::music::Lane;

/// Notes and bars that no window holds, and those that windows hold in a changed form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Notes of other instruments than drums.
    pub other_notes: usize,
    /// Strokes that share lane and sixteenth with a louder one, as those of flams and rolls do.
    pub merged: usize,
    /// Notes that begin together with a higher one: a melody has one voice.
    pub lower_notes: usize,
    /// Strokes of other percussion than a kit has, by the lane that plays them.
    pub percussion: BTreeMap<Lane, usize>,
    /// Bars in meters that a model can't hold.
    pub meters: BTreeMap<(i32, i32), usize>,
    /// Last bars that fill no window.
    pub last_bars: usize,
    /// Pieces that were repeated to fill a window.
    pub repeated: usize,
    /// Silent bars that were added to fill a window.
    pub silent_bars: usize,
}

impl LeftOut {
    pub(super) fn meter(&mut self, numerator: i32, denominator: i32, bars: usize) {
        *self.meters.entry((numerator, denominator)).or_default() += bars;
    }

    pub(super) fn first_meter(&self) -> Option<(i32, i32)> {
        self.meters.keys().next().copied()
    }

    pub(super) fn played_on(&mut self, lane: Lane, strokes: usize) {
        *self.percussion.entry(lane).or_default() += strokes;
    }

    /// Adds what was left out elsewhere.
    pub fn add(&mut self, other: &LeftOut) {
        self.other_notes += other.other_notes;
        self.merged += other.merged;
        self.lower_notes += other.lower_notes;
        self.last_bars += other.last_bars;
        self.repeated += other.repeated;
        self.silent_bars += other.silent_bars;
        for (&lane, &strokes) in &other.percussion {
            self.played_on(lane, strokes);
        }
        for (&(numerator, denominator), &bars) in &other.meters {
            self.meter(numerator, denominator, bars);
        }
    }

    /// One sentence for each kind.
    pub fn lines(&self) -> Vec<String> {
        let many = |count: usize, one: &str, several: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {several}"),
        };
        let mut lines = Vec::new();
        if self.other_notes > 0 {
            let notes = many(
                self.other_notes,
                "note of other instruments was",
                "notes of other instruments were",
            );
            lines.push(format!("{notes} left out"));
        }
        if self.lower_notes > 0 {
            let notes = many(self.lower_notes, "note", "notes");
            lines.push(format!(
                "{notes} left out beside a higher one: a melody has one voice"
            ));
        }
        if !self.percussion.is_empty() {
            let strokes = many(
                self.percussion.values().sum(),
                "stroke of other percussion is",
                "strokes of other percussion are",
            );
            let lanes: Vec<String> = (self.percussion.iter())
                .map(|(lane, strokes)| format!("{} {strokes}", lane.short_name()))
                .collect();
            let lanes = lanes.join(", ");
            lines.push(format!("{strokes} played by the nearest drum ({lanes})"));
        }
        if self.merged > 0 {
            let strokes = many(self.merged, "stroke", "strokes");
            lines.push(format!(
                "{strokes} left out beside a louder one on the same drum and sixteenth"
            ));
        }
        for ((numerator, denominator), bars) in &self.meters {
            let bars = many(*bars, "bar", "bars");
            lines.push(format!(
                "{bars} in {numerator}/{denominator} left out: a window has bars of 16 sixteenths"
            ));
        }
        if self.last_bars > 0 {
            let bars = many(self.last_bars, "last bar fills", "last bars fill");
            lines.push(format!("{bars} no window: left out"));
        }
        if self.repeated > 0 {
            let loops = many(self.repeated, "loop was", "loops were");
            lines.push(format!(
                "{loops} shorter than a window and repeated to fill it"
            ));
        }
        if self.silent_bars > 0 {
            let bars = many(self.silent_bars, "silent bar was", "silent bars were");
            lines.push(format!("{bars} added to fill the last window"));
        }
        lines
    }
}
