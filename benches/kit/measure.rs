//! What is measured of a stroke, as a SoundFont player renders it.

use std::path::Path;
use std::sync::Arc;

use rustysynth::{SoundFont, Synthesizer, SynthesizerSettings};

use super::classes::without_exclusive_classes;
use super::spectrum::centroid;

pub const RATE: i32 = 44_100;

/// Seconds of a stroke that are rendered: longer than any cymbal is heard.
const SECONDS: usize = 6;

/// A kit within a SoundFont.
pub struct Kit {
    pub name: String,
    font: Arc<SoundFont>,
    program: i32,
}

/// The figures of one stroke.
pub struct Figures {
    /// Centre of gravity of the first half second's spectrum, hertz.
    pub centroid: f64,
    /// Seconds from the loudest 10 ms until it stays 40 dB below them.
    pub decay: f64,
    /// Peak over root mean square of the first 0.1 s, decibels.
    pub crest: f64,
    /// Difference of left and right against their sum, as a share of the energy of both: 0 is mono, a
    /// half is two sides that have nothing in common.
    pub width: f64,
    /// Centroid at velocity 127 over that at 30.
    pub brightening: f64,
    /// What the next stroke differs by, against the stroke, in the first 0.1 s, decibels; `None` where
    /// it is the same samples again.
    pub variation: Option<f64>,
}

impl Kit {
    /// Reads a kit from a file.
    pub fn open(path: &Path, name: &str, program: i32) -> Result<Kit, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Kit::of_bytes(&bytes, name, program).map_err(|error| format!("{}: {error}", path.display()))
    }

    pub fn of_bytes(bytes: &[u8], name: &str, program: i32) -> Result<Kit, String> {
        let bytes = without_exclusive_classes(bytes);
        let font = SoundFont::new(&mut &bytes[..]).map_err(|error| error.to_string())?;
        Ok(Kit {
            name: name.into(),
            font: Arc::new(font),
            program,
        })
    }

    /// One stroke, left and right, of a variant where the font has some.
    fn stroke(&self, key: u8, velocity: u8, variant: i32) -> [Vec<f32>; 2] {
        let mut settings = SynthesizerSettings::new(RATE);
        settings.enable_reverb_and_chorus = false;
        let mut synthesizer = Synthesizer::new(&self.font, &settings).expect("a usual rate");
        for (command, first, second) in
            [(0xB0, 7, 127), (0xB0, 0, variant), (0xC0, self.program, 0)]
        {
            synthesizer.process_midi_message(9, command, first, second);
        }
        synthesizer.set_master_volume(1.0);
        synthesizer.note_on(9, key.into(), velocity.into());
        let mut sides = [0, 1].map(|_| vec![0.0; RATE as usize * SECONDS]);
        let [left, right] = &mut sides;
        synthesizer.render(left, right);
        sides
    }

    fn has_variants(&self) -> bool {
        let next = |preset: &rustysynth::Preset| {
            preset.get_bank_number() == 129 && preset.get_patch_number() == self.program
        };
        self.font.get_presets().iter().any(next)
    }

    /// Measures the stroke on a key.
    pub fn figures(&self, key: u8) -> Figures {
        let [left, right] = self.stroke(key, 112, 0);
        let sum: Vec<f32> = left.iter().zip(&right).map(|(l, r)| l + r).collect();
        let difference: Vec<f32> = left.iter().zip(&right).map(|(l, r)| l - r).collect();
        let early = seconds(0.1);
        let both = energy(&left[..early]) + energy(&right[..early]);
        let loudest = |side: &[f32]| side.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        let peak = f64::from(loudest(&left).max(loudest(&right)));
        let bright = |velocity| {
            let [left, right] = self.stroke(key, velocity, 0);
            let sum: Vec<f32> = left.iter().zip(&right).map(|(l, r)| l + r).collect();
            centroid(&sum[..seconds(0.5)], RATE)
        };
        let variation = self.has_variants().then(|| {
            let next = self.stroke(key, 112, 1);
            let apart: f64 = [&left, &right]
                .into_iter()
                .zip(&next)
                .flat_map(|(one, other)| one[..early].iter().zip(&other[..early]))
                .map(|(a, b)| f64::from(a - b).powi(2))
                .sum();
            10.0 * (apart / both).log10()
        });
        Figures {
            centroid: centroid(&sum[..seconds(0.5)], RATE),
            decay: decay(&left, &right),
            crest: 20.0 * (peak / (both / (2 * early) as f64).sqrt()).log10(),
            width: energy(&difference) / (energy(&sum) + energy(&difference)),
            brightening: bright(127) / bright(30),
            variation,
        }
    }
}

fn seconds(time: f64) -> usize {
    (time * f64::from(RATE)) as usize
}

fn energy(wave: &[f32]) -> f64 {
    wave.iter().map(|x| f64::from(*x).powi(2)).sum()
}

fn decay(left: &[f32], right: &[f32]) -> f64 {
    let window = seconds(0.01);
    let levels: Vec<f64> = left
        .chunks(window)
        .zip(right.chunks(window))
        .map(|(left, right)| energy(left) + energy(right))
        .collect();
    let loudest = levels.iter().copied().fold(0.0, f64::max);
    let at = levels.iter().position(|level| *level == loudest);
    let last = levels.iter().rposition(|level| *level > 1e-4 * loudest);
    let windows = last.unwrap_or(0).saturating_sub(at.unwrap_or(0)) + 1;
    windows as f64 * 0.01
}
