//! From the scene to the model and back: what the model is asked, and what happens with its answers.

use std::sync::Arc;

use super::Ground;
use super::effect::Effect;
use super::quality::Quality;
use super::requests::{Reading, Working};
use super::scene::{Anchor, End, Origin, Place, Points};
use super::undo::Change;
use crate::engine::Takeover;
use musicvae::checkpoint::catalogue::Source;
use musicvae::model::{Latent, latent};
use musicvae::music::{Cells, Grid, Groove};
use musicvae::{Fill, Rework};

// What the answers depend on.
impl Ground {
    /// Why the model can't be asked now, in one sentence.
    pub fn no_model(&self) -> Option<String> {
        let reason = match (&self.model, &self.loading) {
            (Some(_), _) => return None,
            (None, Some(_)) => "The model is still being loaded.",
            (None, None) => "No model is loaded: choose a checkpoint first.",
        };
        Some(reason.into())
    }

    /// Why a model can't be asked about the groove that is heard, in one sentence.
    pub fn cant_be_read(&self) -> Option<String> {
        self.no_model().or_else(|| unlearned(self.groove()))
    }

    /// The qualities that the model in use can be steered by.
    ///
    /// # Errors
    /// Why there are none, in one sentence.
    pub fn qualities(&self) -> Result<&[Quality], &str> {
        match &self.model {
            None => Err("No model is loaded."),
            Some(model) => match &model.qualities {
                Ok(qualities) => Ok(qualities),
                Err(reason) => Err(reason),
            },
        }
    }

    /// Those of the model in use whose amount is not 0, with it.
    pub fn steering(&self) -> impl Iterator<Item = (&Quality, f32)> {
        let qualities = self.qualities().unwrap_or(&[]).iter();
        let with_amount = qualities.map(|quality| (quality, self.scene.amount(&quality.name)));
        with_amount.filter(|(_, amount)| *amount != 0.0)
    }

    /// Points of the latent space moved as the qualities say: what the model is given.
    pub(super) fn steered(&self, z: &Points) -> Points {
        let steer = |z: &Latent| {
            let moved = |z: Latent, (quality, amount): (&Quality, f32)| {
                latent::moved(&z, &quality.vector, amount)
            };
            self.steering().fold(z.clone(), moved)
        };
        z.iter().map(steer).collect()
    }

    /// Whether what is heard is at the points themselves, moved by no quality.
    pub(super) fn is_unsteered(&self) -> bool {
        self.steering().next().is_none()
    }

    /// By how much the qualities move every point.
    pub(super) fn steering_way(&self, dimensions: usize) -> Latent {
        self.steered(&vec![vec![0.0; dimensions]]).concat()
    }

    /// Steps that the model is asked for: the groove stays as long as it is, but for one that is
    /// shorter than what the model plays.
    pub fn steps_to_play(&self) -> usize {
        let window = self.model.as_ref().map_or(0, |model| model.steps);
        match self.scene.origin {
            Origin::Silence => window,
            _ => self.own_groove().sixteenths().max(window),
        }
    }

    /// The direction to fills in the latent space of the model in use.
    ///
    /// # Errors
    /// Why it is not known, in one sentence.
    pub fn fill_direction(&self) -> Result<&Latent, String> {
        let qualities = self.qualities();
        let qualities = qualities.map_err(|reason| format!("No fills: {reason}"))?;
        let mut qualities = qualities.iter();
        let fill = qualities.find(|quality| quality.name == Fill::ATTRIBUTE);
        let fill = fill.map(|quality| &quality.vector);
        fill.ok_or_else(|| {
            "This model has no attribute for fills: make one with `musicvae-tui attributes make`, \
             from a corpus that labels fills."
                .into()
        })
    }

    /// A fill in a bar of the groove, where some cells stay.
    ///
    /// # Errors
    /// Why there can be none, in one sentence.
    pub fn fill(&self, bar: usize, kept: Cells) -> Result<Fill, String> {
        let direction = self.fill_direction()?.clone();
        Ok(Fill {
            bar,
            direction,
            kept,
        })
    }

    /// A number for a question whose answer a feature waits for.
    pub fn next_ticket(&mut self) -> u64 {
        self.requests.next_ticket()
    }

    /// What a model does to the groove right now.
    pub fn reworking(&self) -> Option<Rework> {
        self.requests.working.as_ref().map(|working| working.rework)
    }
}

/// Why a groove is nothing that models have learned, in one sentence.
pub fn unlearned(groove: &Groove) -> Option<String> {
    let is_other = groove.grid != Grid::Sixteenths;
    is_other.then(|| {
        format!(
            "The groove is in {}, which the models have not learned: `:sixteenths` makes \
             sixteenths of it.",
            groove.grid
        )
    })
}

// Asking.
impl Ground {
    /// Asks for the groove of the scene's point. `previews`: the ends sound different too.
    pub fn decode(&mut self, takeover: Takeover, previews: bool) {
        self.decode_points(self.scene.z(), takeover, previews);
    }

    /// Asks for the groove of any points; returns the ticket of the request.
    pub(super) fn decode_points(
        &mut self,
        points: Points,
        takeover: Takeover,
        previews: bool,
    ) -> Option<u64> {
        if !self.has_points() {
            return None;
        }
        // A preview that is not there yet is asked for again: its request may have been overtaken.
        let previews = previews
            || !self.requests.previews.is_empty()
            || self
                .scene
                .ends()
                .any(|end| self.scene.anchor(end).preview.is_none());
        let ticket = self.requests.next_ticket();
        let mut z = vec![self.steered(&points)];
        if previews {
            let ends: Vec<End> = self.scene.ends().collect();
            z.extend(ends.iter().map(|end| self.end_as_heard(*end)));
            self.requests.previews.push((ticket, ends));
        }
        self.requests.takeovers.push((ticket, takeover));
        // What is asked for now is wanted, and not what a model makes of the groove before.
        self.requests.working = None;
        self.requests.reading.take_if(|reading| reading.steered);
        self.scene.pending = true;
        let how = self.scene.decoding();
        let steps = self.steps_to_play();
        let locked = self.to_fit(steps);
        self.ask(Effect::Decode {
            ticket,
            z,
            steps,
            how,
            locked,
        });
        Some(ticket)
    }

    /// Moves the slider, and asks for the groove there.
    pub fn slide_to(&mut self, to: f32) {
        self.move_pad_to((to, self.scene.pad_y));
    }

    /// Moves the pad, and asks for the groove there. Without lower corners there is only the slider.
    pub fn move_pad_to(&mut self, (x, y): Place) {
        let rounded = |to: f32| (to * 1000.0).round().clamp(0.0, 1000.0) / 1000.0;
        let y = if self.scene.has_lower_edge() { y } else { 0.0 };
        let to = (rounded(x), rounded(y));
        if to == self.scene.place() && self.scene.origin == Origin::Slider {
            return;
        }
        self.undo.before(&self.scene, Change::Slider);
        (self.scene.slider, self.scene.pad_y) = to;
        self.decode(Takeover::Now, false);
    }

    /// An end as the model is given it.
    fn end_as_heard(&self, end: End) -> Points {
        self.steered(&self.scene.anchor(end).z)
    }

    /// Asks what the ends sound like; the groove stays as it is.
    pub fn ask_previews(&mut self) {
        if !self.has_points() {
            return;
        }
        let ticket = self.requests.next_ticket();
        let ends: Vec<End> = self.scene.ends().collect();
        let mut z = vec![self.steered(&self.scene.z())];
        z.extend(ends.iter().map(|end| self.end_as_heard(*end)));
        self.requests.previews.push((ticket, ends));
        let how = self.scene.decoding();
        self.requests.taken = ticket;
        self.ask(Effect::Decode {
            ticket,
            z,
            steps: self.steps_to_play(),
            how,
            locked: None,
        });
    }

    /// The points at some places between the ends, as the model is given them; `None` without a model
    /// that they are of.
    pub fn along(&self, places: &[f32]) -> Option<Vec<Points>> {
        let at = |x: &f32| self.steered(&self.scene.z_at((*x, self.scene.pad_y)));
        (self.has_points()).then(|| places.iter().map(at).collect())
    }

    /// Whether the ends are points that the model in use can be asked for.
    fn has_points(&self) -> bool {
        let Some(model) = &self.model else {
            return false;
        };
        let is_one = |z: &Latent| z.len() == model.z_size;
        let mut points = self.scene.ends().flat_map(|end| &self.scene.anchor(end).z);
        !self.scene.a.is_empty() && !self.scene.b.is_empty() && points.all(is_one)
    }

    /// Lets the model encode the groove, and makes the result one end. `steered`: plays that, too.
    pub fn encode(&mut self, end: End, steered: bool) {
        self.forget_answers();
        let ticket = self.requests.next_ticket();
        let dimensions = self.model.as_ref().map_or(0, |model| model.z_size);
        let groove = self.scene.groove.clone();
        self.requests.reading = Some(Reading {
            ticket,
            end,
            name: self.scene.own_name(),
            steering: self.steering_way(dimensions),
            steered,
            music: self.is_unsteered().then(|| Arc::new(groove.clone())),
        });
        self.ask(Effect::Encode { ticket, groove });
    }

    /// Encodes a groove that did not come from the slider, so that it can be steered; `false` if
    /// the slider's point is what is heard.
    pub fn encode_for_steering(&mut self) -> bool {
        if let Some(reading) = &mut self.requests.reading {
            reading.steered = true;
            return true;
        }
        if self.adopt_shown() {
            self.play_groove(self.sound.takeover);
        }
        if self.scene.is_by_itself() {
            self.encode(self.scene.nearer_end(), true);
            return true;
        }
        false
    }

    /// Lets the model of a checkpoint work on the groove.
    pub fn work(&mut self, rework: Rework, source: Source, by: String) {
        // An answer under way would take the place of what is worked on.
        self.forget_answers();
        let ticket = self.requests.next_ticket();
        self.requests.working = Some(Working { ticket, rework, by });
        let groove = self.groove().clone();
        let how = self.scene.decoding();
        self.ask(Effect::Rework {
            ticket,
            source,
            rework,
            groove,
            how,
        });
    }

    /// What an edit or undo does to answers under way.
    pub fn forget_answers(&mut self) {
        self.requests.forget();
        self.scene.pending = false;
    }
}

// The answers.
impl Ground {
    pub fn receive_grooves(&mut self, ticket: u64, grooves: Vec<Groove>) {
        if ticket < self.requests.valid_from {
            return;
        }
        let mut grooves = grooves.into_iter();
        let Some(groove) = grooves.next() else { return };
        let previews = &mut self.requests.previews;
        if let Some(at) = previews.iter().position(|(wanted, _)| *wanted == ticket) {
            let (_, ends) = previews.swap_remove(at);
            previews.retain(|(wanted, _)| *wanted > ticket);
            for (end, groove) in ends.into_iter().zip(grooves) {
                self.scene.anchor_mut(end).preview = Some(groove);
            }
        }
        if ticket <= self.requests.taken {
            return;
        }
        self.requests.taken = ticket;
        let takeovers = &mut self.requests.takeovers;
        let takeover = takeovers.iter().find(|(wanted, _)| *wanted == ticket);
        let takeover = takeover.map_or(Takeover::Now, |(_, takeover)| *takeover);
        takeovers.retain(|(wanted, _)| *wanted > ticket);
        // A newer decode is on its way; what else the model was asked is not waited for.
        self.scene.pending = !takeovers.is_empty();
        let compared = &mut self.requests.compared;
        let compared = compared.take_if(|(wanted, _)| *wanted == ticket);
        let origin = compared.map_or(Origin::Slider, |(_, name)| Origin::Named(name));
        self.take_groove(groove, origin, takeover);
    }

    pub fn receive_latents(&mut self, ticket: u64, z: Points) {
        if self.receive_rereading(ticket, &z) {
            return;
        }
        let reading = &mut self.requests.reading;
        let Some(reading) = reading.take_if(|reading| reading.ticket == ticket) else {
            return;
        };
        let Reading {
            end,
            name,
            steering,
            steered,
            music,
            ..
        } = reading;
        if !steered {
            self.undo.before(&self.scene, Change::Single);
        }
        self.scene.origin = Origin::Kept(end);
        let anchor = Anchor {
            z: z.iter()
                .map(|z| latent::moved(z, &steering, -1.0))
                .collect(),
            name,
            seed: None,
            music,
            preview: None,
        };
        self.put_end(end, anchor);
        if steered {
            return self.decode(self.sound.takeover, true);
        }
        // The model's reading of an edit is near it, not equal to it: the edit itself plays on
        // until the slider moves, and the preview shows the reading.
        self.ask_previews();
    }

    /// Makes the groove that is heard one end of the slider; one that did not come from the slider
    /// is encoded.
    pub fn keep_as(&mut self, end: End) {
        if self.adopt_shown() {
            self.play_groove(self.sound.takeover);
        }
        if let Some(reason) = unlearned(&self.scene.groove) {
            return self.complain(format!("{end:?} stays as it is. {reason}"));
        }
        if self.scene.is_by_itself() {
            return self.encode(end, false);
        }
        let anchor = match self.scene.is_at_corner() {
            true => self.scene.heard_at(self.scene.nearer_end()).clone(),
            false => Anchor {
                z: self.scene.z(),
                name: format!("blend {}%", self.scene.shares()),
                seed: None,
                music: None,
                // With locked lanes it is not what the point sounds like.
                preview: match self.locked_words() {
                    None => Some(self.scene.groove.clone()),
                    Some(_) => None,
                },
            },
        };
        self.undo.before(&self.scene, Change::Single);
        if matches!(self.scene.origin, Origin::Kept(_)) {
            self.scene.origin = Origin::Kept(end);
        }
        self.put_end(end, anchor);
    }

    /// Makes `anchor` one end, with the slider on it.
    pub fn put_end(&mut self, end: End, anchor: Anchor) {
        let name = anchor.name.clone();
        *self.scene.anchor_mut(end) = anchor;
        self.scene.go_to(end);
        self.say(match self.locked_words() {
            Some(lanes) if self.scene.origin == Origin::Slider => {
                format!("{end:?} is now {name} as the model plays it, without {lanes}.")
            }
            _ => format!("{end:?} is now {name}."),
        });
    }

    /// What a model made of the groove, where that is still wanted: what it did, and its name.
    pub fn take_work(&mut self, ticket: u64) -> Option<(Rework, String)> {
        let working = &mut self.requests.working;
        let working = working.take_if(|working| working.ticket == ticket)?;
        Some((working.rework, working.by))
    }

    pub fn receive_failure(&mut self, ticket: u64, reason: &str) {
        if ticket >= self.requests.valid_from {
            self.scene.pending = false;
            self.requests.reading = None;
            self.requests.working = None;
            self.complain(format!("The model could not do that: {reason}"));
            self.give_up_rereading(ticket);
        }
    }
}
