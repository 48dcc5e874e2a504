//! The grid that a note sequence lies on: its one meter and tempo, and times in steps.

use crate::music::{Meter, NoDrums, Note, NoteSequence, STEPS_PER_QUARTER, Tempo, TimeSignature};

/// Steps in a bar of 4/4, the only length of bar that the models know.
pub(super) const STEPS_PER_BAR: usize = 4 * STEPS_PER_QUARTER;

/// Bars a sequence may have: 8,192, some 4.5 hours at 120 quarter notes a minute. A corrupt file
/// can contain a note that is years away.
pub(super) const MAX_BARS: usize = 8192;

/// Tempo where a sequence names none, quarter notes a minute.
pub(super) const DEFAULT_QPM: f64 = 120.0;

/// Velocity of the notes that models without dynamics make.
pub(super) const VELOCITY: i32 = 80;

/// Why a sequence yields no windows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
pub enum NoWindows {
    #[error("its time signature changes")]
    MeterChange,
    #[error(
        "its time signature is {numerator}/{denominator}: a bar needs 16 sixteenths, as in 4/4"
    )]
    Meter { numerator: i32, denominator: i32 },
    #[error("its tempo changes")]
    TempoChange,
    #[error("its tempo of {0} quarter notes a minute cannot be played")]
    Tempo(f64),
    #[error("it has a note or event before time 0")]
    NegativeTime,
    #[error("it has a time that is not a number")]
    NotATime,
    #[error("it says that it lasts no time")]
    NoLength,
    #[error("it has no notes")]
    NoNotes,
    #[error(transparent)]
    NoDrumPart(NoDrums),
    #[error("none of its {0} notes is a drum of the nine lanes")]
    NoDrums(usize),
    #[error("none of its {0} notes can be part of a melody")]
    NoMelody(usize),
    #[error("it has no {0} for a trio of melody, bass and drums")]
    NoTrio(&'static str),
    #[error("its melody, bass and drums never play together for {0} bars")]
    NotTogether(usize),
    #[error("no window of it can be written down as a performance (the first: {0})")]
    NoPerformance(&'static str),
    #[error("its chords cannot be used: {0}")]
    Chords(String),
    #[error("it has only {bars} of the {window} bars of a window")]
    TooShort { bars: usize, window: usize },
    #[error("it is {0} bars long, more than {MAX_BARS}")]
    TooLong(u64),
    /// It was cut where its tempo or meter changes.
    #[error(
        "none of its {parts} parts of one tempo and meter yields a window (the first: {reason})"
    )]
    Parts {
        parts: usize,
        reason: Box<NoWindows>,
    },
}

impl From<NoDrums> for NoWindows {
    fn from(reason: NoDrums) -> NoWindows {
        match reason {
            NoDrums::NoNotes => NoWindows::NoNotes,
            NoDrums::NoLane(notes) => NoWindows::NoDrums(notes),
            NoDrums::NoPart(_) => NoWindows::NoDrumPart(reason),
        }
    }
}

/// The meter and tempo of a sequence that has one of each.
pub(super) struct Grid {
    pub meter: Meter,
    /// Quarter notes a minute.
    pub qpm: f64,
    steps_per_second: f64,
}

impl Grid {
    pub fn of(sequence: &NoteSequence, steps_per_quarter: usize) -> Result<Grid, NoWindows> {
        let meter = common_meter(&sequence.time_signatures)?;
        let qpm = common_tempo(&sequence.tempos)?;
        let steps_per_second = steps_per_quarter as f64 * qpm / 60.0;
        Ok(Grid {
            meter,
            qpm,
            steps_per_second,
        })
    }

    /// The step nearest to a time; half a step rounds up.
    pub fn step(&self, seconds: f64) -> Result<u64, NoWindows> {
        match (seconds * self.steps_per_second + 0.5).trunc() {
            step if step.is_nan() => Err(NoWindows::NotATime),
            step if step < 0.0 => Err(NoWindows::NegativeTime),
            step => Ok(step as u64),
        }
    }
}

/// A note with its place on the grid; it ends at least one step after its start.
#[derive(Clone, Copy)]
pub(super) struct GridNote<'a> {
    pub start: usize,
    pub end: usize,
    pub note: &'a Note,
}

/// A sequence on the grid: the reference's quantized note sequence.
pub(super) struct Quantized<'a> {
    pub qpm: f64,
    /// In the order of the sequence.
    pub notes: Vec<GridNote<'a>>,
    /// The chords that the sequence names, by time.
    pub chords: Vec<(usize, &'a str)>,
    /// To the end of the last note or of the sequence, whichever is later.
    pub steps: usize,
}

impl<'a> Quantized<'a> {
    /// # Errors
    /// When the sequence has no one meter and tempo, or a time that is no place on a grid.
    pub fn of(
        sequence: &'a NoteSequence,
        steps_per_quarter: usize,
    ) -> Result<Quantized<'a>, NoWindows> {
        let grid = Grid::of(sequence, steps_per_quarter)?;
        let place = |seconds| {
            let step = grid.step(seconds)?;
            let bars = step / (4 * steps_per_quarter as u64);
            if bars > MAX_BARS as u64 {
                return Err(NoWindows::TooLong(bars));
            }
            Ok(step as usize)
        };
        let mut steps = place(sequence.total_time.max(0.0))?;
        let mut notes = Vec::with_capacity(sequence.notes.len());
        for note in &sequence.notes {
            let start = place(note.start_time)?;
            let end = place(note.end_time)?.max(start + 1);
            steps = steps.max(end);
            notes.push(GridNote { start, end, note });
        }
        for control in &sequence.control_changes {
            place(control.time)?;
        }
        let mut chords = Vec::new();
        for text in &sequence.text_annotations {
            let step = place(text.time)?;
            if text.annotation_type == crate::music::TextAnnotation::CHORD_SYMBOL {
                chords.push((step, &text.text[..]));
            }
        }
        chords.sort_by_key(|(step, _)| *step);
        Ok(Quantized {
            qpm: grid.qpm,
            notes,
            chords,
            steps,
        })
    }
}

/// The one meter of a sequence, 4/4 when it names none: the rule of note-seq's quantization.
fn common_meter(signatures: &[TimeSignature]) -> Result<Meter, NoWindows> {
    let Some(first) = signatures.first() else {
        return Ok(Meter::COMMON);
    };
    let (numerator, denominator) = (first.numerator, first.denominator);
    let earliest = earliest(signatures, |signature| signature.time);
    let implicit_change = earliest.is_some_and(|signature| {
        signature.time != 0.0 && (signature.numerator, signature.denominator) != (4, 4)
    });
    // The reference sorts by time and leaves out the earliest, but compares with the first of the
    // list; where both are one signature, as in any file, that is this.
    let change = signatures
        .iter()
        .any(|s| (s.numerator, s.denominator) != (numerator, denominator));
    if implicit_change || change {
        return Err(NoWindows::MeterChange);
    }
    let meter = || {
        let numerator = u8::try_from(numerator).ok()?;
        let denominator = u8::try_from(denominator)
            .ok()
            .filter(|d| d.is_power_of_two())?;
        let meter = Meter {
            numerator,
            denominator,
        };
        // n/n: the only bars of sixteen sixteenths.
        (numerator == denominator).then_some(meter)
    };
    meter().ok_or(NoWindows::Meter {
        numerator,
        denominator,
    })
}

/// The one tempo of a sequence, 120 when it names none: the rule of note-seq's quantization.
fn common_tempo(tempos: &[Tempo]) -> Result<f64, NoWindows> {
    let Some(first) = tempos.first() else {
        return Ok(DEFAULT_QPM);
    };
    let earliest = earliest(tempos, |tempo| tempo.time);
    let implicit_change =
        earliest.is_some_and(|tempo| tempo.time != 0.0 && tempo.qpm != DEFAULT_QPM);
    if implicit_change || tempos.iter().any(|tempo| tempo.qpm != first.qpm) {
        return Err(NoWindows::TempoChange);
    }
    if !(first.qpm.is_finite() && first.qpm > 0.0) {
        return Err(NoWindows::Tempo(first.qpm));
    }
    Ok(first.qpm)
}

fn earliest<T>(events: &[T], time: impl Fn(&T) -> f64) -> Option<&T> {
    events.iter().min_by(|a, b| time(a).total_cmp(&time(b)))
}
