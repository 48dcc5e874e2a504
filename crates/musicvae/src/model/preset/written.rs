//! Presets as files of TOML: the fields of [`Preset`], and `like`, the preset that gives those which
//! are not there.

use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::{Table, Value};

use super::{Preset, Sampling};

/// What a file leaves unsaid that is like no other: the reference's defaults
/// (`get_default_hparams` of `base_model.py` and `lstm_models.py`). It has a default for every size as
/// well, which no preset takes.
const DEFAULTS: &str = "
    free_bits = 0
    max_beta = 1
    beta_rate = 0
    dropout_keep = 1
    batch_size = 512
    learning_rate = 1e-3
    min_learning_rate = 1e-5
    decay_rate = 0.9999
    gradient_clip = 1
    gradient_norm_to_zero = 10_000
";

/// What names another preset.
const LIKE: &str = "like";

/// Units of a layer, numbers of a latent: over this it is a slip of the pen.
const MOST_UNITS: usize = 1 << 16;
/// Layers of a stack.
const MOST_LAYERS: usize = 16;
/// Bars of a window.
pub(super) const MOST_BARS: usize = 256;
/// Weights of a model, 16 GB of them in float32; training takes four times as much.
const MOST_WEIGHTS: f64 = 4e9;

/// Why a file is no preset.
#[derive(Debug, thiserror::Error)]
#[error("the preset {} can't be used: {reason}", path.display())]
pub struct PresetError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, and where.
    pub reason: String,
}

impl Preset {
    /// Reads a preset that somebody wrote. Its name is the file's, if it says no other.
    ///
    /// # Errors
    /// A file that can't be read, a key or a value that is none of a preset's, and a preset of which
    /// no model can be built.
    pub fn read(path: &Path) -> Result<Preset, PresetError> {
        let failed = |reason: String| PresetError {
            path: path.into(),
            reason,
        };
        let text = std::fs::read_to_string(path).map_err(|reason| failed(reason.to_string()))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let preset = Preset::parse(&text, &stem).map_err(failed)?;
        match Preset::by_name(&preset.name) {
            Some(known) if known != preset => Err(failed(format!(
                "`{}` is the name of a built-in preset: give it a `name` of its own",
                preset.name
            ))),
            _ => Ok(preset),
        }
    }

    /// The preset that `text` describes; `name` is for one that says no name. The error is a clause
    /// that says what is wrong.
    pub(super) fn parse(text: &str, name: &str) -> Result<Preset, String> {
        let text = text.trim_start_matches('\u{feff}');
        let mut given: Table = text.parse().map_err(|error| place(text, &error))?;
        let whole = match given.remove(LIKE) {
            None => DEFAULTS.parse().map_err(|error| place(DEFAULTS, &error)),
            Some(Value::String(other)) => match Preset::by_name(&other) {
                Some(other) => Table::try_from(other).map_err(|error| error.to_string()),
                None => Err(format!("there is no preset `{other}` for it to be like")),
            },
            Some(_) => Err("`like` takes the name of a built-in preset in quotes".into()),
        };
        let mut whole = whole?;
        whole.insert("name".into(), name.into());
        whole.extend(given);
        let preset = Preset::deserialize(Value::Table(whole)).map_err(|error| {
            let text = error.to_string();
            let lines: Vec<&str> = text.lines().collect();
            lines.join(" ")
        })?;
        match preset.out_of_range().or_else(|| preset.contradiction()) {
            None => Ok(preset),
            Some(reason) => Err(reason),
        }
    }

    /// The preset as such a file.
    pub fn to_toml(&self) -> String {
        // A preset is plain numbers and names, all of which TOML can say.
        toml::to_string(self).unwrap_or_default()
    }

    /// What in the preset no training could work with, as a clause.
    fn out_of_range(&self) -> Option<String> {
        let sizes = [
            ("encoder", &self.encoder),
            ("encoder_above", &self.encoder_above),
            ("decoder", &self.decoder),
            ("encoder_levels", &self.encoder_levels),
            ("decoder_levels", &self.decoder_levels),
        ];
        for (key, sizes) in sizes {
            if sizes.len() > MOST_LAYERS {
                return Some(format!("`{key}` takes {MOST_LAYERS} numbers at most"));
            }
            if sizes.iter().any(|&size| size == 0 || size > MOST_UNITS) {
                return Some(format!("`{key}` takes numbers of 1 to {MOST_UNITS}"));
            }
        }
        let whole = [
            ("bars", self.bars, MOST_BARS),
            ("z_size", self.z_size, MOST_UNITS),
            ("batch_size", self.batch_size, MOST_UNITS),
        ];
        if let Some((key, _, most)) = whole.iter().find(|(_, it, most)| *it == 0 || it > most) {
            return Some(format!("`{key}` takes a number of 1 to {most}"));
        }
        let parts = [
            ("dropout_keep", self.dropout_keep, f64::MIN_POSITIVE),
            ("beta_rate", self.beta_rate, 0.0),
            ("decay_rate", self.decay_rate, f64::MIN_POSITIVE),
            ("learning_rate", self.learning_rate, f64::MIN_POSITIVE),
            ("min_learning_rate", self.min_learning_rate, 0.0),
        ];
        for (key, it, least) in parts {
            if !(least..=1.0).contains(&it) {
                let over = if least > 0.0 {
                    "over 0 and up to 1"
                } else {
                    "of 0 to 1"
                };
                return Some(format!("`{key}` takes a number {over}, and not {it}"));
            }
        }
        let amounts = [
            ("free_bits", self.free_bits, 0.0),
            ("max_beta", self.max_beta, 0.0),
            ("stroke_weight", self.stroke_weight, 0.0),
            ("gradient_clip", self.gradient_clip, f64::MIN_POSITIVE),
            (
                "gradient_norm_to_zero",
                self.gradient_norm_to_zero,
                f64::MIN_POSITIVE,
            ),
        ];
        for (key, it, least) in amounts {
            if !it.is_finite() || it < least {
                let over = if least > 0.0 {
                    "over 0"
                } else {
                    "of 0 or more"
                };
                return Some(format!("`{key}` takes a number {over}, and not {it}"));
            }
        }
        let sampling = match self.sampling {
            Sampling::Constant(it) if !(0.0..=1.0).contains(&it) => Some("constant takes 0 to 1"),
            Sampling::Exponential(it) if !(0.0..1.0).contains(&it) => {
                Some("exponential takes 0 to less than 1")
            }
            Sampling::InverseSigmoid(it) if !(1.0..=1e9).contains(&it) => {
                Some("inverse_sigmoid takes 1 or more")
            }
            _ => None,
        };
        if let Some(rule) = sampling {
            return Some(format!("`sampling`: {rule}"));
        }
        if let Some(reason) = self.representation.out_of_range() {
            return Some(format!("`representation`: {reason}"));
        }
        let sizes = self.parameter_shapes().into_iter();
        let weights: f64 = sizes
            .map(|(_, shape)| shape.iter().map(|&side| side as f64).product::<f64>())
            .sum();
        (weights > MOST_WEIGHTS).then(|| {
            let gigabytes = weights * 4e-9;
            format!("its weights alone would take {gigabytes:.0} GB: make its layers smaller")
        })
    }
}

/// What is wrong with the TOML, and on which line.
fn place(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| 1 + before.matches('\n').count());
    let reason: Vec<&str> = error.message().lines().collect();
    format!("line {line}: {}", reason.join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::built_in;
    use super::*;

    #[test]
    fn a_preset_reads_back_as_it_was_written() {
        for preset in Preset::all() {
            let name = &preset.name;
            assert_eq!(
                Preset::parse(&preset.to_toml(), "other").as_ref(),
                Ok(&preset)
            );
            assert!(built_in::TEXTS.iter().any(|(known, _)| known == name));
        }
    }

    #[test]
    fn what_is_not_said_is_as_in_the_preset_that_it_is_like() {
        let text =
            "\u{feff}like = 'flat-mel_16bar'\nencoder = [64]\ndecoder = [32]\nz_size = 16\r\n";
        let mine = Preset::parse(text, "small").unwrap();
        let like = Preset {
            name: "small".into(),
            encoder: vec![64],
            decoder: vec![32],
            z_size: 16,
            ..Preset::by_name("flat-mel_16bar").unwrap()
        };
        assert_eq!(mine, like);
        assert_eq!(
            Preset::parse("like = 'groovae_4bar'\nname = 'x'", "y")
                .unwrap()
                .name,
            "x"
        );
    }

    /// What is wrong is said in one line that names the key, or the line of the text.
    #[test]
    fn what_is_no_preset_says_why() {
        let like = |rest: &str| format!("like = 'groovae_4bar'\n{rest}");
        let table = [
            ("bars = 4".to_string(), "z_size"),
            ("bars = 4\nz_size = = 1".into(), "line 2"),
            ("like = 'groove'".into(), "no preset `groove`"),
            ("like = 4".into(), "`like`"),
            (like("z_sise = 4"), "z_sise"),
            (like("z_size = 'many'"), "z_size"),
            (like("z_size = -1"), "z_size"),
            (like("z_size = 0"), "z_size"),
            (like("bars = 4000000000"), "bars"),
            (like("batch_size = 0"), "batch_size"),
            (like("encoder = []"), "empty layer"),
            (like("encoder = [0]"), "encoder"),
            (like("decoder = [60000, 60000]"), "GB"),
            (like("decoder_levels = [4, 4]"), "64 steps"),
            (like("dropout_keep = 0"), "dropout_keep"),
            (like("learning_rate = nan"), "learning_rate"),
            (like("max_beta = -1"), "max_beta"),
            (like("sampling = { constant = 2 }"), "sampling"),
            (like("sampling = { never = 2 }"), "never"),
            (like("head = 'fuzzy'"), "fuzzy"),
            (like("representation = 'trio'"), "representation"),
            (like("[representation.groove]\nswing = true"), "swing"),
            (
                like("[representation.groove]\nmax_note_dropout = 7"),
                "max_note_dropout",
            ),
            (
                like("[representation.groove.bins]\nvelocity = 0\noffset = 3"),
                "bins",
            ),
            (
                like(
                    "head = 'categorical'\n[representation.melody]\ntranspose = { min = 9, max = 1 }",
                ),
                "transposed",
            ),
            (
                like("head = 'categorical'\n[representation.drums]\nclasses = 'full'"),
                "GB",
            ),
        ];
        for (text, expected) in table {
            let reason = Preset::parse(&text, "mine").unwrap_err();
            assert!(
                reason.contains(expected) && !reason.contains('\n'),
                "{text}: {reason}"
            );
        }
    }
}
