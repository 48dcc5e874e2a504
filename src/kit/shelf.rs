//! The samples of a file, each made once however many strokes play it.

use std::collections::HashMap;

use super::math::decibels;
use super::sf2::{Sample, Zone};

/// Highest sample of a recording as it is stored; its loudness is set where it is played.
const PEAK: f64 = 30_000.0;

/// Decibels below that at most, so that eleven bits are left of it.
const SOFTEST: f64 = 20.0;

/// Samples in the order in which they were first asked for.
#[derive(Default)]
pub struct Shelf {
    pub samples: Vec<Sample>,
    /// Of each, the amplitude that its highest sample stands for.
    peaks: Vec<f64>,
    places: HashMap<String, usize>,
}

impl Shelf {
    /// The place of a sample, which is made unless one of that name is there.
    pub fn sample(&mut self, name: &str, rate: u32, make: impl FnOnce() -> Vec<f64>) -> usize {
        self.place(name, rate, false, make)
    }

    /// The place of a loop, of which `make` makes one turn.
    pub fn turn(&mut self, name: &str, rate: u32, make: impl FnOnce() -> Vec<f64>) -> usize {
        self.place(name, rate, true, make)
    }

    fn place(
        &mut self,
        name: &str,
        rate: u32,
        looped: bool,
        make: impl FnOnce() -> Vec<f64>,
    ) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let wave = make();
        let peak = wave.iter().fold(1e-9, |peak: f64, x| peak.max(x.abs()));
        let points = wave
            .iter()
            .map(|x| (x / peak * PEAK).round() as i16)
            .collect();
        self.samples.push(Sample {
            name: name.into(),
            rate,
            points,
            looped,
        });
        self.peaks.push(peak);
        self.places.insert(name.into(), self.samples.len() - 1);
        self.samples.len() - 1
    }

    /// Has samples stored as soft as the loudest zone plays them: a synthesizer leaves a voice out that
    /// is attenuated by more than 60 dB, velocity and all, which would be the soft strokes.
    pub fn bring_to_level(&mut self, zones: &mut [&mut Zone]) {
        for (place, sample) in self.samples.iter_mut().enumerate() {
            let its = zones.iter().filter(|zone| zone.sample == place);
            let least = its.map(|zone| zone.attenuation).fold(SOFTEST, f64::min);
            let least = least.max(0.0);
            let gain = decibels(-least);
            for point in &mut sample.points {
                *point = (f64::from(*point) * gain).round() as i16;
            }
            for zone in zones.iter_mut().filter(|zone| zone.sample == place) {
                zone.attenuation -= least;
            }
        }
    }

    /// Amplitude that full scale stands for in a sample.
    pub fn full_scale(&self, sample: usize) -> f64 {
        self.peaks[sample] * 32_768.0 / PEAK
    }
}
