//! Reading MIDI as a player means it: a test for each kind of file that others misread.

use encoding_rs::{GBK, SHIFT_JIS, WINDOWS_1251};
use musicvae::data::{Convert, Converted, Converter, GrooveConverter, NoWindows, Window};
use musicvae::music::midi_file::{self, Mend, Read};
use musicvae::music::{Drums, Groove, Lane, NoDrums, NoteSequence, Reading, Representation};

use crate::smf::{
    Timed, beat, chunk, events, file, meter, name, named, off, on, open_beat, smf, strokes, tempo,
    track,
};

const FOUR_BARS: GrooveConverter = GrooveConverter { bars: 4, hop: None };

fn read(bytes: &[u8]) -> Read {
    midi_file::read_as(bytes, Reading::Played).unwrap()
}

/// Kicks, snares, hats and all drums of a file, and its notes that are none.
fn counts(sequence: &NoteSequence) -> ([usize; 4], usize) {
    let Drums {
        strokes: drums,
        others,
    } = sequence.drums().unwrap();
    let of = |lane: Lane| drums.iter().filter(|(it, _)| *it == lane).count();
    let lanes = [Lane::Kick, Lane::Snare, Lane::ClosedHat].map(of);
    ([lanes[0], lanes[1], lanes[2], drums.len()], others)
}

/// What the beat of four bars has.
const BEAT: ([usize; 4], usize) = ([8, 8, 32, 48], 0);

fn windows(bytes: &[u8]) -> Result<Converted, NoWindows> {
    FOUR_BARS.convert(&read(bytes).sequence)
}

fn hits(windows: &[Groove]) -> usize {
    windows.iter().map(|groove| groove.hits().count()).sum()
}

#[test]
fn a_stroke_needs_no_end() {
    let without = open_beat(4, 9);
    let zero: Vec<Timed> = strokes(4)
        .into_iter()
        .flat_map(|(tick, key)| [on(tick, 9, key, 100), off(tick, 9, key)])
        .collect();
    let mut cut_off = beat(4, 9);
    cut_off.truncate(cut_off.len() - 1);
    let elsewhere: Vec<Timed> = strokes(4)
        .into_iter()
        .map(|(tick, key)| off(tick + 50, 2, key))
        .collect();
    let offs: Vec<Timed> = strokes(4)
        .into_iter()
        .map(|(tick, key)| off(tick + 50, 9, key))
        .collect();
    let all_off: Vec<Timed> = open_beat(4, 9)
        .into_iter()
        .chain((0..32).map(|eighth| (eighth * 240 + 100, vec![0xb9, 123, 0])))
        .collect();
    for (what, bytes) in [
        ("no note-off", smf(vec![without.clone()])),
        ("at its own tick", smf(vec![zero])),
        ("cut off", smf(vec![cut_off])),
        (
            "on another channel",
            smf(vec![[without.clone(), elsewhere].concat()]),
        ),
        ("on another track", smf(vec![without, offs])),
        ("all notes off", smf(vec![all_off])),
    ] {
        let read = read(&bytes);
        assert_eq!(counts(&read.sequence), BEAT, "{what}");
        assert!(read.mended.is_empty(), "{what}: {}", read.mended);
        let windows = windows(&bytes).unwrap();
        assert_eq!(hits(&windows.windows), 48, "{what}");
        let ends = read.sequence.notes.iter();
        assert!(
            ends.clone().all(|note| note.end_time > note.start_time),
            "{what}"
        );
    }
}

#[test]
fn a_melody_without_ends_is_given_some_and_counted() {
    let melody = [60, 62, 64].iter().zip(0..);
    let melody: Vec<Timed> = melody
        .map(|(key, beat)| on(beat * 480, 0, *key, 90))
        .collect();
    let read_ = read(&smf(vec![melody.clone()]));
    assert_eq!(read_.mended.count(Mend::NoEnd), 3);
    assert_eq!(read_.mended.to_string(), "3 notes without an end given one");
    let ends: Vec<_> = read_
        .sequence
        .notes
        .iter()
        .map(|note| note.end_time)
        .collect();
    assert_eq!(ends, [0.5, 1.0, 1.5]);
    // A note-off of another track is as good as one of its own.
    let other = vec![off(240, 0, 60), off(720, 0, 62), off(1920, 0, 64)];
    let read = read(&smf(vec![melody, other]));
    assert!(read.mended.is_empty(), "{}", read.mended);
    let ends: Vec<_> = read
        .sequence
        .notes
        .iter()
        .map(|note| note.end_time)
        .collect();
    assert_eq!(ends, [0.25, 0.75, 2.0]);
}

fn piano(channel: u8) -> Vec<Timed> {
    let chord = |bar: u32| [43, 48, 60, 64, 67].map(move |key| (bar * 1920, key));
    let notes = (0..4).flat_map(chord);
    notes
        .flat_map(|(tick, key)| [on(tick, channel, key, 80), off(tick + 900, channel, key)])
        .collect()
}

#[test]
fn drums_are_found_by_one_rule() {
    let gs: Timed = (
        0,
        vec![
            0xf0, 10, 0x41, 0x10, 0x42, 0x12, 0x40, 0x1a, 0x15, 2, 0x0f, 0xf7,
        ],
    );
    let xg: Timed = (0, vec![0xf0, 8, 0x43, 0x10, 0x4c, 8, 10, 7, 2, 0xf7]);
    let gm2: Vec<Timed> = vec![(0, vec![0xba, 0, 120]), (0, vec![0xca, 0])];
    let with = |before: Vec<Timed>, events: Vec<Timed>| [before, events].concat();
    let (_, others) = ((), piano(0).len() / 2);
    for (what, bytes, others) in [
        ("channel 10", smf(vec![piano(0), beat(4, 9)]), others),
        (
            "GS",
            smf(vec![piano(0), with(vec![gs], beat(4, 10))]),
            others,
        ),
        ("XG", smf(vec![vec![xg], piano(0), beat(4, 10)]), others),
        ("GM2", smf(vec![piano(0), with(gm2, beat(4, 10))]), others),
        (
            "a name",
            smf(vec![piano(0), with(vec![name("My Drums")], beat(4, 3))]),
            others,
        ),
        (
            "a name in UTF-8 beside a part that has none",
            smf(vec![beat(4, 0), with(vec![name("ドラム")], beat(4, 3))]),
            48,
        ),
        (
            "a name in Shift-JIS",
            smf(vec![
                beat(4, 0),
                with(vec![named(&SHIFT_JIS.encode("ドラムス").0)], beat(4, 3)),
            ]),
            48,
        ),
        (
            "a name in GBK",
            smf(vec![
                beat(4, 0),
                with(vec![named(&GBK.encode("架子鼓").0)], beat(4, 3)),
            ]),
            48,
        ),
        (
            "a name in the Cyrillic of Windows",
            smf(vec![
                beat(4, 0),
                with(vec![named(&WINDOWS_1251.encode("Ударные").0)], beat(4, 3)),
            ]),
            48,
        ),
        (
            "a bank that is XG's, beside a part that has none",
            smf(vec![
                beat(4, 0),
                with(
                    vec![(0, vec![0xba, 0, 127]), (0, vec![0xca, 0])],
                    beat(4, 10),
                ),
            ]),
            48,
        ),
        (
            "channel 16 of the first PCs",
            smf(vec![
                beat(4, 0),
                with(vec![(0, vec![0xcf, 25])], beat(4, 15)),
            ]),
            48,
        ),
        (
            "nothing but pitches",
            smf(vec![piano(0), beat(4, 0)]),
            others,
        ),
        ("one part", smf(vec![beat(4, 0)]), 0),
    ] {
        let sequence = read(&bytes).sequence;
        assert_eq!(counts(&sequence), (BEAT.0, others), "{what}");
        let converted = windows(&bytes).unwrap();
        assert_eq!(hits(&converted.windows), 48, "{what}");
        assert_eq!(converted.left_out.other_notes, others, "{what}");
    }
    // A melodic part on channel 10 is none.
    let melodic: Timed = (
        0,
        vec![
            0xf0, 10, 0x41, 0x10, 0x42, 0x12, 0x40, 0x10, 0x15, 0, 0x1b, 0xf7,
        ],
    );
    let bytes = smf(vec![with(vec![melodic], piano(9)), beat(4, 0)]);
    assert_eq!(counts(&read(&bytes).sequence), (BEAT.0, others));
    // Without drums there is a reason, and no toms.
    for bytes in [
        smf(vec![piano(0)]),
        smf(vec![with(vec![name("Bass")], beat(4, 0))]),
        smf(vec![with(vec![(0, vec![0xc0, 33])], beat(4, 0))]),
    ] {
        let reason = windows(&bytes).unwrap_err();
        assert!(
            matches!(reason, NoWindows::NoDrumPart(NoDrums::NoPart(_))),
            "{reason}"
        );
        assert!(
            reason.to_string().contains("put the drums on channel 10"),
            "{reason}"
        );
    }
}

/// The rule counts for a sequence of another reader as well.
#[test]
fn sequences_of_others_are_marked_by_the_same_rule() {
    let mut sequence = read(&smf(vec![beat(4, 0)])).sequence;
    sequence
        .notes
        .iter_mut()
        .for_each(|note| note.is_drum = false);
    assert_eq!(hits(&FOUR_BARS.convert(&sequence).unwrap().windows), 48);
    let grid = Converter::new(Representation::Drums(Default::default()), 4).unwrap();
    assert_eq!(grid.convert(&sequence).unwrap().windows.len(), 1);
}

#[test]
fn maps_are_those_of_all_tracks() {
    let first = vec![name("song"), meter(0, 4, 2)];
    let second = [vec![tempo(0, 666_667)], beat(4, 9)].concat();
    let bytes = smf(vec![first.clone(), second]);
    let windows_ = windows(&bytes).unwrap().windows;
    assert!((windows_[0].qpm - 90.0).abs() < 1e-3);
    let waltz = smf(vec![first, [vec![meter(0, 3, 2)], beat(4, 9)].concat()]);
    // At one tick the first track has the last word.
    assert_eq!(windows(&waltz).unwrap().windows.len(), 1);
    let waltz = smf(vec![vec![], [vec![meter(0, 3, 2)], beat(4, 9)].concat()]);
    assert_eq!(
        windows(&waltz).unwrap_err(),
        NoWindows::Meter {
            numerator: 3,
            denominator: 4
        }
    );
}

#[test]
fn a_drifting_tempo_is_followed_on_its_own_beats() {
    let straight = windows(&smf(vec![beat(8, 9)])).unwrap().windows;
    for step in [1, 40_000] {
        // Another tempo at every beat.
        let drift = (0..32).map(|beat| tempo(beat * 480, 500_000 + beat % 3 * step));
        let bytes = smf(vec![drift.collect(), beat(8, 9)]);
        let drifted = windows(&bytes).unwrap().windows;
        assert_eq!(drifted.len(), 2);
        for (drifted, straight) in drifted.iter().zip(&straight) {
            let places = |groove: &Groove| -> Vec<_> {
                groove.hits().map(|(step, lane, _)| (step, lane)).collect()
            };
            assert_eq!(places(drifted), places(straight));
            assert!(drifted.hits().all(|(_, _, hit)| hit.offset.abs() < 1e-5));
            assert!((drifted.qpm - 116.0).abs() < 5.0, "{}", drifted.qpm);
        }
    }
    // Each window has its own tempo.
    let halves = vec![tempo(0, 500_000), tempo(7680, 1_000_000)];
    let windows = windows(&smf(vec![halves, beat(8, 9)])).unwrap().windows;
    let tempos: Vec<f64> = windows.iter().map(|groove| groove.qpm.round()).collect();
    assert_eq!(tempos, [120.0, 60.0]);
}

#[test]
fn only_bars_of_other_meters_are_left_out() {
    // Four bars of 4/4, two of 3/4, four of 4/4.
    let meters = vec![meter(0, 4, 2), meter(7680, 3, 2), meter(7680 + 2880, 4, 2)];
    let moved = |by: u32, events: Vec<Timed>| -> Vec<Timed> {
        let events = events.into_iter();
        events.map(|(tick, event)| (tick + by, event)).collect()
    };
    let waltz: Vec<Timed> = (0..6)
        .flat_map(|beat| {
            [
                on(7680 + beat * 480, 9, 36, 90),
                off(7700 + beat * 480, 9, 36),
            ]
        })
        .collect();
    // The last part begins with a stroke that is a little early.
    let mut last = moved(10_560, beat(4, 9));
    last[0].0 -= 20;
    let bytes = smf(vec![meters, [beat(4, 9), waltz, last].concat()]);
    let converted = windows(&bytes).unwrap();
    assert_eq!(converted.windows.len(), 2);
    assert_eq!(hits(&converted.windows), 96);
    let first = converted.windows[1].hit(0, Lane::ClosedHat).unwrap();
    assert!((first.offset - 20.0 / 120.0).abs() < 1e-6);
    assert_eq!(
        converted.left_out.lines(),
        ["2 bars in 3/4 left out: a window has bars of 16 sixteenths"]
    );
}

#[test]
fn events_after_the_music_say_nothing_about_it() {
    for event in [meter(20_000, 3, 2), tempo(20_000, 1_000_000)] {
        let bytes = smf(vec![
            vec![tempo(0, 500_000)],
            [beat(4, 9), vec![event]].concat(),
        ]);
        let converted = windows(&bytes).unwrap();
        assert_eq!(converted.windows.len(), 1);
        assert_eq!(converted.windows[0].qpm, 120.0);
        assert!(converted.left_out.lines().is_empty());
    }
}

#[test]
fn the_end_of_track_counts_on_a_bar_line() {
    let up_to = |bars: u32, end: u32| {
        let track = chunk(b"MTrk", &events(beat(bars, 9), Some(end)));
        windows(&file(0, 1, 480, &[track]))
    };
    assert_eq!(up_to(3, 7680).unwrap().windows.len(), 1);
    assert_eq!(up_to(3, 7679).unwrap().windows.len(), 1);
    let short = NoWindows::TooShort { bars: 3, window: 4 };
    assert_eq!(up_to(3, 7000).unwrap_err(), short);
    // Silence makes no windows of its own.
    assert_eq!(up_to(4, 7680 * 1000).unwrap().windows.len(), 1);
    assert_eq!(up_to(5, 7680 * 1000).unwrap().windows.len(), 2);
    // A silent second bar is part of a loop.
    let looped = up_to(1, 3840).unwrap();
    assert_eq!((hits(&looped.windows), looped.left_out.repeated), (24, 1));
    let every_bar = GrooveConverter {
        hop: Some(1),
        ..FOUR_BARS
    };
    let track = chunk(b"MTrk", &events(beat(5, 9), Some(7680 * 1000)));
    let sequence = read(&file(0, 1, 480, &[track])).sequence;
    assert_eq!(every_bar.convert(&sequence).unwrap().windows.len(), 5);
}

#[test]
fn loops_are_repeated_and_last_bars_filled_or_told() {
    let beat_ = |bars: u32| smf(vec![beat(bars, 9)]);
    let whole = windows(&beat_(4)).unwrap().windows;
    for bars in [1, 2] {
        let looped = windows(&beat_(bars)).unwrap();
        assert_eq!(looped.windows.len(), 1);
        let places = |groove: &Groove| groove.hits().map(|it| (it.0, it.1)).collect::<Vec<_>>();
        assert_eq!(places(&looped.windows[0]), places(&whole[0]));
        assert_eq!(looped.left_out.repeated, 1);
    }
    let converted = windows(&beat_(7)).unwrap();
    assert_eq!(hits(&converted.windows), 48);
    assert_eq!(
        converted.left_out.lines(),
        ["3 last bars fill no window: left out"]
    );
    // One piece that is to be used to its end is filled with silence.
    let converter = Converter::new(Representation::default(), 4).unwrap();
    let whole = converter.convert_whole(&read(&beat_(7)).sequence).unwrap();
    let grooves: Vec<Groove> = whole
        .windows
        .into_iter()
        .filter_map(|window| match window {
            Window::Groove(groove) => Some(groove),
            _ => None,
        })
        .collect();
    assert_eq!((grooves.len(), hits(&grooves)), (2, 84));
    assert_eq!(whole.left_out.silent_bars, 1);
    // Loops of other kinds of music are repeated too.
    let grid = Converter::new(Representation::Drums(Default::default()), 2).unwrap();
    let one = read(&beat_(1)).sequence;
    assert_eq!(grid.convert(&one).unwrap().windows.len(), 1);
    // What a corpus lists as a fill is no loop.
    let mut fill = one;
    fill.listing = Some(musicvae::music::Listing {
        beat_type: "fill".into(),
        ..Default::default()
    });
    assert!(matches!(
        FOUR_BARS.convert(&fill),
        Err(NoWindows::TooShort { bars: 1, window: 4 })
    ));
}

#[test]
fn damage_is_mended_and_told() {
    let body = events(
        [vec![tempo(0, 500_000), meter(0, 4, 2)], beat(4, 9)].concat(),
        Some(7680),
    );
    let good = chunk(b"MTrk", &body);
    let alone = std::slice::from_ref(&good);
    let plain = || file(0, 1, 480, alone);
    let after = |extra: &[u8]| [&plain()[..], extra].concat();
    let before = |extra: &[u8]| [extra, &plain()[..]].concat();
    let with = |extra: Timed| smf(vec![[vec![extra], beat(4, 9)].concat()]);
    let mut no_length = plain();
    no_length[18..22].fill(0);
    let mut long_length = plain();
    long_length[18..22].copy_from_slice(&[0, 0, 0x40, 0]);
    let mut loud: Vec<Timed> = beat(4, 9);
    loud[0].1[2] = 200;
    let mut cut = plain();
    cut.truncate(cut.len() - 5);
    let second = track(vec![(0, vec![0xf0, 1, 0xf7])]);
    let unknown = chunk(b"XFIH", b"abcd");
    let mut riff = b"RIFF\0\0\0\0RMIDDISP\x02\0\0\0okdata".to_vec();
    riff.extend((plain().len() as u32).to_le_bytes());
    riff.extend(plain());
    riff.extend(b"LIST\x04\0\0\0INFO");
    let running: Vec<Timed> = strokes(4)
        .into_iter()
        .flat_map(|(tick, key)| [(tick, vec![0xf0, 2, 0x7e, 0xf7]), (tick, vec![key, 90])])
        .collect();
    let running = [vec![on(0, 9, 35, 1)], running].concat();
    let header_of = |length: u32| {
        let mut bytes = plain();
        bytes[4..8].copy_from_slice(&length.to_be_bytes());
        bytes
    };
    let table = [
        ("as it should be", plain(), None),
        (
            "RMID",
            before(b"RIFF\x00\x10\0\0RMIDdata\x00\x10\0\0"),
            Some(Mend::Wrapped),
        ),
        ("RMID with more in it", riff, Some(Mend::Wrapped)),
        (
            "behind another header",
            before(&[0; 128]),
            Some(Mend::BytesBefore),
        ),
        (
            "more behind",
            after(b"junk of a sort"),
            Some(Mend::BytesAfter),
        ),
        ("a little behind", after(&[0, 0, 0]), Some(Mend::BytesAfter)),
        (
            "too many announced",
            file(1, 9, 480, alone),
            Some(Mend::TrackCount),
        ),
        (
            "too few announced",
            file(1, 1, 480, &[second, good.clone()]),
            Some(Mend::TrackCount),
        ),
        (
            "none announced",
            file(0, 0, 480, alone),
            Some(Mend::TrackCount),
        ),
        (
            "an unknown chunk",
            file(1, 2, 480, &[unknown, good.clone()]),
            Some(Mend::TrackCount),
        ),
        (
            "a header without a length",
            header_of(0),
            Some(Mend::HeaderLength),
        ),
        (
            "too long a header",
            header_of(0x0600_0000),
            Some(Mend::HeaderLength),
        ),
        ("no length", no_length, Some(Mend::TrackLength)),
        ("too great a length", long_length, Some(Mend::TrackLength)),
        ("cut short", cut, Some(Mend::Truncated)),
        ("tempo of 0", with(tempo(0, 0)), Some(Mend::Tempo)),
        ("meter of 0", with(meter(0, 0, 2)), Some(Mend::Meter)),
        (
            "eight sharps",
            with((0, vec![0xff, 0x59, 2, 8, 0])),
            Some(Mend::Key),
        ),
        ("too loud", smf(vec![loud]), Some(Mend::Over127)),
        (
            "on a cable",
            with((0, vec![0xf8])),
            Some(Mend::SystemMessage),
        ),
        (
            "stray bytes",
            with((0, vec![1, 2, 3])),
            Some(Mend::StrayBytes),
        ),
        (
            "a padded time",
            with((0, vec![0xff, 1, 0x80, 0x80, 0x80, 0x80, 0])),
            Some(Mend::LongQuantity),
        ),
    ];
    for (what, bytes, mend) in table {
        let read = read(&bytes);
        assert_eq!(counts(&read.sequence), BEAT, "{what}: {}", read.mended);
        match mend {
            None => assert!(read.mended.is_empty()),
            Some(mend) => assert!(read.mended.count(mend) > 0, "{what}: {}", read.mended),
        }
        assert_eq!(windows(&bytes).unwrap().windows.len(), 1, "{what}");
    }
    let running = read(&smf(vec![running]));
    assert_eq!(running.mended.count(Mend::RunningStatus), 48);
    assert_eq!(running.sequence.notes.len(), 49);
}

#[test]
fn patterns_stand_one_after_the_other() {
    let pattern = || track([vec![tempo(0, 500_000), meter(0, 4, 2)], beat(2, 9)].concat());
    let read = read(&file(2, 2, 480, &[pattern(), pattern()]));
    assert_eq!(
        read.mended.to_string(),
        "its 2 patterns (type 2) put one after the other"
    );
    assert_eq!(counts(&read.sequence), BEAT);
    let starts = read.sequence.notes.iter().map(|note| note.start_time);
    assert_eq!(starts.fold(0.0, f64::max), 7.75);
}

#[test]
fn times_in_seconds_are_read() {
    // 25 frames of 40 ticks: 1000 ticks a second, 500 a beat at 120.
    let beat = beat(4, 9).into_iter();
    let beat: Vec<Timed> = beat
        .map(|(tick, event)| (tick * 500 / 480, event))
        .collect();
    let bytes = file(
        0,
        1,
        0xe728,
        &[track([vec![tempo(0, 500_000)], beat].concat())],
    );
    let read = read(&bytes);
    assert_eq!(read.mended.count(Mend::Smpte), 1);
    assert_eq!(counts(&read.sequence), BEAT);
    let starts = read.sequence.notes.iter().map(|note| note.start_time);
    assert!((starts.fold(0.0, f64::max) - 7.75).abs() < 1e-9);
    assert_eq!(windows(&bytes).unwrap().windows.len(), 1);
}

/// A file that has none of all these is read alike by both readings, but for its length.
#[test]
fn a_plain_file_is_read_as_the_reference_reads_it() {
    let bytes = smf(vec![
        vec![tempo(0, 480_000), meter(0, 4, 2)],
        beat(5, 9),
        piano(0),
    ]);
    let [ours, magenta] = [Reading::Played, Reading::Magenta]
        .map(|reading| midi_file::read_as(&bytes, reading).unwrap().sequence);
    let timeless = |sequence: &NoteSequence| NoteSequence {
        total_time: 0.0,
        ..sequence.clone()
    };
    assert_eq!(timeless(&ours), timeless(&magenta));
}

#[test]
fn every_file_ends_on_the_bar_line_and_strokes_come_back_on_their_step() {
    for (bars, qpm) in [(1, 120.0), (2, 93.7), (4, 214.9), (4, 60.0)] {
        for offset in [-0.5, -0.499, 0.0, 0.499, 0.5] {
            let mut groove = Groove {
                qpm,
                ..Groove::empty(16 * bars)
            };
            for step in (1..16 * bars).step_by(3) {
                let velocity = 0.5;
                let hit = musicvae::music::Hit::new(velocity, offset);
                groove.steps[step][step % 9] = Some(hit);
            }
            let bytes = midi_file::write(&groove.to_note_sequence()).unwrap();
            let smf = midly::Smf::parse(&bytes).unwrap();
            for track in &smf.tracks {
                let ticks: u32 = track.iter().map(|event| event.delta.as_int()).sum();
                assert_eq!(ticks, 1920 * bars as u32, "{qpm} {offset}");
            }
            let converter = GrooveConverter { bars, hop: None };
            let back = converter.convert(&read(&bytes).sequence).unwrap();
            assert_eq!(back.windows.len(), 1);
            let places = |groove: &Groove| -> Vec<_> {
                groove.hits().map(|(step, lane, _)| (step, lane)).collect()
            };
            assert_eq!(places(&back.windows[0]), places(&groove), "{qpm} {offset}");
        }
    }
}
