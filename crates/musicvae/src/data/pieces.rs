//! The pieces of a sequence that a model can hold, each on its own beats.
//!
//! A sequence is cut where its meter changes, and what is not in 4/4 (or another bar of sixteen
//! sixteenths) is left out. The rest follows its own tempo: times are rescaled to its mean tempo, so
//! that a beat of the music is a beat of the grid however the tempo drifts.

use std::borrow::Cow;

use super::grid::{DEFAULT_QPM, MAX_BARS, NoWindows, STEPS_PER_BAR};
use super::left_out::LeftOut;
use super::split;
use crate::music::{NoteSequence, STEPS_PER_QUARTER, Tempo, TimeSignature, bars_of, marked};

/// A piece of one meter and, by its own beats, one tempo.
pub(super) struct Piece<'a> {
    pub sequence: Cow<'a, NoteSequence>,
    /// Bars that it lasts by its End of Track, where that lies on a bar line; else 0.
    pub bars: usize,
    tempos: TempoMap,
}

/// Every piece of `sequence` for windows of `window` bars, with what was left out.
///
/// # Errors
/// When there is no piece.
pub(super) fn of<'a>(
    sequence: &'a NoteSequence,
    window: usize,
) -> Result<(Vec<Piece<'a>>, LeftOut), NoWindows> {
    split::check_times(sequence)?;
    let mut left_out = LeftOut::default();
    let sequence = marked(sequence);
    let Some(last) = last_start(&sequence) else {
        return Err(NoWindows::NoNotes);
    };
    let meters = meters(&sequence, last);
    let sections = match &meters[..] {
        [_] => vec![sequence],
        _ => {
            let cuts = meters.iter().map(|meter| meter.time).collect();
            // A stroke that belongs to the first beat of a section may come a little early.
            let early = meters.iter().map(|meter| {
                let tempo = sequence
                    .tempos
                    .iter()
                    .rev()
                    .find(|it| it.time <= meter.time);
                let qpm = tempo.map_or(DEFAULT_QPM, |tempo| tempo.qpm);
                60.0 / qpm / (2 * STEPS_PER_QUARTER) as f64
            });
            let early = early.filter(|it| it.is_finite()).fold(0.0, f64::max);
            let sections = split::at_starts(&sequence, cuts, early);
            sections.into_iter().map(Cow::Owned).collect()
        }
    };
    let mut pieces = Vec::new();
    for (section, meter) in sections.into_iter().zip(&meters) {
        let Some(last) = last_start(&section) else {
            continue;
        };
        let tempos = TempoMap::of(&section.tempos, last)?;
        let bars = tempos.beat(last) / 4.0;
        if bars > MAX_BARS as f64 {
            return Err(NoWindows::TooLong(bars as u64));
        }
        if meter.numerator != meter.denominator || !is_power_of_two(meter.denominator) {
            let quarters = f64::from(meter.numerator) * 4.0 / f64::from(meter.denominator.max(1));
            let bars = (tempos.beat(last) / quarters).floor() + 1.0;
            left_out.meter(
                meter.numerator,
                meter.denominator,
                bars.clamp(1.0, MAX_BARS as f64) as usize,
            );
            continue;
        }
        pieces.push(Piece::of(section, tempos, last, window));
    }
    if let ([], Some((numerator, denominator))) = (&pieces[..], left_out.first_meter()) {
        return Err(NoWindows::Meter {
            numerator,
            denominator,
        });
    }
    if let [piece] = &mut pieces[..] {
        left_out.repeated += piece.repeat(window);
    }
    Ok((pieces, left_out))
}

fn last_start(sequence: &NoteSequence) -> Option<f64> {
    let starts = sequence.notes.iter().map(|note| note.start_time);
    starts.max_by(f64::total_cmp)
}

fn is_power_of_two(denominator: i32) -> bool {
    u32::try_from(denominator).is_ok_and(u32::is_power_of_two)
}

/// The meters up to the last note, each another one than before; the first from time 0 on.
fn meters(sequence: &NoteSequence, last: f64) -> Vec<TimeSignature> {
    let mut given = sequence.time_signatures.clone();
    given.sort_by(|a, b| a.time.total_cmp(&b.time));
    let mut meters = vec![TimeSignature {
        time: 0.0,
        numerator: 4,
        denominator: 4,
    }];
    for meter in given {
        if meter.time > last {
            break;
        }
        let current = meters.len() - 1;
        let current = &mut meters[current];
        if meter.time <= current.time {
            (current.numerator, current.denominator) = (meter.numerator, meter.denominator);
        } else if (current.numerator, current.denominator) != (meter.numerator, meter.denominator) {
            meters.push(meter);
        }
    }
    // The last word at one moment may be what was before it.
    meters.dedup_by(|b, a| (a.numerator, a.denominator) == (b.numerator, b.denominator));
    meters
}

impl<'a> Piece<'a> {
    fn of(section: Cow<'a, NoteSequence>, tempos: TempoMap, last: f64, window: usize) -> Piece<'a> {
        let qpm = tempos.mean;
        let steps = |seconds: f64| tempos.beat(seconds) * STEPS_PER_QUARTER as f64;
        let bar = STEPS_PER_BAR as f64;
        let last_step = (steps(last) + 0.5).floor().max(0.0);
        let played = bars_of(Some(last_step), 0.0, bar);
        let told = bars_of(Some(last_step), steps(section.total_time), bar);
        // Silence at the end fills the last window, and makes no further ones.
        let full = (played / window as f64).ceil() * window as f64;
        let bars = told.min(full);
        let bar_seconds = 60.0 / qpm * 4.0;
        let notes_end = section
            .notes
            .iter()
            .map(|note| tempos.straight(note.end_time));
        let notes_end = notes_end.fold(0.0, f64::max);
        let end = match bars > played {
            true => notes_end.max(bars * bar_seconds),
            false => notes_end,
        };
        let meter = section.time_signatures.first().cloned();
        let is_plain = tempos.spans.len() == 1
            && section.time_signatures.len() <= 1
            && section.tempos.len() == 1
            && section.tempos[0].time == 0.0
            && meter.as_ref().is_none_or(|meter| meter.time == 0.0)
            && section.total_time == end
            && section.control_changes.iter().all(|it| it.time <= end)
            && section.text_annotations.iter().all(|it| it.time <= end);
        let bars = bars as usize;
        if is_plain {
            return Piece {
                sequence: section,
                bars,
                tempos,
            };
        }
        let mut sequence = section.into_owned();
        sequence.tempos = vec![Tempo { time: 0.0, qpm }];
        let meter = meter.filter(|meter| meter.numerator == meter.denominator);
        sequence.time_signatures = meter.into_iter().collect();
        for meter in &mut sequence.time_signatures {
            meter.time = 0.0;
        }
        for note in &mut sequence.notes {
            note.start_time = tempos.straight(note.start_time);
            note.end_time = tempos.straight(note.end_time);
        }
        let key = |time: &mut f64| *time = tempos.straight(*time);
        sequence
            .key_signatures
            .iter_mut()
            .for_each(|it| key(&mut it.time));
        sequence
            .control_changes
            .iter_mut()
            .for_each(|it| key(&mut it.time));
        sequence
            .text_annotations
            .iter_mut()
            .for_each(|it| key(&mut it.time));
        sequence
            .pitch_bends
            .iter_mut()
            .for_each(|it| key(&mut it.time));
        // Events after the music say nothing about it.
        sequence.control_changes.retain(|it| it.time <= end);
        sequence.text_annotations.retain(|it| it.time <= end);
        sequence.pitch_bends.retain(|it| it.time <= end);
        sequence.total_time = end;
        Piece {
            sequence: Cow::Owned(sequence),
            bars,
            tempos,
        }
    }

    /// Repeats a piece that is shorter than a window until it fills one, where it does so exactly: a
    /// loop. (What its corpus lists as a fill is none.) Returns how many pieces were repeated.
    fn repeat(&mut self, window: usize) -> usize {
        let last = last_start(&self.sequence).unwrap_or_default();
        let step = (self.tempos.beat_of_straight(last) * STEPS_PER_QUARTER as f64 + 0.5).max(0.0);
        let played = (step / STEPS_PER_BAR as f64).floor() as usize + 1;
        let bars = played.max(self.bars);
        let listing = self.sequence.listing.as_ref();
        let is_fill = listing.is_some_and(|listing| listing.beat_type == "fill");
        if bars >= window || !window.is_multiple_of(bars) || is_fill {
            return 0;
        }
        let length = bars as f64 * 4.0 * 60.0 / self.tempos.mean;
        let sequence = self.sequence.to_mut();
        let once = sequence.clone();
        for turn in 1..window / bars {
            let later = turn as f64 * length;
            sequence
                .notes
                .extend(once.notes.iter().cloned().map(|mut note| {
                    note.start_time += later;
                    note.end_time += later;
                    note
                }));
            let texts = once.text_annotations.iter().cloned();
            sequence.text_annotations.extend(texts.map(|mut text| {
                text.time += later;
                text
            }));
            let controls = once.control_changes.iter().cloned();
            sequence.control_changes.extend(controls.map(|mut control| {
                control.time += later;
                control
            }));
        }
        sequence.total_time = once.total_time + (window / bars - 1) as f64 * length;
        self.bars = window;
        // Every turn is played alike, so the mean is each one's.
        self.tempos = TempoMap::constant(self.tempos.mean);
        1
    }

    /// Quarter notes a minute of the steps from `first` to `end`, in the mean.
    pub fn qpm(&self, first: usize, end: usize) -> f64 {
        self.tempos.between(first as f64 / 4.0, end as f64 / 4.0)
    }
}

/// From when on, at which beat, and how many quarter notes a minute.
struct Span {
    time: f64,
    beat: f64,
    qpm: f64,
}

/// The tempos of a piece, seconds to beats and back.
struct TempoMap {
    spans: Vec<Span>,
    /// Quarter notes a minute up to the last note, in the mean.
    mean: f64,
}

impl TempoMap {
    fn constant(qpm: f64) -> TempoMap {
        let (time, beat) = (0.0, 0.0);
        TempoMap {
            spans: vec![Span { time, beat, qpm }],
            mean: qpm,
        }
    }

    /// The map of `tempos` up to the last note.
    fn of(tempos: &[Tempo], last: f64) -> Result<TempoMap, NoWindows> {
        let mut given: Vec<&Tempo> = tempos.iter().collect();
        given.sort_by(|a, b| a.time.total_cmp(&b.time));
        let mut map = TempoMap::constant(DEFAULT_QPM);
        for Tempo { time, qpm } in given {
            if !(qpm.is_finite() && *qpm > 0.0) {
                return Err(NoWindows::Tempo(*qpm));
            }
            if *time <= 0.0 {
                map = TempoMap::constant(*qpm);
            } else if *time < last && map.spans.last().is_none_or(|span| span.qpm != *qpm) {
                let (time, beat, qpm) = (*time, map.beat(*time), *qpm);
                map.spans.push(Span { time, beat, qpm });
            }
        }
        if map.spans.len() > 1 {
            map.mean = map.between(0.0, map.beat(last));
        }
        Ok(map)
    }

    fn beat(&self, time: f64) -> f64 {
        let after = self.spans.partition_point(|span| span.time <= time);
        let span = &self.spans[after.max(1) - 1];
        span.beat + (time - span.time) * span.qpm / 60.0
    }

    fn time(&self, beat: f64) -> f64 {
        let after = self.spans.partition_point(|span| span.beat <= beat);
        let span = &self.spans[after.max(1) - 1];
        span.time + (beat - span.beat) * 60.0 / span.qpm
    }

    /// The time as if all were played at the mean tempo.
    fn straight(&self, time: f64) -> f64 {
        match &self.spans[..] {
            [_] => time,
            _ => self.beat(time) * 60.0 / self.mean,
        }
    }

    fn beat_of_straight(&self, time: f64) -> f64 {
        time * self.mean / 60.0
    }

    /// Quarter notes a minute from one beat to another.
    fn between(&self, from: f64, to: f64) -> f64 {
        match &self.spans[..] {
            [only] => only.qpm,
            _ => 60.0 * (to - from) / (self.time(to) - self.time(from)),
        }
    }
}
