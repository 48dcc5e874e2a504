//! The groove and everything that made it.

use std::collections::BTreeMap;
use std::sync::Arc;

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

/// An end of the latent slider, or of the grid. The slider is the upper edge of a pad, which has two
/// corners more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    A,
    B,
    /// Below A.
    C,
    /// Below B.
    D,
}

/// A place on the pad, 0 to 1: from A to B, and from their edge to that of C and D.
pub type Place = (f32, f32);

/// Where the pad was moved in whole bars, a place each sixteenth; empty for none. Scenes share it.
pub type PadPath = Arc<[Place]>;

/// A point of the latent space for each window of a groove, a window being as long as the model plays. A
/// groove that has more of them goes through its points again.
pub type Points = Vec<Latent>;

/// An end of the slider: points with a name and what they sound like.
#[derive(Clone, Debug, PartialEq)]
pub struct Anchor {
    /// At least one, once there is a model; none for a corner that is empty.
    pub z: Points,
    pub name: String,
    /// The seed, where it is a sample: a point that moves with the temperature.
    pub seed: Option<u64>,
    /// What the points were read from, where that came first. The next model reads it again, and not
    /// what this one made of it.
    pub music: Option<Arc<Groove>>,
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
    /// The lower corners of the pad. An empty one sounds as the corner above it.
    pub c: Anchor,
    pub d: Anchor,
    /// 0 is A, 1 is B.
    pub slider: f32,
    /// 0 is the slider's own line from A to B, 1 the one from C to D.
    pub pad_y: f32,
    pub path: PadPath,
    pub temperature: f32,
    /// How much of which quality everything that the model decodes is given; those not named, none.
    pub qualities: BTreeMap<String, f32>,
    /// Of the last sample. Every decode of the scene draws its random numbers from it, so that the
    /// slider and the temperature morph the groove and don't flicker it.
    pub seed: u64,
    /// Of the next sample.
    pub next_seed: u64,
    pub slots: Slots,
    /// The tempo before the file of the groove was taken, and the file's, which was set; `None` where it
    /// was not.
    pub took_tempo: Option<[f64; 2]>,
    /// True while the groove of these settings is still being decoded.
    pub pending: bool,
}

impl End {
    pub const ALL: [End; 4] = [End::A, End::B, End::C, End::D];

    /// The other end of its line.
    pub fn other(self) -> End {
        match self {
            End::A => End::B,
            End::B => End::A,
            End::C => End::D,
            End::D => End::C,
        }
    }

    /// Its place on the pad.
    pub fn place(self) -> Place {
        match self {
            End::A => (0.0, 0.0),
            End::B => (1.0, 0.0),
            End::C => (0.0, 1.0),
            End::D => (1.0, 1.0),
        }
    }
}

/// The way from some points to others, each window its own.
fn between(from: &Points, to: &Points, share: f32) -> Points {
    if share <= 0.0 {
        from.clone()
    } else if share >= 1.0 {
        to.clone()
    } else {
        let ends = from.iter().cycle().zip(to.iter().cycle());
        let between = ends.map(|(from, to)| latent::slerp(from, to, share));
        between.take(from.len().max(to.len())).collect()
    }
}

impl Anchor {
    /// Without a point.
    pub fn empty() -> Anchor {
        Anchor {
            z: Vec::new(),
            name: "-".into(),
            seed: None,
            music: None,
            preview: None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.z.is_empty()
    }

    /// The point that a seed draws from a model's prior.
    pub fn drawn(model: &ModelInfo, seed: u64, temperature: f32) -> Anchor {
        Anchor {
            z: vec![model.drawn(seed, temperature)],
            name: format!("seed {seed}"),
            seed: Some(seed),
            music: None,
            preview: None,
        }
    }
}

impl Scene {
    /// Before the first groove.
    pub fn opening(config: &Config) -> Scene {
        Scene {
            groove: Groove {
                qpm: config.playing.tempo,
                ..Groove::empty(STEPS)
            },
            origin: Origin::Silence,
            a: Anchor::empty(),
            b: Anchor::empty(),
            c: Anchor::empty(),
            d: Anchor::empty(),
            slider: 0.0,
            pad_y: 0.0,
            path: PadPath::default(),
            temperature: config.sampling.temperature,
            qualities: BTreeMap::new(),
            seed: config.sampling.seed,
            // B opens with the seed after A's.
            next_seed: config.sampling.seed.wrapping_add(2),
            slots: Slots::default(),
            took_tempo: None,
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

    /// The points of the latent space at the pad's place: along both edges, and then from one to the
    /// other.
    pub fn z(&self) -> Points {
        self.z_at(self.place())
    }

    /// Those at another place.
    pub fn z_at(&self, (x, y): Place) -> Points {
        let along = |left, right| {
            let [left, right] = [left, right].map(|corner| &self.heard_at(corner).z);
            between(left, right, x)
        };
        let upper = along(End::A, End::B);
        match y {
            y if y <= 0.0 => upper,
            y => between(&upper, &along(End::C, End::D), y),
        }
    }

    /// Where the pad is.
    pub fn place(&self) -> Place {
        (self.slider, self.pad_y)
    }

    /// Puts the pad to a corner.
    pub fn go_to(&mut self, end: End) {
        (self.slider, self.pad_y) = end.place();
    }

    /// Whether the pad is at a corner.
    pub fn is_at_corner(&self) -> bool {
        self.place() == self.nearer_end().place()
    }

    /// The corners that have a point.
    pub fn ends(&self) -> impl Iterator<Item = End> {
        let filled = |end: &End| !self.anchor(*end).is_empty();
        End::ALL.into_iter().filter(filled)
    }

    /// Whether the pad has more than its upper edge.
    pub fn has_lower_edge(&self) -> bool {
        !(self.c.is_empty() && self.d.is_empty())
    }

    /// What is heard at a corner.
    pub fn heard_at(&self, end: End) -> &Anchor {
        match end {
            End::C if self.c.is_empty() => &self.a,
            End::D if self.d.is_empty() => &self.b,
            _ => self.anchor(end),
        }
    }

    /// `30`, or `30 70`: how far from A to B, and how far down.
    pub fn shares(&self) -> String {
        let [x, y] = [self.slider, self.pad_y].map(|share| format!("{:.0}", share * 100.0));
        match self.pad_y > 0.0 {
            true => format!("{x} {y}"),
            false => x,
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

    /// Whether the groove is not what the slider's point sounds like, and is not an end yet either.
    pub fn is_by_itself(&self) -> bool {
        match self.origin {
            Origin::Edited | Origin::Slot(_) | Origin::Named(_) | Origin::Reworked(_) => true,
            Origin::Silence | Origin::Slider | Origin::Kept(_) => false,
        }
    }

    /// The end that the slider is nearest to, and the pad.
    pub fn nearer_end(&self) -> End {
        match (self.slider <= 0.5, self.pad_y <= 0.5) {
            (true, true) => End::A,
            (false, true) => End::B,
            (true, false) => End::C,
            (false, false) => End::D,
        }
    }

    pub fn anchor(&self, end: End) -> &Anchor {
        match end {
            End::A => &self.a,
            End::B => &self.b,
            End::C => &self.c,
            End::D => &self.d,
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
            Origin::Slider if !self.is_at_corner() => format!("blend {}", self.shares()),
            Origin::Slider => self.heard_at(self.nearer_end()).name.clone(),
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
            End::C => &mut self.c,
            End::D => &mut self.d,
        }
    }
}
