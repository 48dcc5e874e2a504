//! How a groove is timed, in plain numbers.

use super::super::statistics::deviation;
use crate::music::{Groove, Lane};

/// Distances along the bar, in sixteenths, at which offsets are compared: neighbours, eighths,
/// quarters, halves and bars.
pub const LAGS: [usize; 5] = [1, 2, 4, 8, 16];

/// The offsets of the strokes of one lane, or of all, in sixteenths.
pub fn offsets(groove: &Groove, lane: Option<Lane>) -> Vec<f64> {
    let counts = move |it: Lane| lane.is_none_or(|lane| lane == it);
    let strokes = groove.hits().filter(|(_, lane, _)| counts(*lane));
    strokes.map(|(.., hit)| f64::from(hit.offset)).collect()
}

/// The standard deviation of a groove's offsets, in sixteenths; `None` of fewer than two strokes.
pub fn spread(groove: &Groove, lane: Option<Lane>) -> Option<f64> {
    deviation(&offsets(groove, lane))
}

/// How alike offsets are that lie `lag` steps apart: the correlation, round the groove's own mean
/// offset, of the mean offsets of steps. A drummer leans for a while: near 1 he goes on as he was,
/// at 0 each step is for itself. `None` where no two strokes lie so far apart, or all are timed
/// alike.
pub fn autocorrelation(groove: &Groove, lag: usize) -> Option<f64> {
    let step = |lanes: &crate::music::Step| {
        let offsets = lanes.iter().flatten().map(|hit| f64::from(hit.offset));
        let (sum, count) = offsets.fold((0.0, 0.0), |(sum, count), it| (sum + it, count + 1.0));
        (count > 0.0).then(|| sum / count)
    };
    let steps: Vec<Option<f64>> = groove.steps.iter().map(step).collect();
    let played = || steps.iter().flatten();
    let mean = played().sum::<f64>() / played().count() as f64;
    let variance = played().map(|it| (it - mean).powi(2)).sum::<f64>() / played().count() as f64;
    let pairs = steps.iter().zip(steps.iter().skip(lag));
    let products: Vec<f64> = pairs
        .filter_map(|(a, b)| Some(((*a)? - mean) * ((*b)? - mean)))
        .collect();
    // A few ticks of the finest grid: below, all is as straight as a file can say.
    (!products.is_empty() && variance > 1e-6)
        .then(|| products.iter().sum::<f64>() / products.len() as f64 / variance)
}

/// How far strokes of different lanes lie apart that sound on the same step: the mean over all
/// such pairs, in sixteenths. `None` without one.
pub fn gap(groove: &Groove) -> Option<f64> {
    let mut gaps = (0.0, 0.0);
    for lanes in &groove.steps {
        let offsets: Vec<f64> = lanes
            .iter()
            .flatten()
            .map(|hit| f64::from(hit.offset))
            .collect();
        for (place, offset) in offsets.iter().enumerate() {
            for other in &offsets[place + 1..] {
                gaps = (gaps.0 + (offset - other).abs(), gaps.1 + 1.0);
            }
        }
    }
    (gaps.1 > 0.0).then(|| gaps.0 / gaps.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::Hit;

    fn groove(strokes: &[(usize, Lane, f32)]) -> Groove {
        let mut groove = Groove::empty(16);
        for &(step, lane, offset) in strokes {
            groove.steps[step][lane.index()] = Some(Hit::new(0.5, offset));
        }
        groove
    }

    #[test]
    fn leaning_for_a_while_is_told_from_noise() {
        let hats = |offset: &dyn Fn(usize) -> f32| {
            let strokes: Vec<_> = (0..16)
                .map(|step| (step, Lane::ClosedHat, offset(step)))
                .collect();
            groove(&strokes)
        };
        let leans = hats(&|step| if step < 8 { 0.1 } else { -0.1 });
        assert!(autocorrelation(&leans, 1).unwrap() > 0.8);
        let swings = hats(&|step| if step % 2 == 0 { 0.1 } else { -0.1 });
        assert!(autocorrelation(&swings, 1).unwrap() < -0.9);
        assert!((autocorrelation(&swings, 2).unwrap() - 1.0).abs() < 1e-6);
        assert_eq!(autocorrelation(&hats(&|_| 0.1), 1), None);
        assert_eq!(autocorrelation(&swings, 16), None);
        assert_eq!(autocorrelation(&Groove::empty(16), 1), None);
    }

    #[test]
    fn a_gap_is_between_lanes_of_one_step() {
        let flams = groove(&[
            (0, Lane::Kick, 0.1),
            (0, Lane::ClosedHat, -0.1),
            (4, Lane::Snare, 0.4),
        ]);
        assert!((gap(&flams).unwrap() - 0.2).abs() < 1e-6);
        assert_eq!(gap(&groove(&[(4, Lane::Snare, 0.4)])), None);
        assert_eq!(spread(&flams, Some(Lane::Snare)), None);
        let spread = spread(&flams, None).unwrap();
        assert!((spread - 0.2055).abs() < 1e-3, "{spread}");
    }
}
