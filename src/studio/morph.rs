//! Drawing grooves from the model: samples, the slider between A and B, and undo.

use super::{
    Action, Anchor, Change, Config, Effect, End, ModelInfo, Origin, Scene, Source, Studio, Takeover,
};
use crate::model::{Decoding, Latent, latent};
use crate::music::Groove;

/// Steps of a groove before a model says otherwise: four bars of sixteenths.
const STEPS: usize = 64;

/// Which answers are still wanted.
#[derive(Debug, Default)]
pub struct Tickets {
    last: u64,
    /// Answers to tickets before this one come too late: something else happened since.
    valid_from: u64,
    /// The last ticket whose groove was taken, so that none comes in after a newer one.
    taken: u64,
    /// The end that an encoded groove goes to.
    encoding: Option<(u64, End)>,
    /// How a decode's groove takes over.
    takeover: Option<(u64, Takeover)>,
    /// The decode whose answer also carries the previews of A and B.
    previews: Vec<u64>,
}

impl Tickets {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Makes every answer still under way unwelcome.
    fn forget(&mut self) {
        self.valid_from = self.last + 1;
        self.encoding = None;
        self.previews.clear();
    }
}

/// The scene before the first groove.
pub fn opening_scene(config: &Config) -> Scene {
    let nothing = || Anchor {
        z: Vec::new(),
        name: "-".into(),
        preview: None,
    };
    Scene {
        groove: Groove {
            qpm: config.playing.tempo,
            ..Groove::empty(STEPS)
        },
        origin: Origin::Silence,
        a: nothing(),
        b: nothing(),
        slider: 0.0,
        temperature: config.sampling.temperature,
        seed: config.sampling.seed,
        // B opens with the seed after A's.
        next_seed: config.sampling.seed.wrapping_add(2),
        pending: false,
    }
}

impl Studio {
    pub(super) fn apply_morph(&mut self, action: Action) {
        match action {
            Action::Sample => self.sample(self.scene.next_seed),
            Action::SetSeed(seed) => self.sample(seed),
            Action::SetTemperature(to) => self.set_temperature(to),
            Action::NudgeTemperature(by) => self.set_temperature(self.scene.temperature + by),
            Action::SetSlider(to) => self.set_slider(to),
            Action::NudgeSlider(by) => self.set_slider(self.scene.slider + by),
            Action::Keep(end) => self.keep(end),
            Action::SwapEnds => {
                self.history.before(&self.scene, Change::Single);
                let scene = &mut self.scene;
                std::mem::swap(&mut scene.a, &mut scene.b);
                // The same point of the line, seen from the other side: the groove stays.
                scene.slider = 1.0 - scene.slider;
            }
            Action::Undo if self.history.undo(&mut self.scene) => self.after_time_travel(),
            Action::Redo if self.history.redo(&mut self.scene) => self.after_time_travel(),
            _ => {}
        }
    }

    /// Draws a new groove from the prior. It takes the end of the slider that is nearer, and the
    /// slider goes there: what is heard can at once be morphed towards the other end.
    fn sample(&mut self, seed: u64) {
        let Some(z_size) = self.model.as_ref().map(|model| model.z_size) else {
            return;
        };
        self.history.before(&self.scene, Change::Single);
        let end = self.scene.nearer_end();
        self.scene.seed = seed;
        self.scene.next_seed = seed.wrapping_add(1);
        *self.scene.anchor_mut(end) = sampled(z_size, seed);
        self.scene.slider = if end == End::A { 0.0 } else { 1.0 };
        self.decode(self.sound.takeover, true);
    }

    fn set_temperature(&mut self, to: f32) {
        let to = (to * 100.0).round().clamp(0.0, 200.0) / 100.0;
        if to == self.scene.temperature {
            return;
        }
        self.history.before(&self.scene, Change::Temperature);
        self.scene.temperature = to;
        self.decode(Takeover::Now, true);
    }

    fn set_slider(&mut self, to: f32) {
        let to = (to * 1000.0).round().clamp(0.0, 1000.0) / 1000.0;
        if to == self.scene.slider && self.scene.origin == Origin::Slider {
            return;
        }
        self.history.before(&self.scene, Change::Slider);
        self.scene.slider = to;
        self.decode(Takeover::Now, false);
    }

    /// Asks for the groove of the scene's point. `previews`: A and B sound different too.
    fn decode(&mut self, takeover: Takeover, previews: bool) {
        if self.scene.a.z.is_empty() || self.scene.b.z.is_empty() {
            return;
        }
        // A preview that is not there yet is asked for again: its request may have been overtaken.
        let previews = previews
            || !self.tickets.previews.is_empty()
            || self.scene.a.preview.is_none()
            || self.scene.b.preview.is_none();
        let ticket = self.tickets.next();
        let mut z = vec![self.scene.z()];
        if previews {
            z.extend([self.scene.a.z.clone(), self.scene.b.z.clone()]);
            self.tickets.previews.push(ticket);
        }
        self.tickets.takeover = Some((ticket, takeover));
        self.scene.pending = true;
        let how = Decoding {
            temperature: self.scene.temperature,
            seed: self.scene.seed,
        };
        self.ask(Effect::Decode { ticket, z, how });
    }

    fn keep(&mut self, end: End) {
        if self.adopt_shown() {
            self.send_groove(self.sound.takeover);
        }
        if matches!(self.scene.origin, Origin::Edited | Origin::Slot(_)) {
            self.tickets.forget();
            let ticket = self.tickets.next();
            self.tickets.encoding = Some((ticket, end));
            self.ask(Effect::Encode {
                ticket,
                groove: self.scene.groove.clone(),
            });
            return;
        }
        let z = self.scene.z();
        let name = match self.scene.slider {
            t if t <= 0.0 => self.scene.a.name.clone(),
            t if t >= 1.0 => self.scene.b.name.clone(),
            t => format!("blend {:.0}%", t * 100.0),
        };
        self.put(
            end,
            Anchor {
                z,
                name,
                preview: Some(self.scene.groove.clone()),
            },
        );
    }

    /// Makes `anchor` one end, with the slider on it.
    fn put(&mut self, end: End, anchor: Anchor) {
        self.history.before(&self.scene, Change::Single);
        let name = anchor.name.clone();
        *self.scene.anchor_mut(end) = anchor;
        self.scene.slider = if end == End::A { 0.0 } else { 1.0 };
        self.say(format!("{end:?} is now {name}."));
    }

    pub(super) fn receive_latent(&mut self, ticket: u64, z: Latent) {
        let Some((_, end)) = self
            .tickets
            .encoding
            .take_if(|(wanted, _)| *wanted == ticket)
        else {
            return;
        };
        self.put(
            end,
            Anchor {
                z,
                name: "my edit".into(),
                preview: None,
            },
        );
        // The model's reading of an edit is near it, not equal to it: the edit itself plays on
        // until the slider moves, and the preview shows the reading.
        let ticket = self.tickets.next();
        self.tickets.previews.push(ticket);
        let z = vec![
            self.scene.z(),
            self.scene.a.z.clone(),
            self.scene.b.z.clone(),
        ];
        let how = Decoding {
            temperature: self.scene.temperature,
            seed: self.scene.seed,
        };
        self.tickets.taken = ticket;
        self.ask(Effect::Decode { ticket, z, how });
    }

    pub(super) fn receive_grooves(&mut self, ticket: u64, grooves: Vec<Groove>) {
        if ticket < self.tickets.valid_from {
            return;
        }
        let mut grooves = grooves.into_iter();
        let Some(groove) = grooves.next() else { return };
        if let (Some(a), Some(b)) = (grooves.next(), grooves.next()) {
            self.scene.a.preview = Some(a);
            self.scene.b.preview = Some(b);
            self.tickets.previews.retain(|&wanted| wanted > ticket);
        }
        if ticket <= self.tickets.taken {
            return;
        }
        self.tickets.taken = ticket;
        self.scene.pending = ticket != self.tickets.last;
        let takeover = match self.tickets.takeover {
            Some((wanted, takeover)) if wanted == ticket => takeover,
            _ => Takeover::Now,
        };
        self.arrive(groove, takeover);
    }

    /// A new groove: locked lanes keep what they have.
    fn arrive(&mut self, mut groove: Groove, takeover: Takeover) {
        let heard = self.groove().clone();
        for (lane, _) in self
            .lanes
            .iter()
            .enumerate()
            .filter(|(_, state)| state.lock)
        {
            for (step, lanes) in groove.steps.iter_mut().enumerate() {
                lanes[lane] = heard.steps.get(step).and_then(|old| old[lane]);
            }
        }
        groove.qpm = self.sound.tempo;
        self.scene.groove = groove;
        self.scene.origin = Origin::Slider;
        self.cursor_inside();
        self.send_groove(takeover);
    }

    /// Has the engine play the scene's groove; a chain is left for it.
    pub(super) fn send_groove(&mut self, takeover: Takeover) {
        self.chain.playing = None;
        let groove = Groove {
            qpm: self.sound.tempo,
            ..self.scene.groove.clone()
        };
        self.ask(Effect::Groove { groove, takeover });
    }

    /// What an edit or undo does to answers under way.
    pub(super) fn forget_answers(&mut self) {
        self.tickets.forget();
        self.scene.pending = false;
    }

    fn after_time_travel(&mut self) {
        let unfinished = self.scene.pending;
        self.forget_answers();
        self.cursor_inside();
        self.send_groove(self.sound.takeover);
        if unfinished {
            self.decode(self.sound.takeover, true);
        }
    }

    pub(super) fn receive_failure(&mut self, ticket: u64, reason: &str) {
        if ticket >= self.tickets.valid_from {
            self.scene.pending = false;
            self.tickets.encoding = None;
            self.complain(format!("The model could not do that: {reason}"));
        }
    }

    pub(super) fn load(&mut self, source: Source) {
        self.library.loading = Some(source.clone());
        self.ask(Effect::LoadCheckpoint(source));
    }

    pub(super) fn receive_model(&mut self, model: ModelInfo) {
        self.library.loading = None;
        let first = self.model.is_none();
        self.forget_answers();
        if self.run.state == super::RunState::Idle {
            self.run.curves = super::Curves {
                records: model.log.clone(),
            };
        }
        let same_space = self
            .model
            .as_ref()
            .is_some_and(|old| (old.z_size, &old.preset) == (model.z_size, &model.preset));
        let (z_size, name) = (model.z_size, model.name.clone());
        self.model = Some(model);
        if !first {
            self.history.before(&self.scene, Change::Single);
            self.say(format!("Playing {name}."));
        }
        // The same points sound through the new model; where the space differs, new points.
        if !same_space {
            let seed = self.scene.seed;
            self.scene.a = sampled(z_size, seed);
            self.scene.b = sampled(z_size, seed.wrapping_add(1));
            self.scene.slider = 0.0;
        }
        self.scene.a.preview = None;
        self.scene.b.preview = None;
        self.decode(self.sound.takeover, true);
    }
}

fn sampled(z_size: usize, seed: u64) -> Anchor {
    Anchor {
        z: latent::sample_prior(z_size, seed),
        name: format!("seed {seed}"),
        preview: None,
    }
}
