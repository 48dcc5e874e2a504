//! Performances as rows: tokens one-hot, a track after the other.

use super::Performance;
use super::events::{Token, Vocabulary};
use crate::data::chords::{self, ChordClass};
use crate::data::rows::{greatest, one_hot};
use crate::music::{
    CHORD_CLASSES, PERFORMANCE_EVENTS, PERFORMANCE_INSTRUMENTS, PerformanceOptions,
};

impl Performance {
    /// Rows of tokens: for every bar eight tracks of 64 rows, unused tracks with nothing but an end,
    /// unused rows zero. With them the rows that count of every track.
    pub(in crate::data) fn write(&self, options: &PerformanceOptions) -> (Vec<f32>, Vec<usize>) {
        let words = Vocabulary::of(options);
        let depth = usize::from(words.end()) + 1;
        let mut rows = Vec::new();
        let mut lengths = Vec::new();
        for bar in &self.bars {
            for track in 0..PERFORMANCE_INSTRUMENTS {
                let only_end = [words.end()];
                let tokens = bar.get(track).map_or(&only_end[..], |track| &track[..]);
                rows.extend(padded(
                    tokens.iter().map(|token| usize::from(*token)),
                    depth,
                ));
                lengths.push(tokens.len());
            }
        }
        (rows, lengths)
    }

    /// Rows of the chord at each of those rows; none without chords.
    pub(in crate::data) fn controls(&self) -> Vec<f32> {
        let mut rows = Vec::new();
        for bar in &self.chords {
            for track in 0..PERFORMANCE_INSTRUMENTS {
                let chords = bar.get(track).map_or(&[0][..], |track| &track[..]);
                let chords = chords.iter().map(|chord| usize::from(*chord));
                rows.extend(padded(chords, CHORD_CLASSES));
            }
        }
        rows
    }

    /// The performance that such rows stand for.
    pub(in crate::data) fn read(
        output: &[f32],
        control: &[f32],
        options: &PerformanceOptions,
    ) -> Performance {
        let words = Vocabulary::of(options);
        let depth = usize::from(words.end()) + 1;
        let track = |rows: &[f32]| -> Vec<Token> {
            let tokens = rows.chunks_exact(depth).map(|row| greatest(row) as Token);
            let mut tokens: Vec<Token> = tokens.collect();
            if let Some(end) = tokens.iter().position(|token| *token == words.end()) {
                tokens.truncate(end + 1);
            }
            tokens
        };
        let tracks = |rows: &[f32]| rows.chunks(PERFORMANCE_EVENTS * depth).map(track).collect();
        let bar = PERFORMANCE_INSTRUMENTS * PERFORMANCE_EVENTS;
        let bars: Vec<Vec<Vec<Token>>> = output.chunks_exact(bar * depth).map(tracks).collect();
        let mut chords = Vec::new();
        if options.chords && control.len() >= bars.len() * bar * CHORD_CLASSES {
            let mut rows = control.chunks_exact(PERFORMANCE_EVENTS * CHORD_CLASSES);
            let mut of_track = |track: &Vec<Token>| -> Vec<ChordClass> {
                let rows = chords::read(rows.next().unwrap_or_default());
                rows.take(track.len()).collect()
            };
            let mut of_bar = |bar: &Vec<Vec<Token>>| bar.iter().map(&mut of_track).collect();
            chords = bars.iter().map(&mut of_bar).collect();
        }
        Performance { bars, chords }
    }
}

/// One-hot rows, filled up with zeros to the length of a track.
fn padded(classes: impl ExactSizeIterator<Item = usize>, depth: usize) -> Vec<f32> {
    let mut rows = one_hot(classes, depth);
    rows.resize(PERFORMANCE_EVENTS * depth, 0.0);
    rows
}
