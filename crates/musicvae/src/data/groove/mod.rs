//! Grooves: note sequences to windows, as the reference's `GrooveConverter` cuts them, and windows to
//! rows and back. (A groove's notes and what is left out of it are [`Groove`]'s own.)

pub(crate) mod rows;

use super::cut::Converted;
use super::grid::{Grid, MAX_BARS, NoWindows, STEPS_PER_BAR};
use crate::music::{Groove, Hit, LANES, Lane, NoteSequence, STEPS_PER_QUARTER, Step};

/// Cuts note sequences into grooves of equal length.
///
/// Every window of a sequence is kept. The reference names a limit of 20 windows a sequence
/// (`max_tensors_per_notesequence`), but its groove converter never applies it: the real code
/// yields 4,078 training windows of the Groove MIDI Dataset with the limit set and without,
/// where the limit would leave 3,263.
///
/// What a model is shown in place of a window (without microtiming, as taps, without some lanes)
/// is made from these windows afterwards, a groove from a groove:
/// [`GrooveOptions::apply`](crate::music::GrooveOptions::apply).
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
    let grid = Grid::of(sequence, STEPS_PER_QUARTER)?;
    let step_seconds = 60.0 / grid.qpm / STEPS_PER_QUARTER as f64;
    let mut hits = Vec::with_capacity(sequence.notes.len());
    for note in &sequence.notes {
        let step = grid.step(note.start_time)?;
        grid.step(note.end_time)?;
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
        grid.step(control.time)?;
    }
    for text in &sequence.text_annotations {
        grid.step(text.time)?;
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
    let groove = Groove {
        steps,
        qpm: grid.qpm,
        meter: grid.meter,
    };
    Ok((groove, unknown_notes))
}
