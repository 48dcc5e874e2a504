//! MIDI files: the reference's rules of reading, round trips, and damage.

use musicvae::music::midi_file::{self, Mend, MidiFileError};
use musicvae::music::{Note, NoteSequence, Reading, TimeSignature};
use proptest::prelude::*;

use crate::support::data;

/// A file of type 1 at 480 ticks a quarter note: one second is 960 ticks.
fn file(tracks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0\x01".to_vec();
    bytes.extend((tracks.len() as u16).to_be_bytes());
    bytes.extend(480_u16.to_be_bytes());
    for track in tracks {
        bytes.extend(b"MTrk");
        bytes.extend((track.len() as u32).to_be_bytes());
        bytes.extend(*track);
    }
    bytes
}

/// What the reference reads.
fn as_magenta(bytes: &[u8]) -> NoteSequence {
    let read = midi_file::read_as(bytes, Reading::Magenta);
    read.unwrap().sequence
}

pub fn note(start_time: f64, end_time: f64, pitch: i32, velocity: i32) -> Note {
    Note {
        pitch,
        velocity,
        start_time,
        end_time,
        instrument: 0,
        program: 0,
        is_drum: true,
    }
}

pub fn drums(notes: Vec<Note>) -> NoteSequence {
    NoteSequence {
        notes,
        ..NoteSequence::default()
    }
}

/// One quarter note of delta time, 480 ticks, as a variable-length quantity.
const HIGH: u8 = 0x83;
const LOW: u8 = 0x60;

#[test]
fn a_note_off_spares_the_note_of_its_own_tick() {
    // On; a quarter later a stronger one and, at the same tick, an off; later the next off.
    let track = [
        0, 0x99, 36, 50, HIGH, LOW, 36, 90, 0, 36, 0, HIGH, LOW, 36, 0,
    ];
    let read = as_magenta(&file(&[&track]));
    assert_eq!(read.notes, [note(0.0, 0.5, 36, 50), note(0.5, 1.0, 36, 90)]);
    assert_eq!(read.total_time, 1.0);
    // With nothing older to end, an off at a note's own tick ends it, and it is dropped.
    let track = [0, 0x99, 36, 50, 0, 36, 0, HIGH, LOW, 36, 0];
    assert_eq!(as_magenta(&file(&[&track])).notes, []);
}

#[test]
fn one_note_off_ends_every_open_note_and_an_open_end_is_dropped() {
    let track = [
        0, 0x99, 36, 50, HIGH, LOW, 36, 90, HIGH, LOW, 0x89, 36, 0, 0, 0x99, 38, 1,
    ];
    let read = as_magenta(&file(&[&track]));
    assert_eq!(read.notes, [note(0.0, 1.0, 36, 50), note(0.5, 1.0, 36, 90)]);
}

#[test]
fn instruments_are_programs_of_channels_of_tracks_and_share_early_movements() {
    #[rustfmt::skip]
    let track = [
        0, 0xff, 3, 2, b'K', 0xe9,               // the name, Latin-1
        0, 0xb0, 7, 100,                         // before any note: waits for channel 1
        0, 0x90, 60, 10, HIGH, LOW, 60, 0,            // program 0
        0, 0xc0, 5, 0, 0x90, 62, 20, HIGH, LOW, 62, 0, // program 5, same channel
        0, 0xb0, 10, 64,                         // program 5's, in the list both share
        0, 0xe0, 0, 0x20,
    ];
    let read = as_magenta(&file(&[&track]));
    let notes: Vec<_> = read
        .notes
        .iter()
        .map(|n| (n.instrument, n.program, n.pitch))
        .collect();
    assert_eq!(notes, [(0, 0, 60), (1, 5, 62)]);
    assert!(read.notes.iter().all(|note| !note.is_drum));
    let names: Vec<_> = read
        .instrument_infos
        .iter()
        .map(|info| info.name.as_str())
        .collect();
    assert_eq!(names, ["Ké", "Ké"]);
    let controls: Vec<_> = read
        .control_changes
        .iter()
        .map(|c| {
            (
                c.instrument,
                c.program,
                c.time,
                c.control_number,
                c.control_value,
            )
        })
        .collect();
    let expected = [
        (0, 0, 0.0, 7, 100),
        (0, 0, 1.0, 10, 64),
        (1, 5, 0.0, 7, 100),
        (1, 5, 1.0, 10, 64),
    ];
    assert_eq!(controls, expected);
    let bends: Vec<_> = read
        .pitch_bends
        .iter()
        .map(|b| (b.instrument, b.bend))
        .collect();
    assert_eq!(bends, [(0, -4096), (1, -4096)]);
}

#[test]
fn tempo_and_signatures_count_on_the_first_track_only() {
    #[rustfmt::skip]
    let first = [
        0, 0xff, 0x58, 4, 6, 3, 24, 8,
        0, 0xff, 0x59, 2, 0xfd, 1,               // three flats, minor: C minor
        HIGH, LOW, 0xff, 0x51, 3, 0x0f, 0x42, 0x40,   // a million microseconds: 60
        0, 0xff, 0x59, 2, 2, 0,                  // D major
    ];
    let second = [
        0, 0xff, 0x51, 3, 0, 0, 1, HIGH, LOW, 0x99, 36, 50, HIGH, LOW, 36, 0,
    ];
    let read = as_magenta(&file(&[&first, &second]));
    let tempos: Vec<_> = read
        .tempos
        .iter()
        .map(|tempo| (tempo.time, tempo.qpm))
        .collect();
    assert_eq!(tempos, [(0.0, 120.0), (0.5, 60.0)]);
    assert_eq!(
        read.time_signatures,
        [TimeSignature {
            time: 0.0,
            numerator: 6,
            denominator: 8
        }]
    );
    let keys: Vec<_> = read
        .key_signatures
        .iter()
        .map(|key| (key.time, key.key, key.mode))
        .collect();
    assert_eq!(keys, [(0.0, 0, 1), (0.5, 2, 0)]);
    assert_eq!(read.notes, [note(0.5, 1.5, 36, 50)]);
    // What is read is written, and read back.
    let again = as_magenta(&midi_file::write(&read).unwrap());
    assert_eq!(again, read);
}

#[test]
fn what_cannot_be_played_is_named_with_its_place() {
    let good = file(&[&[0, 0x99, 36, 50]]);
    let with = |at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        bad
    };
    let noise = |byte: u8| file(&[&[0, byte].repeat(40)]);
    #[rustfmt::skip]
    let table: [(Vec<u8>, usize, &str); 14] = [
        (Vec::new(), 0, "it is empty"),
        (b"RIFF\0\0\0\0RMID".to_vec(), 0, "it does not begin with `MThd`"),
        (b"\x1f\x8b\x08".to_vec(), 0, "it is packed by gzip: unpack it first"),
        (b"RIFF\x24\0\0\0WAVEfmt ".to_vec(), 0, "it is sound (WAV), not notes"),
        (b"\n<score-partwise/>".to_vec(), 0, "it is XML, as scores are written"),
        (with(8, &[0, 7]), 8, "type 7 is unknown (0, 1 and 2 exist)"),
        (good[..14].to_vec(), 14, "it has no tracks"),
        (with(12, &[0, 0]), 12, "it says how long its ticks are in no way that is known"),
        (with(12, &[0xe8, 0]), 12, "it says how long its ticks are in no way that is known"),
        (with(12, &[0x80, 40]), 12, "it says how long its ticks are in no way that is known"),
        (with(18, &[0xff, 0xff]), 14, "its `MTrk` chunk has 4 of 4294901764 bytes, the rest is missing"),
        (with(4, &[0, 0, 0, 200])[..20].to_vec(), 8, "the header is cut short"),
        (with(4, &[0, 0, 0, 5])[..14].to_vec(), 4, "the header has 5 bytes instead of 6"),
        (noise(7), 23, "from here on its bytes are no music"),
    ];
    for (bytes, place, expected) in table {
        match midi_file::read(&bytes) {
            Err(MidiFileError::Malformed { at, problem }) => {
                assert_eq!((at, problem.as_str()), (place, expected));
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
    let error = midi_file::read(b"kick").unwrap_err();
    assert_eq!(
        error.to_string(),
        "not a playable MIDI file: it does not begin with `MThd` (at byte 0); export it again as a \
         Standard MIDI file"
    );
    let error = midi_file::read_path("no such file.mid".as_ref()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read `no such file.mid`: "),
        "{error}"
    );
}

/// A note that can be seen to survive a MIDI file at 480 ticks.
fn drum_notes() -> impl Strategy<Value = Vec<Note>> {
    let parts = (0_u32..20_000, 1_u32..2_000, 35_i32..60, 1_i32..128);
    proptest::collection::vec(parts, 0..60).prop_map(|notes| {
        let seconds = |ticks: u32| f64::from(ticks) / 960.0;
        let stroke = |(start, length, pitch, velocity)| {
            note(seconds(start), seconds(start + length), pitch, velocity)
        };
        notes.into_iter().map(stroke).collect()
    })
}

/// Starts, pitches and velocities, sorted: what a drummer hears.
fn strokes(sequence: &NoteSequence) -> Vec<(u64, i32, i32)> {
    let micros = |note: &Note| (note.start_time * 1e6).round() as u64;
    let mut strokes: Vec<_> = sequence
        .notes
        .iter()
        .map(|note| (micros(note), note.pitch, note.velocity))
        .collect();
    strokes.sort_unstable();
    strokes
}

proptest! {
    #[test]
    fn every_stroke_survives_a_midi_file(notes in drum_notes()) {
        let sequence = drums(notes);
        let encoded = midi_file::encode(&sequence).unwrap();
        prop_assert_eq!(encoded.clamped, 0);
        let read = midi_file::read(&encoded.bytes).unwrap();
        prop_assert_eq!(strokes(&read), strokes(&sequence));
        prop_assert!(read.notes.iter().all(|note| note.end_time > note.start_time));
    }

    #[test]
    fn any_bytes_after_a_good_header_are_read_or_refused(
        tracks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..3),
    ) {
        let tracks: Vec<&[u8]> = tracks.iter().map(Vec::as_slice).collect();
        if let Ok(read) = midi_file::read(&file(&tracks)) {
            prop_assert!(read.total_time.is_finite());
            prop_assert!(read.notes.iter().all(|note| (1..128).contains(&note.velocity)));
        }
    }
}

#[test]
fn half_a_file_is_refused_and_flipped_bits_never_panic() {
    let sequence = drums(vec![note(0.0, 0.5, 36, 100), note(0.5, 1.0, 38, 80)]);
    let bytes = midi_file::write(&sequence).unwrap();
    let tempo_track = 22 + 11;
    for length in 0..bytes.len() {
        match midi_file::read_as(&bytes[..length], Reading::Played) {
            Err(error) => assert!(
                error.to_string().starts_with("not a playable MIDI file: "),
                "{length}: {error}"
            ),
            // What is there counts, and a word is said.
            Ok(read) => assert!(
                length >= tempo_track - 6 && !read.mended.is_empty(),
                "{length}"
            ),
        }
    }
    let cut = midi_file::read_as(&bytes[..bytes.len() - 5], Reading::Played).unwrap();
    assert_eq!(cut.sequence.notes.len(), 2);
    assert_eq!(cut.mended.count(Mend::Truncated), 1);
    let (mut refused, mut read) = (0, 0);
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match midi_file::read(&flipped) {
            Ok(_) => read += 1,
            Err(MidiFileError::Malformed { at, .. }) => {
                assert!(at <= bytes.len());
                refused += 1;
            }
            Err(other) => panic!("bit {bit}: {other}"),
        }
    }
    assert!(refused > 20 && read > 400, "{refused} refused, {read} read");
}

#[test]
fn files_of_the_dataset_survive_a_round_trip() {
    let Some(folder) = data("oracle/converter/midi") else {
        return;
    };
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let first = as_magenta(&std::fs::read(&path).unwrap());
        let again = as_magenta(&midi_file::write(&first).unwrap());
        let bare = |sequence: &NoteSequence| NoteSequence {
            notes: Vec::new(),
            ..sequence.clone()
        };
        assert_eq!(bare(&again), bare(&first), "{}", path.display());
        // Overlapping strokes of one drum end earlier, and so may change their order; their times
        // are the same to the last bit.
        let strokes = |sequence: &NoteSequence| {
            let notes = sequence.notes.iter();
            let mut strokes: Vec<_> = notes
                .map(|note| (note.start_time.to_bits(), note.pitch, note.velocity))
                .collect();
            strokes.sort_unstable();
            strokes
        };
        assert_eq!(strokes(&again), strokes(&first), "{}", path.display());
        files += 1;
    }
    assert_eq!(files, 9);
}
