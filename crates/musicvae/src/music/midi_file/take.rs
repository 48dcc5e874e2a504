//! A drum performance, in the ticks in which it was played, as a Standard MIDI file.

use std::collections::BTreeMap;
use std::fmt;

use midly::num::{u4, u7, u15, u24};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing};

use super::MidiFileError;
use super::write::{Track, unwritable};
use crate::music::{Lane, Meter, closing_line};

/// The percussion channel, counted from 0.
const DRUMS: u8 = 9;

/// A controller of a MIDI device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Controller {
    /// 1..=16.
    pub channel: u8,
    /// 0..=119.
    pub number: u8,
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "CC {} (channel {})", self.number, self.channel)
    }
}

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
    /// Tick, controller and value (0..=127), in order. Of several values at one tick the last one holds,
    /// and a controller that never changes is not written.
    pub movements: Vec<(u64, Controller, u8)>,
    /// Tick at which every note ends; while it is 0, the take lasts to the end of its last note.
    pub end: u64,
}

/// How a file's tracks are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Type 0: everything in one track.
    OneTrack,
    /// Type 1: tempos and meters in the first track, all strokes in the second. Controllers that move
    /// have another one.
    #[default]
    Drums,
    /// As before, but with a track of its name for each lane that plays.
    Lanes,
}

impl Take {
    /// An empty take of this many ticks a quarter note (1..=32767).
    pub fn new(ticks_per_quarter: u16) -> Take {
        Take {
            ticks_per_quarter: ticks_per_quarter.clamp(1, 0x7fff),
            tempos: Vec::new(),
            meters: Vec::new(),
            strokes: Vec::new(),
            movements: Vec::new(),
            end: 0,
        }
    }

    /// The Standard MIDI file, with the strokes' General MIDI pitches on channel 10. A stroke is a thirty-second note long, or
    /// as long as there is room before the next one of its lane. The file ends on the bar line after
    /// the take.
    ///
    /// # Errors
    ///
    /// [`MidiFileError::Unwritable`] when a tempo, a meter or a rest has no form in a MIDI file.
    pub fn encode(&self, layout: Layout) -> Result<Vec<u8>, MidiFileError> {
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
        let ends = self.strokes.iter().map(|(tick, ..)| self.end_of(*tick));
        let end = self.closing_tick(ends.fold(self.end, u64::max));
        let mut tracks = vec![signatures];
        match layout {
            Layout::OneTrack => {
                self.write_strokes(&mut tracks[0], |_| true);
                self.write_movements(&mut tracks[0]);
            }
            Layout::Drums => {
                let mut drums = Track::default();
                self.write_strokes(&mut drums, |_| true);
                tracks.push(drums);
            }
            Layout::Lanes => {
                let plays = |lane: &Lane| self.strokes.iter().any(|stroke| stroke.1 == *lane);
                for lane in Lane::ALL.into_iter().filter(plays) {
                    let mut track = Track::default();
                    track.meta(0, MetaMessage::TrackName(lane.short_name().as_bytes()));
                    self.write_strokes(&mut track, |other| other == lane);
                    tracks.push(track);
                }
            }
        }
        if layout != Layout::OneTrack {
            let mut track = Track::default();
            if self.write_movements(&mut track) {
                track.meta(0, MetaMessage::TrackName(b"Controllers"));
                tracks.push(track);
            }
        }
        let format = match layout {
            Layout::OneTrack => Format::SingleTrack,
            Layout::Drums | Layout::Lanes => Format::Parallel,
        };
        let header = Header::new(format, Timing::Metrical(u15::new(self.ticks_per_quarter)));
        let mut bytes = Vec::new();
        let tracks = tracks.into_iter().map(|track| track.finish(end));
        let tracks = tracks.collect::<Result<_, _>>()?;
        Smf { header, tracks }
            .write_std(&mut bytes)
            .map_err(|error| unwritable(format!("it is too big ({error})")))?;
        Ok(bytes)
    }

    /// Writes the strokes of some lanes into a track.
    fn write_strokes(&self, track: &mut Track, is_wanted: impl Fn(Lane) -> bool) {
        let channel = u4::new(DRUMS);
        let mut spans: BTreeMap<u7, Vec<(u64, u64)>> = BTreeMap::new();
        for &(tick, lane, velocity) in self.strokes.iter().filter(|it| is_wanted(it.1)) {
            let key = u7::new(lane.pitch());
            track.start_note(tick, channel, key, u7::new(velocity.clamp(1, 127)));
            spans
                .entry(key)
                .or_default()
                .push((tick, self.end_of(tick)));
        }
        track.end_notes(channel, spans);
    }

    /// Writes the controllers that move into a track; false if there are none.
    fn write_movements(&self, track: &mut Track) -> bool {
        let mut values: BTreeMap<Controller, BTreeMap<u64, u8>> = BTreeMap::new();
        for &(tick, controller, value) in &self.movements {
            values.entry(controller).or_default().insert(tick, value);
        }
        let mut moves = false;
        for (Controller { channel, number }, values) in values {
            let mut values: Vec<_> = values.into_iter().collect();
            values.dedup_by_key(|(_, value)| *value);
            if values.len() < 2 {
                continue;
            }
            moves = true;
            for (tick, value) in values {
                let message = MidiMessage::Controller {
                    controller: u7::new(number & 127),
                    value: u7::new(value & 127),
                };
                track.movement(tick, u4::new(channel.clamp(1, 16) - 1), message);
            }
        }
        moves
    }

    /// Where a stroke ends that begins at `tick`.
    fn end_of(&self, tick: u64) -> u64 {
        let end = tick + u64::from(self.ticks_per_quarter / 8).max(1);
        match self.end {
            0 => end,
            last => end.min(last).max(tick + 1),
        }
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
        let bytes = take.encode(Layout::Drums).unwrap();
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
    fn every_layout_has_the_same_strokes() {
        let mut take = Take::new(480);
        take.tempos = vec![(0, 120.0)];
        for tick in 0..20_u64 {
            let lane = Lane::ALL[tick as usize % 3];
            take.strokes.push((tick * 120, lane, 64 + tick as u8));
        }
        let read = |layout| {
            let bytes = take.encode(layout).unwrap();
            let smf = midly::Smf::parse(&bytes).unwrap();
            let shape = (smf.header.format, smf.tracks.len());
            let mut notes: Vec<_> = midi_file::read(&bytes)
                .unwrap()
                .notes
                .into_iter()
                .map(|note| (note.start_time, note.end_time, note.pitch, note.velocity))
                .collect();
            notes.sort_by(|one, other| one.0.total_cmp(&other.0));
            (shape, notes)
        };
        let (shape, notes) = read(Layout::Drums);
        assert_eq!((shape, notes.len()), ((Format::Parallel, 2), 20));
        let others = [
            (Layout::OneTrack, Format::SingleTrack, 1),
            (Layout::Lanes, Format::Parallel, 4),
        ];
        for (layout, format, tracks) in others {
            assert_eq!(read(layout), ((format, tracks), notes.clone()));
        }
    }

    #[test]
    fn controllers_that_move_are_written_and_disturb_no_stroke() {
        let mut take = Take::new(960);
        take.tempos = vec![(0, 120.0)];
        take.strokes = vec![(0, Lane::Kick, 100), (960, Lane::Snare, 90)];
        let still = take.clone();
        let [slider, level] = [103, 110].map(|number| Controller {
            channel: 16,
            number,
        });
        take.movements = vec![
            (0, slider, 9),
            (0, slider, 10),
            (0, level, 64),
            (480, slider, 11),
            (500, level, 64),
            (700, slider, 11),
            (960, slider, 0),
        ];
        for layout in [Layout::OneTrack, Layout::Drums, Layout::Lanes] {
            let bytes = take.encode(layout).unwrap();
            let mut moved = Vec::new();
            for track in midly::Smf::parse(&bytes).unwrap().tracks {
                let mut tick = 0;
                for event in track {
                    tick += event.delta.as_int();
                    if let midly::TrackEventKind::Midi { channel, message } = event.kind
                        && let MidiMessage::Controller { controller, value } = message
                    {
                        moved.push((tick, channel.as_int(), controller.as_int(), value.as_int()));
                    }
                }
            }
            let wanted = [(0, 15, 103, 10), (480, 15, 103, 11), (960, 15, 103, 0)];
            assert_eq!(moved, wanted, "{layout:?}");
            let read = |bytes: &[u8]| midi_file::read(bytes).unwrap();
            let plain = read(&still.encode(layout).unwrap());
            assert_eq!(read(&bytes).notes, plain.notes, "{layout:?}");
            assert_eq!(read(&bytes).total_time, plain.total_time, "{layout:?}");
        }
        // What stands still leaves no trace.
        take.movements.truncate(3);
        take.movements.remove(0);
        let bytes = |take: &Take| take.encode(Layout::Drums).unwrap();
        assert_eq!(bytes(&take), bytes(&still));
    }

    #[test]
    fn what_has_no_form_is_refused() {
        let mut take = Take::new(960);
        take.tempos = vec![(0, 0.0)];
        assert!(take.encode(Layout::Drums).is_err());
        assert!(Take::new(0).encode(Layout::Drums).is_ok());
    }
}
