//! Models of performed grooves: which part of a groove they are shown, and what their rows mean.

use super::Drummer;
use super::windows::{in_turn, joined, looped, seeds_from};
use crate::data::groove::rows;
use crate::model::{
    Decoding, Guide, Latent, ModelError, MusicVae, Posterior, Preset, Rows, Shown, misfit,
};
use crate::music::{FEATURES, Grid, Groove, GrooveOptions, LANES, Representation};

impl Drummer {
    /// The posterior of each window of a groove of any length. The last one goes on with the groove's
    /// beginning, as its loop does.
    ///
    /// # Errors
    /// A model of other music.
    pub fn encode_groove(&self, groove: &Groove) -> Result<Vec<Posterior>, ModelError> {
        self.model.encode(&looped(groove, self.preset().steps()))
    }

    /// A groove of [`Preset::steps`] steps at 120 quarter notes a minute for each latent.
    ///
    /// # Errors
    /// A model of other music, or one that must be told the hits ([`Preset::makes_grooves`]); a
    /// latent that is not [`Preset::z_size`] numbers long.
    pub fn decode_grooves(&self, z: &[Latent], how: Decoding) -> Result<Vec<Groove>, ModelError> {
        self.model.decode(&self.moved(z), how)
    }

    /// A groove of `steps` steps for each list of latents: a window for each of them, and from the
    /// first one on again until it is full. The windows of a groove have seeds that follow each other,
    /// so two of one latent are played alike and are not the same.
    ///
    /// # Errors
    /// Those of [`Drummer::decode_grooves`], and a list without a latent.
    pub fn decode_long(
        &self,
        points: &[Vec<Latent>],
        steps: usize,
        how: Decoding,
    ) -> Result<Vec<Groove>, ModelError> {
        let windows = steps.div_ceil(self.preset().steps()).max(1);
        let z: Vec<Latent> = points
            .iter()
            .flat_map(|list| in_turn(list, windows))
            .collect();
        let seeds: Vec<u64> = points
            .iter()
            .flat_map(|_| seeds_from(how.seed, windows))
            .collect();
        let guide = Guide {
            seeds: &seeds,
            ..Guide::default()
        };
        let played = self.model.decode_as_told(&self.moved(&z), how, &guide)?;
        let whole = Groove::empty(steps);
        let each = played.chunks(windows);
        Ok(each
            .map(|windows| joined(windows.to_vec(), &whole))
            .collect())
    }
}

impl MusicVae {
    /// The posterior of each groove, when the model is shown what its preset makes of it (taps, or
    /// a groove without feel or some lanes; no stroke is left out at random).
    ///
    /// # Errors
    /// A model of other music, or a groove that is not [`Preset::steps`] sixteenths long.
    pub fn encode(&self, grooves: &[Groove]) -> Result<Vec<Posterior>, ModelError> {
        let options = GrooveOptions {
            max_note_dropout: 0.0,
            ..self.preset().groove_options()?.clone()
        };
        let steps = self.preset().steps();
        let is_other = |groove: &&Groove| groove.grid != Grid::Sixteenths;
        if let Some(groove) = grooves.iter().find(is_other) {
            return Err(misfit("a groove in sixteenths", groove.grid));
        }
        if let Some(groove) = grooves.iter().find(|groove| groove.steps.len() != steps) {
            return Err(misfit(format!("{steps} steps"), groove.steps.len()));
        }
        let numbers = |groove: &Groove| {
            let input = rows::write(&options.apply(groove, 0), &options);
            (input, rows::controls(groove, &options))
        };
        let numbers: Vec<_> = grooves.iter().map(numbers).collect();
        let shown = numbers.iter().map(|(input, controls)| Shown {
            input,
            controls,
            lengths: &[],
        });
        self.encode_rows(&shown.collect::<Vec<_>>())
    }

    /// A groove of [`Preset::steps`] steps at 120 quarter notes a minute for each latent.
    ///
    /// # Errors
    /// A model of other music, or one that must be told the hits; a latent that is not
    /// [`Preset::z_size`] numbers long.
    pub fn decode(&self, z: &[Latent], how: Decoding) -> Result<Vec<Groove>, ModelError> {
        self.decode_as_told(z, how, &Guide::default())
    }

    /// [`MusicVae::decode`] with a seed for each latent.
    ///
    /// # Errors
    /// Those of [`MusicVae::decode`].
    pub fn decode_each(
        &self,
        z: &[Latent],
        temperature: f32,
        seeds: &[u64],
    ) -> Result<Vec<Groove>, ModelError> {
        let how = Decoding {
            temperature,
            seed: 0,
        };
        let guide = Guide {
            seeds,
            ..Guide::default()
        };
        self.decode_as_told(z, how, &guide)
    }

    /// [`MusicVae::decode`] as a guide says.
    pub(super) fn decode_as_told(
        &self,
        z: &[Latent],
        how: Decoding,
        guide: &Guide,
    ) -> Result<Vec<Groove>, ModelError> {
        self.preset().makes_grooves()?;
        let features = self.play(z, how, guide)?;
        let groove = |features: &Vec<f32>| Groove::from_features(features, 120.0);
        Ok(features.iter().map(groove).collect())
    }

    /// What the decoder plays and itself hears, over any number of steps: `steps x 27` numbers in
    /// the layout of [`Groove::to_features`], drawn hits (0 or 1), velocities and doubled offsets,
    /// the latter two also where there is no hit.
    ///
    /// # Errors
    /// Those of [`MusicVae::decode`].
    pub fn decode_features(
        &self,
        z: &[Latent],
        steps: usize,
        how: Decoding,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        self.preset().makes_grooves()?;
        let guide = Guide {
            steps: Some(steps),
            ..Guide::default()
        };
        let played = self.decode_rows(z, how, &guide)?;
        Ok(played
            .into_iter()
            .map(|played| played.rows.values)
            .collect())
    }

    /// Each pattern as the decoder performs it for a latent: the hits are the pattern's, and only
    /// velocities and offsets are the model's, which hears the pattern with its own feel: the
    /// likeliest at temperature 0, and else drawn, by a model that draws them. A model that must be
    /// told the hits is told them.
    ///
    /// # Errors
    /// A model of other music, a latent that is not [`Preset::z_size`] numbers long, or not a
    /// pattern of [`Preset::steps`] steps for each.
    pub fn decode_given(
        &self,
        z: &[Latent],
        patterns: &[Groove],
        how: Decoding,
    ) -> Result<Vec<Groove>, ModelError> {
        let told = self.preset().groove_options()?.hits_as_controls;
        let hits = |groove: &Groove| Rows {
            steps: groove.steps.len(),
            depth: LANES,
            values: rows::hits(groove),
        };
        let hits: Vec<Rows> = patterns.iter().map(hits).collect();
        let known = |hits: &Rows| Rows {
            depth: FEATURES,
            values: rows::with_own_feel(&hits.values),
            ..*hits
        };
        let known: Vec<Rows> = hits.iter().map(known).collect();
        let guide = Guide {
            controls: if told { &hits } else { &[] },
            known: &known,
            ..Guide::default()
        };
        if hits.len() != z.len() {
            return Err(misfit(format!("{} patterns", z.len()), hits.len()));
        }
        let played = self.play(z, how, &guide)?;
        let performed = played.iter().zip(patterns);
        Ok(performed
            .map(|(rows, pattern)| Groove::from_features(rows, pattern.qpm))
            .collect())
    }
}

impl Preset {
    /// What is left out of grooves that the model is shown.
    ///
    /// # Errors
    /// When its music is no [`Groove`].
    fn groove_options(&self) -> Result<&GrooveOptions, ModelError> {
        match &self.representation {
            Representation::Groove(options) if self.representation.output_depth() == FEATURES => {
                Ok(options)
            }
            other => Err(ModelError::NoGrooves {
                preset: self.name.clone(),
                makes: other.makes(),
            }),
        }
    }

    /// Whether a latent alone becomes a [`Groove`].
    ///
    /// # Errors
    /// The reason why not.
    pub fn makes_grooves(&self) -> Result<(), ModelError> {
        match self.groove_options()?.hits_as_controls {
            false => Ok(()),
            true => Err(ModelError::NoControls {
                preset: self.name.clone(),
            }),
        }
    }
}
