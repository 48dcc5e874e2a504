//! The ends under another model: it encodes the same music again, to points of its own latent space.

use std::sync::Arc;

use super::Ground;
use super::effect::Effect;
use super::scene::{Anchor, End, Points};
use musicvae::model::latent;
use musicvae::music::Groove;

/// The end that is being read.
#[derive(Debug)]
pub struct Rereading {
    ticket: u64,
    end: End,
    /// What is read, and whether it has the qualities in it: they come on top again.
    music: Arc<Groove>,
    is_steered: bool,
    /// What is played afterwards: the groove of this seed.
    seed: Option<u64>,
}

impl Ground {
    /// Lets the model in use encode the ends as they sound, and plays what was heard with it;
    /// `seed`: the groove of that seed instead. False if they can't be encoded: one was never
    /// heard, or neither fills windows of the model nor, as a loop, one of them.
    pub fn reread_ends(&mut self, seed: Option<u64>) -> bool {
        let Some(steps) = self.model.as_ref().map(|model| model.steps) else {
            return false;
        };
        let can_be_read = |anchor: &Anchor| {
            let music = anchor.music.as_deref().or(anchor.preview.as_ref());
            music.is_some_and(|groove| {
                let length = groove.steps.len();
                length.is_multiple_of(steps) || steps.is_multiple_of(length)
            })
        };
        let upper = [&self.scene.a, &self.scene.b].into_iter();
        let filled = self.scene.ends().map(|end| self.scene.anchor(end));
        if !upper.chain(filled).all(can_be_read) {
            return false;
        }
        self.reread(End::A, seed);
        true
    }

    fn reread(&mut self, end: End, seed: Option<u64>) {
        let anchor = self.scene.anchor(end);
        let (music, is_steered) = match (&anchor.music, &anchor.preview) {
            (Some(music), _) => (music.clone(), false),
            (None, Some(preview)) => (Arc::new(preview.clone()), !self.is_unsteered()),
            (None, None) => return,
        };
        let ticket = self.requests.next_ticket();
        let groove = (*music).clone();
        self.requests.rereading = Some(Rereading {
            ticket,
            end,
            music,
            is_steered,
            seed,
        });
        self.scene.pending = true;
        self.ask(Effect::Encode { ticket, groove });
    }

    /// Takes a reading of an end; false where it is of something else.
    pub fn receive_rereading(&mut self, ticket: u64, z: &Points) -> bool {
        let rereading = &mut self.requests.rereading;
        let Some(read) = rereading.take_if(|it| it.ticket == ticket) else {
            return false;
        };
        let steering = self.steering_way(z.first().map_or(0, Vec::len));
        let back = if read.is_steered { -1.0 } else { 0.0 };
        let unsteered = z.iter().map(|z| latent::moved(z, &steering, back));
        let anchor = self.scene.anchor_mut(read.end);
        anchor.z = unsteered.collect();
        anchor.music = (!read.is_steered).then_some(read.music);
        anchor.seed = None;
        let next = self.scene.ends().find(|end| *end > read.end);
        match next {
            Some(next) => self.reread(next, read.seed),
            None => self.play_as_read(read.seed),
        }
        true
    }

    /// The model could not read them: the points stay, or new ones are drawn.
    pub fn give_up_rereading(&mut self, ticket: u64) {
        let rereading = &mut self.requests.rereading;
        if rereading.take_if(|it| it.ticket == ticket).is_some() {
            self.scene.pending = true;
            self.meet_model();
        }
    }

    fn play_as_read(&mut self, seed: Option<u64>) {
        let Some(model) = &self.model else { return };
        self.space = Some(model.space());
        if let Some(seed) = seed {
            let drawn = Anchor::drawn(model, seed, self.scene.temperature);
            let end = self.scene.nearer_end();
            *self.scene.anchor_mut(end) = drawn;
            self.scene.go_to(end);
            self.scene.seed = seed;
        }
        self.decode(self.sound.takeover, true);
    }
}
