//! How the slider moves by itself: what a session keeps of it.

use serde::{Deserialize, Serialize};

/// Which way a sweep goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// From the nearer end to the other.
    Once,
    ThereAndBack,
    /// There and back, until it is stopped.
    #[default]
    Round,
    /// Along the path that was recorded on the pad, again and again.
    Path,
}

/// How the slider moves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweeping {
    pub way: Way,
    /// From one end to the other.
    pub bars: u32,
}

impl Sweeping {
    /// Most bars from one end to the other, and of a path.
    pub const LONGEST: u32 = 64;

    /// With its bars in their range.
    pub fn in_range(self) -> Sweeping {
        Sweeping {
            bars: self.bars.clamp(1, Self::LONGEST),
            ..self
        }
    }
}

impl Default for Sweeping {
    fn default() -> Sweeping {
        Sweeping {
            way: Way::default(),
            bars: 4,
        }
    }
}

impl Way {
    /// The next one; the path is one of them where `has_path`.
    pub fn next(self, has_path: bool) -> Way {
        match self {
            Way::Once => Way::ThereAndBack,
            Way::ThereAndBack => Way::Round,
            Way::Round if has_path => Way::Path,
            Way::Round | Way::Path => Way::Once,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Way::Once => "once",
            Way::ThereAndBack => "there and back",
            Way::Round => "round and round",
            Way::Path => "along the path",
        }
    }
}
