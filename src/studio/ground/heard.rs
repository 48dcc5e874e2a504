//! A groove that was heard, with everything that made it and the player's marks.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::Ground;
use super::scene::{Anchor, Origin, Points};
use super::snapshot::Space;
use super::sound::Sound;
use super::undo::Change;
use musicvae::music::Groove;

/// A groove with all that made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub groove: Groove,
    pub name: String,
    /// The points that it was decoded from, and whose; `None` for one that was not.
    pub point: Option<(Space, Points)>,
    pub seed: u64,
    pub temperature: f32,
    pub qualities: BTreeMap<String, f32>,
    /// The name of the checkpoint in use; empty for none.
    pub model: String,
    /// How it was played.
    pub sound: Sound,
}

/// What the player thinks of a groove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    pub favourite: bool,
    /// 1 to 5; 0 for none.
    pub rating: u8,
    /// In place of the name that it came with.
    pub name: Option<String>,
    pub tags: Vec<String>,
}

/// A number for all that sounds of a groove: equal grooves have equal ones. It holds while the program
/// runs.
pub fn fingerprint(groove: &Groove) -> u64 {
    let mut hasher = DefaultHasher::new();
    groove.steps.len().hash(&mut hasher);
    for (step, lane, hit) in groove.hits() {
        let strength = (hit.velocity.to_bits(), hit.offset.to_bits());
        (step, lane.index(), strength, hit.trig).hash(&mut hasher);
    }
    hasher.finish()
}

impl Ground {
    /// The groove that is heard, with all that made it.
    pub fn heard(&self) -> Heard {
        let scene = &self.scene;
        let is_scene = self.audition.is_none() && self.sounding().is_none();
        let decoded = is_scene && scene.origin == Origin::Slider && self.locked_words().is_none();
        let point = self.space.clone().filter(|_| decoded);
        Heard {
            groove: self.groove().clone(),
            name: self.groove_name(),
            point: point.map(|space| (space, scene.z())),
            seed: scene.seed,
            temperature: scene.temperature,
            qualities: scene.qualities.clone(),
            model: self
                .model
                .as_ref()
                .map_or(String::new(), |model| model.name.clone()),
            sound: self.sound,
        }
    }

    /// Makes a groove that was heard the one that is played and edited. Where the model in use knows
    /// the point that it was decoded from, that point is an end of the slider again.
    pub fn hear_again(&mut self, heard: Heard, name: String) {
        self.undo.before(&self.scene, Change::Single);
        self.forget_answers();
        self.audition = None;
        self.scene.groove = heard.groove;
        match heard.point {
            Some((space, z)) if self.space.as_ref() == Some(&space) => {
                let end = self.scene.nearer_end();
                let anchor = self.scene.anchor_mut(end);
                *anchor = Anchor {
                    z,
                    name,
                    seed: None,
                    music: None,
                    preview: None,
                };
                self.scene.go_to(end);
                self.scene.origin = Origin::Slider;
                self.scene.seed = heard.seed;
                self.scene.temperature = heard.temperature;
                self.scene.qualities = heard.qualities;
                self.ask_previews();
            }
            _ => self.scene.origin = Origin::Named(name),
        }
        self.cursor_inside();
        self.play_groove(self.sound.takeover);
    }
}
