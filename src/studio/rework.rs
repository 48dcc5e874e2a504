//! Models that work on the groove: what they are shown of it, they play as they have learnt it.

use serde::{Deserialize, Serialize};

use super::{Change, Effect, Entry, Origin, Source, Studio};
use musicvae::model::{Decoding, Latent, ModelError, MusicVae, Posterior, Preset, latent};
use musicvae::music::{Groove, GrooveOptions, Lane, Representation};

/// What a model does to a groove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rework {
    /// Plays the groove's strokes with a drummer's dynamics and timing.
    Humanize,
    /// Takes the groove for a tapped rhythm, and plays a whole groove to it.
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

    /// The reference's preset of such models.
    pub fn preset(self) -> &'static str {
        match self {
            Rework::Humanize => "groovae_2bar_humanize",
            Rework::Drumify => "groovae_2bar_tap_fixed_velocity",
            Rework::AddHats => "groovae_2bar_add_closed_hh",
        }
    }

    /// What is going on while it works.
    pub fn doing(self) -> &'static str {
        match self {
            Rework::Humanize => "humanizing",
            Rework::Drumify => "drumifying",
            Rework::AddHats => "adding hats",
        }
    }

    /// What the groove is afterwards.
    pub fn done(self) -> &'static str {
        match self {
            Rework::Humanize => "humanized",
            Rework::Drumify => "drumified",
            Rework::AddHats => "with hats",
        }
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
pub(super) fn rework(
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

impl Studio {
    /// The checkpoint that would do `rework`: the one in use if it can, else one in the program,
    /// else the best one in the folders by its loss on the validation split.
    fn helper(&self, rework: Rework) -> Option<&Entry> {
        let able = || {
            let entries = self.library.entries.iter();
            entries.filter(move |entry| entry.rework == Some(rework) && entry.obstacle().is_none())
        };
        let in_use = self.model.as_ref().map(|model| &model.source);
        let loss = |entry: &Entry| entry.validation_loss.unwrap_or(f64::INFINITY);
        able()
            .find(|entry| Some(&entry.source) == in_use)
            .or_else(|| able().find(|entry| matches!(entry.source, Source::Embedded(_))))
            .or_else(|| able().min_by(|a, b| loss(a).total_cmp(&loss(b))))
    }

    /// What a model does to the groove right now.
    pub fn reworking(&self) -> Option<Rework> {
        self.tickets
            .reworking
            .as_ref()
            .map(|(_, rework, _)| *rework)
    }

    /// Why a model can't work on the groove now, in one sentence.
    pub(super) fn reason_against_rework(&self, rework: Rework) -> Option<String> {
        if self.groove().hits().next().is_none() {
            return Some("The groove is silent.".into());
        }
        if self.helper(rework).is_some() {
            return None;
        }
        let preset = rework.preset();
        let folders = &self.config.checkpoints.folders;
        let folder = folders.first().cloned().unwrap_or_default();
        let out = folder.join(preset);
        Some(format!(
            "There is no checkpoint of {preset} yet: `musicvae-tui train --preset {preset} \
             --data PATH --out {}` trains one.",
            out.display()
        ))
    }

    pub(super) fn rework(&mut self, rework: Rework) {
        let Some(entry) = self.helper(rework) else {
            return;
        };
        let (source, name) = (entry.source.clone(), entry.name.clone());
        // An answer under way would take the place of what is worked on.
        self.forget_answers();
        let ticket = self.tickets.next();
        self.tickets.reworking = Some((ticket, rework, name));
        let groove = self.groove().clone();
        let how = self.decoding();
        self.ask(Effect::Rework {
            ticket,
            source,
            rework,
            groove,
            how,
        });
    }

    pub(super) fn receive_reworked(&mut self, ticket: u64, groove: Groove) {
        let reworking = &mut self.tickets.reworking;
        let Some((_, rework, name)) = reworking.take_if(|(wanted, ..)| *wanted == ticket) else {
            return;
        };
        self.history.before(&self.scene, Change::Single);
        self.take_groove(groove, Origin::Reworked(rework), self.sound.takeover);
        let locked = self.locked_words();
        let kept = locked.map_or(String::new(), |lanes| format!("; {lanes} stayed"));
        let what = match rework {
            Rework::AddHats => "Hats are added",
            Rework::Humanize => "Humanized",
            Rework::Drumify => "Drumified",
        };
        self.say(format!("{what} by {name}{kept}."));
    }
}
