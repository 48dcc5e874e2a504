//! The two models that are compared.

use serde::{Deserialize, Serialize};

use crate::model::{Head, Preset, Sampling};
use crate::music::{DrumClasses, DrumsOptions, MelodyOptions, Representation, Transpose};

/// Sixteenths of a bar: what a conductor's embedding leads.
pub(super) const BAR: usize = 16;

/// What both models learn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Music {
    /// Drums on the grid: one class out of 512 a step, for every set of the nine lanes.
    #[default]
    Drums,
    /// One voice: a step is nothing new, an end, or the start of one of 88 pitches. Training hears it in
    /// all twelve keys.
    Melody,
}

impl Music {
    /// As in the names of presets.
    pub fn name(self) -> &'static str {
        match self {
            Music::Drums => "drums",
            Music::Melody => "melody",
        }
    }

    fn representation(self) -> Representation {
        match self {
            Music::Drums => Representation::Drums(DrumsOptions {
                classes: DrumClasses::Reduced,
                roll_input: true,
                roll_output: false,
            }),
            Music::Melody => Representation::Melody(MelodyOptions {
                transpose: Some(Transpose { min: -5, max: 6 }),
                ..MelodyOptions::default()
            }),
        }
    }

    /// The notes that begin at a step of this class, as bits.
    pub(super) fn notes(self, class: usize) -> u128 {
        match (self, class) {
            (Music::Drums, drums) => drums as u128,
            // Nothing new, and an end.
            (Music::Melody, 0 | 1) => 0,
            (Music::Melody, pitch) => 1 << pitch,
        }
    }
}

/// How large the flat decoder is beside the hierarchical one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proportions {
    /// Two layers, so wide that it has as many parameters as the hierarchical decoder with its conductor.
    #[default]
    Equal,
    /// Three layers of twice the units, as in the reference's configurations (`flat-mel_16bar` has three
    /// of 2048, `hierdec-mel_16bar` two of 1024): some three times the parameters.
    Reference,
}

/// Layer sizes of both models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Units a direction of the encoder's layer.
    pub encoder: usize,
    /// Size of the latent vector.
    pub z: usize,
    /// Units of each of the two layers of the hierarchical decoder, and of its conductor; those of
    /// the flat one follow.
    pub decoder: usize,
}

/// What both models have in common.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Design {
    /// What they learn.
    pub music: Music,
    /// Bars of a window.
    pub bars: usize,
    /// Layer sizes.
    pub sizes: Sizes,
    /// Sizes of the flat decoder.
    pub proportions: Proportions,
    /// Bits of divergence that cost nothing.
    pub free_bits: f64,
    /// Weight of the divergence beyond them.
    pub beta: f64,
    /// Probability that a decoder hears what it would have played itself in training.
    pub sampling: f64,
    /// Learning rate at the start.
    pub learning_rate: f64,
    /// Factor of its decay a step.
    pub decay: f64,
}

/// One of the two models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rival {
    /// One decoder over all steps.
    Flat,
    /// A conductor over a decoder of each bar.
    Hierarchical,
}

impl Rival {
    /// Both, in the order of tables.
    pub const BOTH: [Rival; 2] = [Rival::Flat, Rival::Hierarchical];

    /// Also the name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Rival::Flat => "flat",
            Rival::Hierarchical => "hierarchical",
        }
    }

    /// The model. Both have the same encoder, latent space and training. The hierarchical decoder
    /// starts afresh in each bar and hears no other bar, as in the reference.
    pub fn preset(self, design: &Design) -> Preset {
        let Design {
            music,
            bars,
            sizes,
            proportions,
            ..
        } = *design;
        let name = |rival: Rival| format!("experiment-{}_{bars}bar_{}", music.name(), rival.name());
        let hierarchical = Preset {
            name: name(Rival::Hierarchical),
            representation: music.representation(),
            bars,
            z_size: sizes.z,
            encoder: vec![sizes.encoder],
            encoder_levels: Vec::new(),
            decoder: vec![sizes.decoder; 2],
            decoder_levels: vec![bars, BAR],
            autoregressive_levels: Vec::new(),
            split: Vec::new(),
            head: Head::Categorical,
            sampling: Sampling::Constant(design.sampling),
            free_bits: design.free_bits,
            max_beta: design.beta,
            beta_rate: 0.0,
            dropout_keep: 1.0,
            batch_size: 64,
            learning_rate: design.learning_rate,
            decay_rate: design.decay,
            ..Preset::groovae_4bar()
        };
        let flat = |decoder| Preset {
            name: name(Rival::Flat),
            decoder,
            decoder_levels: Vec::new(),
            ..hierarchical.clone()
        };
        match (self, proportions) {
            (Rival::Hierarchical, _) => hierarchical,
            (Rival::Flat, Proportions::Reference) => flat(vec![2 * sizes.decoder; 3]),
            (Rival::Flat, Proportions::Equal) => as_large(&flat, decoder_parameters(&hierarchical)),
        }
    }
}

/// Numbers that a model learns, of all its weights whose names `counts` admits.
pub(super) fn parameters(preset: &Preset, counts: impl Fn(&str) -> bool) -> usize {
    let shapes = preset.parameter_shapes().into_iter();
    let counted = shapes.filter(|(name, _)| counts(name));
    counted
        .map(|(_, shape)| shape.iter().product::<usize>())
        .sum()
}

pub(super) fn decoder_parameters(preset: &Preset) -> usize {
    parameters(preset, |name| !name.starts_with("encoder/"))
}

/// The model with the two widths of decoder layers that bring its decoder nearest to `wanted`
/// parameters: as equal ones as do it.
fn as_large(with_decoder: &dyn Fn(Vec<usize>) -> Preset, wanted: usize) -> Preset {
    let with = |layers: [usize; 2]| with_decoder(layers.to_vec());
    let misses = |layers: [usize; 2]| decoder_parameters(&with(layers)).abs_diff(wanted);
    // It grows with the width: the first one that is too wide, by halving.
    let (mut low, mut high) = (1, 1);
    while decoder_parameters(&with([high, high])) < wanted {
        (low, high) = (high, 2 * high);
    }
    while high - low > 1 {
        let middle = low.midpoint(high);
        match decoder_parameters(&with([middle, middle])) < wanted {
            true => low = middle,
            false => high = middle,
        }
    }
    // Whole units are coarse where layers are small; the upper layer's width is finer.
    let uppers = low.saturating_sub(low / 4).max(1)..=high + high / 4;
    let each = [low, high].map(|lower| uppers.clone().map(move |upper| [lower, upper]));
    let nearest = each
        .into_iter()
        .flatten()
        .min_by_key(|layers| (misses(*layers), layers[0].abs_diff(layers[1])));
    with(nearest.unwrap_or([low, low]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design(music: Music, bars: usize, [encoder, z, decoder]: [usize; 3]) -> Design {
        Design {
            music,
            bars,
            sizes: Sizes {
                encoder,
                z,
                decoder,
            },
            proportions: Proportions::Equal,
            free_bits: 256.0,
            beta: 0.2,
            sampling: 0.0,
            learning_rate: 1e-3,
            decay: 0.9999,
        }
    }

    #[test]
    fn both_decoders_are_as_large() {
        for (music, bars, sizes) in [
            (Music::Drums, 16, [256, 256, 256]),
            (Music::Drums, 16, [128, 128, 128]),
            (Music::Melody, 16, [256, 512, 512]),
            (Music::Melody, 16, [128, 128, 128]),
            (Music::Drums, 4, [16, 8, 8]),
            (Music::Drums, 2, [8, 6, 8]),
        ] {
            let design = design(music, bars, sizes);
            let [flat, hierarchical] = Rival::BOTH.map(|rival| rival.preset(&design));
            for preset in [&flat, &hierarchical] {
                assert_eq!(preset.contradiction(), None);
            }
            assert_eq!(flat.encoder, hierarchical.encoder);
            let counts = [&flat, &hierarchical].map(decoder_parameters);
            let off = counts[0].abs_diff(counts[1]) as f64 / counts[1] as f64;
            assert!(off < 0.02, "{design:?}: {counts:?}, {:?}", flat.decoder);
            let units = flat.decoder.iter().sum::<usize>();
            assert!(units > 2 * design.sizes.decoder, "{:?}", flat.decoder);
        }
    }

    /// The reference's flat decoder is larger, by what its configurations say.
    #[test]
    fn proportions_are_the_references() {
        let mut design = design(Music::Melody, 16, [2048, 512, 1024]);
        design.proportions = Proportions::Reference;
        for (rival, name) in [
            (Rival::Flat, "flat-mel_16bar"),
            (Rival::Hierarchical, "hierdec-mel_16bar"),
        ] {
            let [ours, theirs] = [rival.preset(&design), Preset::by_name(name).unwrap()];
            assert_eq!(ours.decoder, theirs.decoder);
            assert_eq!(decoder_parameters(&ours), decoder_parameters(&theirs));
        }
    }

    #[test]
    fn parameters_are_counted_by_hand() {
        let preset = Rival::Hierarchical.preset(&design(Music::Drums, 2, [3, 5, 4]));
        // Conductor: first state, then layers that hear one zero and the layer below.
        let conductor = (5 + 1) * 16 + (1 + 4 + 1) * 16 + (4 + 4 + 1) * 16;
        // Decoder: first state, layers, classes.
        let decoder = (4 + 1) * 16 + (512 + 4 + 4 + 1) * 16 + (4 + 4 + 1) * 16 + (4 + 1) * 512;
        assert_eq!(decoder_parameters(&preset), conductor + decoder);
        let encoder = 2 * (10 + 3 + 1) * 12 + 2 * (6 + 1) * 5;
        assert_eq!(parameters(&preset, |_| true), conductor + decoder + encoder);
    }
}
