//! Note sequences to windows of grooves, as the reference's `GrooveConverter` makes them.

use crate::music::{
    Groove, Hit, LANES, Lane, Meter, NoteSequence, STEPS_PER_QUARTER, Step, Tempo, TimeSignature,
};

/// Steps in a bar of 4/4, the only length of bar that the models know.
const STEPS_PER_BAR: usize = 4 * STEPS_PER_QUARTER;

/// Bars a sequence may have: 8,192, some 4.5 hours at 120 quarter notes a minute. A corrupt file
/// can name a note that lies years away.
const MAX_BARS: usize = 8192;

/// Tempo where a sequence names none, quarter notes a minute.
const DEFAULT_QPM: f64 = 120.0;

/// Cuts note sequences into grooves of equal length.
///
/// Every window of a sequence is kept. The reference names a limit of 20 windows a sequence
/// (`max_tensors_per_notesequence`), but its groove converter never applies it: the real code
/// yields 4,078 training windows of the Groove MIDI Dataset with the limit set and without,
/// where the limit would leave 3,263.
///
/// What a model is shown in place of a window (without microtiming, as taps, without some lanes)
/// is made from these windows afterwards, a groove from a groove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrooveConverter {
    /// Length of a window in bars.
    pub bars: usize,
    /// Bars from the start of one window to the next; `None` means windows that do not overlap.
    ///
    /// With windows of four bars and a hop of one, the Groove MIDI Dataset yields 15,694 training
    /// and 1,939 validation windows. Magenta trained on the chunks of tfds `groove/4bar-midionly`,
    /// of which 15,591 and 1,929 yield a window: tfds cuts by the clock before quantizing, so that
    /// an early downbeat falls into the chunk before, and a chunk with a silent last bar is lost.
    pub hop: Option<usize>,
}

/// Why a sequence yields no windows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoWindows {
    #[error("its time signature changes")]
    MeterChange,
    #[error("its time signature is {numerator}/{denominator}, not one of 16 sixteenths to the bar")]
    Meter { numerator: i32, denominator: i32 },
    #[error("its tempo changes")]
    TempoChange,
    #[error("its tempo of {0} quarter notes a minute cannot be played")]
    Tempo(f64),
    #[error("it has a note or event before time 0")]
    NegativeTime,
    #[error("it has a time that is not a number")]
    NotATime,
    #[error("it has no notes")]
    NoNotes,
    #[error("none of its {0} notes is a drum of the nine lanes")]
    NoDrums(usize),
    #[error("it has only {bars} of the {window} bars of a window")]
    TooShort { bars: usize, window: usize },
    #[error("it is {0} bars long, more than {MAX_BARS}")]
    TooLong(u64),
}

/// The windows of one sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Converted {
    pub windows: Vec<Groove>,
    /// Notes left out because their pitch is none of the nine lanes' (the reference stops with an
    /// error there).
    pub unknown_notes: usize,
}

impl GrooveConverter {
    /// Every whole window of `sequence`; a last one that is not full is dropped.
    pub fn convert(&self, sequence: &NoteSequence) -> Result<Converted, NoWindows> {
        let (groove, unknown_notes) = whole_groove(sequence)?;
        let window = self.bars.max(1) * STEPS_PER_BAR;
        let hop = self.hop.unwrap_or(self.bars).max(1) * STEPS_PER_BAR;
        if groove.steps.len() < window {
            return Err(NoWindows::TooShort {
                bars: groove.bars(),
                window: self.bars.max(1),
            });
        }
        let windows = groove
            .steps
            .windows(window)
            .step_by(hop)
            .map(|steps| Groove {
                steps: steps.to_vec(),
                qpm: groove.qpm,
                meter: groove.meter,
            })
            .collect();
        Ok(Converted {
            windows,
            unknown_notes,
        })
    }
}

/// The whole of `sequence` on the grid of sixteenths, padded to full bars, at its own tempo; and
/// how many notes are no drums of ours.
///
/// On one lane and step the loudest note counts, and the first of equally loud ones. A step's
/// notes are those nearest to it; half a step rounds up.
pub(super) fn whole_groove(sequence: &NoteSequence) -> Result<(Groove, usize), NoWindows> {
    let meter = common_meter(&sequence.time_signatures)?;
    let qpm = common_tempo(&sequence.tempos)?;
    let steps_per_second = STEPS_PER_QUARTER as f64 * qpm / 60.0;
    let step_seconds = 60.0 / qpm / STEPS_PER_QUARTER as f64;
    let quantize = |seconds: f64| -> Result<u64, NoWindows> {
        let step = (seconds * steps_per_second + 0.5).trunc();
        match step {
            step if step.is_nan() => Err(NoWindows::NotATime),
            step if step < 0.0 => Err(NoWindows::NegativeTime),
            step => Ok(step as u64),
        }
    };
    let mut hits = Vec::with_capacity(sequence.notes.len());
    for note in &sequence.notes {
        let step = quantize(note.start_time)?;
        quantize(note.end_time)?;
        let Some(lane) = u8::try_from(note.pitch).ok().and_then(Lane::of_pitch) else {
            continue;
        };
        let early = step_seconds * step as f64 - note.start_time;
        let velocity = (f64::from(note.velocity) / 127.0) as f32;
        hits.push((
            step,
            lane,
            Hit {
                velocity,
                offset: (early / step_seconds) as f32,
            },
        ));
    }
    for control in &sequence.control_changes {
        quantize(control.time)?;
    }
    let Some(last) = hits.iter().map(|(step, ..)| *step).max() else {
        return Err(match sequence.notes.len() {
            0 => NoWindows::NoNotes,
            notes => NoWindows::NoDrums(notes),
        });
    };
    let bars = last / STEPS_PER_BAR as u64 + 1;
    if bars > MAX_BARS as u64 {
        return Err(NoWindows::TooLong(bars));
    }
    let mut steps: Vec<Step> = vec![[None; LANES]; bars as usize * STEPS_PER_BAR];
    let unknown_notes = sequence.notes.len() - hits.len();
    for (step, lane, hit) in hits {
        let cell = &mut steps[step as usize][lane.index()];
        if cell.is_none_or(|other| other.velocity < hit.velocity) {
            *cell = Some(hit);
        }
    }
    Ok((Groove { steps, qpm, meter }, unknown_notes))
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
