//! A groove to a tapped rhythm: something at every tap, and nothing between them.

use crate::model::{Decoding, Guide, Latent, ModelError, MusicVae, Played, Rows};
use crate::music::{FEATURES, Groove, LANES};

impl MusicVae {
    /// Plays to tapped rhythms, one for each latent, and returns what [`MusicVae::play`] does.
    ///
    /// The latent alone does not say for sure where something was tapped. So silence between taps is
    /// told to the decoder from the start; and where it leaves a tap silent, its likeliest stroke is
    /// told to it, and it plays again, until no tap is left. In the corpora each tap was a stroke.
    ///
    /// `lean` is [`Guide::lean`].
    ///
    /// # Errors
    /// Those of [`MusicVae::play`].
    pub(crate) fn play_to_taps(
        &self,
        z: &[Latent],
        tapped: &[Groove],
        how: Decoding,
        lean: f32,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut known: Vec<Rows> = tapped.iter().map(silence_between).collect();
        // Each round but the last adds a stroke at least, so there are no more rounds than steps.
        loop {
            let guide = Guide {
                known: &known,
                lean,
                parameters: true,
                ..Guide::default()
            };
            let played = self.decode_rows(z, how, &guide)?;
            let silent: Vec<Vec<usize>> = (played.iter().zip(tapped))
                .map(|(played, taps)| self.at_silent_taps(played, taps))
                .collect();
            if silent.iter().all(Vec::is_empty) {
                return self.play(z, how, &guide);
            }
            for (known, hits) in known.iter_mut().zip(silent) {
                hits.into_iter().for_each(|hit| known.values[hit] = 1.0);
            }
        }
    }

    /// The likeliest hit at each tap that was left silent, as its place among the numbers of the rows.
    fn at_silent_taps(&self, played: &Played, taps: &Groove) -> Vec<usize> {
        let Some(parameters) = &played.parameters else {
            return Vec::new();
        };
        let rows = played.rows.values.chunks_exact(FEATURES);
        let made = rows.zip(parameters.values.chunks_exact(parameters.depth));
        let steps = made.zip(&taps.steps).enumerate();
        let silent = steps.filter(|(_, ((row, _), taps))| {
            taps.iter().any(Option::is_some) && row[..LANES].iter().all(|hit| *hit == 0.0)
        });
        let head = &self.preset().head;
        silent
            .map(|(step, ((_, made), _))| step * FEATURES + head.likeliest_hit(made))
            .collect()
    }
}

/// What is known of a groove to these taps, as [`Guide::known`] takes it.
fn silence_between(taps: &Groove) -> Rows {
    let mut values = vec![f32::NAN; taps.steps.len() * FEATURES];
    for (row, step) in values.chunks_exact_mut(FEATURES).zip(&taps.steps) {
        if step.iter().all(Option::is_none) {
            row[..LANES].fill(0.0);
        }
    }
    Rows {
        steps: taps.steps.len(),
        depth: FEATURES,
        values,
    }
}
