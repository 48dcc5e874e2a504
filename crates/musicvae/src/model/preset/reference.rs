//! The reference's configuration map (`CONFIG_MAP` of `music_vae/configs.py`, magenta 2.1.4): every
//! hyper-parameter of its 23 presets that differs from the defaults, which are here too.

use super::{Head, Preset, Sampling};
use crate::music::{
    DrumClasses, DrumsOptions, GrooveOptions, Lane, MelodyOptions, PerformanceOptions,
    Representation, Transpose,
};

/// The reference's defaults (`get_default_hparams` of `base_model.py` and `lstm_models.py`). It
/// has a default for every size as well, which no preset takes.
fn preset(
    name: &str,
    (representation, bars): (Representation, usize),
    z_size: usize,
    encoder: &[usize],
    decoder: &[usize],
) -> Preset {
    Preset {
        name: name.into(),
        representation,
        bars,
        z_size,
        encoder: encoder.to_vec(),
        encoder_levels: Vec::new(),
        decoder: decoder.to_vec(),
        decoder_levels: Vec::new(),
        autoregressive_levels: Vec::new(),
        split: Vec::new(),
        head: Head::Categorical,
        sampling: Sampling::Constant(0.0),
        stroke_weight: 1.0,
        free_bits: 0.0,
        max_beta: 1.0,
        beta_rate: 0.0,
        dropout_keep: 1.0,
        batch_size: 512,
        learning_rate: 1e-3,
        min_learning_rate: 1e-5,
        decay_rate: 0.9999,
        gradient_clip: 1.0,
        gradient_norm_to_zero: 10_000.0,
    }
}

/// How the two-bar presets of melodies and drums change from truth to their own samples.
const TWO_BAR_SAMPLING: Sampling = Sampling::InverseSigmoid(1000.0);

pub(super) fn all() -> Vec<Preset> {
    vec![
        Preset {
            max_beta: 0.2,
            beta_rate: 0.99999,
            sampling: TWO_BAR_SAMPLING,
            ..preset("cat-mel_2bar_small", any_melody(), 256, &[512], &[256, 256])
        },
        Preset {
            max_beta: 0.5,
            beta_rate: 0.99999,
            sampling: TWO_BAR_SAMPLING,
            ..preset("cat-mel_2bar_big", any_melody(), 512, &[2048], &[2048; 3])
        },
        preset(
            "cat-mel_2bar_med_chords",
            melody_on_chords(),
            256,
            &[1024],
            &[512; 3],
        ),
        Preset {
            free_bits: 48.0,
            max_beta: 0.2,
            sampling: TWO_BAR_SAMPLING,
            ..preset(
                "cat-drums_2bar_small",
                drums(false, DrumClasses::Reduced),
                256,
                &[512],
                &[256, 256],
            )
        },
        Preset {
            free_bits: 48.0,
            max_beta: 0.2,
            sampling: TWO_BAR_SAMPLING,
            ..preset(
                "cat-drums_2bar_big",
                drums(false, DrumClasses::Reduced),
                512,
                &[2048],
                &[2048; 3],
            )
        },
        nade("nade-drums_2bar_reduced", DrumClasses::Reduced),
        nade("nade-drums_2bar_full", DrumClasses::Full),
        Preset {
            head: Head::MultiCategorical(Representation::TRIO_DEPTHS.to_vec()),
            batch_size: 256,
            ..preset(
                "flat-trio_16bar",
                (Representation::Trio, 16),
                512,
                &[2048, 2048],
                &[2048; 3],
            )
        },
        Preset {
            decoder_levels: vec![16, 16],
            ..trio("hierdec-trio_16bar", &[2048, 2048])
        },
        Preset {
            encoder_levels: vec![16, 16],
            decoder_levels: vec![16, 16],
            ..trio("hier-trio_16bar", &[1024])
        },
        long_melody("flat-mel_16bar", &[2048, 2048], &[2048; 3]),
        Preset {
            decoder_levels: vec![16, 16],
            ..long_melody("hierdec-mel_16bar", &[2048, 2048], &[1024, 1024])
        },
        Preset {
            encoder_levels: vec![16, 16],
            decoder_levels: vec![16, 16],
            ..long_melody("hier-mel_16bar", &[1024], &[1024, 1024])
        },
        performance("hier-multiperf_vel_1bar_med", false, 1024, 512),
        performance("hier-multiperf_vel_1bar_big", false, 2048, 1024),
        performance("hier-multiperf_vel_1bar_med_chords", true, 1024, 512),
        performance("hier-multiperf_vel_1bar_big_chords", true, 2048, 1024),
        groovae("groovae_4bar", 4, plain()),
        groovae(
            "groovae_2bar_humanize",
            2,
            GrooveOptions {
                humanize: true,
                ..plain()
            },
        ),
        groovae("groovae_2bar_tap_fixed_velocity", 2, taps()),
        groovae(
            "groovae_2bar_tap_fixed_velocity_note_dropout",
            2,
            GrooveOptions {
                max_note_dropout: 0.8,
                ..taps()
            },
        ),
        groovae(
            "groovae_2bar_add_closed_hh",
            2,
            GrooveOptions {
                add_instruments: vec![Lane::ClosedHat],
                ..plain()
            },
        ),
        groovae(
            "groovae_2bar_hits_control_tfds",
            2,
            GrooveOptions {
                hits_as_controls: true,
                ..plain()
            },
        ),
    ]
}

/// What the presets of drums as performed have in common.
pub(super) fn groovae(name: &str, bars: usize, options: GrooveOptions) -> Preset {
    Preset {
        head: Head::Groove,
        free_bits: 48.0,
        max_beta: 0.2,
        dropout_keep: 0.3,
        ..preset(
            name,
            (Representation::Groove(options), bars),
            256,
            &[512],
            &[256, 256],
        )
    }
}

fn plain() -> GrooveOptions {
    GrooveOptions::default()
}

fn taps() -> GrooveOptions {
    GrooveOptions {
        tapify: true,
        fixed_velocities: true,
        ..plain()
    }
}

fn nade(name: &str, classes: DrumClasses) -> Preset {
    Preset {
        head: Head::Nade { hidden: 128 },
        free_bits: 48.0,
        max_beta: 0.2,
        sampling: TWO_BAR_SAMPLING,
        ..preset(name, drums(true, classes), 256, &[1024], &[512, 512])
    }
}

/// Two bars of drums on the grid, shown as a roll.
fn drums(roll_output: bool, classes: DrumClasses) -> (Representation, usize) {
    let options = DrumsOptions {
        classes,
        roll_input: true,
        roll_output,
    };
    (Representation::Drums(options), 2)
}

/// The hierarchical presets of melody, bass and drums, less their levels.
fn trio(name: &str, encoder: &[usize]) -> Preset {
    Preset {
        split: Representation::TRIO_DEPTHS.to_vec(),
        batch_size: 256,
        free_bits: 256.0,
        max_beta: 0.2,
        ..preset(
            name,
            (Representation::Trio, 16),
            512,
            encoder,
            &[1024, 1024],
        )
    }
}

/// The presets of sixteen bars of melody, less their levels.
fn long_melody(name: &str, encoder: &[usize], decoder: &[usize]) -> Preset {
    let melody = Representation::Melody(MelodyOptions::default());
    Preset {
        free_bits: 256.0,
        max_beta: 0.2,
        ..preset(name, (melody, 16), 512, encoder, decoder)
    }
}

fn any_melody() -> (Representation, usize) {
    let options = MelodyOptions {
        melody_programs_only: true,
        transpose: Some(Transpose { min: -5, max: 5 }),
        ..MelodyOptions::default()
    };
    (Representation::Melody(options), 2)
}

fn melody_on_chords() -> (Representation, usize) {
    let options = MelodyOptions {
        chords: true,
        transpose: Some(Transpose { min: -3, max: 3 }),
        ..MelodyOptions::default()
    };
    (Representation::Melody(options), 2)
}

/// One bar of up to eight instruments, each a segment of 64 events.
fn performance(name: &str, chords: bool, encoder: usize, decoder: usize) -> Preset {
    let options = PerformanceOptions {
        velocity_bins: 8,
        chords,
        transpose: Some(Transpose { min: -3, max: 3 }),
    };
    Preset {
        encoder_levels: vec![64, 8],
        decoder_levels: vec![8, 64],
        batch_size: 256,
        ..preset(
            name,
            (Representation::MultiPerformance(options), 1),
            512,
            &[encoder],
            &[decoder; 3],
        )
    }
}
