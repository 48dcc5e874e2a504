//! SoundFonts that break a rule.

use musicvae::music::{Note, NoteSequence};
use musicvae_tui::engine::render::{Heard, Score};
use musicvae_tui::engine::{SoundFont, SoundFontSource};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::trial::run;

/// A table: its name, and records of one length.
struct Table {
    id: [u8; 4],
    records: Vec<Vec<u8>>,
}

/// A font as its tables, with its samples.
struct Font {
    tables: Vec<Table>,
    points: Vec<i16>,
}

fn name(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(20, 0);
    bytes
}

fn words(values: &[u16]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// A valid font: drum kits and others, of instruments of a few zones.
fn font(rng: &mut ChaCha8Rng) -> Font {
    let mut points = Vec::new();
    let mut headers = Vec::new();
    let samples = rng.random_range(1..4_u16);
    for number in 0..samples {
        let start = points.len() as u32;
        let length = rng.random_range(50..400_u32);
        points.extend((0..length).map(|_| rng.random_range(-9000..9000_i16)));
        points.extend([0; 46]);
        let end = start + length;
        let mut header = name(&format!("sample {number}"));
        for place in [start, end, start + 8, end - 8, 22_050] {
            header.extend(place.to_le_bytes());
        }
        header.extend([60, 0]);
        header.extend(words(&[0, 1]));
        headers.push(header);
    }
    let instruments = rng.random_range(1..4_u16);
    let (mut owners, mut bags, mut generators) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..instruments {
        owners.push(
            [
                name(&format!("instrument {number}")),
                words(&[bags.len() as u16]),
            ]
            .concat(),
        );
        for _ in 0..rng.random_range(1..4) {
            bags.push(words(&[generators.len() as u16, 0]));
            for _ in 0..rng.random_range(0..4) {
                let kind = *[8, 17, 34, 38, 48, 51, 54, 56, 57, 58].choose(rng).unwrap();
                generators.push(words(&[kind, rng.random_range(0..100)]));
            }
            generators.push(words(&[53, rng.random_range(0..samples)]));
        }
    }
    owners.push([name("EOI"), words(&[bags.len() as u16])].concat());
    bags.push(words(&[generators.len() as u16, 0]));
    generators.push(words(&[0, 0]));
    let (mut presets, mut preset_bags, mut preset_generators) =
        (Vec::new(), Vec::new(), Vec::new());
    for number in 0..rng.random_range(1..4) {
        let bank = *[128, 128, 0, 1].choose(rng).unwrap();
        let place = preset_bags.len() as u16;
        presets.push(
            [
                name("preset"),
                words(&[number, bank, place, 0, 0, 0, 0, 0, 0]),
            ]
            .concat(),
        );
        for _ in 0..rng.random_range(1..3) {
            preset_bags.push(words(&[preset_generators.len() as u16, 0]));
            preset_generators.push(words(&[41, rng.random_range(0..instruments)]));
        }
    }
    let place = preset_bags.len() as u16;
    presets.push([name("EOP"), words(&[0, 0, place, 0, 0, 0, 0, 0, 0])].concat());
    preset_bags.push(words(&[preset_generators.len() as u16, 0]));
    preset_generators.push(words(&[0, 0]));
    headers.push([name("EOS"), vec![0; 26]].concat());
    let table = |id: &[u8; 4], records| Table { id: *id, records };
    Font {
        tables: vec![
            table(b"phdr", presets),
            table(b"pbag", preset_bags),
            table(b"pmod", vec![vec![0; 10]]),
            table(b"pgen", preset_generators),
            table(b"inst", owners),
            table(b"ibag", bags),
            table(b"imod", vec![vec![0; 10]]),
            table(b"igen", generators),
            table(b"shdr", headers),
        ],
        points,
    }
}

fn chunk(id: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
    let mut out = [id, &(bytes.len() as u32).to_le_bytes()[..], bytes].concat();
    out.extend(vec![0; bytes.len() % 2]);
    out
}

/// A number at the edge of what a field holds.
fn edge(rng: &mut ChaCha8Rng) -> u32 {
    *[
        0,
        1,
        2,
        127,
        128,
        0x7fff,
        0x8000,
        0xffff,
        0x7fff_ffff,
        0x8000_0000,
        u32::MAX,
    ]
    .choose(rng)
    .unwrap()
}

/// The bytes of a font with one rule broken.
fn broken(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut font = font(rng);
    let rule = rng.random_range(0..26);
    let which = rng.random_range(0..font.tables.len());
    let records = &mut font.tables[which].records;
    let record = rng.random_range(0..records.len());
    match rule {
        0 => drop(records.remove(record)),
        1 => records.push(records[record].clone()),
        2 => records.clear(),
        3 => records.swap(0, record),
        4..=6 => {
            let place = 2 * rng.random_range(0..records[record].len() / 2);
            let value = edge(rng) as u16;
            records[record][place..place + 2].copy_from_slice(&value.to_le_bytes());
        }
        7 | 8 => {
            // A place of a sample.
            let samples = &mut font.tables[8].records;
            let record = rng.random_range(0..samples.len());
            let place = *[20, 24, 28, 32, 36].choose(rng).unwrap();
            samples[record][place..place + 4].copy_from_slice(&edge(rng).to_le_bytes());
        }
        9 | 10 => {
            // A generator that moves it, or any other.
            let generators = &mut font.tables[*[3, 7].choose(rng).unwrap()].records;
            let record = rng.random_range(0..generators.len());
            let kind = *[0, 1, 2, 3, 4, 12, 45, 50, 41, 53, 43, 51, 54, 58]
                .choose(rng)
                .unwrap();
            generators[record] = words(&[kind, edge(rng) as u16]);
        }
        11 => drop(records[record].pop()),
        12 => font.points.truncate(rng.random_range(0..60)),
        13 => drop(font.tables.remove(which)),
        14 => {
            let place = rng.random_range(0..font.tables.len());
            font.tables.swap(which, place);
        }
        _ => {}
    }
    let mut info = vec![chunk(b"ifil", &words(&[2, 1])), chunk(b"INAM", b"Font\0\0")];
    let points: Vec<u8> = font.points.iter().flat_map(|it| it.to_le_bytes()).collect();
    let mut samples = vec![chunk(b"smpl", &points)];
    let mut tables: Vec<Vec<u8>> = font
        .tables
        .iter()
        .map(|table| chunk(&table.id, &table.records.concat()))
        .collect();
    let unknown = [
        chunk(b"DMOD", b"odd"),
        chunk(b"sm24", &[7; 33]),
        b"abc".to_vec(),
    ];
    let unknown = unknown.choose(rng).unwrap().clone();
    let lists = [&mut info, &mut samples, &mut tables];
    let list = &mut *lists.into_iter().nth(rng.random_range(0..3)).unwrap();
    let place = rng.random_range(0..=list.len());
    match rule {
        15 | 16 => list.insert(place, unknown.clone()),
        17 => list.clear(),
        18 => {
            // A chunk that says another length.
            let length = edge(rng).to_le_bytes();
            list[0][4..8].copy_from_slice(&length);
        }
        _ => {}
    }
    let list = |kind: &[u8; 4], chunks: &[Vec<u8>]| {
        chunk(b"LIST", &[&kind[..], &chunks.concat()].concat())
    };
    let mut lists = vec![
        list(b"INFO", &info),
        list(b"sdta", &samples),
        list(b"pdta", &tables),
    ];
    let one = rng.random_range(0..3);
    match rule {
        19 => drop(lists.remove(one)),
        20 => lists.swap(0, one),
        21 => lists.insert(one, unknown),
        22 => lists[one][4..8].copy_from_slice(&edge(rng).to_le_bytes()),
        _ => {}
    }
    let mut bytes = chunk(b"RIFF", &[b"sfbk".to_vec(), lists.concat()].concat());
    let place = rng.random_range(0..bytes.len());
    match rule {
        23 => bytes.truncate(place),
        24 => bytes[place] = rng.random(),
        25 => bytes[4..8].copy_from_slice(&edge(rng).to_le_bytes()),
        _ => {}
    }
    bytes
}

/// Every drum, soft and loud.
fn all_drums() -> NoteSequence {
    let note = |pitch: i32| Note {
        pitch,
        velocity: if pitch % 2 == 0 { 127 } else { 30 },
        start_time: f64::from(pitch) * 1e-3,
        end_time: f64::from(pitch) * 1e-3 + 0.01,
        is_drum: true,
        ..Note::default()
    };
    NoteSequence {
        notes: (22..88).map(note).collect(),
        ..NoteSequence::default()
    }
}

#[test]
fn broken_soundfonts_are_played_or_refused() {
    let drums = all_drums();
    run("SoundFont 2", 150, |rng| {
        let bytes = broken(rng).into();
        match SoundFont::load(&SoundFontSource::Bytes(bytes, "x.sf2".into())) {
            Ok(font) => (Score::of_notes(&drums, 22_050))
                .and_then(|score| score.sound(&font, Heard::All))
                .is_ok(),
            Err(error) => {
                let error = error.to_string();
                assert!(
                    error.starts_with("x.sf2 ") && !error.contains('\n'),
                    "{error}"
                );
                false
            }
        }
    });
}
