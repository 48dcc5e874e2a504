use super::*;
use crate::engine::SoundFontSource;

fn mixer() -> Mixer {
    let font = SoundFont::load(&SoundFontSource::Embedded).unwrap();
    Mixer::new(&font, 44_100, 0).unwrap()
}

/// Energy of left and right in `chunks` chunks that begin with `notes`.
fn energy(mixer: &mut Mixer, notes: &[Note], controls: &Controls, chunks: usize) -> [f32; 2] {
    let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
    let mut sum = [0.0; 2];
    for chunk in 0..chunks {
        let notes = if chunk == 0 { notes } else { &[] };
        mixer.render(&mut left, &mut right, notes, controls);
        sum[0] += left.iter().map(|s| s * s).sum::<f32>();
        sum[1] += right.iter().map(|s| s * s).sum::<f32>();
    }
    sum
}

#[test]
fn every_lane_sounds_and_louder_when_struck_harder() {
    for lane in Lane::ALL {
        let at = |velocity| {
            let note = Note::of_lane(0, lane, velocity);
            energy(&mut mixer(), &[note], &Controls::default(), 40)[0]
        };
        let [soft, loud] = [at(0.3), at(1.0)];
        assert!(soft > 1e-4 && loud > 4.0 * soft, "{lane:?}: {soft} {loud}");
    }
}

#[test]
fn a_closed_hat_damps_the_open_one() {
    let controls = Controls::default();
    let open = Note::of_lane(0, Lane::OpenHat, 1.0);
    let tail = |notes: &[Note]| {
        let mut mixer = mixer();
        energy(&mut mixer, notes, &controls, 8);
        let mut peak = 0.0_f32;
        let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
        for _ in 0..4 {
            let peaks = mixer.render(&mut left, &mut right, &[], &controls);
            peak = peak.max(peaks.lanes[Lane::OpenHat.index()]);
        }
        peak
    };
    assert!(tail(&[open]) > 1e-3);
    let closed = Note::of_lane(200, Lane::ClosedHat, 0.5);
    assert_eq!(tail(&[open, closed]), 0.0);
    // Struck again after that, it rings again.
    let again = Note::of_lane(250, Lane::OpenHat, 1.0);
    assert!(tail(&[open, closed, again]) > 1e-3);
    // A ride leaves it alone.
    assert!(tail(&[open, Note::of_lane(200, Lane::Ride, 0.5)]) > 1e-3);
}

#[test]
fn mute_solo_level_and_pan_do_what_they_say() {
    let kick = [Note::of_lane(0, Lane::Kick, 0.8)];
    let with = |change: &dyn Fn(&mut Controls)| {
        let mut controls = Controls::default();
        change(&mut controls);
        let mut mixer = mixer();
        mixer.jump_to(&controls);
        energy(&mut mixer, &kick, &controls, 20)
    };
    let full = with(&|_| ());
    assert_eq!(with(&|c| c.lanes[0].mute = true), [0.0; 2]);
    assert_eq!(with(&|c| c.lanes[3].solo = true), [0.0; 2]);
    assert_eq!(with(&|c| c.lanes[0].solo = true), full);
    let half = with(&|c| c.lanes[0].level = 0.5)[0] / full[0];
    assert!((half - 0.25).abs() < 0.01, "{half}");
    let left = with(&|c| c.lanes[0].pan = -1.0);
    assert_eq!((left[0], left[1]), (full[0], 0.0));
    let quiet = with(&|c| c.master = 0.1)[0] / full[0];
    assert!((quiet - 0.01).abs() < 0.001, "{quiet}");
}

#[test]
fn a_change_of_level_glides() {
    let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
    let mut second_chunk = |mute| {
        let mut mixer = mixer();
        let mut controls = Controls::default();
        let kick = [Note::of_lane(0, Lane::Kick, 1.0)];
        energy(&mut mixer, &kick, &controls, 1);
        controls.lanes[Lane::Kick.index()].mute = mute;
        mixer.render(&mut left, &mut right, &[], &controls);
        let chunk = left;
        energy(&mut mixer, &[], &controls, 10);
        (chunk, energy(&mut mixer, &[], &controls, 10)[0])
    };
    let (full, _) = second_chunk(false);
    let (muted, rest) = second_chunk(true);
    // What the limiter holds back was mixed before the change; then the gain falls by e in 5 ms.
    for n in LOOKAHEAD..CHUNK {
        let gain = (-((n - LOOKAHEAD + 1) as f32) / (0.005 * 44_100.0)).exp();
        assert!((muted[n] - gain * full[n]).abs() < 1e-3, "frame {n}");
    }
    assert!(full[LOOKAHEAD..].iter().any(|s| s.abs() > 0.05));
    assert!(rest < 1e-6, "{rest}");
}
