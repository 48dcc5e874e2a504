//! Valid files of which each breaks a rule.

mod checkpoint;
mod lists;
pub mod trial;

use std::fs;

use musicvae::data::{Convert, Converter, GrooveConverter, load_windows, tfrecord};
use musicvae::music::{MelodyOptions, NoteSequence, Reading, Representation, midi_file};
use prost::Message;
use rand::RngExt;
use rand::seq::{IndexedMutRandom, IndexedRandom};
use rand_chacha::ChaCha8Rng;

use crate::smf::{Timed, chunk, events, file, meter, name, off, on, tempo};
use trial::run;

/// A valid song: a map, drums, and perhaps other instruments.
fn song(rng: &mut ChaCha8Rng) -> Vec<Vec<Timed>> {
    let bars = rng.random_range(1..9);
    let mut tracks = vec![vec![
        tempo(0, rng.random_range(200_000..1_000_000)),
        meter(0, 4, 2),
        name("song"),
    ]];
    for _ in 0..rng.random_range(1..4) {
        let channel = *[9, 9, 0, 3, 10].choose(rng).unwrap();
        let mut track = Vec::new();
        for _ in 0..bars * rng.random_range(1..12) {
            let tick = rng.random_range(0..bars * 1920);
            let key = rng.random_range(28..84);
            track.push(on(tick, channel, key, rng.random_range(1..128)));
            track.push(off(tick + rng.random_range(0..600), channel, key));
        }
        tracks.push(track);
    }
    tracks
}

/// The bytes of a song with one rule broken.
fn broken_midi(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut tracks = song(rng);
    let mut format = 1;
    let mut division = 480;
    let mut announced = tracks.len() as u16;
    let track = rng.random_range(0..tracks.len());
    let end = rng.random_range(0..20_000);
    let rule = rng.random_range(0..24);
    match rule {
        0 => tracks[track].retain(|(_, event)| event[0] & 0xf0 != 0x80),
        1 => tracks[track].push(tempo(end, 0)),
        2 => tracks[track].push(tempo(end, rng.random_range(1..0x00ff_ffff))),
        3 => tracks[track].push(meter(end, rng.random(), rng.random())),
        4 => format = rng.random(),
        5 => announced = rng.random(),
        6 => division = rng.random(),
        7 => tracks[track].push((end, vec![rng.random(), rng.random(), rng.random()])),
        8 => tracks[track].push((end, vec![0xf0, rng.random(), 1, 2, 0xf7])),
        9 => tracks[track].push((end, vec![0xff, rng.random(), rng.random(), 1])),
        10 => tracks[track].push((end, vec![0xb9, rng.random_range(118..128), 0])),
        11 => tracks[track].push((u32::MAX, vec![0xff, 1, 0])),
        12 => format = 2,
        13 => {
            if let Some((_, event)) = tracks[track].choose_mut(rng) {
                let place = rng.random_range(0..event.len());
                event[place] = rng.random();
            }
        }
        _ => {}
    }
    let chunks: Vec<Vec<u8>> = tracks
        .into_iter()
        .enumerate()
        .map(|(number, timed)| {
            let end = rng.random_bool(0.9).then_some(end);
            let mut chunk = chunk(b"MTrk", &events(timed, end));
            if number == track && rule == 14 {
                chunk[4..8].copy_from_slice(&rng.random::<u32>().to_be_bytes());
            } else if number == track && rule == 15 {
                chunk[4..8].fill(0);
            } else if number == track && rule == 16 {
                chunk[0] = rng.random();
            }
            chunk
        })
        .collect();
    let mut bytes = file(format, announced, division, &chunks);
    let place = rng.random_range(0..bytes.len());
    match rule {
        17 => bytes.truncate(place),
        18 => bytes[place] = rng.random(),
        19 => bytes.insert(place, rng.random()),
        20 => drop(bytes.remove(place)),
        21 => bytes.extend((0..rng.random_range(1..40)).map(|_| rng.random::<u8>())),
        22 => drop(bytes.splice(0..0, *b"RIFF\0\0\0\0RMIDdata\0\0\0\0")),
        23 => {
            let end = bytes.len().min(place + rng.random_range(1..60));
            let again = bytes[place..end].to_vec();
            drop(bytes.splice(place..place, again));
        }
        _ => {}
    }
    bytes
}

/// Every kind of window of a sequence; whether there is one of grooves.
fn convert_all(sequence: &NoteSequence) -> bool {
    let representations = [
        Representation::Drums(Default::default()),
        Representation::Melody(MelodyOptions {
            chords: true,
            ..MelodyOptions::default()
        }),
        Representation::Trio,
        Representation::MultiPerformance(Default::default()),
    ];
    for representation in representations {
        let converter = Converter::new(representation, 2).unwrap();
        if let Ok(converted) = converter.convert(sequence) {
            for window in converted.windows.iter().take(2) {
                converter.example(window, 0);
            }
        }
    }
    let every_bar = GrooveConverter {
        bars: 4,
        hop: Some(1),
    };
    every_bar.convert(sequence).is_ok_and(|converted| {
        let mut grooves = converted.windows.iter();
        assert!(grooves.all(|groove| groove.qpm.is_finite() && groove.qpm > 0.0));
        true
    })
}

#[test]
fn broken_midi_files_are_read_or_refused() {
    run("MIDI", 600, |rng| {
        let bytes = broken_midi(rng);
        let _ = midi_file::read_as(&bytes, Reading::Magenta);
        let Ok(read) = midi_file::read_as(&bytes, Reading::Played) else {
            return false;
        };
        let mut notes = read.sequence.notes.iter();
        assert!(notes.all(|note| note.start_time.is_finite()
            && note.end_time > note.start_time
            && (1..128).contains(&note.velocity)));
        let _ = midi_file::encode(&read.sequence);
        convert_all(&read.sequence)
    });
}

#[test]
fn broken_records_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.tfrecord");
    run("TFRecord", 200, |rng| {
        let bytes = broken_midi(rng);
        let Ok(sequence) = midi_file::read(&bytes) else {
            return false;
        };
        let mut record = sequence.to_bytes();
        // A record that is whole, of a sequence that is not.
        for _ in 0..rng.random_range(0..4) {
            if let Some(byte) = record.choose_mut(rng) {
                *byte = rng.random();
            }
        }
        let mut records = Vec::new();
        tfrecord::write_record(&mut records, &record).unwrap();
        if rng.random_bool(0.3) {
            let place = rng.random_range(0..records.len());
            records[place] = rng.random();
        }
        fs::write(&path, records).unwrap();
        if let Ok(sequence) = NoteSequence::decode(&record[..]) {
            let _ = midi_file::encode(&sequence);
            convert_all(&sequence);
        }
        load_windows(&path, None, &GrooveConverter { bars: 2, hop: None }).is_ok()
    });
}
