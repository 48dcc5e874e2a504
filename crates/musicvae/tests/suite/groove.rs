//! Round trips: groove to features, to notes, to a MIDI file, and back.

use musicvae::data::GrooveConverter;
use musicvae::music::{Groove, Hit, LANES, Lane, NoteSequence, Step, midi_file};
use proptest::prelude::*;

/// A hit as a MIDI file can hold it: one of 127 velocities, and not quite half a step off, where
/// rounding would put it on the next step.
fn hit() -> impl Strategy<Value = Hit> {
    (1_u8..128, -0.49_f32..0.49)
        .prop_map(|(velocity, offset)| Hit::new(f32::from(velocity) / 127.0, offset))
}

fn step() -> impl Strategy<Value = Step> {
    proptest::array::uniform9(proptest::option::weighted(0.25, hit()))
}

/// One to four bars, any tempo, the last bar never silent (trailing silence is not in the notes).
fn groove() -> impl Strategy<Value = Groove> {
    (1_usize..5, 40.0..240.0, hit()).prop_flat_map(|(bars, qpm, last)| {
        proptest::collection::vec(step(), 16 * bars).prop_map(move |mut steps| {
            let end = steps.len() - 16;
            steps[end][Lane::Kick.index()].get_or_insert(last);
            Groove {
                steps,
                qpm,
                ..Groove::empty(0)
            }
        })
    })
}

/// The notes of a groove as the converter sees them.
fn back(groove: &Groove, sequence: &NoteSequence) -> Groove {
    let converter = GrooveConverter {
        bars: groove.bars(),
        hop: None,
    };
    let converted = converter.convert(sequence).unwrap();
    assert_eq!(converted.unknown_notes, 0);
    assert_eq!(converted.windows.len(), 1);
    converted.windows.into_iter().next().unwrap()
}

/// Same hits and velocities, offsets within `tolerance` steps.
fn assert_near(ours: &Groove, expected: &Groove, tolerance: f32) {
    assert_eq!(ours.steps.len(), expected.steps.len());
    for (step, (ours, expected)) in ours.steps.iter().zip(&expected.steps).enumerate() {
        for lane in 0..LANES {
            match (ours[lane], expected[lane]) {
                (None, None) => {}
                (Some(ours), Some(expected)) => {
                    assert_eq!(ours.velocity, expected.velocity, "step {step}, lane {lane}");
                    let distance = (ours.offset - expected.offset).abs();
                    assert!(
                        distance <= tolerance,
                        "step {step}, lane {lane}: {distance}"
                    );
                }
                other => panic!("step {step}, lane {lane}: {other:?}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn features_are_the_groove(groove in groove()) {
        let features = groove.to_features();
        let back = Groove::from_features(&features, groove.qpm);
        prop_assert_eq!(&back, &groove);
        prop_assert_eq!(back.to_features(), features);
    }

    #[test]
    fn notes_are_the_groove(groove in groove()) {
        let back = back(&groove, &groove.to_note_sequence());
        prop_assert_eq!(back.qpm, groove.qpm);
        assert_near(&back, &groove, 1e-5);
    }

    #[test]
    fn a_midi_file_is_the_groove(groove in groove()) {
        let encoded = midi_file::encode(&groove.to_note_sequence()).unwrap();
        // What comes before the first beat is moved to it, and only that.
        let mut expected = groove.clone();
        let mut early = 0;
        for hit in expected.steps[0].iter_mut().flatten().filter(|hit| hit.offset > 0.0) {
            hit.offset = 0.0;
            early += 1;
        }
        prop_assert_eq!(encoded.clamped, early);
        let back = back(&groove, &midi_file::read(&encoded.bytes).unwrap());
        prop_assert!((back.qpm / groove.qpm - 1.0).abs() < 3e-6);
        // A step has 120 ticks; the whole-microsecond tempo adds a little over 64 steps.
        assert_near(&back, &expected, 0.5 / 120.0 + 64.0 * 3e-6);
    }
}
