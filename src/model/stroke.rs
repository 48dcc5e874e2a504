//! What a stroke sounds like, from outputs that were learned over strokes and silence alike.

use super::cpu::sigmoid;
use super::{Decoding, Guide, Head, Latent, ModelError, MusicVae, Rows};

/// The least probability that [`given_hit`] divides by: under it the quotient of two small numbers
/// is mostly noise. Between 0.2 and 0.3 the timing error of `groovae_4bar` on the validation split
/// is smallest.
const LEAST: f32 = 0.25;

/// The velocity or offset to expect of a stroke that is played, from the decoder's `output` for it
/// and the `logit` of its hit.
///
/// The reference's squared error counts every cell, and a cell without a hit is 0. What makes it
/// least is the mean over both, `P(hit) * E[output | hit]`: strokes that the model is unsure of
/// would be played too softly and too straight.
pub fn given_hit(output: f32, logit: f32) -> f32 {
    output / sigmoid(logit).max(LEAST)
}

impl MusicVae {
    /// What the decoder plays for each latent, for the ear: the rows of [`MusicVae::decode_rows`],
    /// and in a groove's the velocities and (doubled) offsets of strokes [given that they are
    /// played](given_hit), which the decoder itself does not hear.
    ///
    /// # Errors
    /// Those of [`MusicVae::decode_rows`].
    pub fn play(
        &self,
        z: &[Latent],
        how: Decoding,
        guide: &Guide,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let groove = self.preset().head == Head::Groove;
        let guide = Guide {
            parameters: groove,
            ..*guide
        };
        let played = self.decode_rows(z, how, &guide)?.into_iter();
        Ok(played
            .map(|mut played| {
                if let Some(parameters) = &played.parameters {
                    strokes(&mut played.rows, &parameters.values);
                }
                played.rows.values
            })
            .collect())
    }
}

/// Turns a groove's rows as they are heard by the decoder into those for the ear.
fn strokes(rows: &mut Rows, parameters: &[f32]) {
    let lanes = rows.depth / 3;
    let each = rows.values.chunks_exact_mut(rows.depth);
    for (row, logits) in each.zip(parameters.chunks_exact(rows.depth)) {
        for (index, output) in row.iter_mut().enumerate().skip(lanes) {
            *output = given_hit(*output, logits[index % lanes]).clamp(-1.0, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::given_hit;

    #[test]
    fn doubt_is_taken_out_within_bounds() {
        // As likely as not: half of what it is where it is played.
        assert_eq!(given_hit(0.3, 0.0), 0.6);
        // Sure: as it is.
        assert!((given_hit(0.3, 20.0) - 0.3).abs() < 1e-6);
        // Hardly ever: four times, and not thousands.
        assert_eq!(given_hit(0.1, -10.0), 0.4);
    }
}
