//! Spectra of recorded sound.

use std::f64::consts::TAU;
use std::ops::Range;

/// Power of each bin of a wave's discrete Fourier transform, and the bins' width in hertz. The
/// wave fades out under a half Hann window, so that a hit keeps its onset, and is padded with
/// zeros to at least 1.4 Hz a bin.
pub fn power_spectrum(wave: &[f32], rate: i32) -> (Vec<f64>, f64) {
    let size = wave.len().next_power_of_two().max(32_768);
    let mut re = vec![0.0; size];
    let mut im = vec![0.0; size];
    for (index, &x) in wave.iter().enumerate() {
        let fade = 0.5 + 0.5 * (0.5 * TAU * index as f64 / wave.len() as f64).cos();
        re[index] = f64::from(x) * fade;
    }
    transform(&mut re, &mut im);
    let power = (0..size / 2)
        .map(|bin| re[bin] * re[bin] + im[bin] * im[bin])
        .collect();
    (power, f64::from(rate) / size as f64)
}

/// Centre of gravity of the power spectrum, hertz.
pub fn centroid(wave: &[f32], rate: i32) -> f64 {
    let (power, width) = power_spectrum(wave, rate);
    let total: f64 = power.iter().sum();
    power
        .iter()
        .enumerate()
        .map(|(bin, power)| bin as f64 * width * power)
        .sum::<f64>()
        / total
}

/// Frequency of the strongest bin within `band`, hertz.
pub fn strongest(wave: &[f32], band: Range<f64>, rate: i32) -> f64 {
    let (power, width) = power_spectrum(wave, rate);
    let bins = (band.start / width) as usize..(band.end / width) as usize;
    let best = bins.max_by(|&a, &b| power[a].total_cmp(&power[b])).unwrap();
    best as f64 * width
}

/// In-place radix-2 fast Fourier transform (Cooley and Tukey 1965).
fn transform(re: &mut [f64], im: &mut [f64]) {
    let size = re.len();
    let shift = usize::BITS - size.trailing_zeros();
    for index in 0..size {
        let mirror = index.reverse_bits() >> shift;
        if index < mirror {
            re.swap(index, mirror);
            im.swap(index, mirror);
        }
    }
    let mut half = 1;
    while half < size {
        for k in 0..half {
            let (sin, cos) = (-0.5 * TAU * k as f64 / half as f64).sin_cos();
            for a in (k..size).step_by(2 * half) {
                let b = a + half;
                let (x, y) = (re[b] * cos - im[b] * sin, re[b] * sin + im[b] * cos);
                (re[b], im[b]) = (re[a] - x, im[a] - y);
                (re[a], im[a]) = (re[a] + x, im[a] + y);
            }
        }
        half *= 2;
    }
}

#[test]
fn a_sine_is_found_where_it_is() {
    let wave: Vec<f32> = (0..44_100)
        .map(|n| (TAU * 1000.0 * f64::from(n) / 44_100.0).sin() as f32)
        .collect();
    assert!((strongest(&wave, 20.0..20_000.0, 44_100) - 1000.0).abs() < 2.0);
    assert!((centroid(&wave, 44_100) - 1000.0).abs() < 5.0);
}
