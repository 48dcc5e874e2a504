//! The Groove MIDI Dataset: as many windows as the reference finds.

use musicvae::data::{AsMagenta, Corpus, GrooveConverter, Split, load_windows};
use musicvae::music::{NoteSequence, Reading};

use crate::support::data;

const FOUR_BARS: GrooveConverter = GrooveConverter { bars: 4, hop: None };
const EVERY_BAR: GrooveConverter = GrooveConverter {
    bars: 4,
    hop: Some(1),
};

/// Counts at a hop of four bars from the oracle's `dataset_counts.json`; at a hop of one bar the
/// reference cuts otherwise (see the next test), and the counts are what this program finds.
#[test]
fn the_groove_dataset_yields_the_references_windows() {
    let Some(groove) = data("groove") else { return };
    let table = [
        (Split::Train, FOUR_BARS, 4078, 332, 897),
        (Split::Validation, FOUR_BARS, 504, 46, 124),
        (Split::Train, EVERY_BAR, 15694, 332, 897),
        (Split::Validation, EVERY_BAR, 1939, 46, 124),
    ];
    for (split, converter, windows, files, all) in table {
        let loaded = load_windows(&groove, Some(split), &AsMagenta(converter)).unwrap();
        assert_eq!(loaded.windows.len(), windows, "{split} {converter:?}");
        assert_eq!(loaded.origin.len(), windows);
        assert_eq!(loaded.files.len(), files, "{split}");
        assert_eq!(loaded.skipped.len(), all - files, "{split}");
        assert_eq!(loaded.unknown_notes, 0);
        assert_eq!(loaded.warnings.len(), 1);
    }
}

/// As it is played, the dataset yields a little more: grooves of one and two bars that are repeated.
/// Its fills are not.
#[test]
fn the_groove_dataset_as_it_is_played() {
    let Some(groove) = data("groove") else { return };
    for (split, converter, windows, files) in [
        (Split::Train, FOUR_BARS, 4118, 372),
        (Split::Validation, FOUR_BARS, 506, 48),
        (Split::Train, EVERY_BAR, 15734, 372),
        (Split::Validation, EVERY_BAR, 1941, 48),
    ] {
        let loaded = load_windows(&groove, Some(split), &converter).unwrap();
        let found = (loaded.windows.len(), loaded.files.len());
        assert_eq!(found, (windows, files), "{split} {converter:?}");
        assert!(loaded.mended.is_empty());
    }
}

/// How the chunks of tfds `groove/4bar-midionly` come about, in seconds instead of ticks: four
/// bars at the tempo that `info.csv` names, one bar apart, only notes that lie wholly inside.
fn tfds_chunks(sequence: &NoteSequence, bpm: f64, beats_per_bar: f64) -> Vec<NoteSequence> {
    let bar = 60.0 / bpm * beats_per_bar;
    let end = sequence
        .control_changes
        .iter()
        .map(|control| control.time)
        .chain(sequence.pitch_bends.iter().map(|bend| bend.time))
        .fold(sequence.total_time, f64::max);
    let bars = (end / bar).round_ties_even() as usize;
    let chunk = |first: usize| {
        let (start, end) = (first as f64 * bar, (first + 4) as f64 * bar);
        let mut chunk = sequence.clone();
        chunk.control_changes.clear();
        chunk
            .notes
            .retain(|note| note.start_time >= start && note.end_time <= end);
        for note in &mut chunk.notes {
            note.start_time -= start;
            note.end_time -= start;
        }
        chunk
    };
    (0..(bars + 1).saturating_sub(4)).map(chunk).collect()
}

/// Counts from the oracle's `tfds_4bar/counts.json`: chunks, and windows made of them.
#[test]
fn the_chunks_of_tfds_yield_the_references_windows() {
    let Some(groove) = data("groove") else { return };
    let corpus = Corpus::open(&groove).unwrap();
    for (split, chunks, windows) in [
        (Split::Train, 17261, 15591),
        (Split::Validation, 2121, 1929),
    ] {
        let chosen = corpus.of_split(Some(split));
        let counts = corpus.map_read(&chosen, Reading::Magenta, |entry, read| {
            let info = entry.info.as_ref().unwrap();
            let beats: f64 = info
                .time_signature
                .split('-')
                .next()
                .unwrap()
                .parse()
                .unwrap();
            let chunks = tfds_chunks(&read.unwrap().sequence, info.bpm.unwrap(), beats);
            let windows = chunks
                .iter()
                .filter_map(|chunk| FOUR_BARS.convert_as_magenta(chunk).ok());
            (
                chunks.len(),
                windows
                    .map(|converted| converted.windows.len())
                    .sum::<usize>(),
            )
        });
        let sum = counts
            .iter()
            .fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        assert_eq!(sum, (chunks, windows), "{split}");
    }
}
