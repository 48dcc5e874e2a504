//! What lies along the slider: grooves between its ends, asked of the model before anybody goes there. It
//! uses the ground only.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::ground::{Effect, Ground};
use musicvae::music::Groove;

/// Where they lie, from A to B.
pub const PLACES: [f32; 7] = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875];

/// For so long nothing must have changed: who turns a knob is not there yet.
const SETTLED: Duration = Duration::from_millis(150);

/// The grooves between the slider's ends.
#[derive(Debug, Default)]
pub struct Glimpses {
    /// What they depend on, as last seen, and since when.
    seen: (u64, Duration),
    /// What was asked for, and what those that are there are of.
    asked: Option<(u64, u64)>,
    shown: u64,
    grooves: Vec<Groove>,
}

impl Glimpses {
    /// Those that are of the ends as they are now, by [`PLACES`].
    pub fn grooves(&self) -> &[Groove] {
        match self.shown == self.seen.0 {
            true => &self.grooves,
            false => &[],
        }
    }

    /// Has the model play them when the ends are other ones.
    pub fn tick(&mut self, ground: &mut Ground) {
        let now = number(ground);
        if now != self.seen.0 {
            self.seen = (now, ground.now);
            return;
        }
        let is_asked = self.asked.is_some_and(|(_, asked)| asked == now);
        let is_early = ground.now.saturating_sub(self.seen.1) < SETTLED;
        if now == self.shown || is_asked || is_early {
            return;
        }
        let Some(z) = ground.along(&PLACES) else {
            return;
        };
        let ticket = ground.next_ticket();
        self.asked = Some((ticket, now));
        ground.ask(Effect::Glimpse {
            ticket,
            z,
            steps: ground.steps_to_play(),
            how: ground.scene.decoding(),
        });
    }

    pub fn receive(&mut self, ticket: u64, grooves: &[Groove]) {
        if let Some((_, number)) = self.asked.take_if(|(asked, _)| *asked == ticket) {
            self.shown = number;
            self.grooves = grooves.to_vec();
        }
    }
}

/// A number for all that they depend on.
fn number(ground: &Ground) -> u64 {
    let scene = &ground.scene;
    let mut hasher = DefaultHasher::new();
    let bits = |value: &f32| value.to_bits();
    for end in scene.ends() {
        for z in &scene.anchor(end).z {
            z.iter().map(bits).for_each(|bits| bits.hash(&mut hasher));
        }
    }
    for (name, amount) in &scene.qualities {
        (name, bits(amount)).hash(&mut hasher);
    }
    let model = ground.model.as_ref().map(|model| (&model.name, model.step));
    (model, scene.seed, bits(&scene.temperature)).hash(&mut hasher);
    (bits(&scene.pad_y), ground.steps_to_play()).hash(&mut hasher);
    hasher.finish()
}
