//! A table of numbers as colours.

use super::axis::SMALL;
use super::svg::{Anchor, INK, LETTER, QUIET, Svg};

/// Numbers by row and column; what is not finite stays white.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMap {
    /// Above the picture.
    pub title: String,
    /// What the columns are, and what the numbers are.
    pub x_label: String,
    /// What the numbers are.
    pub value_label: String,
    /// Names of the rows, from above.
    pub rows: Vec<String>,
    /// Names of the columns, from the left.
    pub columns: Vec<String>,
    /// Row by row.
    pub values: Vec<Vec<f64>>,
    /// The numbers that the palest and the darkest colour stand for; `None` is from 0 (or the
    /// least number below it) to the greatest.
    pub range: Option<(f64, f64)>,
}

/// From white to dark blue, evenly in lightness.
fn shade(place: f64) -> String {
    let place = place.clamp(0.0, 1.0);
    let mix = |from: f64, to: f64| (from + (to - from) * place).round() as u8;
    let (red, green, blue) = (mix(247.0, 8.0), mix(251.0, 48.0), mix(255.0, 107.0));
    format!("#{red:02x}{green:02x}{blue:02x}")
}

impl HeatMap {
    /// The picture.
    pub fn svg(&self) -> String {
        const CELL: f64 = 26.0;
        const WIDTH: f64 = 720.0;
        let finite = || {
            self.values
                .iter()
                .flatten()
                .copied()
                .filter(|v| v.is_finite())
        };
        let (low, high) = self.range.unwrap_or_else(|| {
            (
                finite().fold(0.0, f64::min),
                finite().fold(f64::MIN_POSITIVE, f64::max),
            )
        });
        let names = self.rows.iter().map(|row| row.chars().count()).max();
        let left = 24.0 + LETTER * SMALL * names.unwrap_or(0) as f64 + 10.0;
        let (top, bar) = (48.0, 90.0);
        let width = (WIDTH - left - bar) / self.columns.len().max(1) as f64;
        let bottom = top + CELL * self.rows.len() as f64;
        let mut svg = Svg::new(WIDTH, bottom + 56.0);
        svg.title((20.0, 28.0), &self.title);
        for (index, row) in self.rows.iter().enumerate() {
            let y = top + CELL * index as f64;
            let at = (left - 8.0, y + CELL / 2.0 + 4.0);
            svg.text(at, SMALL, Anchor::End, INK, row);
            let values = self.values.get(index).map_or(&[][..], Vec::as_slice);
            for (column, value) in values.iter().enumerate().take(self.columns.len()) {
                if value.is_finite() {
                    let color = shade((value - low) / (high - low));
                    let corner = (left + width * column as f64, y);
                    svg.rectangle(corner, (width - 1.0, CELL - 1.0), &color);
                }
            }
        }
        for (index, column) in self.columns.iter().enumerate() {
            let at = (left + width * (index as f64 + 0.5), bottom + 16.0);
            svg.text(at, SMALL, Anchor::Middle, QUIET, column);
        }
        let middle = left + (WIDTH - left - bar) / 2.0;
        let at = (middle, bottom + 40.0);
        svg.text(at, SMALL, Anchor::Middle, QUIET, &self.x_label);
        // The scale of colours.
        const SHADES: usize = 24;
        let part = (bottom - top) / SHADES as f64;
        let x = WIDTH - bar + 24.0;
        for index in 0..SHADES {
            let place = 1.0 - (index as f64 + 0.5) / SHADES as f64;
            let corner = (x, top + part * index as f64);
            svg.rectangle(corner, (14.0, part + 0.5), &shade(place));
        }
        let label = |value: f64| format!("{value:.2}");
        svg.text(
            (x + 20.0, top + 10.0),
            11.0,
            Anchor::Start,
            QUIET,
            &label(high),
        );
        svg.text((x + 20.0, bottom), 11.0, Anchor::Start, QUIET, &label(low));
        let across = (x + 34.0, (top + bottom) / 2.0);
        svg.upright(across, 11.0, QUIET, &self.value_label);
        svg.finish(&self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_is_darkest_and_no_number_is_no_cell() {
        let map = HeatMap {
            rows: vec!["a".into(), "b".into()],
            columns: vec!["1".into(), "2".into()],
            values: vec![vec![0.0, 4.0], vec![f64::NAN, 2.0]],
            ..HeatMap::default()
        };
        let svg = map.svg();
        assert_eq!(svg.matches(&shade(1.0)).count(), 1);
        // The background, three cells, 24 shades.
        assert_eq!(svg.matches("<rect").count(), 28);
        assert!(HeatMap::default().svg().ends_with("</svg>\n"));
    }
}
