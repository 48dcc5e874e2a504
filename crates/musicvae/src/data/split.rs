//! Note sequences cut at points in time.

use std::collections::BTreeMap;

use super::grid::{DEFAULT_QPM, NoWindows};
use crate::music::{NoteSequence, TextAnnotation};

/// The pedals, whose state carries over a cut: sustain, sostenuto and una corda.
const PEDALS: [i32; 3] = [64, 66, 67];

/// The parts of `sequence` that have one tempo and one meter, each from time 0 on: it is cut
/// wherever either changes, also through sounding notes. A sequence that says it lasts no time has
/// no parts.
pub(super) fn on_time_changes(sequence: &NoteSequence) -> Result<Vec<NoteSequence>, NoWindows> {
    enum Change {
        Meter(i32, i32),
        Tempo(f64),
    }
    check_times(sequence)?;
    let meters = sequence.time_signatures.iter().map(|meter| {
        (
            meter.time,
            Change::Meter(meter.numerator, meter.denominator),
        )
    });
    let tempos = sequence
        .tempos
        .iter()
        .map(|tempo| (tempo.time, Change::Tempo(tempo.qpm)));
    let mut changes: Vec<_> = meters
        .chain(tempos)
        .filter(|(time, _)| *time < sequence.total_time)
        .collect();
    changes.sort_by(|a, b| a.0.total_cmp(&b.0));

    let (mut meter, mut qpm) = ((4, 4), DEFAULT_QPM);
    let mut cuts = vec![0.0];
    for (time, change) in changes {
        match change {
            Change::Meter(numerator, denominator) if (numerator, denominator) != meter => {
                meter = (numerator, denominator);
            }
            Change::Tempo(new) if new != qpm => qpm = new,
            _ => continue,
        }
        if time > cuts[cuts.len() - 1] {
            cuts.push(time);
        }
    }
    Ok(at(sequence, cuts, 0.0))
}

/// The pieces from one of `starts` to the next, the last one to the end of `sequence`; each from time 0
/// on. A note that begins up to `early` seconds before a start belongs to it.
pub(super) fn at_starts(
    sequence: &NoteSequence,
    starts: Vec<f64>,
    early: f64,
) -> Vec<NoteSequence> {
    let ends = sequence.notes.iter().map(|note| note.end_time);
    let end = ends.fold(sequence.total_time, f64::max);
    let lengths: Vec<f64> = (0..starts.len())
        .map(|index| starts.get(index + 1).unwrap_or(&end) - starts[index])
        .collect();
    let mut cuts = starts;
    // Far enough for a last note without a length.
    cuts.push(end + early + 1.0);
    let mut pieces = at(sequence, cuts, early);
    for (piece, length) in pieces.iter_mut().zip(lengths) {
        piece.total_time = length;
    }
    pieces
}

/// The stretches of `seconds` that `sequence` consists of, the last one shorter; each from time 0 on.
pub(super) fn every(sequence: &NoteSequence, seconds: f64) -> Vec<NoteSequence> {
    // Sums as the reference makes them, so that the last bit agrees.
    let later = (0..).map(|index| seconds + f64::from(index) * seconds);
    let cuts = std::iter::once(0.0)
        .chain(later.take_while(|time| *time < sequence.total_time))
        .collect();
    at(sequence, cuts, 0.0)
}

/// NaN cannot be put in order.
pub(super) fn check_times(sequence: &NoteSequence) -> Result<(), NoWindows> {
    let notes = sequence
        .notes
        .iter()
        .flat_map(|note| [note.start_time, note.end_time]);
    let meters = sequence.time_signatures.iter().map(|meter| meter.time);
    let tempos = sequence.tempos.iter().map(|tempo| tempo.time);
    let controls = sequence.control_changes.iter().map(|control| control.time);
    let texts = sequence.text_annotations.iter().map(|text| text.time);
    let mut times = notes
        .chain(meters)
        .chain(tempos)
        .chain(controls)
        .chain(texts);
    if sequence.total_time.is_nan() || times.any(f64::is_nan) {
        return Err(NoWindows::NotATime);
    }
    Ok(())
}

/// The pieces between `cuts` (the first is 0) and the end of the sequence.
///
/// A note belongs to the piece that it starts in and ends with it at the latest. Meter, tempo, key
/// and chord of the moment, and the pedals, stand at the start of each piece; other controllers,
/// pitch bends and texts are left out. Notes count `early` seconds later than they begin.
fn at(sequence: &NoteSequence, mut cuts: Vec<f64>, early: f64) -> Vec<NoteSequence> {
    if sequence.total_time > cuts[cuts.len() - 1] {
        cuts.push(sequence.total_time);
    }
    let mut pieces: Vec<NoteSequence> = cuts
        .windows(2)
        .map(|piece| NoteSequence {
            id: sequence.id.clone(),
            filename: sequence.filename.clone(),
            collection_name: sequence.collection_name.clone(),
            ticks_per_quarter: sequence.ticks_per_quarter,
            time_signatures: states(&sequence.time_signatures, piece, |meter| &mut meter.time),
            key_signatures: states(&sequence.key_signatures, piece, |key| &mut key.time),
            tempos: states(&sequence.tempos, piece, |tempo| &mut tempo.time),
            text_annotations: states(&chords(sequence), piece, |chord| &mut chord.time),
            control_changes: pedals(sequence, piece),
            source_info: sequence.source_info.clone(),
            reference_number: sequence.reference_number,
            listing: sequence.listing.clone(),
            instrument_infos: sequence.instrument_infos.clone(),
            ..NoteSequence::default()
        })
        .collect();
    let mut notes: Vec<_> = sequence.notes.iter().collect();
    notes.sort_by(|a, b| a.start_time.total_cmp(&b.start_time));
    for note in notes {
        let after = cuts.partition_point(|cut| *cut <= note.start_time + early);
        let Some(piece) = after.checked_sub(1).and_then(|index| pieces.get_mut(index)) else {
            continue;
        };
        let (start, end) = (cuts[after - 1], cuts[after]);
        let mut note = note.clone();
        note.start_time -= start;
        note.end_time = note.end_time.min(end) - start;
        piece.total_time = piece.total_time.max(note.end_time);
        piece.notes.push(note);
    }
    pieces
}

fn chords(sequence: &NoteSequence) -> Vec<TextAnnotation> {
    let is_chord = |text: &&TextAnnotation| text.annotation_type == TextAnnotation::CHORD_SYMBOL;
    sequence
        .text_annotations
        .iter()
        .filter(is_chord)
        .cloned()
        .collect()
}

/// Of events that hold until the next one: the last one up to the start of the piece, moved there,
/// and those within.
fn states<T: Clone>(
    events: &[T],
    piece: &[f64],
    time: impl for<'a> Fn(&'a mut T) -> &'a mut f64,
) -> Vec<T> {
    let (start, end) = (piece[0], piece[1]);
    let mut events: Vec<(f64, T)> = events
        .iter()
        .cloned()
        .map(|mut event| (*time(&mut event), event))
        .collect();
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    let first = events.partition_point(|(at, _)| *at <= start);
    let mut kept = Vec::new();
    for (at, mut event) in events.into_iter().skip(first.saturating_sub(1)) {
        if at >= end {
            break;
        }
        *time(&mut event) = (at - start).max(0.0);
        kept.push(event);
    }
    kept
}

/// Movements of the pedals within the piece, and where each one stands at its start.
fn pedals(sequence: &NoteSequence, piece: &[f64]) -> Vec<crate::music::ControlChange> {
    let mut by_pedal: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for control in &sequence.control_changes {
        if PEDALS.contains(&control.control_number) {
            let pedal = (control.instrument, control.control_number);
            by_pedal.entry(pedal).or_default().push(control.clone());
        }
    }
    by_pedal
        .values()
        .flat_map(|events| states(events, piece, |control| &mut control.time))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::{ControlChange, Note, Tempo, TimeSignature};

    fn note(pitch: i32, start_time: f64, end_time: f64) -> Note {
        Note {
            pitch,
            start_time,
            end_time,
            ..Note::default()
        }
    }

    fn tempo(time: f64, qpm: f64) -> Tempo {
        Tempo { time, qpm }
    }

    fn times(sequence: &NoteSequence) -> Vec<(i32, f64, f64)> {
        let notes = sequence.notes.iter();
        notes.map(|n| (n.pitch, n.start_time, n.end_time)).collect()
    }

    #[test]
    fn a_sequence_is_cut_where_tempo_or_meter_change() {
        let sequence = NoteSequence {
            tempos: vec![
                tempo(0.0, 60.0),
                tempo(2.0, 60.0),
                tempo(4.0, 90.0),
                tempo(50.0, 10.0),
            ],
            time_signatures: vec![TimeSignature {
                time: 6.0,
                numerator: 3,
                denominator: 4,
            }],
            notes: vec![
                note(2, 4.0, 5.0),
                note(1, 1.0, 5.0),
                note(3, 7.5, 9.0),
                note(4, 9.0, 9.0),
            ],
            control_changes: vec![
                ControlChange {
                    time: 1.0,
                    control_number: 64,
                    control_value: 127,
                    ..ControlChange::default()
                },
                ControlChange {
                    time: 1.0,
                    control_number: 7,
                    ..ControlChange::default()
                },
            ],
            total_time: 9.0,
            ..NoteSequence::default()
        };
        let parts = on_time_changes(&sequence).unwrap();
        let notes: Vec<_> = parts.iter().map(times).collect();
        let expected: [&[_]; 3] = [&[(1, 1.0, 4.0)], &[(2, 0.0, 1.0)], &[(3, 1.5, 3.0)]];
        assert_eq!(notes, expected);
        let tempos: Vec<_> = parts.iter().map(|part| part.tempos.clone()).collect();
        // The tempo that is no change stays where it is.
        assert_eq!(tempos[0], [tempo(0.0, 60.0), tempo(2.0, 60.0)]);
        assert_eq!(tempos[1..], [[tempo(0.0, 90.0)], [tempo(0.0, 90.0)]]);
        let meters: Vec<_> = parts
            .iter()
            .map(|part| part.time_signatures.len())
            .collect();
        assert_eq!(meters, [0, 0, 1]);
        let pedals: Vec<_> = parts
            .iter()
            .map(|part| {
                part.control_changes
                    .iter()
                    .map(|c| c.time)
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(pedals, [[1.0], [0.0], [0.0]]);
        let lengths: Vec<_> = parts.iter().map(|part| part.total_time).collect();
        assert_eq!(lengths, [4.0, 1.0, 3.0]);
    }

    #[test]
    fn a_late_first_tempo_is_a_change_and_no_length_means_no_parts() {
        let mut sequence = NoteSequence {
            tempos: vec![tempo(2.0, 90.0)],
            notes: vec![note(1, 0.0, 4.0)],
            total_time: 4.0,
            ..NoteSequence::default()
        };
        assert_eq!(on_time_changes(&sequence).unwrap().len(), 2);
        sequence.tempos[0].qpm = 120.0;
        assert_eq!(on_time_changes(&sequence).unwrap().len(), 1);
        sequence.total_time = 0.0;
        assert_eq!(on_time_changes(&sequence).unwrap().len(), 0);
        sequence.notes[0].start_time = f64::NAN;
        assert_eq!(on_time_changes(&sequence), Err(NoWindows::NotATime));
    }

    #[test]
    fn stretches_of_equal_length() {
        let sequence = NoteSequence {
            notes: vec![note(1, 0.0, 4.0), note(2, 2.0, 4.5)],
            total_time: 4.5,
            ..NoteSequence::default()
        };
        let notes: Vec<_> = every(&sequence, 2.0).iter().map(times).collect();
        let expected: [&[_]; 3] = [&[(1, 0.0, 2.0)], &[(2, 0.0, 2.0)], &[]];
        assert_eq!(notes, expected);
    }
}
