//! Axes: which range of numbers is shown, where the ticks are, and the frame around the plot.

use super::svg::{Anchor, FAINT, INK, LETTER, QUIET, Svg, color};

/// How numbers become distances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equal distances.
    #[default]
    Linear,
    /// Equal factors are equal distances; numbers of 0 and below are left out.
    Log,
}

/// Size of tick labels and captions.
pub const SMALL: f64 = 12.0;

/// One direction of a plot.
pub struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    pub ticks: Vec<f64>,
}

impl Axis {
    /// An axis that holds all of `values`, and 0 too if `from_zero`.
    pub fn over(values: impl Iterator<Item = f64>, scale: Scale, from_zero: bool) -> Axis {
        let shown = |value: &f64| value.is_finite() && (scale == Scale::Linear || *value > 0.0);
        let ends = values
            .filter(shown)
            .chain((from_zero && scale == Scale::Linear).then_some(0.0))
            .fold(None, |ends: Option<(f64, f64)>, value| {
                let (low, high) = ends.unwrap_or((value, value));
                Some((low.min(value), high.max(value)))
            });
        let (low, high) = ends.unwrap_or((0.0, 1.0));
        match scale {
            Scale::Linear => {
                let (low, high) = match high > low {
                    true => (low, high),
                    false => (low - 0.5, high + 0.5),
                };
                let step = nice_step((high - low) / 5.0);
                let (first, last) = ((low / step).floor(), (high / step).ceil());
                let count = (last - first).clamp(1.0, 100.0) as usize;
                let ticks: Vec<f64> = (0..=count).map(|i| (first + i as f64) * step).collect();
                Axis {
                    scale,
                    low: ticks[0],
                    high: ticks[count],
                    ticks,
                }
            }
            Scale::Log => {
                let (first, last) = (low.log10().floor(), high.log10().ceil());
                let last = last.max(first + 1.0);
                // Within two decades, the steps of a ruler; beyond, the decades alone.
                let within: &[f64] = match (high / low).log10() {
                    ..=2.0 => &[1.0, 2.0, 5.0],
                    _ => &[1.0],
                };
                let mut ticks: Vec<f64> = (first as i32..last as i32)
                    .flat_map(|power| within.iter().map(move |tick| tick * 10f64.powi(power)))
                    .collect();
                ticks.push(10f64.powf(last));
                // No further than the next tick beyond the numbers.
                let low = ticks.iter().copied().rfind(|tick| *tick <= low);
                let high = ticks.iter().copied().find(|tick| *tick >= high);
                let (low, high) = (low.unwrap_or(ticks[0]), high.unwrap_or(10f64.powf(last)));
                ticks.retain(|tick| (low..=high).contains(tick));
                Axis {
                    scale,
                    low,
                    high,
                    ticks,
                }
            }
        }
    }

    /// Where a number lies, 0 at the low end and 1 at the high one.
    pub fn place(&self, value: f64) -> Option<f64> {
        let place = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).log10() / (self.high / self.low).log10(),
        };
        place.is_finite().then_some(place)
    }

    /// A tick's label, with as many decimals as the ticks need.
    pub fn label(&self, tick: f64) -> String {
        let step = match (self.scale, self.ticks.as_slice()) {
            (Scale::Linear, [first, second, ..]) => second - first,
            _ => tick,
        };
        number(tick, step)
    }
}

/// `value` with the decimals that tell it from its neighbours `step` away.
fn number(value: f64, step: f64) -> String {
    let decimals = (-step.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.decimals$}");
    // -0.0 is 0 like any other.
    match text.trim_start_matches(['-', '0', '.']) {
        "" => "0".into(),
        _ => text,
    }
}

/// The nearest of 1, 2, 5 times a power of ten, upward.
fn nice_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    match step / power {
        part if part <= 1.0 => power,
        part if part <= 2.0 => 2.0 * power,
        part if part <= 5.0 => 5.0 * power,
        _ => 10.0 * power,
    }
}

/// Size of a chart, and the part of it where the data is.
pub struct Frame {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// Width and height of every chart but those that grow with their content.
pub const SIZE: (f64, f64) = (720.0, 400.0);

impl Frame {
    /// The frame of a chart with a legend of `names`; draws title and legend, the names of series
    /// with more than one word to say.
    pub fn new(svg: &mut Svg, size: (f64, f64), title: &str, names: &[&str]) -> Frame {
        svg.title((20.0, 28.0), title);
        let mut y = 50.0;
        let mut x = 20.0;
        if names.len() > 1 {
            for (index, name) in names.iter().enumerate() {
                let width = 26.0 + LETTER * SMALL * name.chars().count() as f64 + 16.0;
                if x > 20.0 && x + width > size.0 - 10.0 {
                    (x, y) = (20.0, y + 20.0);
                }
                svg.rectangle((x, y - 9.0), (18.0, 10.0), color(index));
                svg.text((x + 24.0, y), SMALL, Anchor::Start, INK, name);
                x += width;
            }
            y += 18.0;
        }
        Frame {
            left: 70.0,
            right: size.0 - 20.0,
            top: y,
            bottom: size.1 - 52.0,
        }
    }

    pub fn x(&self, place: f64) -> f64 {
        self.left + place * (self.right - self.left)
    }

    pub fn y(&self, place: f64) -> f64 {
        self.bottom - place * (self.bottom - self.top)
    }

    /// Ticks and grid of the upward axis, and both captions.
    pub fn draw_y(&self, svg: &mut Svg, axis: &Axis, x_label: &str, y_label: &str) {
        for &tick in &axis.ticks {
            let Some(place) = axis.place(tick) else {
                continue;
            };
            let y = self.y(place);
            svg.line((self.left, y), (self.right, y), FAINT, 1.0);
            let at = (self.left - 8.0, y + 4.0);
            svg.text(at, SMALL, Anchor::End, QUIET, &axis.label(tick));
        }
        let middle = (self.top + self.bottom) / 2.0;
        svg.upright((20.0, middle), SMALL, QUIET, y_label);
        let at = ((self.left + self.right) / 2.0, self.bottom + 40.0);
        svg.text(at, SMALL, Anchor::Middle, QUIET, x_label);
    }

    /// Ticks and grid of the sideways axis.
    pub fn draw_x(&self, svg: &mut Svg, axis: &Axis) {
        for &tick in &axis.ticks {
            let Some(place) = axis.place(tick) else {
                continue;
            };
            let x = self.x(place);
            svg.line((x, self.top), (x, self.bottom), FAINT, 1.0);
            let at = (x, self.bottom + 20.0);
            svg.text(at, SMALL, Anchor::Middle, QUIET, &axis.label(tick));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_the_numbers() {
        let axis = Axis::over([0.13, 0.87].into_iter(), Scale::Linear, false);
        let labels: Vec<_> = axis.ticks.iter().map(|tick| axis.label(*tick)).collect();
        assert_eq!(labels, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(zero));
        let axis = Axis::over([-3.0, 41.0].into_iter(), Scale::Linear, false);
        assert_eq!(axis.ticks, [-10.0, 0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        let axis = Axis::over([90.0, 1200.0, 0.0].into_iter(), Scale::Log, false);
        assert_eq!(axis.ticks.first(), Some(&50.0));
        assert_eq!(axis.place(50.0), Some(0.0));
        assert_eq!(axis.place(0.0), None);
    }

    /// As labels write it.
    fn zero(text: &str) -> &str {
        if text == "0.0" { "0" } else { text }
    }

    #[test]
    fn no_numbers_are_an_empty_axis() {
        for values in [vec![], vec![f64::NAN, f64::INFINITY], vec![3.0]] {
            let axis = Axis::over(values.into_iter(), Scale::Linear, false);
            assert!(axis.low < axis.high && axis.ticks.len() >= 2);
        }
    }
}
