//! Presets beyond the reference's.

use super::{Head, Preset, StrokeHead, reference};
use crate::model::head::Spread;
use crate::music::GrooveOptions;

pub(super) fn all() -> Vec<Preset> {
    let humanize = GrooveOptions {
        humanize: true,
        ..GrooveOptions::default()
    };
    let mixture = Spread::Logistics(3);
    let both = |spread| StrokeHead {
        velocity: spread,
        offset: spread,
    };
    let classes = StrokeHead {
        velocity: Spread::Classes(32),
        offset: Spread::Classes(41),
    };
    vec![
        strokes("groovae_4bar_strokes", 4, both(mixture), GrooveOptions::default()),
        // What the mixture was held against.
        strokes("groovae_4bar_stroke_classes", 4, classes, GrooveOptions::default()),
        strokes("groovae_2bar_humanize_strokes", 2, both(mixture), humanize),
    ]
}

/// A model of the reference's sizes whose strokes are drawn.
fn strokes(name: &str, bars: usize, head: StrokeHead, options: GrooveOptions) -> Preset {
    Preset {
        head: Head::Strokes(head),
        ..reference::groovae(name, bars, options)
    }
}
