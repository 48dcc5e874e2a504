//! Several instruments as performed: the reference's `MultiInstrumentPerformanceConverter`.
//!
//! A track is a list of events: notes begin and end, time passes (24 steps to a quarter note), the
//! velocity changes. A window holds up to eight tracks of each bar, every one a row of 64 tokens:
//! its program, its events and an end.

pub(super) mod events;
mod notes;
mod rows;
mod sustain;

use std::borrow::Cow;
use std::collections::BTreeMap;

use self::events::{
    BAR, DRUMS, Event, Played, Vocabulary, bars_of, in_order, set_length, steps_of,
};
use super::chords::{self, ChordClass, Progression};
use super::grid::{NoWindows, Quantized};
use super::split;
use crate::music::{
    Note, NoteSequence, PERFORMANCE_EVENTS, PERFORMANCE_INSTRUMENTS, PERFORMANCE_STEPS_PER_QUARTER,
    PerformanceOptions,
};

pub use self::events::Token;

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
pub(super) fn windows(
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
        Cow::Borrowed(&sequence)
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
