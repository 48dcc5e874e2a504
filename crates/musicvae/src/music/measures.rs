//! Properties of a groove as one number each.

use serde::{Deserialize, Serialize};

use super::{Groove, Hit, Lane, STEPS_PER_QUARTER, Step};

/// A property of a groove with a name, a unit and a way to compute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Strokes a sixteenth.
    Density,
    /// How long the first of each pair of sixteenths is.
    Swing,
    /// Strokes off the beat without one on it, as Longuet-Higgins and Lee weigh them.
    Syncopation,
    /// Spread of the velocities.
    Dynamics,
    /// How far strokes are behind the grid.
    Lateness,
    /// Share of the hi-hat's strokes that are open.
    HatOpenness,
}

impl Measure {
    /// Every measure, in the order of tables.
    pub const ALL: [Measure; 6] = [
        Measure::Density,
        Measure::Swing,
        Measure::Syncopation,
        Measure::Dynamics,
        Measure::Lateness,
        Measure::HatOpenness,
    ];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Density => "density",
            Measure::Swing => "swing",
            Measure::Syncopation => "syncopation",
            Measure::Dynamics => "dynamics",
            Measure::Lateness => "lateness",
            Measure::HatOpenness => "hat_openness",
        }
    }

    /// What one of it is.
    pub fn unit(self) -> &'static str {
        match self {
            Measure::Density => "strokes a sixteenth",
            Measure::Swing => "first sixteenth's share of the pair",
            Measure::Syncopation => "Longuet-Higgins & Lee a bar",
            Measure::Dynamics => "standard deviation of velocities, 0 to 1",
            Measure::Lateness => "sixteenths behind the grid",
            Measure::HatOpenness => "open share of hi-hat strokes",
        }
    }

    /// The measure of `groove`; `None` where it has no meaning: no strokes of the kind measured.
    pub fn of(self, groove: &Groove) -> Option<f64> {
        match self {
            Measure::Density => density(groove),
            Measure::Swing => swing(groove),
            Measure::Syncopation => syncopation(groove),
            Measure::Dynamics => dynamics(groove),
            Measure::Lateness => lateness(groove),
            Measure::HatOpenness => hat_openness(groove),
        }
    }
}

/// Strokes on a sixteenth on average, over all lanes; `None` for a groove of no steps.
pub fn density(groove: &Groove) -> Option<f64> {
    let steps = groove.steps.len();
    (steps > 0).then(|| groove.hits().count() as f64 / steps as f64)
}

/// The share of a pair of sixteenths that the first one takes: 0.5 is straight, 0.667 a triplet.
/// It is the ratio of long to short of Benadon (*Slicing the Beat*, Ethnomusicology 50, 2006) as a
/// share, one level lower: by how much strokes on second sixteenths are later than those on first
/// ones, on average, over all lanes. `None` where either has no stroke.
///
/// Swung eighths are not seen by it: the grid takes a triplet's last eighth for the fourth
/// sixteenth, early.
pub fn swing(groove: &Groove) -> Option<f64> {
    let late = |second: usize| {
        let pair = groove.hits().filter(move |(step, ..)| step % 2 == second);
        mean(pair.map(|(.., hit)| -f64::from(hit.offset)))
    };
    Some(0.5 + (late(1)? - late(0)?) / 2.0)
}

/// The syncopation of Longuet-Higgins and Lee (*The Rhythmic Interpretation of Monophonic Music*,
/// Music Perception 1, 1984) a bar, of the drums taken together (kick, snare, toms), as a loop.
///
/// Positions of a bar weigh 0 (the bar line), -1 (its half), -2 (quarters), -3 (eighths), -4
/// (sixteenths). A stroke that is followed by a silent position of more weight before the next
/// stroke counts by the difference to the weightiest such position. Cymbals are left out: a steady
/// hat would leave no position silent. `None` without a stroke on the drums.
pub fn syncopation(groove: &Groove) -> Option<f64> {
    const DRUMS: [Lane; 5] = [
        Lane::Kick,
        Lane::Snare,
        Lane::LowTom,
        Lane::MidTom,
        Lane::HighTom,
    ];
    let sounds = |step: &usize| {
        let lanes = groove.steps[*step];
        DRUMS.iter().any(|lane| lanes[lane.index()].is_some())
    };
    let bar = groove.steps_per_bar();
    let steps = groove.steps.len();
    let onsets: Vec<usize> = (0..steps).filter(sounds).collect();
    let first = *onsets.first()?;
    let following = onsets.iter().skip(1).copied().chain([first + steps]);
    let strength = |(onset, next): (&usize, usize)| {
        let silent = (onset + 1..next)
            .map(|step| weight(step % steps, bar))
            .max();
        silent.map_or(0, |silent| (silent - weight(*onset, bar)).max(0))
    };
    let total: i32 = onsets.iter().zip(following).map(strength).sum();
    Some(f64::from(total) * bar as f64 / steps as f64)
}

/// How much neighbouring bars have in common: the mean, over all pairs with a stroke, of Dice's
/// coefficient of their hits (1 for the same, 0 for nothing in common). `None` without such a pair.
pub fn repetition(groove: &Groove) -> Option<f64> {
    let bars: Vec<&[Step]> = groove
        .steps
        .chunks_exact(groove.steps_per_bar().max(1))
        .collect();
    mean(
        bars.windows(2)
            .filter_map(|pair| likeness(pair[0], pair[1])),
    )
}

/// How much two bars have in common: Dice's coefficient of their hits, which is also the F1 of one
/// against the other. `None` when both are silent.
pub fn likeness(bar: &[Step], other: &[Step]) -> Option<f64> {
    let hits = |bar: &[Step]| bar.iter().flatten().flatten().count();
    let both = bar.iter().flatten().zip(other.iter().flatten());
    let shared = both.filter(|(a, b)| a.is_some() && b.is_some()).count();
    let all = hits(bar) + hits(other);
    (all > 0).then(|| 2.0 * shared as f64 / all as f64)
}

/// Metrical weight of a step in a bar of `bar` steps.
fn weight(step: usize, bar: usize) -> i32 {
    let step = step % bar.max(1);
    if step == 0 {
        0
    } else if 2 * step == bar {
        -1
    } else if step.is_multiple_of(STEPS_PER_QUARTER) {
        -2
    } else if step.is_multiple_of(2) {
        -3
    } else {
        -4
    }
}

/// How far velocities spread: their standard deviation. `None` without a stroke.
pub fn dynamics(groove: &Groove) -> Option<f64> {
    let velocity = |hit: Hit| f64::from(hit.velocity);
    let average = mean(groove.hits().map(|(.., hit)| velocity(hit)))?;
    let squares = groove
        .hits()
        .map(|(.., hit)| (velocity(hit) - average).powi(2));
    mean(squares).map(f64::sqrt)
}

/// How far behind the grid strokes lie on average, in sixteenths: below 0 they push, above it they
/// drag. `None` without a stroke.
pub fn lateness(groove: &Groove) -> Option<f64> {
    mean(groove.hits().map(|(.., hit)| -f64::from(hit.offset)))
}

/// The share of hi-hat strokes that are open. `None` without a stroke on the hi-hat.
pub fn hat_openness(groove: &Groove) -> Option<f64> {
    let hats = groove.hits().filter_map(|(_, lane, _)| match lane {
        Lane::OpenHat => Some(1.0),
        Lane::ClosedHat => Some(0.0),
        _ => None,
    });
    mean(hats)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One bar with strokes of (step, lane, velocity, offset).
    fn bar(hits: &[(usize, Lane, f32, f32)]) -> Groove {
        let mut groove = Groove::empty(16);
        for &(step, lane, velocity, offset) in hits {
            groove.steps[step][lane.index()] = Some(Hit::new(velocity, offset));
        }
        groove
    }

    fn kicks(steps: &[usize]) -> Groove {
        let hits: Vec<_> = steps
            .iter()
            .map(|step| (*step, Lane::Kick, 1.0, 0.0))
            .collect();
        bar(&hits)
    }

    #[test]
    fn silence_has_a_density_and_nothing_else() {
        let silence = Groove::empty(16);
        let measured = Measure::ALL.map(|measure| measure.of(&silence));
        assert_eq!(measured, [Some(0.0), None, None, None, None, None]);
        assert_eq!(density(&Groove::empty(0)), None);
    }

    #[test]
    fn repetition_is_of_neighbouring_bars() {
        let of = |bars: &[&[usize]]| {
            let steps = bars.iter().flat_map(|steps| kicks(steps).steps).collect();
            repetition(&Groove {
                steps,
                ..Groove::empty(16)
            })
        };
        assert_eq!(of(&[&[0, 8]]), None);
        assert_eq!(of(&[&[], &[]]), None);
        assert_eq!(of(&[&[0, 8], &[0, 8]]), Some(1.0));
        assert_eq!(of(&[&[0, 8], &[0, 8, 10, 12]]), Some(2.0 / 3.0));
        // A silent pair says nothing; silence beside strokes has nothing in common with them.
        assert_eq!(of(&[&[0], &[0], &[], &[]]), Some(0.5));
    }

    #[test]
    fn syncopation_is_that_of_the_paper() {
        let table: [(&[usize], f64); 7] = [
            // Four on the floor, and a bare downbeat.
            (&[0, 4, 8, 12], 0.0),
            (&[0], 0.0),
            // The half alone: the next bar line is silent: 0 - (-1).
            (&[8], 1.0),
            // An eighth before the half that stays silent: -1 - (-3).
            (&[0, 6], 2.0),
            // A sixteenth before the bar line that stays silent: 0 - (-4), and steps 4..15 after 4.
            (&[4, 15], 4.0 + 1.0),
            // Son clave: 3 is followed by silent 4 (-2), 6 by silent 8 (-1), 10 by nothing weightier
            // than silent 11, 12 by silent 0? No: 0 sounds.
            (&[0, 3, 6, 10, 12], 2.0 + 2.0),
            // Each off-beat eighth of four, every beat silent: 4 -> -2, 8 -> -1, 12 -> -2, 0 -> 0.
            (&[2, 6, 10, 14], 1.0 + 2.0 + 1.0 + 3.0),
        ];
        for (steps, expected) in table {
            assert_eq!(syncopation(&kicks(steps)), Some(expected), "{steps:?}");
        }
        // A steady hat on top changes nothing.
        let mut with_hats = kicks(&[0, 6]);
        for step in &mut with_hats.steps {
            step[Lane::ClosedHat.index()] = Some(Hit::new(0.5, 0.0));
        }
        assert_eq!(syncopation(&with_hats), Some(2.0));
        // Twice the same bar is as syncopated as once.
        let mut twice = kicks(&[2, 6, 10, 14]);
        twice.steps.extend(kicks(&[2, 6, 10, 14]).steps);
        assert_eq!(syncopation(&twice), Some(7.0));
    }

    #[test]
    fn swing_is_the_first_sixteenths_share() {
        // Second sixteenths a third of a step late: 4/3 of a pair's 2 steps.
        let triplets = bar(&[
            (0, Lane::ClosedHat, 1.0, 0.0),
            (1, Lane::ClosedHat, 1.0, -1.0 / 3.0),
            (4, Lane::Kick, 1.0, 0.0),
        ]);
        assert!((swing(&triplets).unwrap() - 2.0 / 3.0).abs() < 1e-6);
        // All of it late by as much is straight.
        let late = bar(&[(0, Lane::Kick, 1.0, -0.2), (3, Lane::Kick, 1.0, -0.2)]);
        assert!((swing(&late).unwrap() - 0.5).abs() < 1e-6);
        assert_eq!(swing(&kicks(&[0, 2, 4])), None);
        assert!((lateness(&late).unwrap() - 0.2).abs() < 1e-6);
    }

    #[test]
    fn loudness_and_hats() {
        let groove = bar(&[
            (0, Lane::OpenHat, 0.25, 0.0),
            (2, Lane::ClosedHat, 0.75, 0.0),
            (4, Lane::ClosedHat, 0.25, 0.0),
            (6, Lane::ClosedHat, 0.75, 0.0),
            (6, Lane::Snare, 0.75, 0.0),
            (7, Lane::Snare, 0.25, 0.0),
        ]);
        assert_eq!(dynamics(&groove), Some(0.25));
        assert_eq!(hat_openness(&groove), Some(0.25));
        assert_eq!(density(&groove), Some(6.0 / 16.0));
    }
}
