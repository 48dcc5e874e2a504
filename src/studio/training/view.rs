//! Which part of a run the chart shows.

use super::curves::Term;

/// Halvings of the run, at most: a thousandth of it is shown.
const DEEPEST: u32 = 10;

/// A curve, and a stretch of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct View {
    pub term: Term,
    /// How often what is shown was halved; 0 is the whole run.
    zoom: u32,
    /// Steps from the end of what is shown to the end of the run, in lengths of what is shown.
    back: f64,
    /// Powers of ten stand at equal distances.
    pub is_logarithmic: bool,
    /// A line through the points, which are faint.
    pub is_smooth: bool,
}

impl View {
    /// Shows half as much, or twice as much; what is at the end stays there.
    pub fn zoom_by(&mut self, halvings: i32) {
        let before = self.zoom;
        self.zoom = self.zoom.saturating_add_signed(halvings).min(DEEPEST);
        let change = self.zoom as i32 - before as i32;
        self.pan(self.back * (2_f64.powi(change) - 1.0));
    }

    /// Moves back, by so many lengths of what is shown, and no further than the run goes.
    pub fn pan(&mut self, lengths: f64) {
        let all = 2_f64.powi(self.zoom as i32) - 1.0;
        self.back = (self.back + lengths).clamp(0.0, all);
    }

    /// The whole run.
    pub fn show_all(&mut self) {
        (self.zoom, self.back) = (0, 0.0);
    }

    pub fn is_whole(&self) -> bool {
        self.zoom == 0
    }

    /// The first and the last step that are shown of a run of these steps.
    pub fn steps(&self, (first, last): (u64, u64)) -> (u64, u64) {
        if self.is_whole() {
            return (first, last);
        }
        let length = last.saturating_sub(first) as f64 / 2_f64.powi(self.zoom as i32);
        let end = last as f64 - self.back * length;
        ((end - length).round() as u64, end.round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: (u64, u64) = (0, 1000);

    #[test]
    fn a_view_follows_the_end_until_it_is_moved() {
        let mut view = View::default();
        assert_eq!(view.steps(RUN), RUN);
        view.zoom_by(2);
        assert_eq!(view.steps(RUN), (750, 1000));
        assert_eq!(view.steps((0, 2000)), (1500, 2000));
        view.pan(1.0);
        assert_eq!(view.steps(RUN), (500, 750));
        view.zoom_by(1);
        assert_eq!(view.steps(RUN), (625, 750), "its end stays");
        view.pan(99.0);
        assert_eq!(view.steps(RUN), (0, 125));
        view.zoom_by(-9);
        assert_eq!(view.steps(RUN), RUN);
        view.zoom_by(99);
        view.pan(-9.0);
        assert_eq!(view.steps(RUN), (999, 1000));
        view.show_all();
        assert_eq!(view.steps(RUN), RUN);
    }
}
