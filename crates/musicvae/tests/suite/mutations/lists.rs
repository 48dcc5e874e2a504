//! Lists (`info.csv`) that break a rule.

use std::fs;

use musicvae::data::Corpus;
use rand::RngExt;
use rand::seq::IndexedRandom;

use super::trial::run;
use crate::smf::{beat, chunk, events, file};

#[test]
fn broken_lists_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let take = file(
        0,
        1,
        480,
        &[chunk(b"MTrk", &events(beat(4, 9), Some(7680)))],
    );
    for name in ["a.mid", "b.mid", "é.mid"] {
        fs::write(folder.path().join(name), &take).unwrap();
    }
    run("info.csv", 200, |rng| {
        let divider = *[",", ";", "\t"].choose(rng).unwrap();
        let end = *["\n", "\r\n", "\r"].choose(rng).unwrap();
        let mut lines = vec!["midi_filename,split,bpm,style".to_string()];
        for name in ["a.mid", ".\\B.MID", "e\u{301}.mid", "gone.mid"] {
            let split = *["train", "Test", "validation", "tset", ""]
                .choose(rng)
                .unwrap();
            let style = *["rock", "\"a,b\"", "\"", "bossa-nóva"].choose(rng).unwrap();
            lines.push(format!("{name},{split},120,{style}"));
        }
        let text = lines.join("\n").replace(',', divider).replace('\n', end);
        let mut bytes = match rng.random_range(0..3) {
            0 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            1 => text.chars().map(|letter| letter as u32 as u8).collect(),
            _ => text.into_bytes(),
        };
        let place = rng.random_range(0..bytes.len());
        match rng.random_range(0..4) {
            0 => bytes.truncate(place),
            1 => bytes[place] = rng.random(),
            2 => bytes.insert(place, *b"\",;\t\r\n\0".choose(rng).unwrap()),
            _ => {}
        }
        fs::write(folder.path().join("info.csv"), bytes).unwrap();
        match Corpus::open(folder.path()) {
            Ok(corpus) => {
                assert_eq!(corpus.entries().len() + corpus.skipped().len(), 3);
                true
            }
            Err(error) => {
                assert!(error.to_string().contains("info.csv"), "{error}");
                false
            }
        }
    });
}
