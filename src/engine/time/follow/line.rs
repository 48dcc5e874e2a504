//! Estimating a clock's tempo.
//!
//! A tick's number and its time lie on a line whose slope is the tempo. The line is fitted by least
//! squares to the latest ticks: to as many as go along with it, at most [`WINDOW`]. How many is decided at every tick by the intersection of confidence intervals
//! (Goldenshluger and Nemirovski, *On spatially adaptive estimation of nonparametric regression*,
//! 1997; Katkovnik 1999): the window grows for as long as what the longer one says of now agrees
//! with what every shorter one says. A steady tempo is so averaged over four beats, and a change
//! is followed within a few ticks. The jitter that the intervals need is measured by the median of
//! second differences, which no steady tempo touches.

/// Most ticks that a line is fitted to: four beats. More would gain little (the error falls with
/// the square root) and make slow changes of tempo lag.
pub(super) const WINDOW: usize = 96;

/// Lengths of window that are tried.
const WINDOWS: [usize; 11] = [4, 6, 8, 12, 16, 24, 32, 48, 64, 80, WINDOW];

/// Half the width of a confidence interval, in standard deviations. Smaller ones find changes
/// sooner and take noise for change more often; 2 to 3 is usual.
const CONFIDENCE: f64 = 2.5;

/// Jitter that is always reckoned with, in nanoseconds: no clock is read more exactly.
pub(super) const LEAST_JITTER: f64 = 1e5;

/// Times between ticks that can be a clock: 5 to 500 quarter notes a minute.
pub(super) const PERIODS: std::ops::RangeInclusive<f64> = 5e6..=5e8;

/// A tick by its number and its time in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tick {
    pub number: i64,
    pub time: f64,
}

/// The line through the ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub number: i64,
    /// When that tick was, without its jitter.
    pub time: f64,
    /// Nanoseconds a tick.
    pub period: f64,
}

impl Line {
    pub fn time_of(&self, number: i64) -> f64 {
        self.time + (number - self.number) as f64 * self.period
    }

    pub fn qpm(&self) -> f64 {
        60e9 / (24.0 * self.period)
    }
}

/// A line of known slope through a few ticks.
pub(super) fn few(ticks: &[Tick], period: f64) -> Line {
    let last = ticks[ticks.len() - 1];
    let mean = ticks
        .iter()
        .map(|tick| tick.time - last.time + (last.number - tick.number) as f64 * period)
        .sum::<f64>()
        / ticks.len() as f64;
    Line {
        number: last.number,
        time: last.time + mean,
        period,
    }
}

/// The line through all of these ticks by least squares, when that is a clock.
pub(super) fn fit(ticks: &[Tick]) -> Option<Line> {
    let mut sums = Sums::new(*ticks.last()?);
    ticks.iter().for_each(|tick| sums.add(*tick));
    sums.line()
}

/// The line through the longest stretch of the latest ticks that tells one story.
pub(super) fn longest(ticks: &[Tick], jitter: f64) -> Option<Line> {
    let mut sums = Sums::new(*ticks.last()?);
    let (mut low, mut high) = (f64::MIN, f64::MAX);
    let mut best = None;
    for tick in ticks.iter().rev() {
        sums.add(*tick);
        let count = sums.count as usize;
        if !WINDOWS.contains(&count) {
            continue;
        }
        let Some(line) = sums.line() else { break };
        // Standard deviation of a fitted line at its last point.
        let (n, at) = (sums.count, line.time - sums.last.time);
        let half = CONFIDENCE * jitter * (2.0 * (2.0 * n - 1.0) / (n * (n + 1.0))).sqrt();
        (low, high) = (low.max(at - half), high.min(at + half));
        if low > high {
            break;
        }
        best = Some(line);
    }
    best
}

/// The ticks' standard deviation about an even clock, from the median of their second differences:
/// the deviation of those is the square root of 6 times as large, and the median of a normal
/// deviate's amount is 0.6745. `None` when there are too few to say.
pub(super) fn jitter(ticks: &[Tick]) -> Option<f64> {
    let mut sizes = [0.0; WINDOW];
    let mut count = 0;
    for three in ticks.windows(3) {
        if three[2].number - three[1].number == 1 && three[1].number - three[0].number == 1 {
            sizes[count] = (three[2].time - 2.0 * three[1].time + three[0].time).abs();
            count += 1;
        }
    }
    if count < 12 {
        return None;
    }
    let (_, median, _) = sizes[..count].select_nth_unstable_by(count / 2, f64::total_cmp);
    Some(*median / 0.6745 / 6.0_f64.sqrt())
}

/// Sums of least squares, about the latest tick.
struct Sums {
    last: Tick,
    count: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
}

impl Sums {
    fn new(last: Tick) -> Sums {
        Sums {
            last,
            count: 0.0,
            x: 0.0,
            y: 0.0,
            xx: 0.0,
            xy: 0.0,
        }
    }

    fn add(&mut self, tick: Tick) {
        let x = (tick.number - self.last.number) as f64;
        let y = tick.time - self.last.time;
        self.count += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.xy += x * y;
    }

    fn line(&self) -> Option<Line> {
        let spread = self.count * self.xx - self.x * self.x;
        let period = (self.count * self.xy - self.x * self.y) / spread;
        let time = self.last.time + (self.y - period * self.x) / self.count;
        // Written so that NaN fails too.
        (PERIODS.contains(&period) && time.is_finite()).then_some(Line {
            number: self.last.number,
            time,
            period,
        })
    }
}
