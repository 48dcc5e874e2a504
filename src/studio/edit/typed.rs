//! Velocity and timing as numbers that are typed.

use serde::{Deserialize, Serialize};

use super::lanes::{Otherwise, edit_hits, region_or};
use crate::studio::ground::{Change, Ground};
use musicvae::music::Hit;

/// Another loudness of hits, in 1/127 as MIDI counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dynamics {
    To(u8),
    By(i16),
    /// From the first hit to the last, evenly in time.
    Ramp(u8, u8),
    /// As a ramp, from the velocity of the first hit to that of the last.
    Even,
}

impl Dynamics {
    /// `100`, `+10`, `-10` or `40-110`.
    pub fn parse(text: &str) -> Option<Dynamics> {
        let velocity = |text: &str| {
            let velocity = text.trim().parse().ok()?;
            (1..=127).contains(&velocity).then_some(velocity)
        };
        if text.starts_with(['+', '-']) {
            let by = text.parse().ok()?;
            return (-126..=126).contains(&by).then_some(Dynamics::By(by));
        }
        match text.split_once('-') {
            Some((from, to)) => Some(Dynamics::Ramp(velocity(from)?, velocity(to)?)),
            None => velocity(text).map(Dynamics::To),
        }
    }

    /// Of a hit that lies at `place` of the way from the first to the last.
    pub fn set(self, hit: &mut Hit, place: f32) {
        let velocity = match self {
            Dynamics::To(velocity) => f32::from(velocity),
            Dynamics::By(by) => (hit.velocity * 127.0).round() + f32::from(by),
            Dynamics::Ramp(from, to) => {
                let (from, to) = (f32::from(from), f32::from(to));
                (from + (to - from) * place).round()
            }
            Dynamics::Even => return,
        };
        // A hit stays a hit: 1 is the softest that MIDI can say.
        hit.velocity = velocity.clamp(1.0, 127.0) / 127.0;
    }

    pub fn apply(self, ground: &mut Ground) {
        let region = region_or(ground, Otherwise::Cell);
        let hits: Vec<(usize, u8)> = ground
            .hits_of(&region)
            .map(|(step, _, hit)| (step, (hit.velocity * 127.0).round() as u8))
            .collect();
        let (Some(&(first, from)), Some(&(last, to))) = (hits.first(), hits.last()) else {
            return;
        };
        let dynamics = match self {
            Dynamics::Even => Dynamics::Ramp(from, to),
            other => other,
        };
        let way = (last - first).max(1) as f32;
        let start = region.steps.start;
        edit_hits(ground, &region, Change::Single, |step, hit| {
            let place = (start + step) as f32 - first as f32;
            dynamics.set(hit, (place / way).clamp(0.0, 1.0));
        });
    }
}

/// Where hits lie against their steps; positive is early.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// In milliseconds at the tempo that is set.
    Milliseconds(f32),
    /// In steps.
    Steps(f32),
}

impl Timing {
    /// `5 early`, `12 late`, `0` or `-5` (early, as a delay is counted), in milliseconds; with `%` in
    /// hundredths of a step.
    pub fn parse(text: &str) -> Option<Timing> {
        let is_a_letter = |letter: char| letter.is_ascii_alphabetic();
        let (number, word) = text.split_at(text.find(is_a_letter).unwrap_or(text.len()));
        let (number, in_steps) = match number.trim().strip_suffix('%') {
            Some(number) => (number, true),
            None => (number.trim(), false),
        };
        let number: f32 = number.trim().parse().ok()?;
        let word = word.trim().to_ascii_lowercase();
        let early = match word.trim_start_matches("ms").trim_start() {
            "" => -number,
            "e" | "early" if number >= 0.0 => number,
            "l" | "late" if number >= 0.0 => -number,
            _ => return None,
        };
        let timing = match in_steps {
            true => Timing::Steps(early / 100.0),
            false => Timing::Milliseconds(early),
        };
        early.is_finite().then_some(timing)
    }

    /// As an offset of a hit, where a step lasts so many milliseconds; the bool says that it had
    /// to be brought into what a hit can have.
    fn offset(self, step_ms: f32) -> (f32, bool) {
        let offset = match self {
            Timing::Milliseconds(early) => early / step_ms,
            Timing::Steps(early) => early,
        };
        (offset.clamp(-0.5, 0.5), offset.abs() > 0.5)
    }

    pub fn apply(self, ground: &mut Ground) {
        let region = region_or(ground, Otherwise::Cell);
        let step_ms = ground.step_ms();
        let (offset, is_far) = self.offset(step_ms);
        edit_hits(ground, &region, Change::Single, |_, hit| {
            hit.offset = offset
        });
        if is_far {
            let most = step_ms / 2.0;
            ground.say(format!("A hit can be half a step off, {most:.0} ms here."));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn velocities_are_read() {
        for (text, read) in [
            ("100", Some(Dynamics::To(100))),
            ("+10", Some(Dynamics::By(10))),
            ("-10", Some(Dynamics::By(-10))),
            ("40-110", Some(Dynamics::Ramp(40, 110))),
            ("110 - 40", Some(Dynamics::Ramp(110, 40))),
            ("0", None),
            ("128", None),
            ("40-", None),
            ("loud", None),
            ("--5", None),
            ("+300", None),
        ] {
            assert_eq!(Dynamics::parse(text), read, "{text}");
        }
    }

    #[test]
    fn timings_are_read() {
        let ms = |early| Some(Timing::Milliseconds(early));
        for (text, read) in [
            ("0", ms(0.0)),
            ("12 late", ms(-12.0)),
            ("12l", ms(-12.0)),
            ("12", ms(-12.0)),
            ("5 early", ms(5.0)),
            ("5 ms early", ms(5.0)),
            ("-5", ms(5.0)),
            ("2.5e", ms(2.5)),
            ("25%", Some(Timing::Steps(-0.25))),
            ("25 % early", Some(Timing::Steps(0.25))),
            ("-5 early", None),
            ("soon", None),
            ("inf", None),
            ("", None),
        ] {
            assert_eq!(Timing::parse(text), read, "{text}");
        }
        // A step lasts 125 ms at 120.
        assert_eq!(Timing::Milliseconds(12.5).offset(125.0), (0.1, false));
        assert_eq!(Timing::Milliseconds(-100.0).offset(125.0), (-0.5, true));
    }
}
