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
    wish: Option<Wish>,
}

/// What is played afterwards: the groove of this seed.
#[derive(Clone, Copy, Debug)]
struct Wish {
    seed: u64,
    /// It becomes the end that the slider is at, which was a draw too.
    as_end: bool,
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
        let nearer = self.scene.anchor(self.scene.nearer_end());
        let as_end = nearer.seed.is_some() && !self.scene.is_by_itself();
        self.reread(End::A, seed.map(|seed| Wish { seed, as_end }));
        true
    }

    fn reread(&mut self, end: End, wish: Option<Wish>) {
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
            wish,
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
            Some(next) => self.reread(next, read.wish),
            None => self.play_as_read(read.wish),
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

    fn play_as_read(&mut self, wish: Option<Wish>) {
        let Some(model) = &self.model else { return };
        self.space = Some(model.space());
        let Some(Wish { seed, as_end }) = wish else {
            return self.decode(self.sound.takeover, true);
        };
        let drawn = Anchor::drawn(model, seed, self.scene.temperature);
        let name = format!("seed {seed} by {}", model.name);
        self.scene.seed = seed;
        if as_end {
            let end = self.scene.nearer_end();
            *self.scene.anchor_mut(end) = drawn;
            self.scene.go_to(end);
            return self.decode(self.sound.takeover, true);
        }
        let ticket = self.decode_points(drawn.z, self.sound.takeover, true);
        self.requests.compared = ticket.map(|ticket| (ticket, name));
    }
}
