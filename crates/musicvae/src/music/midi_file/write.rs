//! Note sequences to Standard MIDI files.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

use super::MidiFileError;
use crate::music::{Note, NoteSequence, closing_line, write_whole_file};

/// Ticks a quarter note where the sequence does not say: those of the Groove MIDI Dataset.
const TICKS_PER_QUARTER: u16 = 480;

/// A written file, and what had to be changed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The file.
    pub bytes: Vec<u8>,
    /// Notes that began before the start of the file and were moved to it.
    pub clamped: usize,
}

/// The Standard MIDI file of `sequence`: type 1, a first track with tempo, time and key
/// signatures, then a track for each instrument, drums on channel 10.
///
/// Velocities are held to 1..=127, because a velocity of 0 would end a note. A note ends where the
/// next one of its pitch begins, at the latest, and lasts at least one tick. Notes of one moment
/// stay in the sequence's order. Every track ends on the bar line after the music, so that the file
/// can be looped.
///
/// # Errors
///
/// [`MidiFileError::Unwritable`] when a tempo, meter, pitch or time has no form in a MIDI file.
pub fn encode(sequence: &NoteSequence) -> Result<Encoded, MidiFileError> {
    let ticks_per_quarter = u16::try_from(sequence.ticks_per_quarter)
        .ok()
        .filter(|ticks| (1..0x8000).contains(ticks))
        .unwrap_or(TICKS_PER_QUARTER);
    let clock = Clock::of(sequence, ticks_per_quarter)?;
    let end = end(sequence, &clock, ticks_per_quarter)?;
    let mut tracks = vec![signatures(sequence, &clock)?.finish(end)?];
    let mut clamped = 0;
    for (channel, instrument) in instruments(sequence) {
        let (track, moved) = instrument.track(channel, &clock, end)?;
        tracks.push(track.finish(end)?);
        clamped += moved;
    }
    let header = Header::new(
        Format::Parallel,
        Timing::Metrical(u15::new(ticks_per_quarter)),
    );
    let mut bytes = Vec::new();
    Smf { header, tracks }
        .write_std(&mut bytes)
        .map_err(|error| unwritable(format!("it is too big ({error})")))?;
    Ok(Encoded { bytes, clamped })
}

/// The bytes of [`encode`], for callers who do not mind clamped notes.
pub fn write(sequence: &NoteSequence) -> Result<Vec<u8>, MidiFileError> {
    encode(sequence).map(|encoded| encoded.bytes)
}

/// Writes `sequence` to a file, whole or not at all; returns how many notes [`encode`] clamped.
pub fn write_path(sequence: &NoteSequence, path: &Path) -> Result<usize, MidiFileError> {
    let encoded = encode(sequence).map_err(|error| error.in_file(path))?;
    write_whole_file(path, |out| out.write_all(&encoded.bytes)).map_err(|source| {
        MidiFileError::Io {
            action: "write",
            path: path.to_path_buf(),
            source,
        }
    })?;
    Ok(encoded.clamped)
}

pub(super) fn unwritable(problem: impl Into<String>) -> MidiFileError {
    MidiFileError::Unwritable {
        problem: problem.into(),
    }
}

/// The tempo map: seconds to ticks.
struct Clock {
    /// First tick, its time in seconds, microseconds a quarter note, seconds a tick.
    spans: Vec<(u64, f64, u32, f64)>,
}

impl Clock {
    fn of(sequence: &NoteSequence, ticks_per_quarter: u16) -> Result<Clock, MidiFileError> {
        let span = |tick, time, qpm: f64| {
            let microseconds = (6e7 / qpm).round();
            if !(1.0..=f64::from(0x00ff_ffff)).contains(&microseconds) {
                return Err(unwritable(format!(
                    "a tempo of {qpm} is not in 3.6..=60000000"
                )));
            }
            // The rounded tempo counts, so that a reader finds the seconds that were meant.
            let seconds = microseconds * 1e-6 / f64::from(ticks_per_quarter);
            Ok((tick, time, microseconds as u32, seconds))
        };
        let mut tempos: Vec<_> = sequence.tempos.iter().collect();
        tempos.sort_by(|a, b| a.time.total_cmp(&b.time));
        let mut clock = Clock {
            spans: vec![span(0, 0.0, 120.0)?],
        };
        for tempo in tempos {
            let tick = clock.tick(tempo.time)?;
            let time = clock.seconds(tick);
            if tick == 0 {
                clock.spans.clear();
            }
            clock.spans.push(span(tick, time, tempo.qpm)?);
        }
        Ok(clock)
    }

    fn seconds(&self, tick: u64) -> f64 {
        let after = self.spans.partition_point(|span| span.0 <= tick);
        let (start, time, _, seconds) = self.spans[after.max(1) - 1];
        time + (tick - start) as f64 * seconds
    }

    /// The tick nearest to `time`; 0 for a time before the start.
    fn tick(&self, time: f64) -> Result<u64, MidiFileError> {
        let after = self.spans.partition_point(|span| span.1 <= time);
        let (start, start_time, _, seconds) = self.spans[after.max(1) - 1];
        let ticks = ((time - start_time).max(0.0) / seconds).round();
        if !(time.is_finite() && ticks < f64::from(u32::MAX)) {
            return Err(unwritable(format!(
                "a time of {time} s is too far from the start"
            )));
        }
        Ok(start + ticks as u64)
    }
}

/// Events of one track, in any order until [`Track::finish`].
#[derive(Default)]
pub(super) struct Track<'a> {
    /// Tick, rank among the events of that tick, event.
    events: Vec<(u64, u8, TrackEventKind<'a>)>,
}

// Ranks: what must come first at one tick.
const SETUP: u8 = 0;
const END_OF_NOTE: u8 = 1;
const MOVEMENT: u8 = 2;
const START_OF_NOTE: u8 = 3;

impl<'a> Track<'a> {
    pub(super) fn meta(&mut self, tick: u64, message: MetaMessage<'a>) {
        self.events
            .push((tick, SETUP, TrackEventKind::Meta(message)));
    }

    fn midi(&mut self, tick: u64, rank: u8, channel: u4, message: MidiMessage) {
        self.events
            .push((tick, rank, TrackEventKind::Midi { channel, message }));
    }

    /// A controller that moves.
    pub(super) fn movement(&mut self, tick: u64, channel: u4, message: MidiMessage) {
        self.midi(tick, MOVEMENT, channel, message);
    }

    /// A time signature of `numerator` beats of `1 / denominator`.
    pub(super) fn meter(
        &mut self,
        tick: u64,
        numerator: i32,
        denominator: i32,
    ) -> Result<(), MidiFileError> {
        let beats = u8::try_from(numerator).ok().filter(|beats| *beats > 0);
        let part = u32::try_from(denominator)
            .ok()
            .filter(|part| part.is_power_of_two());
        let (Some(beats), Some(part)) = (beats, part) else {
            return Err(unwritable(format!(
                "a time signature of {numerator}/{denominator}"
            )));
        };
        let power = part.trailing_zeros() as u8;
        // 24 MIDI clocks to the metronome's click, 8 thirty-seconds to the quarter note.
        self.meta(tick, MetaMessage::TimeSignature(beats, power, 24, 8));
        Ok(())
    }

    pub(super) fn start_note(&mut self, tick: u64, channel: u4, key: u7, vel: u7) {
        let message = MidiMessage::NoteOn { key, vel };
        self.midi(tick, START_OF_NOTE, channel, message);
    }

    /// Ends notes that were started, by key the ticks of start and wished end: where the next one
    /// of the key begins, at the latest.
    pub(super) fn end_notes(&mut self, channel: u4, spans: BTreeMap<u7, Vec<(u64, u64)>>) {
        for (key, mut spans) in spans {
            spans.sort_unstable();
            let mut next = u64::MAX;
            for group in spans.chunk_by(|a, b| a.0 == b.0).rev() {
                // Notes of one start share one note-off, because a reader would end them at once.
                let end = group[group.len() - 1].1.min(next);
                next = group[0].0;
                let message = MidiMessage::NoteOff {
                    key,
                    vel: u7::new(64),
                };
                self.midi(end, END_OF_NOTE, channel, message);
            }
        }
    }

    /// The events by tick and rank (a stable sort keeps the rest), with delta times; the track ends
    /// at tick `end`, or with its last event where that is later.
    pub(super) fn finish(mut self, end: u64) -> Result<Vec<TrackEvent<'a>>, MidiFileError> {
        let last = self.events.iter().map(|(tick, ..)| *tick).max();
        let end_of_track = TrackEventKind::Meta(MetaMessage::EndOfTrack);
        let end = end.max(last.unwrap_or(0));
        self.events.sort_by_key(|(tick, rank, _)| (*tick, *rank));
        let mut now = 0;
        let mut track = Vec::with_capacity(self.events.len() + 1);
        let events = self.events.into_iter().map(|(tick, _, kind)| (tick, kind));
        for (tick, kind) in events.chain([(end, end_of_track)]) {
            let delta = u32::try_from(tick - now).ok().and_then(u28::try_from);
            let delta = delta
                .ok_or_else(|| unwritable(format!("a rest of {} ticks is too long", tick - now)))?;
            track.push(TrackEvent { delta, kind });
            now = tick;
        }
        Ok(track)
    }
}

/// The tick of the bar line at which the file ends.
fn end(
    sequence: &NoteSequence,
    clock: &Clock,
    ticks_per_quarter: u16,
) -> Result<u64, MidiFileError> {
    let meters = sequence.time_signatures.iter();
    let meter = meters.max_by(|a, b| a.time.total_cmp(&b.time));
    let (from, beats, part) = match meter {
        Some(meter) => (clock.tick(meter.time)?, meter.numerator, meter.denominator),
        None => (0, 4, 4),
    };
    // What is no meter is refused elsewhere.
    let beats = f64::from(beats.max(1)) / f64::from(part.max(1));
    let bar = (f64::from(ticks_per_quarter) * 4.0 * beats).max(1.0);
    let mut last = None;
    // A length that has no form in a file is none.
    let mut end = clock.tick(sequence.total_time).unwrap_or_default();
    for note in &sequence.notes {
        last = last.max(Some(clock.tick(note.start_time)?));
        end = end.max(clock.tick(note.end_time)?);
    }
    let after = |tick: u64| tick.saturating_sub(from) as f64;
    let line = closing_line(last.map(after), after(end), bar);
    Ok(from.saturating_add(line.round() as u64))
}

fn signatures<'a>(sequence: &NoteSequence, clock: &Clock) -> Result<Track<'a>, MidiFileError> {
    let mut track = Track::default();
    for (tick, _, microseconds, _) in &clock.spans {
        track.meta(*tick, MetaMessage::Tempo(u24::new(*microseconds)));
    }
    for meter in &sequence.time_signatures {
        track.meter(clock.tick(meter.time)?, meter.numerator, meter.denominator)?;
    }
    for key in &sequence.key_signatures {
        let minor = key.mode == 1;
        let tonic = key.key - if minor { 9 } else { 0 };
        // Fifths from C, -5..=6.
        let sharps = ((7 * i64::from(tonic) + 5).rem_euclid(12) - 5) as i8;
        track.meta(
            clock.tick(key.time)?,
            MetaMessage::KeySignature(sharps, minor),
        );
    }
    Ok(track)
}

/// What one instrument of a sequence does.
#[derive(Default)]
struct Instrument<'a> {
    name: &'a str,
    program: i32,
    is_drum: bool,
    notes: Vec<&'a Note>,
    /// Time, controller number, value.
    controls: Vec<(f64, i32, i32)>,
    bends: Vec<(f64, i32)>,
}

/// Every instrument with its channel: drums on 9 (counted from 0), the others in turn on the rest.
fn instruments(sequence: &NoteSequence) -> Vec<(u4, Instrument<'_>)> {
    let mut found: BTreeMap<(i32, i32, bool), Instrument> = BTreeMap::new();
    fn of<'b, 'a>(
        found: &'b mut BTreeMap<(i32, i32, bool), Instrument<'a>>,
        (number, program, is_drum): (i32, i32, bool),
    ) -> &'b mut Instrument<'a> {
        let instrument = found.entry((number, program, is_drum)).or_default();
        (instrument.program, instrument.is_drum) = (program, is_drum);
        instrument
    }
    for note in &sequence.notes {
        of(&mut found, (note.instrument, note.program, note.is_drum))
            .notes
            .push(note);
    }
    for control in &sequence.control_changes {
        of(
            &mut found,
            (control.instrument, control.program, control.is_drum),
        )
        .controls
        .push((control.time, control.control_number, control.control_value));
    }
    for bend in &sequence.pitch_bends {
        of(&mut found, (bend.instrument, bend.program, bend.is_drum))
            .bends
            .push((bend.time, bend.bend));
    }
    for ((number, _, _), instrument) in &mut found {
        let info = sequence
            .instrument_infos
            .iter()
            .find(|info| info.instrument == *number);
        instrument.name = info.map_or("", |info| &info.name);
    }
    let mut melodic = (0..16).filter(|channel| *channel != 9).cycle();
    let channel = |instrument: &Instrument| match instrument.is_drum {
        true => 9,
        false => melodic.next().unwrap_or_default(),
    };
    let mut channel = channel;
    found
        .into_values()
        .map(|instrument| (u4::new(channel(&instrument)), instrument))
        .collect()
}

fn seven_bits(what: &str, value: i32) -> Result<u7, MidiFileError> {
    let byte = u8::try_from(value).ok().and_then(u7::try_from);
    byte.ok_or_else(|| unwritable(format!("a {what} of {value} is not in 0..=127")))
}

impl<'a> Instrument<'a> {
    /// The instrument's track, and how many of its notes began before the start.
    fn track(
        self,
        channel: u4,
        clock: &Clock,
        file_end: u64,
    ) -> Result<(Track<'a>, usize), MidiFileError> {
        let mut track = Track::default();
        if !self.name.is_empty() {
            track.meta(0, MetaMessage::TrackName(self.name.as_bytes()));
        }
        if self.program != 0 {
            let program = seven_bits("program", self.program)?;
            track.midi(0, SETUP, channel, MidiMessage::ProgramChange { program });
        }
        for (time, number, value) in self.controls {
            let controller = seven_bits("controller number", number)?;
            let value = seven_bits("controller value", value)?;
            let message = MidiMessage::Controller { controller, value };
            track.midi(clock.tick(time)?, MOVEMENT, channel, message);
        }
        for (time, bend) in self.bends {
            let bend = bend.clamp(-8192, 8191) as i16;
            let message = MidiMessage::PitchBend {
                bend: midly::PitchBend::from_int(bend),
            };
            track.midi(clock.tick(time)?, MOVEMENT, channel, message);
        }
        let mut clamped = 0;
        // Pitch to the (start, end) ticks of its notes.
        let mut spans: BTreeMap<u7, Vec<(u64, u64)>> = BTreeMap::new();
        for note in self.notes {
            clamped += usize::from(note.start_time < 0.0);
            let start = clock.tick(note.start_time)?;
            let end = clock.tick(note.end_time)?.min(file_end).max(start + 1);
            let key = seven_bits("pitch", note.pitch)?;
            let vel = u7::new(note.velocity.clamp(1, 127) as u8);
            track.start_note(start, channel, key, vel);
            spans.entry(key).or_default().push((start, end));
        }
        track.end_notes(channel, spans);
        Ok((track, clamped))
    }
}
