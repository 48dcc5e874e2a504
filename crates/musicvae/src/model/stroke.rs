//! Velocity and timing of strokes, from outputs that were learned over strokes and silent cells
//! alike.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::cpu::sigmoid;

/// How the velocities and offsets that a decoder puts out are understood: a property of its
/// checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strokes {
    /// As those of strokes that are played: without the silence that they were learned with.
    #[default]
    Played,
    /// As they are, which is how the reference reads them.
    Magenta,
}

impl Strokes {
    const BOTH: [Strokes; 2] = [Strokes::Played, Strokes::Magenta];

    /// What options and files call it.
    pub fn name(self) -> &'static str {
        match self {
            Strokes::Played => "played",
            Strokes::Magenta => "magenta",
        }
    }
}

impl fmt::Display for Strokes {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Strokes {
    type Err = String;

    fn from_str(text: &str) -> Result<Strokes, String> {
        let named = Strokes::BOTH.into_iter().find(|it| it.name() == text);
        named.ok_or_else(|| format!("strokes are read as played or magenta, not as `{text}`"))
    }
}

/// The least probability that [`Strokes::for_the_ear`] divides by: under it the quotient of two small numbers
/// is mostly noise. Between 0.2 and 0.3 the timing error of `groovae_4bar` on the validation split
/// is smallest.
const LEAST: f32 = 0.25;

/// Mean velocity of the training strokes of the Groove MIDI Dataset.
const CENTRE: f32 = 0.54;
/// How much velocities are spread around [`CENTRE`]. The expected velocities are means, which spread
/// less than the strokes they average: accents never reach the loudest. On the validation split this
/// much costs 0.002 of mean error, and the divergence of their distribution falls by half.
const SPREAD: f32 = 1.1;

impl Strokes {
    /// Turns a step's velocities and offsets, as the decoder hears them, into those for the ear;
    /// `logits` are those of the step's hits.
    ///
    /// The reference's squared error counts every cell, and a cell without a hit is 0. What makes it
    /// least is the mean over both, `P(hit) * E[output | hit]`: strokes that the model is unsure of
    /// would be played too softly and too straight, unless they are read as
    /// [played](Strokes::Played).
    pub fn for_the_ear(self, outputs: &mut [f32], logits: &[f32]) {
        if self == Strokes::Magenta {
            return;
        }
        let (velocities, offsets) = outputs.split_at_mut(logits.len());
        for ((velocity, offset), &logit) in velocities.iter_mut().zip(offsets).zip(logits) {
            let chance = sigmoid(logit).max(LEAST);
            *velocity = (CENTRE + SPREAD * (*velocity / chance - CENTRE)).clamp(0.0, 1.0);
            *offset = (*offset / chance).clamp(-1.0, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CENTRE, SPREAD, Strokes};

    /// A velocity and an offset of a stroke whose hit has the `logit`.
    fn heard(velocity: f32, offset: f32, logit: f32) -> [f32; 2] {
        let mut outputs = [velocity, offset];
        Strokes::Played.for_the_ear(&mut outputs, &[logit]);
        outputs
    }

    #[test]
    fn the_references_strokes_are_what_the_decoder_puts_out() {
        let mut outputs = [0.3, -0.2];
        Strokes::Magenta.for_the_ear(&mut outputs, &[-1.0]);
        assert_eq!(outputs, [0.3, -0.2]);
        for strokes in Strokes::BOTH {
            assert_eq!(strokes.name().parse(), Ok(strokes));
        }
        assert!("real".parse::<Strokes>().is_err());
    }

    #[test]
    fn doubt_is_taken_out_within_bounds() {
        // As likely as not: half of what it is where it is played.
        assert_eq!(heard(0.0, 0.3, 0.0)[1], 0.6);
        // Sure: as it is.
        assert!((heard(0.0, 0.3, 20.0)[1] - 0.3).abs() < 1e-6);
        // Hardly ever: four times, and not thousands.
        assert_eq!(heard(0.0, -0.1, -10.0)[1], -0.4);
        assert_eq!(heard(0.0, 0.6, -10.0)[1], 1.0);
    }

    #[test]
    fn velocities_are_spread_around_their_middle() {
        let sure = |velocity| heard(velocity, 0.0, 20.0)[0];
        assert!((sure(CENTRE) - CENTRE).abs() < 1e-6);
        assert!((sure(CENTRE + 0.2) - sure(CENTRE - 0.2) - SPREAD * 0.4).abs() < 1e-5);
        assert_eq!((sure(0.99), sure(0.01)), (1.0, 0.0));
        // Doubt goes first.
        let doubtful = heard(CENTRE / 2.0, 0.0, 0.0)[0];
        assert!((doubtful - CENTRE).abs() < 1e-6);
    }
}
