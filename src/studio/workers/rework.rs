//! Models at work on a groove: what they are shown of it, they play as they have learnt it.

use crate::studio::ground::Rework;
use musicvae::model::{Decoding, Latent, ModelError, MusicVae, Posterior, Preset, latent};
use musicvae::music::{Groove, GrooveOptions, Lane, Representation};

/// What models of a preset do to a groove that they are shown, by what they are not shown of
/// it. `None` when they are shown all, or make something else.
pub fn ability(preset: &Preset) -> Option<Rework> {
    preset.makes_grooves().ok()?;
    let options = options(preset)?;
    match () {
        () if options.tapify => Some(Rework::Drumify),
        () if options.add_instruments.contains(&Lane::ClosedHat) => Some(Rework::AddHats),
        () if !options.add_instruments.is_empty() => None,
        () => options.humanize.then_some(Rework::Humanize),
    }
}

fn options(preset: &Preset) -> Option<&GrooveOptions> {
    match &preset.representation {
        Representation::Groove(options) => Some(options),
        _ => None,
    }
}

/// The groove as `model` plays it, window by window. The last window of a groove that is no whole
/// number of them goes on with the groove's beginning, as its loop does.
///
/// The temperature spreads what is drawn: hits, and of a humanizer (which keeps the hits) the
/// latent, at 1 as widely as the model's belief about how the groove might be played. At 0 it is
/// what is likeliest.
///
/// # Errors
/// A model that does not do this.
pub fn rework(
    model: &MusicVae,
    rework: Rework,
    groove: &Groove,
    how: Decoding,
) -> Result<Groove, ModelError> {
    let length = model.preset().steps().max(1);
    let window = |start| Groove {
        steps: groove
            .steps
            .iter()
            .cycle()
            .skip(start)
            .take(length)
            .copied()
            .collect(),
        ..*groove
    };
    let windows: Vec<Groove> = (0..groove.steps.len())
        .step_by(length)
        .map(window)
        .collect();
    let posteriors = model.encode(&windows)?;
    let played: Vec<Groove> = match rework {
        Rework::Humanize => {
            let z = posteriors.iter().enumerate().map(|(place, posterior)| {
                let seed = how.seed.wrapping_add(place as u64);
                drawn(posterior, Decoding { seed, ..how })
            });
            model.decode_given(&z.collect::<Vec<_>>(), &windows)?
        }
        Rework::Drumify | Rework::AddHats => {
            let z: Vec<Latent> = posteriors.into_iter().map(|it| it.mu).collect();
            model.decode(&z, how)?
        }
    };
    let mut steps: Vec<_> = played.into_iter().flat_map(|window| window.steps).collect();
    steps.truncate(groove.steps.len());
    if rework == Rework::AddHats {
        let added = options(model.preset()).map_or(&[][..], |options| &options.add_instruments);
        for (step, given) in steps.iter_mut().zip(&groove.steps) {
            let kept = Lane::ALL.into_iter().filter(|lane| !added.contains(lane));
            kept.for_each(|lane| step[lane.index()] = given[lane.index()]);
        }
    }
    Ok(Groove { steps, ..*groove })
}

/// A draw of the posterior, narrowed to the temperature; its mean at 0.
fn drawn(posterior: &Posterior, how: Decoding) -> Latent {
    let noise = latent::sample_prior(posterior.mu.len(), how.seed);
    let both = posterior.mu.iter().zip(&posterior.sigma).zip(&noise);
    both.map(|((mu, sigma), noise)| mu + how.temperature * sigma * noise)
        .collect()
}
