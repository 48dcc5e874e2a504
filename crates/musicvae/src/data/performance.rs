//! Several instruments as performed: the reference's `MultiInstrumentPerformanceConverter`.
//!
//! A track is a list of events: notes begin and end, time passes (24 steps to a quarter note), the
//! velocity changes. A window holds up to eight tracks of each bar, every one a row of 64 tokens:
//! its program, its events and an end.

use std::collections::BTreeMap;

use super::chord_symbols::ChordClass;
use super::chords::{self, Progression};
use super::example::{greatest, one_hot};
use super::grid::{NoWindows, Quantized};
use super::performance_events::{
    BAR, DRUMS, Event, Played, Token, Vocabulary, bars_of, in_order, set_length, steps_of,
};
use super::{split, sustain};
use crate::music::{
    CHORD_CLASSES, Note, NoteSequence, PERFORMANCE_EVENTS, PERFORMANCE_INSTRUMENTS,
    PERFORMANCE_STEPS_PER_QUARTER, PerformanceOptions, TextAnnotation,
};

/// Instruments that a window must have.
const MIN_INSTRUMENTS: usize = 2;
/// Events that a window must have, over all instruments.
const MIN_EVENTS: usize = 8;
/// Velocity of notes before any velocity event.
const DEFAULT_VELOCITY: i32 = 100;

/// Tracks of one bar or more.
#[derive(Clone, Debug, PartialEq)]
pub struct Performance {
    /// Of each bar its tracks, the drums last: program, events, end.
    pub bars: Vec<Vec<Vec<Token>>>,
    /// The chord at each of those tokens; empty without chords.
    pub chords: Vec<Vec<Vec<ChordClass>>>,
}

/// The windows of a part of one tempo and meter, cut by the clock every `bars` bars.
pub(super) fn performances(
    part: &NoteSequence,
    options: &PerformanceOptions,
    bars: usize,
) -> Result<(Vec<Performance>, f64), NoWindows> {
    let sequence = sustain::applied(part);
    let whole = Quantized::of(&sequence, PERFORMANCE_STEPS_PER_QUARTER)?;
    let qpm = whole.qpm;
    let sequence = if options.chords {
        chords::named(&sequence, PERFORMANCE_STEPS_PER_QUARTER, |_| true)?
    } else {
        std::borrow::Cow::Borrowed(&sequence)
    };
    let seconds = 60.0 * (4 * bars) as f64 / qpm;
    let mut performances = Vec::new();
    let mut first_reason = None;
    for stretch in split::every(&sequence, seconds) {
        let quantized = Quantized::of(&stretch, PERFORMANCE_STEPS_PER_QUARTER)?;
        match performance(&quantized, options, bars) {
            Ok(performance) => performances.push(performance),
            Err(reason) => {
                first_reason.get_or_insert(reason);
            }
        }
    }
    match first_reason {
        Some(reason) if performances.is_empty() => Err(reason),
        None if performances.is_empty() => Err(NoWindows::NoNotes),
        _ => Ok((performances, qpm)),
    }
}

fn performance(
    quantized: &Quantized,
    options: &PerformanceOptions,
    bars: usize,
) -> Result<Performance, NoWindows> {
    let refuse = NoWindows::NoPerformance;
    let words = Vocabulary::of(options);
    let mut instruments: BTreeMap<i32, Vec<_>> = BTreeMap::new();
    for on_grid in &quantized.notes {
        if !(0..128).contains(&on_grid.note.pitch) {
            return Err(refuse("it has a pitch that MIDI does not have"));
        }
        let notes = instruments.entry(on_grid.note.instrument).or_default();
        notes.push(on_grid);
    }
    match instruments.len() {
        0 => return Err(refuse("it is silent")),
        count if count < MIN_INSTRUMENTS => return Err(refuse("it has one instrument only")),
        count if count > PERFORMANCE_INSTRUMENTS => {
            return Err(refuse("it has more than eight instruments"));
        }
        _ => {}
    }
    let mut tracks: Vec<(i32, Vec<Event>)> = Vec::new();
    for notes in instruments.values_mut() {
        let program = |note: &Note| if note.is_drum { DRUMS } else { note.program };
        let first = program(notes[0].note);
        if !(0..=DRUMS).contains(&first) || notes.iter().any(|n| program(n.note) != first) {
            return Err(refuse("an instrument has no one program of MIDI's"));
        }
        notes.sort_by(|a, b| {
            let by_time = a.note.start_time.total_cmp(&b.note.start_time);
            by_time.then(a.note.pitch.cmp(&b.note.pitch))
        });
        let played = notes.iter().map(|on_grid| Played {
            start: on_grid.start,
            end: on_grid.end,
            pitch: on_grid.note.pitch,
            velocity: words.bin(on_grid.note.velocity),
        });
        let mut events = words.events(&played.collect::<Vec<_>>(), 0);
        set_length(&mut events, BAR * bars);
        tracks.push((first, events));
    }
    // Drums are the last program.
    tracks.sort_by_key(|(program, _)| *program);

    let progression = if options.chords {
        Some(Progression::of(quantized)?)
    } else {
        None
    };
    let mut performance = Performance {
        bars: vec![Vec::new(); bars],
        chords: vec![Vec::new(); if options.chords { bars } else { 0 }],
    };
    let mut count = 0;
    for (program, events) in tracks {
        for (bar, events) in bars_of(&events).into_iter().enumerate().take(bars) {
            // Through notes and back: what sounds over a bar line is cut there.
            let notes = in_order(words.notes(&events, words.bin(DEFAULT_VELOCITY)));
            // A track that is silent for a bar counts as drums there: so it is in the reference.
            let program = if notes.is_empty() { DRUMS } else { program };
            let mut events = words.events(&notes, 0);
            set_length(&mut events, BAR);
            if events.len() > PERFORMANCE_EVENTS - 2 {
                return Err(refuse("an instrument has more than 62 events in a bar"));
            }
            count += events.len();
            if let Some(progression) = &progression {
                let mut step = bar * BAR;
                let mut chords = vec![0];
                for event in &events {
                    chords.push(progression.at(step));
                    step += steps_of(&[*event]);
                }
                chords.push(chords[chords.len() - 1]);
                performance.chords[bar].push(chords);
            }
            let tokens = events.into_iter().map(|event| words.encode(event));
            let program = words.events + program as Token;
            let track = std::iter::once(program).chain(tokens).chain([words.end()]);
            performance.bars[bar].push(track.collect());
        }
    }
    if count < MIN_EVENTS {
        return Err(refuse("it has fewer than eight events"));
    }
    Ok(performance)
}

impl Performance {
    /// Rows of tokens: for every bar eight tracks of 64 rows, unused tracks with nothing but an end,
    /// unused rows zero. With them the rows that count of every track.
    pub(super) fn write(&self, options: &PerformanceOptions) -> (Vec<f32>, Vec<usize>) {
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
    pub(super) fn controls(&self) -> Vec<f32> {
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
    pub(super) fn read(
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
                let rows = rows.next().unwrap_or_default().chunks_exact(CHORD_CLASSES);
                rows.take(track.len())
                    .map(|row| greatest(row) as ChordClass)
                    .collect()
            };
            let mut of_bar = |bar: &Vec<Vec<Token>>| bar.iter().map(&mut of_track).collect();
            chords = bars.iter().map(&mut of_bar).collect();
        }
        Performance { bars, chords }
    }

    /// The notes of all tracks, and the chords where they change.
    pub(super) fn notes(
        &self,
        options: &PerformanceOptions,
        qpm: f64,
    ) -> (Vec<Note>, Vec<TextAnnotation>) {
        let words = Vocabulary::of(options);
        let step_seconds = 60.0 / (PERFORMANCE_STEPS_PER_QUARTER as f64 * qpm);
        let mut notes = Vec::new();
        let mut timed_chords: Vec<(usize, ChordClass)> = Vec::new();
        let count = self.bars.iter().map(Vec::len).max().unwrap_or(0);
        for instrument in 0..count {
            let mut events = Vec::new();
            let mut program = None;
            for (number, bar) in self.bars.iter().enumerate() {
                let tokens = bar.get(instrument).map_or(&[][..], |track| &track[..]);
                let chords = self.chords.get(number).and_then(|bar| bar.get(instrument));
                let mut of_bar = Vec::new();
                for (place, token) in tokens.iter().enumerate() {
                    if *token == words.end() {
                        break;
                    }
                    if *token >= words.events {
                        if number == 0 {
                            program.get_or_insert(i32::from(token - words.events));
                        }
                        continue;
                    }
                    let step = steps_of(&of_bar);
                    if let Some(chord) = chords.and_then(|chords| chords.get(place))
                        && step < BAR
                    {
                        timed_chords.push((number * BAR + step, *chord));
                    }
                    of_bar.push(words.decode(*token));
                }
                set_length(&mut of_bar, BAR);
                events.extend(of_bar);
            }
            let program = program.unwrap_or(0);
            notes.extend(words.notes(&events, 0).into_iter().map(|played| Note {
                pitch: played.pitch,
                velocity: match played.velocity {
                    0 => DEFAULT_VELOCITY,
                    bin => words.velocity(bin),
                },
                start_time: played.start as f64 * step_seconds,
                end_time: played.end as f64 * step_seconds,
                instrument: instrument as i32,
                program: if program == DRUMS { 0 } else { program },
                is_drum: program == DRUMS,
            }));
        }
        timed_chords.sort_unstable();
        let timed = timed_chords
            .into_iter()
            .map(|(step, chord)| (step as f64 * step_seconds, chord));
        (notes, chords::annotations(timed))
    }
}

/// One-hot rows, filled up with zeros to the length of a track.
fn padded(classes: impl ExactSizeIterator<Item = usize>, depth: usize) -> Vec<f32> {
    let mut rows = one_hot(classes, depth);
    rows.resize(PERFORMANCE_EVENTS * depth, 0.0);
    rows
}
