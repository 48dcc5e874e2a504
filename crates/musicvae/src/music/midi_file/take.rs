//! What was played on the drums, in ticks as it was played, as a Standard MIDI file.

use std::collections::BTreeMap;

use midly::num::{u4, u7, u15, u24};
use midly::{Format, Header, MetaMessage, Smf, Timing};

use super::MidiFileError;
use super::write::{Track, unwritable};
use crate::music::{Lane, Meter, closing_line};

/// The percussion channel, counted from 0.
const DRUMS: u8 = 9;

/// A performance. Other than a [`crate::music::NoteSequence`], which is in seconds, it is in ticks:
/// a stroke on a step stays on it whatever the tempo, and however long the take.
#[derive(Clone, Debug, PartialEq)]
pub struct Take {
    ticks_per_quarter: u16,
    /// Tick and quarter notes a minute, in order.
    pub tempos: Vec<(u64, f64)>,
    /// Tick and meter, in order.
    pub meters: Vec<(u64, Meter)>,
    /// Tick, lane and velocity (1..=127), in any order.
    pub strokes: Vec<(u64, Lane, u8)>,
    /// Tick at which every note ends; while it is 0, the take lasts to the end of its last note.
    pub end: u64,
}

impl Take {
    /// An empty take of this many ticks a quarter note (1..=32767).
    pub fn new(ticks_per_quarter: u16) -> Take {
        Take {
            ticks_per_quarter: ticks_per_quarter.clamp(1, 0x7fff),
            tempos: Vec::new(),
            meters: Vec::new(),
            strokes: Vec::new(),
            end: 0,
        }
    }

    /// The Standard MIDI file: type 1, tempos and meters in the first track, the strokes with their
    /// General MIDI pitches on channel 10 in the second. A stroke is a thirty-second note long, or
    /// as long as there is room before the next one of its lane. The file ends on the bar line after
    /// the take.
    ///
    /// # Errors
    ///
    /// [`MidiFileError::Unwritable`] when a tempo, a meter or a rest has no form in a MIDI file.
    pub fn encode(&self) -> Result<Vec<u8>, MidiFileError> {
        let mut signatures = Track::default();
        for (tick, qpm) in &self.tempos {
            let microseconds = (6e7 / qpm).round();
            if !(1.0..=f64::from(0x00ff_ffff)).contains(&microseconds) {
                return Err(unwritable(format!("a tempo of {qpm}")));
            }
            let tempo = MetaMessage::Tempo(u24::new(microseconds as u32));
            signatures.meta(*tick, tempo);
        }
        for (tick, meter) in &self.meters {
            signatures.meter(*tick, meter.numerator.into(), meter.denominator.into())?;
        }
        let mut drums = Track::default();
        let channel = u4::new(DRUMS);
        let length = u64::from(self.ticks_per_quarter / 8).max(1);
        let mut spans: BTreeMap<u7, Vec<(u64, u64)>> = BTreeMap::new();
        for (tick, lane, velocity) in &self.strokes {
            let key = u7::new(lane.pitch());
            drums.start_note(*tick, channel, key, u7::new((*velocity).clamp(1, 127)));
            let end = match self.end {
                0 => tick + length,
                end => (tick + length).min(end).max(tick + 1),
            };
            spans.entry(key).or_default().push((*tick, end));
        }
        let ends = spans.values().flatten().map(|(_, end)| *end);
        let end = ends.fold(self.end, u64::max);
        drums.end_notes(channel, spans);
        let end = self.closing_tick(end);
        let header = Header::new(
            Format::Parallel,
            Timing::Metrical(u15::new(self.ticks_per_quarter)),
        );
        let mut bytes = Vec::new();
        let tracks = vec![signatures.finish(end)?, drums.finish(end)?];
        Smf { header, tracks }
            .write_std(&mut bytes)
            .map_err(|error| unwritable(format!("it is too big ({error})")))?;
        Ok(bytes)
    }

    /// The tick of the bar line after `end`.
    fn closing_tick(&self, end: u64) -> u64 {
        let latest = self.meters.iter().max_by_key(|(tick, _)| *tick);
        let (from, meter) = latest.copied().unwrap_or((0, Meter::COMMON));
        let beats = f64::from(meter.numerator) / f64::from(meter.denominator.max(1));
        let bar = (f64::from(self.ticks_per_quarter) * 4.0 * beats).max(1.0);
        let after = |tick: u64| tick.saturating_sub(from) as f64;
        let last = self.strokes.iter().map(|(tick, ..)| after(*tick));
        let last = last.max_by(f64::total_cmp);
        from.saturating_add(closing_line(last, after(end), bar).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::midi_file;

    #[test]
    fn a_take_is_read_back_as_it_was_played() {
        let mut take = Take::new(960);
        take.tempos = vec![(0, 120.0), (1920, 60.0)];
        take.meters = vec![(0, Meter::COMMON)];
        // Two strokes of a lane closer than a thirty-second, and one after the tempo change.
        take.strokes = vec![
            (5, Lane::Snare, 100),
            (45, Lane::Snare, 1),
            (1920 + 480, Lane::Kick, 127),
        ];
        take.end = 9600;
        // And one that is cut off by the end.
        take.strokes.push((9590, Lane::Ride, 64));
        let bytes = take.encode().unwrap();
        let smf = midly::Smf::parse(&bytes).unwrap();
        let ticks: u32 = smf.tracks[1].iter().map(|event| event.delta.as_int()).sum();
        assert_eq!(ticks, 11_520, "up to the bar line");
        let sequence = midi_file::read(&bytes).unwrap();
        let notes: Vec<_> = sequence
            .notes
            .iter()
            .map(|note| (note.pitch, note.velocity, note.start_time, note.end_time))
            .collect();
        let tick = 0.5 / 960.0;
        for (note, wanted) in notes.iter().zip([
            (38, 100, 5.0 * tick, 45.0 * tick),
            (38, 1, 45.0 * tick, 165.0 * tick),
            (36, 127, 1.5, 1.5 + 120.0 * 2.0 * tick),
            (51, 64, 1.0 + 7670.0 * 2.0 * tick, 1.0 + 7680.0 * 2.0 * tick),
        ]) {
            assert_eq!((note.0, note.1), (wanted.0, wanted.1));
            assert!((note.2 - wanted.2).abs() < 1e-9, "{note:?}");
            assert!((note.3 - wanted.3).abs() < 1e-9, "{note:?}");
        }
        assert_eq!(notes.len(), 4);
        assert_eq!(sequence.time_signatures[0].numerator, 4);
    }

    #[test]
    fn what_has_no_form_is_refused() {
        let mut take = Take::new(960);
        take.tempos = vec![(0, 0.0)];
        assert!(take.encode().is_err());
        assert!(Take::new(0).encode().is_ok());
    }
}
