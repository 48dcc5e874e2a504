//! Bars side by side, with whiskers for intervals.

use super::axis::{Axis, Frame, SIZE, SMALL, Scale};
use super::svg::{Anchor, INK, QUIET, Svg, color};

/// One bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Its height.
    pub value: f64,
    /// Low and high end of what the value may be.
    pub interval: Option<(f64, f64)>,
}

/// The bars of one series, one a category; `None` leaves a gap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// What the legend calls it.
    pub name: String,
    /// In the order of the categories.
    pub bars: Vec<Option<Bar>>,
}

/// Series of bars over shared categories.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarChart {
    /// Above the picture.
    pub title: String,
    /// What the heights are.
    pub y_label: String,
    /// Under each group of bars.
    pub categories: Vec<String>,
    /// Drawn side by side in each category.
    pub series: Vec<Bars>,
    /// Decimals of the number over each bar; `None` writes none.
    pub decimals: Option<usize>,
}

impl BarChart {
    /// The picture.
    pub fn svg(&self) -> String {
        let ends = |bar: &Bar| {
            let (low, high) = bar.interval.unwrap_or((bar.value, bar.value));
            [bar.value, low, high]
        };
        let all = || {
            self.series
                .iter()
                .flat_map(|series| series.bars.iter().flatten())
        };
        let axis = Axis::over(all().flat_map(ends), Scale::Linear, true);
        let mut svg = Svg::new(SIZE.0, SIZE.1);
        let names: Vec<&str> = self.series.iter().map(|bars| bars.name.as_str()).collect();
        let frame = Frame::new(&mut svg, SIZE, &self.title, &names);
        frame.draw_y(&mut svg, &axis, "", &self.y_label);
        let ground = frame.y(axis.place(0.0).unwrap_or(0.0));
        let group = (frame.right - frame.left) / self.categories.len().max(1) as f64;
        let width = 0.8 * group / self.series.len().max(1) as f64;
        for (place, category) in self.categories.iter().enumerate() {
            let left = frame.left + group * place as f64;
            let at = (left + group / 2.0, frame.bottom + 20.0);
            svg.text(at, SMALL, Anchor::Middle, INK, category);
            for (index, series) in self.series.iter().enumerate() {
                let Some(&Some(bar)) = series.bars.get(place) else {
                    continue;
                };
                let Some(height) = axis.place(bar.value) else {
                    continue;
                };
                let (x, y) = (left + 0.1 * group + width * index as f64, frame.y(height));
                let (top, bottom) = (y.min(ground), y.max(ground));
                svg.rectangle((x, top), (width * 0.92, bottom - top), color(index));
                let middle = x + width * 0.46;
                let mut above = top;
                if let Some((low, high)) = bar.interval
                    && let (Some(low), Some(high)) = (axis.place(low), axis.place(high))
                {
                    let (low, high) = (frame.y(low), frame.y(high));
                    svg.line((middle, low), (middle, high), INK, 1.2);
                    for y in [low, high] {
                        svg.line((middle - 3.0, y), (middle + 3.0, y), INK, 1.2);
                    }
                    above = above.min(high);
                }
                if let Some(decimals) = self.decimals {
                    let label = format!("{:.decimals$}", bar.value);
                    svg.text((middle, above - 5.0), 11.0, Anchor::Middle, QUIET, &label);
                }
            }
        }
        svg.line((frame.left, ground), (frame.right, ground), QUIET, 1.0);
        svg.finish(&self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_a_value_and_a_whisker_an_interval() {
        let bar = |value, interval| Some(Bar { value, interval });
        let chart = BarChart {
            title: "a < b & c".into(),
            categories: vec!["x".into(), "y".into(), "z".into()],
            series: vec![Bars {
                name: "one".into(),
                bars: vec![bar(1.0, None), None, bar(-2.0, Some((-3.0, -1.0)))],
            }],
            ..BarChart::default()
        };
        let svg = chart.svg();
        assert!(svg.contains("a &lt; b &amp; c"), "{svg}");
        // The background and two bars.
        assert_eq!(svg.matches("<rect").count(), 3);
        assert_eq!(svg.matches(r##"stroke="#1a1a1a""##).count(), 3);
    }
}
