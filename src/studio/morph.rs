//! Drawing grooves from the model: samples, the slider between A and B, and undo.

use std::collections::BTreeMap;

use super::{
    Action, Anchor, Change, Config, Effect, End, ModelInfo, Origin, Rework, Scene, Source, Studio,
    Takeover,
};
use musicvae::model::{Decoding, Latent, latent};
use musicvae::music::{Groove, Lane};

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
    encoding: Option<Encoding>,
    /// What a model does to the groove, and the checkpoint's name.
    pub(super) reworking: Option<(u64, Rework, String)>,
    /// How the grooves of decodes take over, oldest first.
    takeovers: Vec<(u64, Takeover)>,
    /// The decode whose answer also carries the previews of A and B.
    previews: Vec<u64>,
}

/// A groove on its way to become an end of the slider.
#[derive(Debug)]
struct Encoding {
    ticket: u64,
    end: End,
    name: String,
    /// By how much its latent is to lie before the point that the groove is read as: the qualities
    /// that it was heard with come on top again.
    steering: Latent,
    /// It is to be heard as the model plays it, since it is steered.
    steered: bool,
}

impl Tickets {
    pub(super) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Makes every answer still under way unwelcome.
    fn forget(&mut self) {
        self.valid_from = self.last + 1;
        self.encoding = None;
        self.reworking = None;
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
        qualities: BTreeMap::new(),
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
                if let Origin::Kept(end) = &mut scene.origin {
                    *end = end.other();
                }
            }
            Action::Undo if self.history.undo(&mut self.scene) => self.after_time_travel(),
            Action::Redo if self.history.redo(&mut self.scene) => self.after_time_travel(),
            _ => {}
        }
    }

    /// Draws a new groove from the prior. It takes the end of the slider that is nearer, and the
    /// slider goes there: what is heard can at once be morphed towards the other end.
    fn sample(&mut self, seed: u64) {
        let Some(drawn) = self.model.as_ref().map(|model| sampled(model, seed)) else {
            return;
        };
        self.history.before(&self.scene, Change::Single);
        let end = self.scene.nearer_end();
        self.scene.seed = seed;
        self.scene.next_seed = seed.wrapping_add(1);
        *self.scene.anchor_mut(end) = drawn;
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

    /// How the scene draws.
    pub(super) fn decoding(&self) -> Decoding {
        Decoding {
            temperature: self.scene.temperature,
            seed: self.scene.seed,
        }
    }

    /// Asks for the groove of the scene's point. `previews`: A and B sound different too.
    pub(super) fn decode(&mut self, takeover: Takeover, previews: bool) {
        if self.scene.a.z.is_empty() || self.scene.b.z.is_empty() {
            return;
        }
        // A preview that is not there yet is asked for again: its request may have been overtaken.
        let previews = previews
            || !self.tickets.previews.is_empty()
            || self.scene.a.preview.is_none()
            || self.scene.b.preview.is_none();
        let ticket = self.tickets.next();
        let mut z = vec![self.steered(&self.scene.z())];
        if previews {
            z.extend([&self.scene.a, &self.scene.b].map(|end| self.steered(&end.z)));
            self.tickets.previews.push(ticket);
        }
        self.tickets.takeovers.push((ticket, takeover));
        // What is asked for now is wanted, and not what a model makes of the groove before.
        self.tickets.reworking = None;
        self.tickets.encoding.take_if(|encoding| encoding.steered);
        self.scene.pending = true;
        let how = self.decoding();
        self.ask(Effect::Decode { ticket, z, how });
    }

    fn keep(&mut self, end: End) {
        if self.adopt_shown() {
            self.send_groove(self.sound.takeover);
        }
        if self.scene.is_by_itself() {
            return self.encode(end, false);
        }
        let anchor = match self.scene.slider {
            t if t <= 0.0 => self.scene.a.clone(),
            t if t >= 1.0 => self.scene.b.clone(),
            t => Anchor {
                z: self.scene.z(),
                name: format!("blend {:.0}%", t * 100.0),
                // With locked lanes it is not what the point sounds like.
                preview: match self.locked_words() {
                    None => Some(self.scene.groove.clone()),
                    Some(_) => None,
                },
            },
        };
        self.history.before(&self.scene, Change::Single);
        if matches!(self.scene.origin, Origin::Kept(_)) {
            self.scene.origin = Origin::Kept(end);
        }
        self.put(end, anchor);
    }

    /// Has the model read the groove, to make its reading one end. `steered`: and have that played.
    fn encode(&mut self, end: End, steered: bool) {
        self.forget_answers();
        let ticket = self.tickets.next();
        let nowhere = vec![0.0; self.scene.a.z.len()];
        self.tickets.encoding = Some(Encoding {
            ticket,
            end,
            name: self.scene.own_name(),
            steering: self.steered(&nowhere),
            steered,
        });
        let groove = self.scene.groove.clone();
        self.ask(Effect::Encode { ticket, groove });
    }

    /// Has the groove read when it is by itself, so that its reading can be steered; `false` when
    /// the slider's point is what is heard.
    pub(super) fn encode_for_steering(&mut self) -> bool {
        if let Some(encoding) = &mut self.tickets.encoding {
            encoding.steered = true;
            return true;
        }
        if self.adopt_shown() {
            self.send_groove(self.sound.takeover);
        }
        if self.scene.is_by_itself() {
            self.encode(self.scene.nearer_end(), true);
            return true;
        }
        false
    }

    /// Makes `anchor` one end, with the slider on it.
    fn put(&mut self, end: End, anchor: Anchor) {
        let name = anchor.name.clone();
        *self.scene.anchor_mut(end) = anchor;
        self.scene.slider = if end == End::A { 0.0 } else { 1.0 };
        self.say(match self.locked_words() {
            Some(lanes) if self.scene.origin == Origin::Slider => {
                format!("{end:?} is now {name} as the model plays it, without {lanes}.")
            }
            _ => format!("{end:?} is now {name}."),
        });
    }

    pub(super) fn receive_latent(&mut self, ticket: u64, z: Latent) {
        let encoding = &mut self.tickets.encoding;
        let Some(encoding) = encoding.take_if(|encoding| encoding.ticket == ticket) else {
            return;
        };
        let Encoding {
            end,
            name,
            steering,
            steered,
            ..
        } = encoding;
        if !steered {
            self.history.before(&self.scene, Change::Single);
        }
        self.scene.origin = Origin::Kept(end);
        let anchor = Anchor {
            z: latent::moved(&z, &steering, -1.0),
            name,
            preview: None,
        };
        self.put(end, anchor);
        if steered {
            return self.decode(self.sound.takeover, true);
        }
        // The model's reading of an edit is near it, not equal to it: the edit itself plays on
        // until the slider moves, and the preview shows the reading.
        let ticket = self.tickets.next();
        self.tickets.previews.push(ticket);
        let points = [&self.scene.z(), &self.scene.a.z, &self.scene.b.z];
        let z = points.map(|z| self.steered(z)).to_vec();
        let how = self.decoding();
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
        let takeovers = &mut self.tickets.takeovers;
        let takeover = takeovers.iter().find(|(wanted, _)| *wanted == ticket);
        let takeover = takeover.map_or(Takeover::Now, |(_, takeover)| *takeover);
        takeovers.retain(|(wanted, _)| *wanted > ticket);
        self.take_groove(groove, Origin::Slider, takeover);
    }

    /// A new groove: locked lanes keep what they have.
    pub(super) fn take_groove(&mut self, mut groove: Groove, origin: Origin, takeover: Takeover) {
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
        self.scene.origin = origin;
        self.cursor_inside();
        self.send_groove(takeover);
    }

    /// The locked lanes by name, `the locked Kick and CHat`; `None` when none is.
    pub(super) fn locked_words(&self) -> Option<String> {
        let locked = Lane::ALL
            .into_iter()
            .filter(|lane| self.lanes[lane.index()].lock);
        let names = in_words(locked);
        (!names.is_empty()).then(|| format!("the locked {names}"))
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
            self.tickets.reworking = None;
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
        if !first {
            self.history.before(&self.scene, Change::Single);
            self.say(format!("Playing {}.", model.name));
        }
        // The same points sound through the new model; where the space differs, new points.
        if !same_space {
            let seed = self.scene.seed;
            self.scene.a = sampled(&model, seed);
            self.scene.b = sampled(&model, seed.wrapping_add(1));
            self.scene.slider = 0.0;
        }
        self.model = Some(model);
        self.scene.a.preview = None;
        self.scene.b.preview = None;
        self.decode(self.sound.takeover, true);
    }
}

/// `Kick`, `Kick and Snare`, `Kick, Snare and CHat`.
pub(super) fn in_words(lanes: impl Iterator<Item = Lane>) -> String {
    let names: Vec<&str> = lanes.map(Lane::short_name).collect();
    match &names[..] {
        [] => String::new(),
        [one] => (*one).into(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn sampled(model: &ModelInfo, seed: u64) -> Anchor {
    Anchor {
        z: model.prior.sample(model.z_size, seed),
        name: format!("seed {seed}"),
        preview: None,
    }
}
