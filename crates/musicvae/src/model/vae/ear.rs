//! What a model plays, for the ear.

use super::{Decoding, Guide, MusicVae, Rows};
use crate::model::{Head, Latent, ModelError, Strokes};

impl MusicVae {
    /// What the decoder plays for each latent, for the ear: the rows of [`MusicVae::decode_rows`],
    /// and in a groove's the velocities and (doubled) offsets as its [`Strokes`] are read, which the
    /// decoder itself does not hear.
    ///
    /// # Errors
    /// Those of [`MusicVae::decode_rows`].
    pub fn play(
        &self,
        z: &[Latent],
        how: Decoding,
        guide: &Guide,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let strokes = self.strokes();
        let groove = self.preset().head == Head::Groove;
        let guide = Guide {
            parameters: groove,
            ..*guide
        };
        let played = self.decode_rows(z, how, &guide)?.into_iter();
        Ok(played
            .map(|mut played| {
                if let Some(parameters) = &played.parameters {
                    turn(strokes, &mut played.rows, &parameters.values);
                }
                played.rows.values
            })
            .collect())
    }
}

/// Has a groove's whole rows read as `strokes` says, given the numbers of its heads.
fn turn(strokes: Strokes, rows: &mut Rows, parameters: &[f32]) {
    let lanes = rows.depth / 3;
    let each = rows.values.chunks_exact_mut(rows.depth);
    for (row, logits) in each.zip(parameters.chunks_exact(rows.depth)) {
        strokes.for_the_ear(&mut row[lanes..], &logits[..lanes]);
    }
}
