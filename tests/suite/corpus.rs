//! The Groove MIDI Dataset and made-up corpora, through the `data` floor.

use std::fs;
use std::path::Path;

use musicvae_tui::data::{Corpus, DataError, GrooveConverter, Split, load_windows};

use crate::support::data;

const FOUR_BARS: GrooveConverter = GrooveConverter { bars: 4, hop: None };
const EVERY_BAR: GrooveConverter = GrooveConverter {
    bars: 4,
    hop: Some(1),
};

/// Counts from the oracle's `dataset_counts.json` (hop 4) and `tfds_4bar/counts.json` (hop 1).
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
        let loaded = load_windows(&groove, Some(split), &converter).unwrap();
        assert_eq!(loaded.grooves.len(), windows, "{split} {converter:?}");
        assert_eq!(loaded.origin.len(), windows);
        assert_eq!(loaded.files.len(), files, "{split}");
        assert_eq!(loaded.skipped.len(), all - files, "{split}");
        assert_eq!(loaded.unknown_notes, 0);
        assert_eq!(loaded.warnings.len(), 1);
    }
}
