//! Files of type 2: patterns, each with a beginning of its own.

use super::chunks::{Division, Smf};
use super::events::EventKind;
use crate::music::bars_of;

/// Moves the tracks of a file so that they stand one after the other, each from a bar line on.
pub(super) fn in_a_row(smf: &mut Smf) {
    let Division::TicksPerQuarter(quarter) = smf.division else {
        return;
    };
    let mut bar = 4 * u64::from(quarter);
    let mut start = 0;
    for track in &mut smf.tracks {
        let mut last_stroke = None;
        for event in &mut track.events {
            match event.kind {
                EventKind::TimeSignature(numerator, denominator) => {
                    let whole = 4 * u64::from(quarter) * u64::from(numerator);
                    bar = (whole / denominator.unsigned_abs() as u64).max(1);
                }
                EventKind::NoteOn { .. } => last_stroke = Some(event.tick as f64),
                _ => {}
            }
            event.tick = event.tick.saturating_add(start);
        }
        let bars = bars_of(last_stroke, track.end as f64, bar as f64);
        track.end = track.end.saturating_add(start);
        start = start.saturating_add((bars as u64).saturating_mul(bar));
    }
}
