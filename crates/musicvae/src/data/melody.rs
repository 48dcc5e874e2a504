//! One voice on the grid: the reference's `OneHotMelodyConverter` and note-seq's `Melody`.
//!
//! A step is one event: 0 nothing new, 1 the note ends, 2.. a note begins (2 is pitch 21, the lowest
//! of a piano).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::chords::{self, ChordClass, Progression};
use super::cut::{Converted, Cut, CutAs, GAP, MAX_STEPS};
use super::grid::{GridNote, NoWindows, Quantized, STEPS_PER_BAR, VELOCITY};
use super::left_out::LeftOut;
use super::rows::{greatest, one_hot};
use crate::music::{MELODY_CLASSES, MelodyOptions, Note, NoteSequence, STEPS_PER_QUARTER};

/// An event of one step.
pub type MelodyEvent = u8;

const NO_EVENT: MelodyEvent = 0;
const NOTE_OFF: MelodyEvent = 1;
const FIRST_PITCH: MelodyEvent = 2;

/// Pitches of a piano; no other is part of a melody.
pub(super) const PITCHES: std::ops::RangeInclusive<i32> = 21..=108;

/// Programs of General MIDI that count as melody: piano, chromatic percussion, organ and guitar.
pub(super) const MELODY_PROGRAMS: std::ops::Range<i32> = 0..32;

/// A window of melody, and the chord of every step (none without chords).
type OnChords = (Vec<MelodyEvent>, Vec<ChordClass>);

/// The windows of a part of one tempo and meter, which comes along.
pub(super) fn windows(
    part: &NoteSequence,
    options: &MelodyOptions,
    cut: Cut,
    cut_as: CutAs,
) -> Result<(Converted<OnChords>, f64), NoWindows> {
    let rules = Rules {
        melody_programs_only: options.melody_programs_only,
        skip_polyphony: options.skip_polyphony,
        gap: Some(GAP),
        max_steps: Some(MAX_STEPS),
    };
    let part = if options.chords {
        chords::named(part, STEPS_PER_QUARTER, |note| rules.admit(note))?
    } else {
        Cow::Borrowed(part)
    };
    let quantized = Quantized::of(&part, STEPS_PER_QUARTER)?;
    let mut melodies = rules.melodies(&quantized);
    let mut added = 0;
    if cut_as == CutAs::Filled {
        for events in melodies.iter_mut().map(|melody| &mut melody.events) {
            let full = events.len().next_multiple_of(cut.bars * STEPS_PER_BAR);
            added += full - events.len();
            set_length(events, full);
        }
    }
    if melodies.is_empty() {
        return Err(match part.notes.len() {
            0 => NoWindows::NoNotes,
            notes => NoWindows::NoMelody(notes),
        });
    }
    let progression = match options.chords {
        true => Some(Progression::of(&quantized)?),
        false => None,
    };
    let chords = |start: usize, steps: usize| {
        let progression = progression.iter();
        let steps = progression.flat_map(|all| (start..start + steps).map(|step| all.at(step)));
        steps.collect::<Vec<_>>()
    };
    let stretches = melodies
        .iter()
        .map(|melody| (melody.start, &melody.events[..]));
    let windows = cut.windows(stretches, |start, events| {
        (cut_out(events), chords(start, events.len()))
    })?;
    let begins = |melody: &Melody| {
        melody
            .events
            .iter()
            .filter(|it| **it >= FIRST_PITCH)
            .count()
    };
    let heard: usize = melodies.iter().map(begins).sum();
    let counts = |it: &&GridNote| rules.admit(it.note) && !it.note.is_drum && it.note.velocity != 0;
    let admitted = quantized.notes.iter().filter(counts);
    let converted = Converted {
        left_out: LeftOut {
            lower_notes: admitted.count().saturating_sub(heard),
            silent_bars: added / STEPS_PER_BAR,
            last_bars: cut.bars_left_out(melodies.iter().map(|melody| melody.events.len())),
            ..LeftOut::default()
        },
        ..Converted::whole(windows)
    };
    Ok((converted, quantized.qpm))
}

/// How melodies are found.
pub(super) struct Rules {
    pub melody_programs_only: bool,
    pub skip_polyphony: bool,
    /// Silent steps that end a melody; `None` keeps an instrument's notes in one.
    pub gap: Option<usize>,
    /// Steps that a melody is cut down to.
    pub max_steps: Option<usize>,
}

/// A stretch of melody: where it begins on the grid, and its events; whole bars.
pub(super) struct Melody {
    pub start: usize,
    pub events: Vec<MelodyEvent>,
}

impl Rules {
    /// Whether a note may be part of a melody at all.
    pub fn admit(&self, note: &Note) -> bool {
        let program = !self.melody_programs_only || MELODY_PROGRAMS.contains(&note.program);
        program && PITCHES.contains(&note.pitch)
    }

    /// The melodies of every instrument, by instrument number and time.
    pub fn melodies(&self, quantized: &Quantized) -> Vec<Melody> {
        let mut instruments: BTreeMap<i32, Vec<GridNote>> = BTreeMap::new();
        for on_grid in &quantized.notes {
            if self.admit(on_grid.note) {
                let notes = instruments.entry(on_grid.note.instrument).or_default();
                notes.push(*on_grid);
            }
        }
        let mut melodies = Vec::new();
        for notes in instruments.values_mut() {
            notes.sort_by_key(|on_grid| (on_grid.start, -on_grid.note.pitch));
            self.of_instrument(notes, &mut melodies);
        }
        melodies
    }

    /// `notes` stand in order of time, the highest of a step first.
    fn of_instrument(&self, notes: &[GridNote], melodies: &mut Vec<Melody>) {
        let mut from = 0;
        loop {
            let rest = &notes[notes.partition_point(|on_grid| on_grid.start < from)..];
            // Two notes at once end the search in this instrument, if they are not allowed.
            let Some(mut melody) = self.first_melody(rest) else {
                return;
            };
            from = melody.start + melody.events.len();
            if let Some(max_steps) = self.max_steps {
                melody.events.truncate(max_steps);
            }
            if melody.events.iter().any(|event| *event >= FIRST_PITCH) {
                melodies.push(melody);
            }
        }
    }

    fn first_melody(&self, notes: &[GridNote]) -> Option<Melody> {
        let first = notes.first()?.start;
        let start = first - first % STEPS_PER_BAR;
        let mut events: Vec<MelodyEvent> = Vec::new();
        // Where the latest note begins and ends.
        let mut latest: Option<(usize, usize)> = None;
        for on_grid in notes {
            if on_grid.note.is_drum || on_grid.note.velocity == 0 {
                continue;
            }
            let (on, off) = (on_grid.start - start, on_grid.end - start);
            if let Some((last_on, last_off)) = latest {
                if on == last_on {
                    if self.skip_polyphony {
                        return None;
                    }
                    // The highest note of the step came first.
                    continue;
                }
                if self.gap.is_some_and(|gap| on >= last_off + gap) {
                    break;
                }
            }
            // A new note cuts off what sounds.
            events.resize(off + 1, NO_EVENT);
            events[on..off].fill(NO_EVENT);
            events[on] = (on_grid.note.pitch - PITCHES.start()) as MelodyEvent + FIRST_PITCH;
            events[off] = NOTE_OFF;
            latest = Some((on, off));
        }
        latest?;
        events.pop();
        let bars = events.len().next_multiple_of(STEPS_PER_BAR);
        set_length(&mut events, bars);
        Some(Melody { start, events })
    }
}

/// Cuts or lengthens a melody; a note that sounds at the old end ends there.
pub(super) fn set_length(events: &mut Vec<MelodyEvent>, steps: usize) {
    let old = events.len();
    events.resize(steps, NO_EVENT);
    if steps > old {
        let last = events[..old].iter().rev().find(|event| **event != NO_EVENT);
        if last.is_some_and(|event| *event >= FIRST_PITCH) {
            events[old] = NOTE_OFF;
        }
    }
}

/// A stretch cut out of a melody: a note that began before it is no part of it, so neither is its
/// end.
fn cut_out(events: &[MelodyEvent]) -> Vec<MelodyEvent> {
    let mut events = events.to_vec();
    let before = events.iter().take_while(|event| **event < FIRST_PITCH);
    let before = before.count();
    events[..before].fill(NO_EVENT);
    events
}

/// The notes of a melody from time 0 on; the last one ends with it.
pub(super) fn notes(events: impl Iterator<Item = MelodyEvent>, step_seconds: f64) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    let mut sounding = false;
    let mut steps = 0;
    for (step, event) in events.enumerate() {
        let time = step as f64 * step_seconds;
        steps = step + 1;
        if event == NO_EVENT {
            continue;
        }
        if let Some(note) = notes.last_mut().filter(|_| sounding) {
            note.end_time = time;
        }
        sounding = event >= FIRST_PITCH;
        if sounding {
            notes.push(Note {
                pitch: i32::from(event - FIRST_PITCH) + PITCHES.start(),
                velocity: VELOCITY,
                start_time: time,
                ..Note::default()
            });
        }
    }
    if let Some(note) = notes.last_mut().filter(|_| sounding) {
        note.end_time = steps as f64 * step_seconds;
    }
    notes
}

/// The rows of a melody, one-hot.
pub(super) fn write(events: &[MelodyEvent]) -> Vec<f32> {
    one_hot(
        events.iter().map(|event| usize::from(*event)),
        MELODY_CLASSES,
    )
}

/// The event of a one-hot row: its greatest column.
pub(super) fn read_event(row: &[f32]) -> MelodyEvent {
    debug_assert_eq!(row.len(), MELODY_CLASSES);
    greatest(row) as MelodyEvent
}

/// The pitches of the notes that begin.
pub(super) fn pitches(events: &[MelodyEvent]) -> impl Iterator<Item = i32> {
    let places = events
        .iter()
        .filter_map(|event| event.checked_sub(FIRST_PITCH));
    places.map(|place| PITCHES.start() + i32::from(place))
}

/// Moves notes up by `semitones`.
pub(super) fn raise(events: &mut [MelodyEvent], semitones: i32) {
    for event in events.iter_mut().filter(|event| **event >= FIRST_PITCH) {
        *event = (i32::from(*event) + semitones) as MelodyEvent;
    }
}
