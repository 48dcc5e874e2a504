//! Grooves: note sequences to windows, as the reference's `GrooveConverter` cuts them, and windows to
//! rows and back. (A groove's notes and what is left out of it are [`Groove`]'s own.)

pub(crate) mod rows;

use super::cut::{Converted, CutAs};
use super::grid::{Grid, MAX_BARS, NoWindows, STEPS_PER_BAR};
use super::left_out::LeftOut;
use super::pieces;
use crate::music::{
    Groove, Hit, LANES, Lane, NoDrums, Note, NoteSequence, Reading, STEPS_PER_QUARTER, Step,
};

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
    /// Every whole window of `sequence`, on its own beats: tempo changes are followed, and what is not
    /// in 4/4 is left out. A sequence that is shorter than a window and fills one when it is repeated
    /// (one or two bars of four) is repeated; last bars that fill no window are left out and counted.
    pub fn convert(&self, sequence: &NoteSequence) -> Result<Converted, NoWindows> {
        self.cut(sequence, CutAs::Played)
    }

    /// The windows of `sequence` that the reference takes in training: none where tempo or meter
    /// change, every note by its pitch, and a last window that is not full is dropped.
    pub fn convert_as_magenta(&self, sequence: &NoteSequence) -> Result<Converted, NoWindows> {
        self.cut(sequence, CutAs::MagentaTraining)
    }

    /// All bars of `sequence` as one groove, at its mean tempo. On one lane and step the loudest stroke
    /// counts; bars that are not in 4/4 are left out.
    ///
    /// # Errors
    /// Why there are none.
    pub fn whole(sequence: &NoteSequence, reading: Reading) -> Result<Converted, NoWindows> {
        let bars = GrooveConverter { bars: 1, hop: None };
        let how = match reading {
            Reading::Played => CutAs::Played,
            Reading::Magenta => CutAs::Magenta,
        };
        let mut converted = bars.cut(sequence, how)?;
        let bars = std::mem::take(&mut converted.windows);
        let beats: f64 = bars.iter().map(|bar| 1.0 / bar.qpm).sum();
        let qpm = bars.len() as f64 / beats;
        if let Some(first) = bars.first() {
            converted.windows = vec![Groove {
                meter: first.meter,
                grid: first.grid,
                qpm,
                steps: bars.into_iter().flat_map(|bar| bar.steps).collect(),
            }];
        }
        Ok(converted)
    }

    pub(super) fn cut(&self, sequence: &NoteSequence, how: CutAs) -> Result<Converted, NoWindows> {
        let window = self.bars.max(1);
        let lane = match how {
            CutAs::Magenta => Lane::of_general_midi,
            _ => Lane::of_pitch,
        };
        if matches!(how, CutAs::Magenta | CutAs::MagentaTraining) {
            let all = |_: &Note| true;
            let whole = whole_groove(sequence, all, lane)?;
            let groove = &whole.groove;
            return Ok(Converted {
                windows: self.windows(groove, |_, _| groove.qpm)?,
                unknown_notes: whole.unknown_notes,
                left_out: LeftOut::default(),
            });
        }
        let (pieces, left_out) = pieces::of(sequence, window)?;
        let mut all = Converted {
            windows: Vec::new(),
            unknown_notes: 0,
            left_out,
        };
        let mut first_reason = None;
        for piece in &pieces {
            let is_drum = |note: &Note| note.is_drum;
            let others = piece.sequence.notes.iter().filter(|note| !note.is_drum);
            all.left_out.other_notes += others.count();
            let windows = whole_groove(&piece.sequence, is_drum, lane).and_then(|whole| {
                all.unknown_notes += whole.unknown_notes;
                all.left_out.merged += whole.merged;
                for lane in &whole.stand_ins {
                    all.left_out.played_on(*lane, 1);
                }
                let mut groove = whole.groove;
                let bars = groove.bars().max(piece.bars);
                let full = match how {
                    CutAs::Filled => bars.next_multiple_of(window),
                    _ => bars,
                };
                all.left_out.silent_bars += full - bars;
                groove.steps.resize(full * STEPS_PER_BAR, [None; LANES]);
                let windows = self.windows(&groove, |first, end| piece.qpm(first, end));
                let last = windows.as_ref().map_or(0, |windows| {
                    window + self.hop() * windows.len().saturating_sub(1)
                });
                all.left_out.last_bars += full - last.min(full);
                windows
            });
            match windows {
                Ok(windows) => all.windows.extend(windows),
                Err(reason) => {
                    first_reason.get_or_insert(reason);
                }
            }
        }
        match (first_reason, pieces.len()) {
            (Some(reason), 1) => Err(reason),
            (Some(reason), parts) if all.windows.is_empty() => Err(NoWindows::Parts {
                parts,
                reason: Box::new(reason),
            }),
            _ => Ok(all),
        }
    }

    /// Bars from the start of one window to the next.
    fn hop(&self) -> usize {
        self.hop.unwrap_or(self.bars).max(1)
    }

    /// Every whole window of a groove, each at the tempo that it has from step to step.
    fn windows(
        &self,
        groove: &Groove,
        qpm: impl Fn(usize, usize) -> f64,
    ) -> Result<Vec<Groove>, NoWindows> {
        let window = self.bars.max(1) * STEPS_PER_BAR;
        let hop = self.hop() * STEPS_PER_BAR;
        if groove.steps.len() < window {
            return Err(NoWindows::TooShort {
                bars: groove.bars(),
                window: self.bars.max(1),
            });
        }
        let windows = groove.steps.windows(window).step_by(hop).enumerate();
        Ok(windows
            .map(|(place, steps)| Groove {
                steps: steps.to_vec(),
                qpm: qpm(place * hop, place * hop + window),
                ..*groove
            })
            .collect())
    }
}

/// All of a sequence on the grid.
struct Whole {
    groove: Groove,
    /// Notes that have no lane.
    unknown_notes: usize,
    /// Strokes beside a louder one on their lane and step.
    merged: usize,
    /// The lane of each stroke of other percussion than a kit has.
    stand_ins: Vec<Lane>,
}

/// The notes of `sequence` that `counts` admits on the grid of sixteenths, padded to full bars, at its own
/// tempo.
///
/// On one lane and step the loudest note counts, and the first of equally loud ones. A step's
/// notes are those nearest to it; half a step rounds up.
fn whole_groove(
    sequence: &NoteSequence,
    counts: impl Fn(&Note) -> bool,
    lane_of: impl Fn(u8) -> Option<Lane>,
) -> Result<Whole, NoWindows> {
    let grid = Grid::of(sequence, STEPS_PER_QUARTER)?;
    let step_seconds = 60.0 / grid.qpm / STEPS_PER_QUARTER as f64;
    let mut hits = Vec::with_capacity(sequence.notes.len());
    let (mut unknown_notes, mut stand_ins) = (0, Vec::new());
    for note in sequence.notes.iter().filter(|note| counts(note)) {
        let step = grid.step(note.start_time)?;
        grid.step(note.end_time)?;
        let Some(lane) = u8::try_from(note.pitch).ok().and_then(&lane_of) else {
            unknown_notes += 1;
            continue;
        };
        if !u8::try_from(note.pitch).is_ok_and(Lane::is_of_a_kit) {
            stand_ins.push(lane);
        }
        let early = step_seconds * step as f64 - note.start_time;
        let velocity = (f64::from(note.velocity) / 127.0) as f32;
        hits.push((
            step,
            lane,
            Hit::new(velocity, (early / step_seconds) as f32),
        ));
    }
    for control in &sequence.control_changes {
        grid.step(control.time)?;
    }
    for text in &sequence.text_annotations {
        grid.step(text.time)?;
    }
    let Some(last) = hits.iter().map(|(step, ..)| *step).max() else {
        return Err(match (sequence.notes.len(), unknown_notes) {
            (0, _) => NoWindows::NoNotes,
            (notes, 0) => NoDrums::NoPart(notes).into(),
            (notes, _) => NoWindows::NoDrums(notes),
        });
    };
    let bars = last / STEPS_PER_BAR as u64 + 1;
    if bars > MAX_BARS as u64 {
        return Err(NoWindows::TooLong(bars));
    }
    let strokes = hits.len();
    let mut steps: Vec<Step> = vec![[None; LANES]; bars as usize * STEPS_PER_BAR];
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
        ..Groove::empty(0)
    };
    Ok(Whole {
        merged: strokes - groove.hits().count(),
        groove,
        unknown_notes,
        stand_ins,
    })
}
