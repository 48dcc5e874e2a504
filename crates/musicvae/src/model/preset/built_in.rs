//! The presets of the reference's configuration map (`CONFIG_MAP` of `music_vae/configs.py`, magenta
//! 2.1.4), in its order, and then others: files, as anybody may write one.

use std::sync::LazyLock;

use super::Preset;

/// Name and text of each.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("built_in/", $name, ".toml")))),*]
    };
}

pub(super) const TEXTS: [(&str, &str); 27] = files![
    "cat-mel_2bar_small",
    "cat-mel_2bar_big",
    "cat-mel_2bar_med_chords",
    "cat-drums_2bar_small",
    "cat-drums_2bar_big",
    "nade-drums_2bar_reduced",
    "nade-drums_2bar_full",
    "flat-trio_16bar",
    "hierdec-trio_16bar",
    "hier-trio_16bar",
    "flat-mel_16bar",
    "hierdec-mel_16bar",
    "hier-mel_16bar",
    "hier-multiperf_vel_1bar_med",
    "hier-multiperf_vel_1bar_big",
    "hier-multiperf_vel_1bar_med_chords",
    "hier-multiperf_vel_1bar_big_chords",
    "groovae_4bar",
    "groovae_2bar_humanize",
    "groovae_2bar_tap_fixed_velocity",
    "groovae_2bar_tap_fixed_velocity_note_dropout",
    "groovae_2bar_add_closed_hh",
    "groovae_2bar_hits_control_tfds",
    "groovae_4bar_strokes",
    "groovae_4bar_stroke_classes",
    "groovae_2bar_humanize_strokes",
    "groovae_16bar",
];

/// The presets of [`TEXTS`]. A test reads every one.
pub(super) static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| match Preset::parse(text, name) {
        Ok(preset) => preset,
        Err(reason) => unreachable!("the built-in preset {name}: {reason}"),
    };
    TEXTS.iter().map(read).collect()
});
