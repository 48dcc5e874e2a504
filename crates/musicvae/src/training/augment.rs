//! New performances made of old ones: changes that keep the feel of a groove, so that a small
//! corpus shows a model more patterns than it holds.

use rand::{Rng, RngExt};

use crate::music::{Groove, Hit, LANES, Lane};

/// A variation of `groove`, drawn from `rng`; `other`, a groove of the same length, lends lanes and
/// bars. The result has the length, tempo and meter of `groove`.
///
/// Each of these happens or not, one after the other: the cymbals are another drummer's; bars are
/// repeated or exchanged; the groove begins on another beat; lanes that are played alike change
/// places (hat and ride, open hat and crash, the toms); lanes fall silent; all is played softer or
/// louder, looser or tighter, earlier or later.
pub fn augment(groove: &Groove, other: &Groove, rng: &mut impl Rng) -> Groove {
    let mut varied = groove.clone();
    if rng.random_bool(0.3) {
        borrow_cymbals(&mut varied, other);
    }
    if rng.random_bool(0.35) {
        exchange_bars(&mut varied, other, rng);
    }
    if rng.random_bool(0.2) {
        let beat = groove.steps_per_bar() / usize::from(groove.meter.numerator).max(1);
        let beats = groove.steps.len() / beat.max(1);
        varied
            .steps
            .rotate_left(beat * rng.random_range(0..beats.max(1)));
    }
    let sources = exchanged_lanes(rng);
    let silent = silent_lanes(rng);
    let touch = Touch::draw(rng);
    for step in &mut varied.steps {
        let played = *step;
        for (lane, cell) in step.iter_mut().enumerate() {
            *cell = played[sources[lane]]
                .filter(|_| !silent[lane])
                .map(|hit| touch.of(hit));
        }
    }
    varied
}

fn borrow_cymbals(groove: &mut Groove, other: &Groove) {
    for (step, other) in groove.steps.iter_mut().zip(&other.steps) {
        for lane in [Lane::ClosedHat, Lane::OpenHat, Lane::Crash, Lane::Ride] {
            step[lane.index()] = other[lane.index()];
        }
    }
}

/// Puts any bar in the place of some bars, at times one of the other groove.
fn exchange_bars(groove: &mut Groove, other: &Groove, rng: &mut impl Rng) {
    let bar = groove.steps_per_bar().max(1);
    let own = groove.steps.clone();
    let whole = |steps: usize| (steps / bar).max(1);
    let foreign = rng.random_bool(0.3);
    for place in groove.steps.chunks_exact_mut(bar) {
        if rng.random_bool(0.5) {
            continue;
        }
        let source = match foreign && rng.random_bool(0.5) {
            true => &other.steps,
            false => &own,
        };
        let from = bar * rng.random_range(0..whole(source.len()));
        if let Some(taken) = source.get(from..from + bar) {
            place.copy_from_slice(taken);
        }
    }
}

/// The lane that each lane's strokes come from.
fn exchanged_lanes(rng: &mut impl Rng) -> [usize; LANES] {
    let mut lanes = Lane::ALL.map(Lane::index);
    if rng.random_bool(0.25) {
        lanes.swap(Lane::ClosedHat.index(), Lane::Ride.index());
    }
    if rng.random_bool(0.15) {
        lanes.swap(Lane::OpenHat.index(), Lane::Crash.index());
    }
    if rng.random_bool(0.4) {
        let toms = [Lane::LowTom, Lane::MidTom, Lane::HighTom].map(Lane::index);
        for last in (1..toms.len()).rev() {
            lanes.swap(toms[last], toms[rng.random_range(0..=last)]);
        }
    }
    lanes
}

fn silent_lanes(rng: &mut impl Rng) -> [bool; LANES] {
    let mut silent = [false; LANES];
    if rng.random_bool(0.3) {
        for _ in 0..rng.random_range(1..=2) {
            silent[rng.random_range(0..LANES)] = true;
        }
    }
    silent
}

/// How strokes are played otherwise than they were.
struct Touch {
    /// Exponent of the velocity: under 1 louder, over 1 softer.
    velocity: f32,
    /// Factor of the offset.
    looseness: f32,
    /// Added to the offset, in steps.
    shift: f32,
}

impl Touch {
    fn draw(rng: &mut impl Rng) -> Touch {
        let velocity = match rng.random_bool(0.5) {
            true => rng.random_range(0.7..1.4),
            false => 1.0,
        };
        let (looseness, shift) = match rng.random_bool(0.5) {
            true => (rng.random_range(0.7..1.3), rng.random_range(-0.05..0.05)),
            false => (1.0, 0.0),
        };
        Touch {
            velocity,
            looseness,
            shift,
        }
    }

    fn of(&self, hit: Hit) -> Hit {
        Hit::new(
            hit.velocity.powf(self.velocity),
            (hit.offset * self.looseness + self.shift).clamp(-0.5, 0.5),
        )
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn groove(every: usize, lane: Lane) -> Groove {
        let mut groove = Groove::empty(64);
        for step in (0..64).step_by(every) {
            groove.steps[step][lane.index()] = Some(Hit::new(0.6, 0.1));
        }
        groove
    }

    #[test]
    fn variations_are_grooves_of_the_same_length_and_differ_with_the_seed_alone() {
        let (one, other) = (groove(4, Lane::Kick), groove(2, Lane::Ride));
        let vary = |seed| augment(&one, &other, &mut ChaCha8Rng::seed_from_u64(seed));
        let mut changed = 0;
        for seed in 0..200 {
            let varied = vary(seed);
            assert_eq!(varied, vary(seed));
            assert_eq!((varied.steps.len(), varied.qpm), (64, one.qpm));
            for (_, _, hit) in varied.hits() {
                assert!((0.0..=1.0).contains(&hit.velocity) && hit.offset.abs() <= 0.5);
            }
            changed += usize::from(varied != one);
        }
        assert!((100..200).contains(&changed), "{changed} of 200");
    }

    #[test]
    fn a_groove_of_one_bar_or_none_is_varied_too() {
        for steps in [0, 1, 16] {
            for seed in 0..50 {
                let (one, other) = (Groove::empty(steps), groove(1, Lane::Kick));
                let varied = augment(&one, &other, &mut ChaCha8Rng::seed_from_u64(seed));
                assert_eq!(varied.steps.len(), steps);
            }
        }
    }
}
