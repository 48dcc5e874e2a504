//! Tempo by tapping.

use std::time::Duration;

/// After a pause this long, tapping starts over: longer than a quarter note at 20.
const PAUSE: Duration = Duration::from_millis(3_300);

/// Two taps closer than this are one: a key that bounces or repeats. (A quarter note at 300 takes
/// 200 ms.)
const BOUNCE: Duration = Duration::from_millis(120);

/// Intervals that are averaged.
const KEPT: usize = 7;

/// An interval that differs by more than this share from the usual one is a slip of the hand, or
/// the first of another tempo.
const SLIP: f64 = 0.2;

/// The last taps.
#[derive(Clone, Debug, Default)]
pub struct Taps {
    last: Option<Duration>,
    /// Seconds, the newest last.
    intervals: Vec<f64>,
}

impl Taps {
    /// A tap at `now`; returns quarter notes a minute from the second tap on.
    pub fn tap(&mut self, now: Duration) -> Option<f64> {
        let interval = self.last.map(|last| now.saturating_sub(last));
        if interval.is_some_and(|interval| interval < BOUNCE) {
            return None;
        }
        self.last = Some(now);
        let Some(interval) = interval.filter(|interval| *interval < PAUSE) else {
            self.intervals.clear();
            return None;
        };
        self.intervals.push(interval.as_secs_f64());
        if self.intervals.len() > KEPT {
            self.intervals.remove(0);
        }
        self.follow_change();
        let usual = self.usual();
        let near: Vec<f64> = self
            .intervals
            .iter()
            .copied()
            .filter(|interval| differ(*interval, usual) <= SLIP)
            .collect();
        Some(60.0 * near.len() as f64 / near.iter().sum::<f64>())
    }

    /// Two intervals in a row that agree with each other and not with those before them are
    /// another tempo.
    fn follow_change(&mut self) {
        let [.., before, last] = self.intervals[..] else {
            return;
        };
        let usual = self.usual();
        let changed = differ(before, usual) > SLIP && differ(last, usual) > SLIP;
        if changed && differ(before, last) <= SLIP {
            self.intervals = vec![before, last];
        }
    }

    /// The median.
    fn usual(&self) -> f64 {
        let mut sorted = self.intervals.clone();
        sorted.sort_by(f64::total_cmp);
        // Of an even number the upper one: then a single slip among two does not win by itself.
        sorted.get(sorted.len() / 2).copied().unwrap_or(0.5)
    }
}

fn differ(a: f64, b: f64) -> f64 {
    (a / b - 1.0).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tempo after each of a row of taps, given by the seconds between them.
    fn tempos(intervals: &[f64]) -> Vec<f64> {
        let mut taps = Taps::default();
        let mut now = 100.0;
        assert_eq!(taps.tap(Duration::from_secs_f64(now)), None);
        let tempo = |interval: &f64| {
            now += interval;
            let tempo = taps.tap(Duration::from_secs_f64(now));
            tempo.map_or(0.0, |tempo| (tempo * 10.0).round() / 10.0)
        };
        intervals.iter().map(tempo).collect()
    }

    #[test]
    fn taps_are_averaged() {
        assert_eq!(tempos(&[0.5]), [120.0]);
        let uneven = tempos(&[0.52, 0.48, 0.51, 0.49, 0.5, 0.5]);
        assert_eq!(uneven.last(), Some(&120.0));
        assert_eq!(tempos(&[3.0, 3.0]), [20.0, 20.0]);
    }

    #[test]
    fn a_missed_or_doubled_beat_changes_nothing() {
        assert_eq!(tempos(&[0.5, 0.5, 0.5, 1.0, 0.5]), [120.0; 5]);
        assert_eq!(tempos(&[0.5, 0.5, 0.5, 0.25, 0.5]), [120.0; 5]);
        // Two at once are one.
        assert_eq!(tempos(&[0.5, 0.5, 0.05, 0.45]), [120.0, 120.0, 0.0, 120.0]);
    }

    #[test]
    fn another_tempo_is_followed_and_a_pause_begins_anew() {
        let faster = tempos(&[0.5, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3]);
        assert_eq!(faster[5..], [200.0, 200.0]);
        let paused = tempos(&[0.5, 0.5, 10.0, 1.0, 1.0]);
        assert_eq!(paused, [120.0, 120.0, 0.0, 60.0, 60.0]);
        // A tempo that drifts is followed as it goes.
        let drift: Vec<f64> = (0..30).map(|n| 0.5 + 0.01 * f64::from(n)).collect();
        let end = tempos(&drift)[29];
        assert!((77.0..82.0).contains(&end), "{end}");
    }
}
