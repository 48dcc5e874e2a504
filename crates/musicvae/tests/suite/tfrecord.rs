//! TFRecords of note sequences against the reference's files under `oracle/tfrecord`.

use std::fs;

use musicvae::data::{Corpus, Entry, tfrecord};
use musicvae::music::midi_file::Read;
use musicvae::music::{NoteSequence, Reading};
use prost::Message;

use crate::oracle::{assert_same, json};
use crate::support::data;

/// The note sequences of a TFRecord's bytes, with the record's own bytes.
fn decode(bytes: &[u8]) -> Vec<(NoteSequence, Vec<u8>)> {
    let records = tfrecord::records(bytes).unwrap().into_iter();
    records
        .map(|range| {
            (
                NoteSequence::decode(&bytes[range.clone()]).unwrap(),
                bytes[range].to_vec(),
            )
        })
        .collect()
}

#[test]
fn the_references_records_are_read() {
    let Some(folder) = data("oracle/tfrecord") else {
        return;
    };
    let expected = json(&folder.join("records.json"));
    for (file, count) in [("groove5.tfrecord", 5), ("groove6_recursive.tfrecord", 6)] {
        let records = decode(&fs::read(folder.join(file)).unwrap());
        assert_eq!(records.len(), count);
        for ((sequence, bytes), expected) in records.iter().zip(expected[file].as_array().unwrap())
        {
            assert_same(sequence, expected, file);
            let source = sequence.source_info.as_ref().unwrap();
            assert_eq!((source.encoding_type, source.parser), (3, 2));
            assert_eq!(
                bytes.len() as u64,
                expected["record_bytes"].as_u64().unwrap()
            );
            // Nothing of what the reference writes is lost on us.
            assert_eq!(sequence.encode_to_vec(), *bytes);
        }
    }
}

/// From the same folder we make the same records, byte by byte; only their order is ours (by
/// name, where the reference takes the file system's).
#[test]
fn a_folder_becomes_the_references_records() {
    let Some(folder) = data("oracle/tfrecord") else {
        return;
    };
    let mut expected = decode(&fs::read(folder.join("groove6_recursive.tfrecord")).unwrap());
    expected.sort_by(|a, b| a.0.filename.cmp(&b.0.filename));
    let corpus = Corpus::open(&folder.join("midi_in")).unwrap();
    let all = corpus.of_split(None);
    let sequence = |_: &Entry, read: Result<Read, String>| read.unwrap().sequence;
    let ours = corpus.map_read(&all, Reading::Magenta, sequence);
    assert_eq!(ours.len(), 6);
    for (ours, (expected, bytes)) in ours.iter().zip(&expected) {
        assert_eq!(ours, expected, "{}", expected.filename);
        assert_eq!(ours.encode_to_vec(), *bytes, "{}", expected.filename);
    }
    // And a corpus made of the TFRecord is the corpus made of the folder.
    let records = Corpus::open(&folder.join("groove6_recursive.tfrecord")).unwrap();
    assert_eq!(records.entries(), corpus.entries());
    assert_eq!(records.map_read(&all, Reading::Magenta, sequence), ours);
}
