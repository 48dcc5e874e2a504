//! The built-in kits sound like drums: every figure here is measured on what rustysynth renders.

use std::process::Command;
use std::sync::Arc;

use musicvae::music::Lane;
use musicvae_tui::kit::{EMBEDDED_KIT, sound_font};
use rustysynth::{SoundFont, Synthesizer, SynthesizerSettings};

use crate::classes::without_exclusive_classes;
use crate::spectrum::{centroid, power_spectrum, strongest};

const RATE: i32 = 44_100;

// General MIDI percussion keys.
const KICK: u8 = 36;
const SIDE_STICK: u8 = 37;
const SNARE: u8 = 38;
const RIMSHOT: u8 = 40;
const CLOSED_HAT: u8 = 42;
const PEDAL_HAT: u8 = 44;
const OPEN_HAT: u8 = 46;
const LOW_TOM: u8 = 43;
const MID_TOM: u8 = 47;
const HIGH_TOM: u8 = 50;
const CRASH_1: u8 = 49;
const CRASH_2: u8 = 57;
const RIDE: u8 = 51;
const BELL: u8 = 53;

/// Every key that the kit answers to: General MIDI's 35..=59, less the vibraslap, and the Roland
/// TD-11's two hat edges.
fn keys() -> impl Iterator<Item = u8> {
    [22, 26]
        .into_iter()
        .chain((35..=59).filter(|&key| key != 58))
        .chain([58])
}

/// Something that happens at a time in seconds: (time, key, velocity), velocity 0 being note-off.
type Event = (f64, u8, u8);

/// A synthesizer with the kit, dry, at full channel volume, small blocks as the engine has them.
struct Player {
    font: Arc<SoundFont>,
    program: i32,
}

/// Programs of the kits.
const STUDIO: i32 = 0;
const ANALOG: i32 = 25;

impl Player {
    fn new() -> Self {
        Player::of(STUDIO)
    }

    fn of(program: i32) -> Self {
        Player {
            program,
            font: Arc::new(
                SoundFont::new(&mut &without_exclusive_classes(EMBEDDED_KIT)[..]).unwrap(),
            ),
        }
    }

    /// Left and right, `seconds` long.
    fn render(&self, events: &[Event], seconds: f64) -> [Vec<f32>; 2] {
        self.render_variant(events, 0, seconds)
    }

    fn render_variant(&self, events: &[Event], variant: i32, seconds: f64) -> [Vec<f32>; 2] {
        let mut settings = SynthesizerSettings::new(RATE);
        settings.enable_reverb_and_chorus = false;
        settings.block_size = 8;
        let mut synthesizer = Synthesizer::new(&self.font, &settings).unwrap();
        synthesizer.process_midi_message(9, 0xB0, 7, 127);
        synthesizer.process_midi_message(9, 0xB0, 0, variant);
        synthesizer.process_midi_message(9, 0xC0, self.program, 0);
        synthesizer.set_master_volume(1.0);
        let mut output = [Vec::new(), Vec::new()];
        let mut render_until = |synthesizer: &mut Synthesizer, time: f64| {
            let length = (time * f64::from(RATE)) as usize;
            let at = output[0].len();
            let [left, right] = &mut output;
            left.resize(length, 0.0);
            right.resize(length, 0.0);
            synthesizer.render(&mut left[at..], &mut right[at..]);
        };
        for &(time, key, velocity) in events {
            render_until(&mut synthesizer, time);
            synthesizer.note_on(9, i32::from(key), i32::from(velocity));
        }
        render_until(&mut synthesizer, seconds);
        output
    }

    /// One variant of a hit, left and right summed.
    fn stroke(&self, key: u8, velocity: u8, variant: i32, seconds: f64) -> Vec<f32> {
        mono(&self.render_variant(&[(0.0, key, velocity)], variant, seconds))
    }

    /// One hit, left and right summed.
    fn hit(&self, key: u8, velocity: u8, seconds: f64) -> Vec<f32> {
        mono(&self.render(&[(0.0, key, velocity)], seconds))
    }
}

fn mono([left, right]: &[Vec<f32>; 2]) -> Vec<f32> {
    left.iter().zip(right).map(|(l, r)| 0.5 * (l + r)).collect()
}

fn energy(wave: &[f32]) -> f64 {
    wave.iter().map(|&x| f64::from(x) * f64::from(x)).sum()
}

fn peak(wave: &[f32]) -> f32 {
    wave.iter().fold(0.0, |peak, x| x.abs().max(peak))
}

fn seconds(from: f64, to: f64) -> std::ops::Range<usize> {
    (from * f64::from(RATE)) as usize..(to * f64::from(RATE)) as usize
}

/// Decay time to -60 dB, from the slope of the backward-integrated energy (Schroeder 1965)
/// between -5 and -25 dB.
fn t60(wave: &[f32]) -> f64 {
    let mut left = energy(wave);
    let total = left;
    let mut crossings = [None, None];
    for (index, &x) in wave.iter().enumerate() {
        left -= f64::from(x) * f64::from(x);
        for (crossing, level) in crossings.iter_mut().zip([-5.0, -25.0]) {
            if crossing.is_none() && 10.0 * (left.max(1e-30) / total).log10() < level {
                *crossing = Some(index);
            }
        }
    }
    3.0 * (crossings[1].unwrap() - crossings[0].unwrap()) as f64 / f64::from(RATE)
}

/// Milliseconds from a tenth of the envelope's maximum to 3 dB below the maximum; the envelope is
/// the root mean square of 1 ms.
fn attack(wave: &[f32]) -> f64 {
    let mut padded = vec![0.0; 44];
    padded.extend_from_slice(wave);
    let envelope: Vec<f64> = padded
        .windows(44)
        .map(|window| energy(window).sqrt())
        .collect();
    let highest = envelope.iter().copied().fold(0.0, f64::max);
    let first = |level: f64| envelope.iter().position(|&x| x > level * highest).unwrap();
    (first(0.707) - first(0.1)) as f64 / f64::from(RATE) * 1000.0
}

/// Loudness, decibels: mean power under the K weighting of ITU-R BS.1770, approximately (a
/// high-pass at 38 Hz and a shelf of 4 dB at 1.5 kHz).
fn level(wave: &[f32]) -> f64 {
    let (power, width) = power_spectrum(wave, RATE);
    let weighted = power.iter().enumerate().map(|(bin, power)| {
        let hertz = bin as f64 * width;
        let (low, high) = (hertz / 38.0, hertz / 1500.0);
        let high_pass = (low * low / (1.0 + low * low)).powi(2);
        let shelf = (1.0 + 2.51 * high * high) / (1.0 + high * high);
        power * high_pass * shelf
    });
    10.0 * (weighted.sum::<f64>() / wave.len() as f64).log10()
}

#[test]
fn the_committed_file_is_what_the_generator_writes() {
    let fresh = sound_font();
    assert_eq!(
        fresh.len(),
        EMBEDDED_KIT.len(),
        "run `musicvae-tui kit soundfonts/studio.sf2`"
    );
    let different = fresh.iter().zip(EMBEDDED_KIT).position(|(a, b)| a != b);
    assert_eq!(
        different, None,
        "first different byte: run `musicvae-tui kit soundfonts/studio.sf2`"
    );
}

#[test]
fn the_command_writes_the_kit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kit.sf2");
    let run = |path: &std::path::Path| {
        Command::new(env!("CARGO_BIN_EXE_musicvae-tui"))
            .arg("kit")
            .arg(path)
            .output()
            .unwrap()
    };
    let output = run(&path);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(std::fs::read(&path).unwrap() == EMBEDDED_KIT);

    let missing = folder.path().join("missing/kit.sf2");
    let output = run(&missing);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains(&*missing.to_string_lossy()), "{message}");
}

#[test]
fn the_file_is_small_and_in_order() {
    assert!(EMBEDDED_KIT.len() < 4_000_000);
    let font = SoundFont::new(&mut &*EMBEDDED_KIT).unwrap();
    let presets = font.get_presets();
    let places: Vec<_> = presets
        .iter()
        .map(|it| (it.get_patch_number(), it.get_bank_number()))
        .collect();
    let variants = [128, 129, 130, 131];
    let expected = [0, 25].map(|program| variants.map(|bank| (program, bank)));
    let lead = (0, 0);
    assert_eq!(places, [&expected.concat()[..], &[lead]].concat());
    let wave = font.get_wave_data();
    for sample in font.get_sample_headers() {
        let (start, end) = (sample.get_start() as usize, sample.get_end() as usize);
        let name = sample.get_name();
        assert!(
            wave[end..end + 46].iter().all(|&point| point == 0),
            "{name}: no guard points"
        );
        let points = &wave[start..end];
        let highest = points
            .iter()
            .map(|point| point.unsigned_abs())
            .max()
            .unwrap();
        assert!((2000..32_500).contains(&highest), "{name}: peak {highest}");
        // A loop is entered anywhere, and its attack keeps it from clicking.
        let is_loop = sample.get_start_loop() == sample.get_start();
        assert!(
            is_loop || points[0].abs() < 40 && points[points.len() - 1].abs() < 2,
            "{name}: clicks"
        );
        if is_loop {
            let turn = sample.get_end_loop() as usize - start;
            assert_eq!(points[..8], points[turn..], "{name}: the loop has a seam");
        }
    }
}

#[test]
fn every_key_sounds_clean_at_every_layer() {
    let player = Player::new();
    for key in keys() {
        for velocity in [10, 30, 50, 80, 127] {
            let sides = player.render(&[(0.0, key, velocity)], 8.0);
            let highest = peak(&sides[0]).max(peak(&sides[1]));
            assert!(highest > 1e-4, "key {key} at {velocity} is silent");
            assert!(highest < 0.99, "key {key} at {velocity} clips: {highest}");
            for side in &sides {
                let mean = side.iter().sum::<f32>() / side.len() as f32;
                assert!(
                    mean.abs() < 2e-4 * highest,
                    "key {key} at {velocity}: DC {mean}"
                );
                assert!(
                    side[0].abs() < 0.1 * highest,
                    "key {key} at {velocity}: starts in a click"
                );
                assert_eq!(
                    peak(&side[seconds(7.9, 8.0)]),
                    0.0,
                    "key {key} at {velocity} goes on"
                );
                // The last sound before silence is far below hearing: nothing was cut off.
                let end = side.iter().rposition(|x| *x != 0.0).unwrap_or(0);
                let tail = peak(&side[end.saturating_sub(200)..=end]);
                // (The synthesizer plays nothing below a thousandth of a sample's full scale.)
                assert!(
                    tail < f32::max(2e-3 * highest, 1e-3),
                    "key {key} at {velocity} ends at {tail}"
                );
            }
        }
    }
    // What lies outside the kit is silent and not some other drum.
    assert_eq!(peak(&player.hit(60, 100, 0.2)), 0.0);
    // The keys that grooves are played with are all there.
    assert!(
        Lane::ALL
            .iter()
            .all(|lane| keys().any(|key| key == lane.pitch()))
    );
}

#[test]
fn the_kick_falls_onto_its_fundamental() {
    let player = Player::new();
    for velocity in [50, 90, 127] {
        let wave = player.hit(KICK, velocity, 0.6);
        let late = strongest(&wave[seconds(0.12, 0.35)], 25.0..250.0, RATE);
        assert!(
            (45.0..65.0).contains(&late),
            "fundamental {late} Hz at velocity {velocity}"
        );
        let early = strongest(&wave[seconds(0.003, 0.024)], 25.0..250.0, RATE);
        assert!(
            early > 1.25 * late,
            "starts at {early} Hz, ends at {late} Hz"
        );
    }
    // A harder stroke stretches the head further.
    let bend = |velocity| {
        strongest(
            &player.hit(KICK, velocity, 0.1)[seconds(0.003, 0.024)],
            25.0..250.0,
            RATE,
        )
    };
    assert!(bend(127) > bend(40));
}

#[test]
fn toms_are_tuned_apart() {
    let player = Player::new();
    let pitch = |key| {
        strongest(
            &player.hit(key, 110, 0.5)[seconds(0.1, 0.4)],
            40.0..400.0,
            RATE,
        )
    };
    let pitches: Vec<f64> = [41, 43, 45, 47, 48, 50].map(pitch).to_vec();
    assert!(
        pitches.is_sorted_by(|low, high| low * 1.08 < *high),
        "{pitches:?}"
    );
    assert!(pitches[0] > 60.0 && pitches[5] < 220.0, "{pitches:?}");
}

#[test]
fn decay_times_are_those_of_drums() {
    let player = Player::new();
    for (name, key, low, high) in [
        ("kick", KICK, 0.25, 0.6),
        ("side stick", SIDE_STICK, 0.04, 0.15),
        ("snare", SNARE, 0.18, 0.4),
        ("rimshot", RIMSHOT, 0.2, 0.5),
        ("closed hat", CLOSED_HAT, 0.08, 0.25),
        ("pedal hat", PEDAL_HAT, 0.06, 0.2),
        ("open hat", OPEN_HAT, 1.2, 3.0),
        ("low tom", LOW_TOM, 0.9, 1.6),
        ("mid tom", MID_TOM, 0.8, 1.4),
        ("high tom", HIGH_TOM, 0.6, 1.2),
        ("crash 1", CRASH_1, 3.0, 7.0),
        ("crash 2", CRASH_2, 3.0, 7.0),
        ("ride", RIDE, 1.5, 6.0),
        ("ride bell", BELL, 1.2, 6.0),
    ] {
        let time = t60(&player.hit(key, 127, 8.0));
        assert!((low..high).contains(&time), "{name}: T60 {time:.2} s");
    }
}

#[test]
fn spectra_stand_in_the_order_of_a_kit() {
    let player = Player::new();
    let bright = |key| centroid(&player.hit(key, 110, 0.5), RATE);
    let order = [KICK, LOW_TOM, MID_TOM, HIGH_TOM, SNARE, CRASH_1, CLOSED_HAT];
    let centroids = order.map(bright);
    assert!(
        centroids.is_sorted_by(|low, high| low < high),
        "{order:?}: {centroids:?}"
    );
    assert!(
        centroids[0] < 500.0 && centroids[4] > 800.0 && centroids[6] > 6000.0,
        "{centroids:?}"
    );
    // A stick on the bell sings lower than one on the bow; the rim cracks in the middle.
    assert!(bright(BELL) < bright(RIDE));
    assert!((1000.0..4000.0).contains(&bright(SIDE_STICK)));
}

#[test]
fn cymbals_are_many_modes_and_not_a_tone() {
    let player = Player::new();
    for key in [CLOSED_HAT, OPEN_HAT, CRASH_1, CRASH_2, RIDE] {
        let wave = player.hit(key, 120, 0.5);
        let (power, _) = power_spectrum(&wave, RATE);
        let total: f64 = power.iter().sum();
        let strongest = power.iter().copied().fold(0.0, f64::max);
        assert!(
            strongest < 0.1 * total,
            "key {key}: one partial has {:.2}",
            strongest / total
        );
    }
}

#[test]
fn strokes_are_sharp() {
    let player = Player::new();
    for key in [
        KICK, SIDE_STICK, SNARE, RIMSHOT, CLOSED_HAT, PEDAL_HAT, OPEN_HAT, RIDE, BELL, MID_TOM,
    ] {
        let milliseconds = attack(&player.hit(key, 120, 0.3));
        assert!(milliseconds < 3.0, "key {key}: attack {milliseconds:.1} ms");
    }
}

/// What other players choke by. Here the mixer does it.
#[test]
fn hats_and_nothing_else_are_of_one_exclusive_class() {
    let font = SoundFont::new(&mut &*EMBEDDED_KIT).unwrap();
    for instrument in font.get_instruments() {
        let name = instrument.get_name();
        for region in instrument.get_regions() {
            let class = i32::from(name.contains("hat"));
            assert_eq!(region.get_exclusive_class(), class, "{name}");
        }
    }
}

#[test]
fn variants_are_the_same_drum_and_not_the_same_stroke() {
    for kit in [STUDIO, ANALOG] {
        let player = Player::of(kit);
        for key in keys() {
            let strokes = [0, 1, 2, 3].map(|variant| player.stroke(key, 100, variant, 0.4));
            let level_of = |wave: &[f32]| 10.0 * energy(wave).log10();
            for (nth, stroke) in strokes.iter().enumerate() {
                for other in &strokes[nth + 1..] {
                    let apart: Vec<f32> = stroke.iter().zip(other).map(|(a, b)| a - b).collect();
                    let apart = level_of(&apart) - level_of(stroke);
                    assert!(apart > -32.0, "key {key}: {apart:.1} dB apart");
                }
            }
            let levels = strokes.each_ref().map(|it| level(it));
            let [soft, loud] =
                [f64::min, f64::max].map(|best| levels.iter().copied().reduce(best).unwrap());
            assert!(loud - soft < 3.0, "key {key}: {levels:.1?}");
            let centroids = strokes.each_ref().map(|it| centroid(it, RATE));
            let [dull, bright] =
                [f64::min, f64::max].map(|best| centroids.iter().copied().reduce(best).unwrap());
            assert!(bright < 1.4 * dull, "key {key}: {centroids:.0?}");
        }
    }
}

#[test]
fn the_kits_are_two_characters() {
    let [studio, analog] = [STUDIO, ANALOG].map(Player::of);
    let decay = |player: &Player, key| t60(&player.hit(key, 110, 4.0));
    assert!(decay(&analog, KICK) > 1.5 * decay(&studio, KICK));
    assert!(decay(&analog, OPEN_HAT) < decay(&studio, OPEN_HAT));
    let bright = |player: &Player, key| centroid(&player.hit(key, 110, 0.5), RATE);
    assert!(bright(&analog, KICK) < 0.6 * bright(&studio, KICK));
}

#[test]
fn a_short_note_rings_out() {
    let player = Player::new();
    for key in [KICK, SNARE, OPEN_HAT, LOW_TOM, CRASH_1, RIDE] {
        let held = player.hit(key, 100, 1.5);
        let short = mono(&player.render(&[(0.0, key, 100), (0.02, key, 0)], 1.5));
        let lost = level(&held) - level(&short);
        assert!(
            lost.abs() < 0.5,
            "key {key}: a note-off after 20 ms takes {lost:.2} dB"
        );
    }
}

/// Bank 0 is a voice for melodies: in tune on every octave, and silent soon after its key is let go.
#[test]
fn the_lead_is_in_tune_and_ends_with_its_key() {
    let font = Player::new().font;
    let mut settings = SynthesizerSettings::new(RATE);
    settings.enable_reverb_and_chorus = false;
    for key in [28, 40, 53, 60, 65, 66, 77, 89, 101] {
        let mut synthesizer = Synthesizer::new(&font, &settings).unwrap();
        let second = |synthesizer: &mut Synthesizer| {
            let mut sides = [vec![0.0; RATE as usize], vec![0.0; RATE as usize]];
            let [left, right] = &mut sides;
            synthesizer.render(left, right);
            mono(&sides)
        };
        synthesizer.note_on(0, key, 100);
        let held = second(&mut synthesizer);
        let hertz = 440.0 * 2f64.powf((f64::from(key) - 69.0) / 12.0);
        let found = strongest(&held, 0.7 * hertz..1.4 * hertz, RATE);
        // The bins are 0.7 Hz wide.
        assert!(
            (found - hertz).abs() < 0.7 + 0.003 * hertz,
            "key {key}: {found}"
        );
        assert!(
            (0.02..0.5).contains(&peak(&held)),
            "key {key}: {}",
            peak(&held)
        );
        synthesizer.note_off(0, key);
        let after = second(&mut synthesizer);
        let late = peak(&after[RATE as usize / 2..]);
        assert!(late < 1e-3, "key {key}: {late}");
    }
}

#[test]
fn harder_is_louder_and_brighter() {
    let player = Player::new();
    for lane in Lane::ALL {
        let key = lane.pitch();
        let mut previous: Option<(u8, f64, f64)> = None;
        let mut ends = Vec::new();
        for velocity in [8, 20, 32, 44, 56, 68, 80, 92, 104, 116, 127] {
            let wave = player.hit(key, velocity, 0.5);
            let (loud, bright) = (level(&wave), centroid(&wave, RATE));
            if let Some((before, quieter, duller)) = previous {
                let step = format!("{} from {before} to {velocity}", lane.short_name());
                assert!(loud > quieter + 0.3, "{step}: {quieter:.1} to {loud:.1} dB");
                // Within a layer only the level moves.
                assert!(
                    bright > 0.97 * duller,
                    "{step}: {duller:.0} to {bright:.0} Hz"
                );
            }
            previous = Some((velocity, loud, bright));
            ends.push(bright);
        }
        let growth = ends[ends.len() - 1] / ends[0];
        assert!(
            growth > 1.15,
            "{}: only {growth:.2} times brighter",
            lane.short_name()
        );
    }
}

#[test]
fn no_neighbouring_velocities_jump() {
    let player = Player::new();
    for lane in Lane::ALL {
        let levels: Vec<f64> = (20..=127)
            .map(|velocity| level(&player.hit(lane.pitch(), velocity, 0.2)))
            .collect();
        for (index, pair) in levels.windows(2).enumerate() {
            let step = pair[1] - pair[0];
            let name = lane.short_name();
            assert!(
                (-1.0..3.0).contains(&step),
                "{name} at {}: {step:.2} dB",
                index + 21
            );
        }
    }
}

/// The kit's figures: `cargo test --test suite kit::figures -- --ignored --nocapture`.
#[test]
#[ignore = "prints a table, checks nothing"]
fn figures() {
    let player = Player::new();
    println!("key  peak dBFS  level dB  centroid Hz  T60 s  attack ms");
    for key in keys() {
        let wave = player.hit(key, 127, 4.0);
        let sides = player.render(&[(0.0, key, 127)], 0.5);
        println!(
            "{key:3}  {:9.1}  {:8.1}  {:11.0}  {:5.2}  {:9.2}",
            20.0 * peak(&sides[0]).max(peak(&sides[1])).log10(),
            level(&wave[seconds(0.0, 0.4)]),
            centroid(&wave[seconds(0.0, 0.5)], RATE),
            t60(&wave),
            attack(&wave[seconds(0.0, 0.3)]),
        );
        let by_velocity: Vec<String> = [8, 20, 32, 44, 56, 68, 80, 92, 104, 116, 127]
            .map(|velocity| {
                let wave = player.hit(key, velocity, 0.5);
                format!("{:.0}/{:.0}", level(&wave), centroid(&wave, RATE))
            })
            .to_vec();
        println!("     {}", by_velocity.join(" "));
    }
}
