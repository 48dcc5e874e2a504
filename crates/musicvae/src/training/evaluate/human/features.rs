//! The features of a groove that the classifier sees.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::statistics::{deviation, quantile};
use super::feel::{LAGS, autocorrelation, gap, offsets, spread};
use crate::music::{Groove, Hit, Lane, Step, measures};

/// Sixteenths of a bar.
const PLACES: usize = 16;
/// Which quantiles stand for a distribution.
const QUANTILES: [f64; 7] = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95];
/// Ticks of a sixteenth in a file of 480 to the quarter note, the resolution that the Groove MIDI
/// Dataset was recorded with.
const TICKS: f32 = 120.0;

/// The group of a feature. A classifier can be shown one group alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Which strokes there are: densities of lanes, places in the bar, bars that are alike.
    Strokes,
    /// The standard deviation of the offsets of each lane, and of all.
    TimingSpread,
    /// Quantiles of the offsets.
    TimingQuantiles,
    /// Quantiles of the velocities, and the median and spread of each lane's.
    Velocities,
    /// How offsets follow one another, and how far apart strokes are that sound together.
    Feel,
}

impl Group {
    /// Every group, in the order of tables.
    pub const ALL: [Group; 5] = [
        Group::Strokes,
        Group::TimingSpread,
        Group::TimingQuantiles,
        Group::Velocities,
        Group::Feel,
    ];
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Group::Strokes => "which strokes",
            Group::TimingSpread => "timing spread",
            Group::TimingQuantiles => "timing quantiles",
            Group::Velocities => "velocities",
            Group::Feel => "feel",
        })
    }
}

/// One number of a groove.
pub struct Feature {
    pub group: Group,
    pub name: String,
    /// Not a number where it has no meaning, as the spread of a lane that is not played.
    pub value: f64,
}

/// The groove as a MIDI file holds it: velocities of 127 steps, times in ticks of 1/120 sixteenth.
/// Digits that a file cuts off must not give a groove away.
pub fn as_written(groove: &Groove) -> Groove {
    let written = |hit: Hit| {
        Hit::new(
            (hit.velocity * 127.0).round().clamp(1.0, 127.0) / 127.0,
            (hit.offset * TICKS).round() / TICKS,
        )
    };
    let step = |lanes: &Step| lanes.map(|hit| hit.map(written));
    Groove {
        steps: groove.steps.iter().map(step).collect(),
        ..*groove
    }
}

/// All that is told of a groove, the same features in the same order of each groove of a length.
/// Nothing of it depends on the tempo.
pub fn features(groove: &Groove) -> Vec<Feature> {
    let mut features = strokes(groove);
    let mut add = |group, name: String, value: Option<f64>| {
        let value = value.unwrap_or(f64::NAN);
        features.push(Feature { group, name, value });
    };
    add(
        Group::TimingSpread,
        "spread of offsets".into(),
        spread(groove, None),
    );
    for lane in Lane::ALL {
        let name = format!("spread of offsets, {}", lane.short_name());
        add(Group::TimingSpread, name, spread(groove, Some(lane)));
    }
    let velocities = groove.hits().map(|(.., hit)| f64::from(hit.velocity));
    for (group, name, mut values) in [
        (Group::TimingQuantiles, "offsets", offsets(groove, None)),
        (Group::Velocities, "velocities", velocities.collect()),
    ] {
        values.sort_by(f64::total_cmp);
        for p in QUANTILES {
            let name = format!("{name}, {:.0} % quantile", 100.0 * p);
            add(group, name, quantile(&values, p));
        }
    }
    for lane in Lane::ALL {
        let velocities = groove.hits().filter(|(_, it, _)| *it == lane);
        let mut velocities: Vec<f64> = velocities.map(|(.., hit)| hit.velocity.into()).collect();
        velocities.sort_by(f64::total_cmp);
        let name = |what: &str| format!("{what} of velocities, {}", lane.short_name());
        add(
            Group::Velocities,
            name("median"),
            quantile(&velocities, 0.5),
        );
        add(Group::Velocities, name("spread"), deviation(&velocities));
    }
    for lag in LAGS.into_iter().filter(|lag| *lag < groove.steps.len()) {
        let name = format!("autocorrelation of offsets, {lag} steps");
        add(Group::Feel, name, autocorrelation(groove, lag));
    }
    add(Group::Feel, "gap between lanes".into(), gap(groove));
    features
}

/// How dense each lane is, where in the bar strokes lie, and which bars are alike.
fn strokes(groove: &Groove) -> Vec<Feature> {
    let mut lanes = [0.0; Lane::ALL.len()];
    let mut places = [0.0; PLACES];
    for (step, lane, _) in groove.hits() {
        lanes[lane.index()] += 1.0;
        places[step % PLACES] += 1.0;
    }
    let (strokes, steps) = (lanes.iter().sum::<f64>(), groove.steps.len() as f64);
    let mut named: Vec<(String, f64)> = Vec::new();
    for lane in Lane::ALL {
        let name = format!("{}, strokes a step", lane.short_name());
        named.push((name, lanes[lane.index()] / steps));
    }
    for (place, count) in places.into_iter().enumerate() {
        let name = format!("share of strokes on sixteenth {}", place + 1);
        named.push((name, count / strokes));
    }
    let bars: Vec<&[Step]> = groove.steps.chunks_exact(PLACES).collect();
    for distance in 1..bars.len() {
        for first in 0..bars.len() - distance {
            let second = first + distance;
            let name = format!("likeness of bars {} and {}", first + 1, second + 1);
            let likeness = measures::likeness(bars[first], bars[second]);
            named.push((name, likeness.unwrap_or(f64::NAN)));
        }
    }
    let feature = |(name, value)| Feature {
        group: Group::Strokes,
        name,
        value,
    };
    named.into_iter().map(feature).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four_on_the_floor(bars: usize) -> Groove {
        let mut groove = Groove::empty(bars * PLACES);
        for step in (0..groove.steps.len()).step_by(4) {
            groove.steps[step][Lane::Kick.index()] = Some(Hit::new(0.8, 0.1001));
        }
        groove
    }

    fn value(features: &[Feature], name: &str) -> f64 {
        features.iter().find(|it| it.name == name).unwrap().value
    }

    #[test]
    fn features_say_what_was_played() {
        let told = features(&four_on_the_floor(4));
        assert_eq!(value(&told, "Kick, strokes a step"), 0.25);
        assert_eq!(value(&told, "share of strokes on sixteenth 5"), 0.25);
        assert_eq!(value(&told, "likeness of bars 1 and 4"), 1.0);
        assert!(value(&told, "spread of offsets, Snare").is_nan());
        assert!((value(&told, "offsets, 50 % quantile") - 0.1001).abs() < 1e-6);
    }

    #[test]
    fn every_groove_of_a_length_has_the_same_features() {
        for bars in [1, 2, 4] {
            let names = |groove: &Groove| -> Vec<String> {
                features(groove).into_iter().map(|it| it.name).collect()
            };
            let silence = Groove::empty(bars * PLACES);
            assert_eq!(names(&silence), names(&four_on_the_floor(bars)));
        }
    }

    #[test]
    fn digits_that_a_file_cuts_off_are_not_told() {
        let written = as_written(&four_on_the_floor(1));
        let hit = written.hit(0, Lane::Kick).unwrap();
        assert_eq!((hit.velocity, hit.offset), (102.0 / 127.0, 0.1));
        assert_eq!(as_written(&written), written);
    }
}
