//! Timed MIDI events to a note sequence, as the reference's `midi_to_note_sequence` does.

use std::collections::HashMap;

use super::MidiFileError;
use super::smf::{Event, EventKind, Smf, parse};
use crate::music::{
    ControlChange, InstrumentInfo, KeySignature, Note, NoteSequence, PitchBend, SourceInfo, Tempo,
    TimeSignature,
};

/// The MIDI channel of drums, counted from 0 (players say 10).
const DRUM_CHANNEL: u8 = 9;

/// `SourceInfo::encoding_type` of MIDI and `SourceInfo::parser` of pretty_midi, whose rules we keep.
const SOURCE: SourceInfo = SourceInfo {
    encoding_type: 3,
    parser: 2,
};

/// Reads a Standard MIDI file of any type into a note sequence, with the meaning the reference
/// gives it:
///
/// - tempo, time and key signatures count on the first track only;
/// - an instrument is one program on one channel of one track, numbered by its first ended note;
/// - a note-off ends every open note of its channel and pitch, except those that start at its own
///   tick; notes stand in the order in which they end; a note that never ends is dropped;
/// - times are float64 seconds, computed with the reference's operations in its order.
///
/// # Errors
///
/// [`MidiFileError::Malformed`] for anything that is not a whole, valid file, with the byte where
/// it goes wrong.
pub fn read(bytes: &[u8]) -> Result<NoteSequence, MidiFileError> {
    let smf = parse(bytes)?;
    let clock = Clock::of(&smf);
    let mut sequence = NoteSequence {
        ticks_per_quarter: i32::from(smf.ticks_per_quarter),
        source_info: Some(SOURCE),
        tempos: clock.tempos(),
        ..NoteSequence::default()
    };
    for event in smf.tracks.first().into_iter().flatten() {
        let time = clock.seconds(event.tick);
        match event.kind {
            EventKind::TimeSignature(numerator, denominator) => {
                let numerator = i32::from(numerator);
                sequence.time_signatures.push(TimeSignature {
                    time,
                    numerator,
                    denominator,
                });
            }
            EventKind::KeySignature(sharps, minor) => {
                // A fifth up for every sharp; the relative minor lies nine semitones up.
                let tonic = 7 * i32::from(sharps) + if minor { 9 } else { 0 };
                let (key, mode) = (tonic.rem_euclid(12), i32::from(minor));
                sequence
                    .key_signatures
                    .push(KeySignature { time, key, mode });
            }
            _ => {}
        }
    }
    Band::of(&smf, &clock).play_into(&mut sequence);
    Ok(sequence)
}

/// The tempo map: ticks to seconds.
struct Clock {
    ticks_per_quarter: f64,
    /// First tick, its time in seconds, and seconds a tick from there on.
    spans: Vec<(u64, f64, f64)>,
}

impl Clock {
    fn of(smf: &Smf) -> Clock {
        let ticks_per_quarter = f64::from(smf.ticks_per_quarter);
        let mut clock = Clock {
            ticks_per_quarter,
            spans: vec![(0, 0.0, 60.0 / (120.0 * ticks_per_quarter))],
        };
        for event in smf.tracks.first().into_iter().flatten() {
            let EventKind::Tempo(microseconds) = event.kind else {
                continue;
            };
            let qpm = 6e7 / f64::from(microseconds);
            let seconds_per_tick = 60.0 / (qpm * ticks_per_quarter);
            let start = (event.tick, clock.seconds(event.tick), seconds_per_tick);
            if event.tick == 0 {
                clock.spans = vec![start];
            } else if clock
                .spans
                .last()
                .is_none_or(|span| span.2 != seconds_per_tick)
            {
                clock.spans.push(start);
            }
        }
        clock
    }

    fn seconds(&self, tick: u64) -> f64 {
        let after = self.spans.partition_point(|span| span.0 <= tick);
        let (start, time, seconds_per_tick) = self.spans[after.max(1) - 1];
        time + seconds_per_tick * (tick - start) as f64
    }

    fn tempos(&self) -> Vec<Tempo> {
        let tempo = |&(_, time, seconds_per_tick): &(u64, f64, f64)| Tempo {
            time,
            qpm: 60.0 / (seconds_per_tick * self.ticks_per_quarter),
        };
        self.spans.iter().map(tempo).collect()
    }
}

/// One program on one channel of one track.
struct Instrument {
    program: u8,
    channel: u8,
    name: String,
    notes: Vec<Note>,
    /// Which of [`Band::movements`] holds its controller and pitch-wheel movements.
    movements: usize,
}

/// Controller and pitch-wheel movements.
#[derive(Default)]
struct Movements {
    controls: Vec<(f64, u8, u8)>,
    bends: Vec<(f64, i32)>,
}

/// Every instrument of the file.
///
/// Movements that come before the first note of their channel wait in a list of the channel and
/// track, which every instrument that appears there later takes over. The reference hands the very
/// same list to each, so that two programs on one channel share their movements from then on; so
/// instruments name a list here, and two may name the same.
#[derive(Default)]
struct Band {
    instruments: Vec<Instrument>,
    movements: Vec<Movements>,
    /// `(program, channel, track)` to a place in `instruments`.
    places: HashMap<(u8, u8, usize), usize>,
    /// `(channel, track)` to a place in `movements`.
    waiting: HashMap<(u8, usize), usize>,
}

impl Band {
    fn of(smf: &Smf, clock: &Clock) -> Band {
        let mut band = Band::default();
        for (track, events) in smf.tracks.iter().enumerate() {
            band.add_track(track, events, clock);
        }
        band
    }

    fn add_track(&mut self, track: usize, events: &[Event], clock: &Clock) {
        let mut name = String::new();
        let mut programs = [0_u8; 16];
        let mut open: HashMap<(u8, u8), Vec<(u64, u8)>> = HashMap::new();
        for event in events {
            match event.kind {
                // Latin-1, as the reference decodes it.
                EventKind::TrackName(bytes) => {
                    name = bytes.iter().map(|byte| char::from(*byte)).collect();
                }
                EventKind::Program { channel, program } => {
                    programs[usize::from(channel)] = program;
                }
                EventKind::NoteOn {
                    channel,
                    key,
                    velocity,
                } => {
                    open.entry((channel, key))
                        .or_default()
                        .push((event.tick, velocity));
                }
                EventKind::NoteOff { channel, key } => {
                    let Some(notes) = open.remove(&(channel, key)) else {
                        continue;
                    };
                    let (kept, ended): (Vec<_>, Vec<_>) = notes
                        .into_iter()
                        .partition(|(start, _)| *start == event.tick);
                    if ended.is_empty() {
                        continue;
                    }
                    let program = programs[usize::from(channel)];
                    let instrument = self.instrument((program, channel, track), &name);
                    let note = |(start, velocity): (u64, u8)| Note {
                        pitch: i32::from(key),
                        velocity: i32::from(velocity),
                        start_time: clock.seconds(start),
                        end_time: clock.seconds(event.tick),
                        ..Note::default()
                    };
                    self.instruments[instrument]
                        .notes
                        .extend(ended.into_iter().map(note));
                    if !kept.is_empty() {
                        open.insert((channel, key), kept);
                    }
                }
                EventKind::Control {
                    channel,
                    number,
                    value,
                } => {
                    let movements =
                        self.movements((programs[usize::from(channel)], channel, track));
                    movements
                        .controls
                        .push((clock.seconds(event.tick), number, value));
                }
                EventKind::PitchBend { channel, bend } => {
                    let movements =
                        self.movements((programs[usize::from(channel)], channel, track));
                    movements.bends.push((clock.seconds(event.tick), bend));
                }
                EventKind::Tempo(_)
                | EventKind::TimeSignature(..)
                | EventKind::KeySignature(..) => {}
            }
        }
    }

    /// The instrument's place; it takes a seat when it has none.
    fn instrument(&mut self, place: (u8, u8, usize), name: &str) -> usize {
        if let Some(found) = self.places.get(&place) {
            return *found;
        }
        let (program, channel, track) = place;
        let movements = match self.waiting.get(&(channel, track)) {
            Some(list) => *list,
            None => self.new_movements(),
        };
        let (name, notes) = (name.to_string(), Vec::new());
        self.instruments.push(Instrument {
            program,
            channel,
            name,
            notes,
            movements,
        });
        self.places.insert(place, self.instruments.len() - 1);
        self.instruments.len() - 1
    }

    fn new_movements(&mut self) -> usize {
        self.movements.push(Movements::default());
        self.movements.len() - 1
    }

    fn movements(&mut self, place: (u8, u8, usize)) -> &mut Movements {
        let waiting = (place.1, place.2);
        let list = match (self.places.get(&place), self.waiting.get(&waiting)) {
            (Some(instrument), _) => self.instruments[*instrument].movements,
            (None, Some(list)) => *list,
            (None, None) => {
                let list = self.new_movements();
                self.waiting.insert(waiting, list);
                list
            }
        };
        &mut self.movements[list]
    }

    fn play_into(self, sequence: &mut NoteSequence) {
        for (number, instrument) in self.instruments.into_iter().enumerate() {
            let number = number as i32;
            let program = i32::from(instrument.program);
            let is_drum = instrument.channel == DRUM_CHANNEL;
            if !instrument.name.is_empty() {
                let info = InstrumentInfo {
                    instrument: number,
                    name: instrument.name,
                };
                sequence.instrument_infos.push(info);
            }
            for note in instrument.notes {
                sequence.total_time = sequence.total_time.max(note.end_time);
                sequence.notes.push(Note {
                    instrument: number,
                    program,
                    is_drum,
                    ..note
                });
            }
            let movements = &self.movements[instrument.movements];
            sequence
                .pitch_bends
                .extend(movements.bends.iter().map(|&(time, bend)| PitchBend {
                    time,
                    bend,
                    instrument: number,
                    program,
                    is_drum,
                }));
            sequence
                .control_changes
                .extend(
                    movements
                        .controls
                        .iter()
                        .map(|&(time, control_number, control_value)| ControlChange {
                            time,
                            control_number: i32::from(control_number),
                            control_value: i32::from(control_value),
                            instrument: number,
                            program,
                            is_drum,
                        }),
                );
        }
    }
}
