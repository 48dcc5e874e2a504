//! The groove and all that made it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::Config;
use super::model::{ModelInfo, once_reworked};
use super::quality;
use super::slots::Slots;
use musicvae::Rework;
use musicvae::model::{Decoding, Latent, latent};
use musicvae::music::Groove;

/// Steps of a groove before a model says otherwise: four bars of sixteenths.
const STEPS: usize = 64;

/// Bars of the longest groove.
pub const MOST_BARS: usize = 64;

/// An end of the latent slider, or of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    A,
    B,
}

/// A point of the latent space for each window of a groove, a window being as long as the model plays. A
/// groove that has more of them goes through its points again.
pub type Points = Vec<Latent>;

/// An end of the slider: points with a name and what they sound like.
#[derive(Clone, Debug, PartialEq)]
pub struct Anchor {
    /// At least one, once there is a model.
    pub z: Points,
    pub name: String,
    /// The seed, where it is a sample: a point that moves with the temperature.
    pub seed: Option<u64>,
    /// The anchor decoded under the scene's seed and temperature.
    pub preview: Option<Groove>,
}

/// Where the groove came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Nothing yet.
    Silence,
    /// Decoded from the slider's point.
    Slider,
    /// Changed by hand.
    Edited,
    /// Played by a model that was shown some of the groove before.
    Reworked(Rework),
    /// As it was before the model's reading of it became this end, where the slider is.
    Kept(End),
    /// Kept in a slot, under this name.
    Slot(String),
    /// From a file or the library, under this name.
    Named(String),
}

/// What undo brings back.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    pub groove: Groove,
    pub origin: Origin,
    pub a: Anchor,
    pub b: Anchor,
    /// 0 is A, 1 is B.
    pub slider: f32,
    pub temperature: f32,
    /// How much of which quality everything that the model decodes is given; those not named, none.
    pub qualities: BTreeMap<String, f32>,
    /// Of the last sample. Every decode of the scene draws its random numbers from it, so that the
    /// slider and the temperature morph the groove and don't flicker it.
    pub seed: u64,
    /// Of the next sample.
    pub next_seed: u64,
    pub slots: Slots,
    /// True while the groove of these settings is still being decoded.
    pub pending: bool,
}

impl End {
    pub fn other(self) -> End {
        match self {
            End::A => End::B,
            End::B => End::A,
        }
    }
}

impl Anchor {
    /// The point that a seed draws from a model's prior.
    pub fn drawn(model: &ModelInfo, seed: u64, temperature: f32) -> Anchor {
        Anchor {
            z: vec![model.drawn(seed, temperature)],
            name: format!("seed {seed}"),
            seed: Some(seed),
            preview: None,
        }
    }
}

impl Scene {
    /// Before the first groove.
    pub fn opening(config: &Config) -> Scene {
        let nothing = || Anchor {
            z: Vec::new(),
            name: "-".into(),
            seed: None,
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
            slots: Slots::default(),
            pending: false,
        }
    }

    /// How it draws.
    pub fn decoding(&self) -> Decoding {
        Decoding {
            temperature: self.temperature,
            seed: self.seed,
        }
    }

    /// The slider's points of the latent space: each window goes its own way from A to B.
    pub fn z(&self) -> Points {
        let (a, b) = (&self.a.z, &self.b.z);
        if self.slider <= 0.0 {
            a.clone()
        } else if self.slider >= 1.0 {
            b.clone()
        } else {
            let ends = a.iter().cycle().zip(b.iter().cycle());
            let between = ends.map(|(a, b)| latent::slerp(a, b, self.slider));
            between.take(a.len().max(b.len())).collect()
        }
    }

    /// How much of a quality there is.
    pub fn amount(&self, quality: &str) -> f32 {
        self.qualities.get(quality).copied().unwrap_or(0.0)
    }

    pub fn set_amount(&mut self, quality: &str, to: f32) {
        match quality::rounded(to) {
            0.0 => self.qualities.remove(quality),
            to => self.qualities.insert(quality.into(), to),
        };
    }

    /// Whether the groove is something else than what the slider's point sounds like, and no end
    /// stands for it yet.
    pub fn is_by_itself(&self) -> bool {
        match self.origin {
            Origin::Edited | Origin::Slot(_) | Origin::Named(_) | Origin::Reworked(_) => true,
            Origin::Silence | Origin::Slider | Origin::Kept(_) => false,
        }
    }

    /// The end that the slider is nearer to.
    pub fn nearer_end(&self) -> End {
        if self.slider <= 0.5 { End::A } else { End::B }
    }

    pub fn anchor(&self, end: End) -> &Anchor {
        match end {
            End::A => &self.a,
            End::B => &self.b,
        }
    }

    /// What the groove is called, in a word or two.
    pub fn name(&self) -> String {
        match &self.origin {
            Origin::Silence => "silence".into(),
            Origin::Edited => "edited".into(),
            Origin::Reworked(rework) => once_reworked(*rework).into(),
            Origin::Kept(end) => self.anchor(*end).name.clone(),
            Origin::Slot(name) | Origin::Named(name) => name.clone(),
            Origin::Slider if self.slider > 0.0 && self.slider < 1.0 => {
                format!("blend {:.0}", self.slider * 100.0)
            }
            Origin::Slider => self.anchor(self.nearer_end()).name.clone(),
        }
    }

    /// What the groove is called as an end of the slider, where it is by itself.
    pub fn own_name(&self) -> String {
        match &self.origin {
            Origin::Slot(name) | Origin::Named(name) => name.clone(),
            Origin::Reworked(rework) => once_reworked(*rework).into(),
            _ => "my edit".into(),
        }
    }

    pub fn anchor_mut(&mut self, end: End) -> &mut Anchor {
        match end {
            End::A => &mut self.a,
            End::B => &mut self.b,
        }
    }
}
