//! Models that work on a groove: they play the part of it that they are not shown.

use serde::{Deserialize, Serialize};

use super::Drummer;
use super::windows::{joined, looped};
use crate::model::{Decoding, Guide, Latent, ModelError, MusicVae, Posterior, Preset, latent};
use crate::music::{Groove, GrooveOptions, LANES, Lane, Representation};

/// What a model does to a groove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rework {
    /// Plays the groove's strokes with a drummer's dynamics and timing.
    Humanize,
    /// Treats the groove as a tapped rhythm, and plays a whole groove to it.
    Drumify,
    /// Plays hats to the rest of the groove.
    AddHats,
}

impl Rework {
    /// What models of a preset do to a groove that they are shown, by what they are not shown of
    /// it. `None` when they are shown all, or make something else.
    pub fn of(preset: &Preset) -> Option<Rework> {
        preset.makes_grooves().ok()?;
        let options = options(preset)?;
        match () {
            () if options.tapify => Some(Rework::Drumify),
            () if options.add_instruments.contains(&Lane::ClosedHat) => Some(Rework::AddHats),
            () if !options.add_instruments.is_empty() => None,
            () => options.humanize.then_some(Rework::Humanize),
        }
    }

    /// How readily strokes are made where what is likeliest is wanted ([`Guide::lean`]). A stroke that
    /// is one of several likely ones is missed if each must be likelier than not. Of 0, 0.3, 0.6 and 0.8
    /// these give the built-in models' grooves the best F1 on the training split.
    pub fn lean(self) -> f32 {
        match self {
            Rework::Drumify => 0.6,
            Rework::Humanize | Rework::AddHats => 0.0,
        }
    }

    /// What a model plays to what it is shown of `grooves`, from their latents: rows of
    /// [`MusicVae::play`]. To taps it strikes at each tap and nowhere else.
    pub(crate) fn play(
        self,
        model: &MusicVae,
        z: &[Latent],
        grooves: &[Groove],
        how: Decoding,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let lean = if how.temperature == 0.0 {
            self.lean()
        } else {
            0.0
        };
        match self {
            Rework::Drumify => model.play_to_taps(z, grooves, how, lean),
            Rework::Humanize | Rework::AddHats => {
                let guide = Guide {
                    lean,
                    ..Guide::default()
                };
                model.play(z, how, &guide)
            }
        }
    }

    /// The reference's preset of such models.
    pub fn preset(self) -> &'static str {
        match self {
            Rework::Humanize => "groovae_2bar_humanize",
            Rework::Drumify => "groovae_2bar_tap_fixed_velocity",
            Rework::AddHats => "groovae_2bar_add_closed_hh",
        }
    }
}

/// The softest that a humanizer plays each lane, of 127: as soft as the softest hundredth of the strokes of
/// the Groove MIDI Dataset's training split. Of patterns unlike those that it has learned from it would
/// silence strokes, and all of them are to be heard.
const SOFTEST: [f32; LANES] = [8.0, 6.0, 11.0, 7.0, 25.0, 27.0, 31.0, 6.0, 12.0];

fn options(preset: &Preset) -> Option<&GrooveOptions> {
    match &preset.representation {
        Representation::Groove(options) => Some(options),
        _ => None,
    }
}

impl Drummer {
    /// The groove as the model plays it, window by window: humanized, drumified or with hats, as
    /// its preset says ([`Rework::of`]). The last window of a groove that is no whole number of them
    /// goes on with the groove's beginning, as its loop does.
    ///
    /// The temperature spreads what is drawn: hits, and of a humanizer (which keeps the hits) the
    /// latent, at 1 as widely as the model's belief about how the groove might be played. At 0 it
    /// is what is likeliest.
    ///
    /// # Errors
    /// A model that works on no grooves.
    pub fn rework(&self, groove: &Groove, how: Decoding) -> Result<Groove, ModelError> {
        let preset = self.preset();
        let rework = Rework::of(preset).ok_or_else(|| ModelError::NoRework {
            preset: preset.name.clone(),
        })?;
        let windows = looped(groove, preset.steps());
        let posteriors = self.model.encode(&windows)?;
        let played: Vec<Groove> = match rework {
            Rework::Humanize => {
                let each = posteriors.iter().zip(&windows).enumerate();
                let played = each.map(|(place, (posterior, window))| {
                    let seed = how.seed.wrapping_add(place as u64);
                    let how = Decoding { seed, ..how };
                    let z = [drawn(posterior, preset, how)];
                    let windows = std::slice::from_ref(window);
                    self.model.decode_given(&self.moved(&z), windows, how)
                });
                let played: Result<Vec<_>, _> = played.collect();
                played?.concat()
            }
            Rework::Drumify | Rework::AddHats => {
                let z: Vec<Latent> = posteriors.into_iter().map(|it| it.mu).collect();
                let played = rework.play(&self.model, &self.moved(&z), &windows, how)?;
                let groove = |features: &Vec<f32>| Groove::from_features(features, 120.0);
                played.iter().map(groove).collect()
            }
        };
        let mut made = joined(played, groove);
        if rework == Rework::Humanize {
            let strokes = made
                .steps
                .iter_mut()
                .flat_map(|step| step.iter_mut().zip(SOFTEST));
            for (hit, softest) in
                strokes.filter_map(|(hit, softest)| Some((hit.as_mut()?, softest)))
            {
                hit.velocity = hit.velocity.max(softest / 127.0);
            }
        }
        if rework == Rework::AddHats {
            let added = options(preset).map_or(&[][..], |options| &options.add_instruments);
            for (step, given) in made.steps.iter_mut().zip(&groove.steps) {
                let kept = Lane::ALL.into_iter().filter(|lane| !added.contains(lane));
                kept.for_each(|lane| step[lane.index()] = given[lane.index()]);
                // A hat is open or closed, and what is given stays.
                if step[Lane::OpenHat.index()].is_some() && !added.contains(&Lane::OpenHat) {
                    step[Lane::ClosedHat.index()] = None;
                }
            }
        }
        Ok(made)
    }
}

/// A draw of the posterior, narrowed to the temperature; its mean at 0.
pub(super) fn drawn(posterior: &Posterior, preset: &Preset, how: Decoding) -> Latent {
    let noise = latent::sample_prior(posterior.mu.len(), how.seed);
    let heat = preset.head.heat_of_posteriors(how.temperature);
    let both = posterior.mu.iter().zip(&posterior.sigma).zip(&noise);
    both.map(|((mu, sigma), noise)| mu + heat * sigma * noise)
        .collect()
}
