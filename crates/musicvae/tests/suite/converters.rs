//! Every converter against the reference's numbers (`oracle/converter/variant_*` and
//! `oracle/other`), and the rules that those do not show.

use std::fs;
use std::path::Path;

use candle_core::Device;
use musicvae::data::{Convert, Converter, Example, NoWindows, NotConvertible, Window};
use musicvae::model::Preset;
use musicvae::music::{
    DrumClasses, DrumsOptions, GrooveBins, GrooveOptions, Lane, MelodyOptions, Note, NoteSequence,
    PerformanceOptions, Reading, Representation, Tempo, TextAnnotation, Transpose,
};
use musicvae::training::Examples;
use prost::Message;

use crate::oracle::{array, json, read_as_magenta, sequence};
use crate::support::data;

/// A converter by the rules of the reference.
fn converter(representation: Representation, bars: usize) -> Converter {
    let mut converter = Converter::new(representation, bars).unwrap();
    converter.reading = Reading::Magenta;
    converter
}

fn groove(options: GrooveOptions) -> Representation {
    Representation::Groove(options)
}

fn examples(converter: &Converter, sequence: &NoteSequence) -> Vec<Example> {
    let converted = converter.convert(sequence).unwrap();
    let windows = converted.windows.iter();
    windows.map(|window| converter.example(window, 0)).collect()
}

/// Our rows and the reference's, float32 for float32.
fn assert_rows(ours: &[f32], expected: &[f64], depth: usize, name: &str) {
    assert_eq!(ours.len(), expected.len(), "{name}");
    for (place, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let (row, column) = (place / depth, place % depth);
        assert_eq!(
            *ours, *expected as f32,
            "{name}, row {row}, column {column}"
        );
    }
}

/// (npz, options, whether what is shown can be compared: note dropout is random)
fn variants() -> [(&'static str, GrooveOptions, bool); 5] {
    let plain = GrooveOptions::default();
    let tap = GrooveOptions {
        tapify: true,
        fixed_velocities: true,
        ..plain.clone()
    };
    [
        (
            "humanize",
            GrooveOptions {
                humanize: true,
                ..plain.clone()
            },
            true,
        ),
        ("tap_fixed_velocity", tap.clone(), true),
        (
            "tap_fixed_velocity_note_dropout",
            GrooveOptions {
                max_note_dropout: 0.8,
                ..tap
            },
            false,
        ),
        (
            "add_closed_hh",
            GrooveOptions {
                add_instruments: vec![Lane::ClosedHat],
                ..plain.clone()
            },
            true,
        ),
        (
            "hits_control_tfds",
            GrooveOptions {
                hits_as_controls: true,
                ..plain
            },
            true,
        ),
    ]
}

#[test]
fn every_variant_of_groove_is_the_references() {
    let Some(folder) = data("oracle/converter") else {
        return;
    };
    for (variant, options, same_input) in variants() {
        let npz = folder.join(format!("variant_groovae_2bar_{variant}.npz"));
        let converter = converter(groove(options), 2);
        for name in ["drummer5_session2_20", "drummer4_session1_8"] {
            let path = folder.join(format!("midi/train__{name}.mid"));
            let examples = examples(&converter, &read_as_magenta(&path));
            let part = |part: &str| array(&npz, &format!("{name}__{part}")).unwrap();
            let all = |rows: fn(&Example) -> &Vec<f32>| -> Vec<f32> {
                examples.iter().flat_map(rows).copied().collect()
            };
            let name = format!("{variant} {name}");
            let (shape, outputs) = part("outputs");
            assert_eq!(shape, [examples.len(), 32, 27], "{name}");
            assert!(examples.iter().all(|example| example.length == 32));
            assert_rows(&all(|e| &e.output), &outputs, 27, &name);
            let (shape, controls) = part("controls");
            assert_eq!(shape[2], converter.representation().control_depth());
            assert_rows(&all(|e| &e.control), &controls, shape[2].max(1), &name);
            let (_, inputs) = part("inputs");
            let shown = all(|e| &e.input);
            if same_input {
                assert_rows(&shown, &inputs, 27, &name);
            } else {
                // Other random numbers; what is left must be taps that the whole groove has.
                let steps = shown.chunks_exact(27).zip(outputs.chunks_exact(27));
                let mut taps = 0;
                for (row, output) in steps {
                    assert!(row[..3].iter().chain(&row[4..18]).all(|cell| *cell == 0.0));
                    taps += usize::from(row[3] == 1.0);
                    let played = (0..9)
                        .any(|lane| output[lane] == 1.0 && output[18 + lane] as f32 == row[18 + 3]);
                    assert!(row[3] == 0.0 || played, "{name}");
                }
                let all_taps = outputs
                    .chunks_exact(27)
                    .filter(|row| row[..9].contains(&1.0));
                let all_taps = all_taps.count();
                assert!(taps > 0 && taps < all_taps, "{name}: {taps} of {all_taps}");
            }
        }
    }
}

fn melody(programs: bool) -> Representation {
    Representation::Melody(MelodyOptions {
        melody_programs_only: programs,
        transpose: programs.then_some(Transpose { min: -5, max: 5 }),
        ..MelodyOptions::default()
    })
}

fn drums(classes: DrumClasses, roll_input: bool, roll_output: bool) -> Representation {
    Representation::Drums(DrumsOptions {
        classes,
        roll_input,
        roll_output,
    })
}

fn read(path: &Path) -> NoteSequence {
    NoteSequence::decode(&fs::read(path).unwrap()[..]).unwrap()
}

/// Notes in one order: the reference lists the drums of one step in the order of a hash table.
fn in_order(mut notes: Vec<Note>) -> Vec<Note> {
    notes.sort_by(|a, b| {
        let key = |note: &Note| (note.instrument, note.pitch);
        a.start_time
            .total_cmp(&b.start_time)
            .then(key(a).cmp(&key(b)))
    });
    notes
}

#[test]
fn drums_melodies_and_trios_are_the_references() {
    let Some(folder) = data("oracle/other") else {
        return;
    };
    let reduced = DrumClasses::Reduced;
    let table = [
        ("cat-drums_2bar_small", drums(reduced, true, false), 2),
        (
            "nade-drums_2bar_full",
            drums(DrumClasses::Full, true, true),
            2,
        ),
        ("cat-mel_2bar_small", melody(true), 2),
        ("hier-mel_16bar", melody(false), 16),
        ("hierdec-mel_16bar", melody(false), 16),
        ("flat-trio_16bar", Representation::Trio, 16),
        ("hierdec-trio_16bar", Representation::Trio, 16),
    ];
    for (name, representation, bars) in table {
        let folder = folder.join(name);
        let npz = folder.join("oracle.npz");
        let converter = converter(representation, bars);
        let representation = converter.representation();
        let input = read(&folder.join("input.pb"));
        let examples = examples(&converter, &input);
        assert_eq!(examples.len(), 1, "{name}");
        let (shape, expected) = array(&npz, "input_tensor").unwrap();
        assert_eq!(shape[1], representation.input_depth(), "{name}");
        assert_rows(&examples[0].input, &expected, shape[1], name);
        let (shape, expected) = array(&npz, "output_tensor").unwrap();
        assert_eq!(shape[1], representation.output_depth(), "{name}");
        assert_rows(&examples[0].output, &expected, shape[1], name);
        let (_, length) = array(&npz, "length").unwrap();
        assert_eq!(examples[0].length as f64, length[0], "{name}");
        assert_eq!(examples[0].qpm, 120.0);

        let (shape, samples) = array(&npz, "samples").unwrap();
        let decoded = json(&folder.join("notesequences.json"));
        let decoded = decoded["decoded"].as_array().unwrap();
        let size = shape[1] * shape[2];
        assert_eq!(shape[0], decoded.len());
        for (sample, expected) in samples.chunks_exact(size).zip(decoded) {
            let rows: Vec<f32> = sample.iter().map(|value| *value as f32).collect();
            let ours = converter.read(&rows, &[], 120.0).to_note_sequence();
            let (expected, ..) = sequence(expected);
            let (mut ours, mut expected) = (ours, expected);
            for sequence in [&mut ours, &mut expected] {
                sequence.notes = in_order(std::mem::take(&mut sequence.notes));
            }
            assert!(!ours.notes.is_empty());
            assert_eq!(ours, expected, "{name}");
        }
    }
}

#[test]
fn what_is_written_reads_back() {
    let Some(folder) = data("oracle/other") else {
        return;
    };
    let roll = |input, output| drums(DrumClasses::Reduced, input, output);
    let table = [
        ("cat-drums_2bar_small", roll(false, false), 2),
        ("cat-drums_2bar_small", roll(false, true), 1),
        ("cat-mel_2bar_small", melody(true), 1),
        ("flat-trio_16bar", Representation::Trio, 4),
    ];
    for (name, representation, bars) in table {
        let converter = converter(representation, bars);
        let windows = converter.convert(&read(&folder.join(name).join("input.pb")));
        for window in windows.unwrap().windows {
            let example = converter.example(&window, 0);
            assert_eq!(
                converter.read(&example.output, &example.control, example.qpm),
                window,
                "{name}"
            );
        }
    }
}

/// Notes of one step a second: a sixteenth is one second at 15 quarter notes a minute.
fn steps(notes: &[(i32, i32, i32, f64, f64)]) -> NoteSequence {
    let note = |&(instrument, program, pitch, start_time, end_time)| Note {
        pitch,
        velocity: 100,
        start_time,
        end_time,
        instrument,
        program,
        is_drum: instrument == 9,
    };
    let notes: Vec<Note> = notes.iter().map(note).collect();
    NoteSequence {
        tempos: vec![Tempo {
            time: 0.0,
            qpm: 15.0,
        }],
        total_time: notes.iter().map(|note| note.end_time).fold(0.0, f64::max),
        notes,
        ..NoteSequence::default()
    }
}

/// Events of a melody written short: `-` nothing, `.` the end of a note, letters for pitches from 60.
fn events(window: &Window) -> String {
    let Window::Melody { events, .. } = window else {
        panic!("{window:?}");
    };
    let letter = |event: &u8| match event {
        0 => '-',
        1 => '.',
        pitch => char::from(b'a' + (pitch - 2 + 21 - 60)),
    };
    events.iter().map(letter).collect()
}

fn melodies(converter: &Converter, sequence: &NoteSequence) -> Vec<String> {
    let converted = converter.convert(sequence).unwrap();
    converted.windows.iter().map(events).collect()
}

#[test]
fn melodies_follow_the_rules_of_gaps_overlaps_and_chords() {
    let one_bar = converter(melody(false), 1);
    // (what it shows, notes, windows of one bar)
    #[allow(clippy::type_complexity)]
    let table: [(&str, &[(i32, i32, i32, f64, f64)], &[&str]); 8] = [
        (
            "the highest of simultaneous notes; a new note cuts off the old",
            &[
                (0, 0, 60, 0.0, 8.0),
                (0, 0, 64, 0.0, 2.0),
                (0, 0, 62, 4.0, 20.0),
            ],
            &["e-.-c-----------", "----------------"],
        ),
        (
            "a note that began before the window is no part of it",
            &[(0, 0, 60, 15.0, 18.0), (0, 0, 61, 20.0, 21.0)],
            &["---------------a", "----b.----------"],
        ),
        (
            "bars are counted from the sequence's start",
            &[(0, 0, 60, 20.0, 30.0)],
            &["----a---------.-"],
        ),
        (
            "a bar of silence divides, and the bars between are dropped",
            &[(0, 0, 60, 0.0, 1.0), (0, 0, 61, 40.0, 41.0)],
            &["a.--------------", "--------b.------"],
        ),
        (
            "a shorter silence does not",
            &[(0, 0, 60, 0.0, 16.0), (0, 0, 61, 31.0, 32.0)],
            &["a---------------", "---------------b"],
        ),
        (
            "equal windows count once, and instruments are apart",
            &[
                (1, 0, 60, 0.0, 1.0),
                (0, 0, 60, 0.0, 1.0),
                (0, 0, 60, 16.0, 17.0),
            ],
            &["a.--------------"],
        ),
        (
            "drums and pitches beyond the piano are no melody",
            &[
                (9, 0, 60, 0.0, 1.0),
                (0, 0, 110, 0.0, 1.0),
                (0, 0, 60, 2.0, 3.0),
            ],
            &["--a.------------"],
        ),
        (
            "a note lasts a step at least",
            &[(0, 0, 60, 0.0, 0.1), (0, 0, 61, 0.6, 0.7)],
            &["ab.-------------"],
        ),
    ];
    for (shows, notes, expected) in table {
        assert_eq!(melodies(&one_bar, &steps(notes)), expected, "{shows}");
    }
}

#[test]
fn polyphony_programs_and_velocity_are_rules_of_their_own() {
    let two_at_once = steps(&[
        (0, 0, 60, 0.0, 1.0),
        (0, 0, 61, 40.0, 41.0),
        (0, 0, 62, 40.0, 41.0),
        (1, 33, 63, 4.0, 5.0),
    ]);
    let strict = converter(
        Representation::Melody(MelodyOptions {
            skip_polyphony: true,
            ..MelodyOptions::default()
        }),
        1,
    );
    // What came before the chord is kept.
    let expected = ["a.--------------", "----d.----------"];
    assert_eq!(melodies(&strict, &two_at_once), expected);
    let mut programs_only = converter(melody(true), 1);
    let expected = ["a.--------------", "--------c.------"];
    assert_eq!(melodies(&programs_only, &two_at_once), expected);

    let mut silent = two_at_once.clone();
    for note in &mut silent.notes {
        note.velocity = 0;
    }
    let reason = programs_only.convert(&silent).unwrap_err();
    assert_eq!(reason, NoWindows::NoMelody(4));
    assert_eq!(
        programs_only.convert(&steps(&[])).unwrap_err(),
        NoWindows::NoNotes
    );
    programs_only.max_windows = Some(1);
    assert_eq!(melodies(&programs_only, &two_at_once), expected[..1]);
    let long = converter(melody(true), 2);
    let reason = long.convert(&two_at_once).unwrap_err();
    assert_eq!(reason, NoWindows::TooShort { bars: 1, window: 2 });
}

#[test]
fn windows_slide_by_a_bar_and_long_melodies_are_cut() {
    let scale: Vec<_> = (0..110)
        .map(|bar| {
            (
                0,
                0,
                60 + bar % 13,
                f64::from(16 * bar),
                f64::from(16 * bar + 1 + bar / 13),
            )
        })
        .collect();
    let mut two_bars = converter(melody(false), 2);
    two_bars.max_windows = None;
    assert_eq!(melodies(&two_bars, &steps(&scale)).len(), 99);
    two_bars.hop = Some(2);
    assert_eq!(melodies(&two_bars, &steps(&scale)).len(), 50);
}

#[test]
fn a_change_of_tempo_or_meter_divides_a_sequence() {
    let mut sequence = steps(&[
        (0, 0, 60, 0.0, 1.0),
        (0, 0, 61, 16.0, 20.0),
        (0, 0, 62, 20.0, 21.0),
    ]);
    sequence.tempos.push(Tempo {
        time: 18.0,
        qpm: 30.0,
    });
    let one_bar = converter(melody(false), 1);
    let converted = one_bar.convert(&sequence).unwrap();
    let windows: Vec<_> = converted
        .windows
        .iter()
        .map(|w| (events(w), w.qpm()))
        .collect();
    let expected = [
        ("a.--------------", 15.0),
        // The note that is cut lasts to the end of its part.
        ("b-.-------------", 15.0),
        ("----c-.---------", 30.0),
    ];
    let expected = expected.map(|(events, qpm)| (events.to_string(), qpm));
    assert_eq!(windows, expected);
    let reason = converter(melody(false), 3).convert(&sequence).unwrap_err();
    let first = NoWindows::TooShort { bars: 2, window: 3 };
    let (parts, reason_of_first) = (2, Box::new(first));
    assert_eq!(
        reason,
        NoWindows::Parts {
            parts,
            reason: reason_of_first
        }
    );
    assert_eq!(
        reason.to_string(),
        "none of its 2 parts of one tempo and meter yields a window (the first: it has only 2 of \
         the 3 bars of a window)"
    );
    sequence.total_time = 0.0;
    assert_eq!(one_bar.convert(&sequence).unwrap_err(), NoWindows::NoLength);
    sequence.notes[0].start_time = f64::NAN;
    assert_eq!(one_bar.convert(&sequence).unwrap_err(), NoWindows::NotATime);
}

#[test]
fn stretches_of_drums_end_in_a_silent_bar() {
    let sequence = steps(&[
        (9, 0, 36, 3.0, 4.0),
        (9, 0, 35, 3.0, 4.0),
        (9, 0, 45, 3.0, 4.0),
        (9, 0, 58, 19.0, 19.0),
        (9, 0, 48, 40.0, 41.0),
        (9, 0, 21, 40.0, 41.0),
        (0, 0, 36, 41.0, 42.0),
    ]);
    let one_bar = converter(drums(DrumClasses::Reduced, true, false), 1);
    let converted = one_bar.convert(&sequence).unwrap();
    let hits: Vec<Vec<(usize, u64)>> = converted
        .windows
        .iter()
        .map(|window| match window {
            Window::Drums { steps, .. } => {
                let steps = steps.iter().copied().enumerate();
                steps.filter(|(_, drums)| *drums != 0).collect()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let (low_tom, mid_tom, crash) = (1 << 4, 1 << 5, 1 << 7);
    assert_eq!(
        hits,
        [vec![(3, 1 | low_tom)], vec![(3, crash)], vec![(8, mid_tom)]]
    );
    assert_eq!(converted.unknown_notes, 1);
    let example = one_bar.example(&converted.windows[0], 0);
    // Kick and low tom; and the column of silence.
    assert_eq!(
        example.input[30..40],
        [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    );
    assert_eq!(example.input[9], 1.0);
    assert_eq!(example.output[3 * 512 + 17], 1.0);
    assert_eq!(example.output.iter().sum::<f32>(), 16.0);
    let one_note = steps(&[(0, 0, 36, 0.0, 1.0)]);
    assert_eq!(
        one_bar.convert(&one_note).unwrap_err(),
        NoWindows::NoDrums(1)
    );
}

/// Three instruments that play with gaps, in bars of their own; windows of two bars.
#[test]
fn a_trio_is_where_three_play_give_or_take_two_bars() {
    let bar = |bar: f64| 16.0 * bar;
    let sequence = steps(&[
        (1, 0, 60, bar(0.0), bar(10.0)),
        (2, 40, 60, bar(0.0), bar(10.0)),
        (3, 33, 40, bar(3.0), bar(4.0)),
        (9, 0, 36, bar(0.0), bar(0.0) + 1.0),
        (9, 0, 36, bar(5.0), bar(5.0) + 1.0),
    ]);
    let mut trio = converter(Representation::Trio, 2);
    trio.max_windows = None;
    let windows = trio.convert(&sequence).unwrap().windows;
    let kicks_and_basses: Vec<_> = windows
        .iter()
        .map(|window| match window {
            Window::Trio { trio, .. } => (
                trio.drums.iter().position(|drums| *drums == 1),
                trio.bass.iter().position(|event| *event > 1),
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    // All three in bars 1 to 5; bar 0 too, for one of them plays there. The last two bars count as
    // covered, but bars 6 and 7 are not.
    let expected = [
        (Some(0), None),
        (None, None),
        (None, Some(16)),
        (None, Some(0)),
        (Some(16), None),
        (None, None),
    ];
    assert_eq!(kicks_and_basses, expected);
    trio.max_windows = Some(2);
    assert_eq!(trio.convert(&sequence).unwrap().windows, windows[..2]);

    let reasons = [
        (
            0,
            "it has no melody (programs 1 to 32) for a trio of melody, bass and drums",
        ),
        (
            2,
            "it has no bass (programs 33 to 40) for a trio of melody, bass and drums",
        ),
    ];
    for (gone, expected) in reasons {
        let mut two = sequence.clone();
        two.notes.remove(gone);
        let reason = trio.convert(&two).unwrap_err();
        assert_eq!(reason.to_string(), expected);
    }
    let apart = steps(&[
        (1, 0, 60, bar(0.0), bar(1.0)),
        (3, 33, 40, bar(10.0), bar(11.0)),
        (9, 0, 36, bar(20.0), bar(21.0)),
    ]);
    assert_eq!(
        converter(Representation::Trio, 4)
            .convert(&apart)
            .unwrap_err(),
        NoWindows::NotTogether(4)
    );
}

#[test]
fn an_instrument_of_two_parts_is_none() {
    let mut sequence = steps(&[
        (1, 0, 60, 0.0, 32.0),
        (3, 33, 40, 0.0, 32.0),
        (9, 0, 36, 0.0, 32.0),
    ]);
    let trio = converter(Representation::Trio, 1);
    assert_eq!(trio.convert(&sequence).unwrap().windows.len(), 2);
    sequence.notes.push(Note {
        program: 33,
        ..sequence.notes[0].clone()
    });
    let reason = trio.convert(&sequence).unwrap_err();
    assert_eq!(reason, NoWindows::NoTrio("melody (programs 1 to 32)"));
}

#[test]
fn a_seed_draws_windows_and_transposition_and_nothing_else_does() {
    let scale: Vec<_> = (0..40)
        .map(|bar| {
            (
                0,
                0,
                60 + bar % 7,
                f64::from(16 * bar),
                f64::from(16 * bar + 1 + bar / 7),
            )
        })
        .collect();
    let mut sequence = steps(&scale);
    sequence.filename = "a.mid".into();
    let mut one_bar = converter(melody(true), 1);
    let first = melodies(&one_bar, &sequence);
    assert_eq!(first.len(), 5);
    assert!(first[0].starts_with("a."));
    let mut draws = Vec::new();
    for seed in 0..40 {
        one_bar.seed = Some(seed);
        let drawn = one_bar.convert(&sequence).unwrap().windows;
        assert_eq!(drawn.len(), 5);
        assert_eq!(drawn, one_bar.convert(&sequence).unwrap().windows);
        draws.push(drawn);
    }
    sequence.filename = "b.mid".into();
    let other = one_bar.convert(&sequence).unwrap().windows;
    assert_ne!(&other, draws.last().unwrap(), "another file, another draw");
    one_bar.max_windows = None;
    let window = one_bar.convert(&sequence).unwrap().windows.remove(0);
    let semitones = |converter: &Converter| {
        let drawn = (0..200).map(|seed| {
            let output = converter.example(&window, seed).output;
            // Pitch 60 is column 41.
            output.iter().position(|cell| *cell == 1.0).unwrap() as i32 - 41
        });
        drawn.collect::<std::collections::BTreeSet<_>>()
    };
    assert!(
        semitones(&one_bar).into_iter().eq(-5..=5),
        "both ends are drawn"
    );
    one_bar.seed = None;
    assert!(semitones(&one_bar).into_iter().eq([0]), "only for training");
}

#[test]
fn binned_and_split_grooves_are_the_references_arithmetic() {
    let sequence = steps(&[
        // Loudest possible, a quarter of a step late.
        (9, 0, 36, 0.25, 1.0),
        (9, 0, 38, 1.0, 2.0),
    ]);
    let mut sequence = sequence;
    (sequence.notes[0].velocity, sequence.notes[1].velocity) = (127, 32);
    let bins = Some(GrooveBins {
        velocity: 4,
        offset: 5,
    });
    let options = GrooveOptions {
        bins,
        split_instruments: true,
        hits_as_controls: true,
        ..GrooveOptions::default()
    };
    let split = converter(groove(options.clone()), 1);
    let example = &examples(&split, &sequence)[0];
    let depth = 1 + 4 + 5;
    assert_eq!(example.length, 16 * 9);
    let hot = |row: usize| -> Vec<usize> {
        let row = &example.output[row * depth..][..depth];
        (0..depth).filter(|column| row[*column] == 1.0).collect()
    };
    // Edges of velocity 0, 0.3334, 0.6667, 1.0001; of doubled offsets -1, -0.499975, 0.00005,
    // 0.500075, 1.0001. The kick's doubled offset is -0.5.
    assert_eq!(hot(0), [0, 1 + 3, 5 + 1]);
    // A cell without a hit has velocity 0 (the first class) and offset 0 (the third).
    assert_eq!(hot(1), [1, 5 + 2]);
    assert_eq!(hot(9 + 1), [0, 1 + 1, 5 + 2]);
    let control = |row: usize| &example.control[row * 10..][..10];
    let mut expected = [0.0; 10];
    (expected[0], expected[2]) = (1.0, 1.0);
    assert_eq!(control(9 + 1), expected);
    expected[0] = 0.0;
    assert_eq!(control(1), expected);

    // Back: class / classes, so 3/4 of 127 rounded down, and 1/5 - 1/2 of a step.
    let Window::Groove(read) = split.read(&example.output, &[], 120.0) else {
        panic!();
    };
    let notes = read.to_note_sequence().notes;
    let heard: Vec<_> = notes.iter().map(|n| (n.pitch, n.velocity)).collect();
    assert_eq!(heard, [(36, 95), (38, 31)]);
    assert!((notes[0].start_time - 0.3 * 0.125).abs() < 1e-7);

    let together = converter(
        groove(GrooveOptions {
            split_instruments: false,
            ..options
        }),
        1,
    );
    let example = &examples(&together, &sequence)[0];
    assert_eq!(example.length, 16);
    let hot: Vec<_> = (0..90).filter(|c| example.output[90 + c] == 1.0).collect();
    let velocities = (0..9).map(|lane| 9 + 4 * lane + usize::from(lane == 1));
    let offsets = (0..9).map(|lane| 9 + 36 + 5 * lane + 2);
    let expected: Vec<_> = [1].into_iter().chain(velocities).chain(offsets).collect();
    assert_eq!(hot, expected);
    assert_eq!(
        together.read(&example.output, &[], 120.0),
        Window::Groove(read)
    );
}

#[test]
fn split_grooves_without_bins_read_back_whole() {
    let Some(folder) = data("oracle/converter/midi") else {
        return;
    };
    let read = read_as_magenta(&folder.join("train__drummer4_session1_8.mid"));
    let split = converter(
        groove(GrooveOptions {
            split_instruments: true,
            ..GrooveOptions::default()
        }),
        2,
    );
    for window in split.convert(&read).unwrap().windows {
        let example = split.example(&window, 0);
        assert_eq!(example.control.len(), example.length * 9);
        assert_eq!(split.read(&example.output, &[], window.qpm()), window);
    }
}

/// A chord's name from a step on, where a step is a second.
fn chord(step: f64, text: &str) -> TextAnnotation {
    TextAnnotation {
        time: step,
        text: text.into(),
        annotation_type: TextAnnotation::CHORD_SYMBOL,
    }
}

#[test]
fn melodies_with_chords_carry_the_chord_of_every_step() {
    let on_chords = Representation::Melody(MelodyOptions {
        chords: true,
        ..MelodyOptions::default()
    });
    let one_bar = converter(on_chords, 1);
    let mut sequence = steps(&[(0, 0, 60, 2.0, 4.0), (0, 0, 60, 18.0, 20.0)]);
    sequence.text_annotations = vec![chord(2.0, "F"), chord(10.0, "Am7"), chord(17.0, "Bdim")];
    let windows = one_bar.convert(&sequence).unwrap().windows;
    // The melodies are one, their chords are not.
    assert_eq!(windows.len(), 2);
    assert_eq!(events(&windows[0]), events(&windows[1]));
    let example = one_bar.example(&windows[0], 0);
    let hot = |rows: &[f32]| -> Vec<usize> {
        let rows = rows.chunks_exact(49);
        rows.map(|row| row.iter().position(|cell| *cell == 1.0).unwrap())
            .collect()
    };
    let expected = [[0; 2].as_slice(), &[6; 8], &[13 + 9; 6]].concat();
    assert_eq!(hot(&example.control), expected);
    let second = one_bar.example(&windows[1], 0);
    assert_eq!(
        hot(&second.control),
        [[13 + 9].as_slice(), &[37 + 11; 15]].concat()
    );

    let read = one_bar.read(&second.output, &second.control, 15.0);
    assert_eq!(read, windows[1]);
    let notes = read.to_note_sequence();
    assert_eq!(
        notes.text_annotations,
        [chord(0.0, "Am"), chord(1.0, "Bdim")]
    );

    // Without names the chords are guessed, of the notes that may be melody.
    sequence.text_annotations.clear();
    sequence.notes.push(Note {
        pitch: 20,
        ..sequence.notes[0].clone()
    });
    assert!(one_bar.convert(&sequence).is_ok());
    sequence.text_annotations = vec![chord(0.0, "Csus4")];
    assert_eq!(
        one_bar.convert(&sequence).unwrap_err().to_string(),
        "its chords cannot be used: `Csus4` is no major, minor, augmented or diminished chord"
    );
}

/// A quarter note of these sequences is four steps, four seconds; a step is six of a performance.
#[test]
fn performances_are_tracks_of_events() {
    let options = PerformanceOptions {
        chords: true,
        ..PerformanceOptions::default()
    };
    let performed = converter(Representation::MultiPerformance(options), 1);
    assert_eq!(performed.max_windows, None);
    let mut sequence = steps(&[
        (9, 0, 36, 0.0, 1.0),
        (9, 0, 36, 8.0, 9.0),
        (2, 40, 67, 0.5, 8.0),
        // Over the bar line.
        (0, 5, 60, 4.0, 24.0),
        (2, 40, 69, 17.0, 18.0),
        (2, 40, 67, 18.0, 19.0),
    ]);
    sequence.notes[2].velocity = 17;
    sequence.text_annotations = vec![chord(0.0, "C"), chord(5.0, "G")];
    let windows = performed.convert(&sequence).unwrap().windows;
    assert_eq!(windows.len(), 1, "the second bar has one instrument only");
    let Window::Performance { performance, .. } = &windows[0] else {
        panic!();
    };
    let (off, shift, velocity, program, end) = (128, 256 - 1, 256 + 96 - 1, 360, 489);
    // By program, drums last.
    assert_eq!(
        performance.bars,
        [[
            vec![
                program + 5,
                shift + 24,
                velocity + 7,
                60,
                shift + 72,
                off + 60,
                end
            ],
            vec![
                program + 40,
                shift + 3,
                velocity + 2,
                67,
                shift + 45,
                off + 67,
                shift + 48,
                end
            ],
            vec![
                program + 128,
                velocity + 7,
                36,
                shift + 6,
                off + 36,
                shift + 42,
                36,
                shift + 6,
                off + 36,
                shift + 42,
                end
            ],
        ]]
    );
    // No chord at the program; C up to the fifth step; the end repeats the last.
    assert_eq!(performance.chords[0][0], [0, 1, 1, 1, 1, 8, 8]);
    assert_eq!(performance.chords[0][2], [0, 1, 1, 1, 1, 1, 8, 8, 8, 8, 8]);

    let example = performed.example(&windows[0], 0);
    assert_eq!((example.length, example.input.len()), (512, 512 * 490));
    assert_eq!(example.segments, [7, 8, 11, 1, 1, 1, 1, 1]);
    assert_eq!(example.control.iter().sum::<f32>(), 7.0 + 8.0 + 11.0 + 5.0);
    assert_eq!(example.output[64 * 3 * 490 + 489], 1.0);

    // What follows the end of a track is nothing to learn: the model hears where each ends.
    let twice = Examples::new(
        performed.clone(),
        vec![windows[0].clone(), windows[0].clone()],
    );
    let batch = twice.batch(&[0, 1], &Device::Cpu).unwrap();
    assert_eq!(batch.lengths.unwrap(), example.segments.repeat(2));

    let read = performed.read(&example.output, &example.control, 15.0);
    let notes = read.to_note_sequence();
    let heard: Vec<_> = notes
        .notes
        .iter()
        .map(|n| {
            (
                n.instrument,
                n.program,
                n.pitch,
                n.velocity,
                n.start_time,
                n.end_time,
            )
        })
        .collect();
    let expected = [
        (0, 5, 60, 97, 4.0, 16.0),
        (1, 40, 67, 17, 0.5, 8.0),
        (2, 0, 36, 97, 0.0, 1.0),
        (2, 0, 36, 97, 8.0, 9.0),
    ];
    assert_eq!(heard, expected);
    assert!(notes.notes[2].is_drum && !notes.notes[1].is_drum);
    assert_eq!(notes.total_time, 16.0);
    let chords: Vec<_> = notes.text_annotations.iter().map(|t| &t.text[..]).collect();
    assert_eq!(chords, ["C", "G"]);
}

#[test]
fn what_is_no_performance_has_a_reason() {
    let performed = converter(
        Representation::MultiPerformance(PerformanceOptions::default()),
        1,
    );
    let pair = [(0, 0, 60, 0.0, 1.0), (1, 0, 60, 0.0, 16.0)];
    let busy: Vec<_> = (0..40)
        .map(|i| (0, 0, 60, 0.4 * f64::from(i), 0.4 * f64::from(i) + 0.2))
        .chain([(1, 0, 60, 0.0, 16.0)])
        .collect();
    let many: Vec<_> = (0..9).map(|i| (10 + i, 0, 60, 0.0, 16.0)).collect();
    #[allow(clippy::type_complexity)]
    let table: [(&[(i32, i32, i32, f64, f64)], &str); 6] = [
        (&pair[..1], "it has one instrument only"),
        (
            // The second begins where the bar ends.
            &[(0, 0, 60, 0.0, 16.0), (1, 0, 60, 15.95, 16.0)],
            "it has fewer than eight events",
        ),
        (&busy, "an instrument has more than 62 events in a bar"),
        (&many, "it has more than eight instruments"),
        (
            &[pair[0], pair[1], (1, 3, 61, 0.0, 1.0)],
            "an instrument has no one program of MIDI's",
        ),
        (
            &[pair[0], pair[1], (1, 0, 128, 0.0, 1.0)],
            "it has a pitch that MIDI does not have",
        ),
    ];
    for (notes, expected) in table {
        let reason = performed.convert(&steps(notes)).unwrap_err();
        assert_eq!(reason, NoWindows::NoPerformance(expected));
    }
}

#[test]
fn every_preset_has_a_converter_of_its_size() {
    for preset in Preset::all() {
        let converter = converter(preset.representation.clone(), preset.bars);
        assert_eq!(
            converter.representation().max_steps(preset.bars),
            preset.steps(),
            "{}",
            preset.name
        );
    }
}

#[test]
fn a_representation_without_converter_says_why() {
    let full = drums(DrumClasses::Full, true, false);
    assert_eq!(
        Converter::new(full, 2),
        Err(NotConvertible::OneHotDrums(61))
    );
    assert_eq!(
        Converter::new(Representation::Trio, 0),
        Err(NotConvertible::NoBars)
    );
    let options = |bins, max_note_dropout| {
        groove(GrooveOptions {
            bins,
            max_note_dropout,
            ..GrooveOptions::default()
        })
    };
    let bins = Some(GrooveBins {
        velocity: 1,
        offset: 3,
    });
    assert_eq!(
        Converter::new(options(bins, 0.0), 2),
        Err(NotConvertible::Bins)
    );
    let nan = Converter::new(options(None, f64::NAN), 2);
    assert!(matches!(nan, Err(NotConvertible::Dropout(_))));
}
