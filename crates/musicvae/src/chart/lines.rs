//! Lines over a sideways axis: curves, growth, and histograms as steps.

use super::axis::{Axis, Frame, SIZE, Scale};
use super::svg::{Svg, color};

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// A plain line.
    #[default]
    Solid,
    /// Dashes, for what is compared with.
    Dashed,
    /// A histogram: each point holds from its place to the next one's, over a faint area.
    Steps,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// What the legend calls it.
    pub name: String,
    /// Sideways and upward, in the order of drawing.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub style: Style,
}

/// Lines in one frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineChart {
    /// Above the picture.
    pub title: String,
    /// What the sideways axis shows.
    pub x_label: String,
    /// What the upward axis shows.
    pub y_label: String,
    /// Of the sideways axis.
    pub x_scale: Scale,
    /// Of the upward axis.
    pub y_scale: Scale,
    /// The upward axis begins at 0.
    pub from_zero: bool,
    /// In the order of drawing.
    pub lines: Vec<Line>,
}

impl LineChart {
    /// The picture.
    pub fn svg(&self) -> String {
        let all = || self.lines.iter().flat_map(|line| line.points.iter());
        let x_axis = Axis::over(all().map(|point| point.0), self.x_scale, false);
        let y_axis = Axis::over(all().map(|point| point.1), self.y_scale, self.from_zero);
        let mut svg = Svg::new(SIZE.0, SIZE.1);
        let names: Vec<&str> = self.lines.iter().map(|line| line.name.as_str()).collect();
        let frame = Frame::new(&mut svg, SIZE, &self.title, &names);
        frame.draw_x(&mut svg, &x_axis);
        frame.draw_y(&mut svg, &y_axis, &self.x_label, &self.y_label);
        let place =
            |&(x, y): &(f64, f64)| Some((frame.x(x_axis.place(x)?), frame.y(y_axis.place(y)?)));
        for (index, line) in self.lines.iter().enumerate() {
            let points: Vec<(f64, f64)> = line.points.iter().filter_map(place).collect();
            let dash = match line.style {
                Style::Dashed => "6 4",
                Style::Solid | Style::Steps => "",
            };
            if line.style == Style::Steps {
                let points = steps(&points);
                if let (Some(first), Some(last)) = (points.first(), points.last()) {
                    let ground = [(last.0, frame.bottom), (first.0, frame.bottom)];
                    svg.area(&[&points[..], &ground[..]].concat(), color(index));
                }
                svg.path(&points, color(index), 2.0, dash);
            } else {
                svg.path(&points, color(index), 2.0, dash);
            }
        }
        svg.finish(&self.title)
    }
}

/// Stairs through `points`; the last one is as wide as the one before it.
fn steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut stairs = Vec::with_capacity(2 * points.len());
    for (index, &(x, y)) in points.iter().enumerate() {
        let width = match index {
            0 => 0.0,
            _ => x - points[index - 1].0,
        };
        let end = points.get(index + 1).map_or(x + width, |next| next.0);
        stairs.extend([(x, y), (end, y)]);
    }
    stairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stairs_hold_until_the_next_point() {
        assert_eq!(
            steps(&[(0.0, 5.0), (2.0, 1.0)]),
            [(0.0, 5.0), (2.0, 5.0), (2.0, 1.0), (4.0, 1.0)]
        );
        assert!(steps(&[]).is_empty());
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let chart = LineChart {
            lines: vec![Line {
                points: vec![(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0)],
                ..Line::default()
            }],
            ..LineChart::default()
        };
        let svg = chart.svg();
        assert!(!svg.contains("NaN"), "{svg}");
        assert_eq!(svg.matches("<path").count(), 1);
        assert_eq!(svg, chart.svg());
    }
}
