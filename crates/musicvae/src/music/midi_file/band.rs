//! The players of a file: which notes each plays on which instrument.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use encoding_rs::{BIG5, EUC_JP, EUC_KR, GBK, KOI8_R, SHIFT_JIS, WINDOWS_1251};

use super::clock::Clock;
use super::events::{EventKind, Track};
use super::rhythm::{DRUM_CHANNEL, Rhythm};
use crate::music::drum_part::{self, Part};
use crate::music::{ControlChange, InstrumentInfo, Note, NoteSequence, PitchBend, Reading};

/// One program on one channel of one track; with a part message within it, two.
struct Instrument {
    program: u8,
    channel: u8,
    track: usize,
    /// Whether the file says that these are drums, or none.
    says: Option<bool>,
    is_drum: bool,
    name: String,
    /// What the track calls its instrument.
    instrument_name: String,
    notes: Vec<Stroke>,
    /// Which of [`Band::movements`] holds its controller and pitch-wheel movements.
    movements: usize,
}

/// A note in ticks.
#[derive(Clone, Copy)]
struct Stroke {
    key: u8,
    velocity: u8,
    start: u64,
    /// `None` while nothing ended it.
    end: Option<u64>,
}

/// A note that sounds.
#[derive(Clone, Copy)]
struct Open {
    start: u64,
    velocity: u8,
    /// Whether a note-off came at its own tick. It may be meant for a note before it, or for it.
    touched: bool,
}

/// A track as far as it has been read.
struct TrackState<'r> {
    number: usize,
    rhythm: &'r Rhythm,
    name: String,
    instrument_name: String,
    programs: [u8; 16],
    /// What sounds, by channel and key.
    open: BTreeMap<(u8, u8), Vec<Open>>,
}

impl TrackState<'_> {
    fn new(number: usize, rhythm: &Rhythm) -> TrackState<'_> {
        TrackState {
            number,
            rhythm,
            name: String::new(),
            instrument_name: String::new(),
            programs: [0; 16],
            open: BTreeMap::new(),
        }
    }

    fn place(&self, channel: u8, tick: u64) -> Place {
        let program = self.programs[usize::from(channel)];
        let says = self.rhythm.says(tick, channel);
        (program, channel, self.number, says)
    }

    /// Ends what sounds on a channel, but for what begins at this tick. Returns it by key.
    fn silence(&mut self, channel: u8, tick: u64) -> Vec<(u8, Vec<Open>)> {
        let sounding = self.open.range_mut((channel, 0)..=(channel, 127));
        let ended = sounding.map(|(&(_, key), notes)| {
            let own = notes.partition_point(|note| note.start < tick);
            (key, notes.drain(..own).collect())
        });
        ended.collect()
    }
}

/// A name in a file, whose encoding the file doesn't say. The reference takes it for Latin-1. Most
/// programs of today write UTF-8; older ones used the encoding of their country. All that matters
/// about a name is whether it mentions drums.
fn text(bytes: &[u8], reading: Reading) -> String {
    let latin: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    if reading != Reading::Played {
        return latin;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    if drum_part::is_named_drums(&latin) {
        return latin;
    }
    let of_countries = [SHIFT_JIS, GBK, BIG5, EUC_KR, EUC_JP, WINDOWS_1251, KOI8_R];
    let read = of_countries
        .iter()
        .filter_map(|encoding| encoding.decode_without_bom_handling_and_without_replacement(bytes));
    let mut drums = read.filter(|text| drum_part::is_named_drums(text));
    drums.next().map_or(latin, Cow::into_owned)
}

/// Controller and pitch-wheel movements.
#[derive(Default)]
struct Movements {
    controls: Vec<(u64, u8, u8)>,
    bends: Vec<(u64, i32)>,
}

/// Program, channel, track, and what the file says of its being drums.
type Place = (u8, u8, usize, Option<bool>);

/// Every instrument of the file.
///
/// Movements that come before the first note of their channel wait in a list of the channel and
/// track, which every instrument that appears there later takes over. The reference hands the very
/// same list to each, so that two programs on one channel share their movements from then on; so
/// instruments name a list here, and two may name the same.
#[derive(Default)]
pub(super) struct Band {
    instruments: Vec<Instrument>,
    movements: Vec<Movements>,
    /// Where in `instruments` an instrument sits.
    places: HashMap<Place, usize>,
    /// `(channel, track)` to a place in `movements`.
    waiting: HashMap<(u8, usize), usize>,
    /// Note-offs that ended nothing in their track, by channel and pitch.
    unused_offs: HashMap<(u8, u8), Vec<u64>>,
}

impl Band {
    pub fn of(tracks: &[Track], rhythm: &Rhythm, reading: Reading) -> Band {
        let mut band = Band::default();
        for (number, track) in tracks.iter().enumerate() {
            band.add_track(number, track, rhythm, reading);
        }
        let marks = match reading {
            Reading::Played => band.drum_parts(tracks, rhythm),
            Reading::Magenta => {
                let drums = |instrument: &Instrument| instrument.channel == DRUM_CHANNEL;
                band.instruments.iter().map(drums).collect()
            }
        };
        for (instrument, is_drum) in band.instruments.iter_mut().zip(marks) {
            instrument.is_drum = is_drum;
        }
        band
    }

    fn add_track(&mut self, number: usize, track: &Track, rhythm: &Rhythm, reading: Reading) {
        let as_played = reading == Reading::Played;
        let mut part = TrackState::new(number, rhythm);
        for event in &track.events {
            let tick = event.tick;
            match event.kind {
                EventKind::TrackName(bytes) => part.name = text(bytes, reading),
                EventKind::InstrumentName(bytes) => part.instrument_name = text(bytes, reading),
                EventKind::Program { channel, program } => {
                    part.programs[usize::from(channel)] = program;
                }
                EventKind::NoteOn {
                    channel,
                    key,
                    velocity,
                } => {
                    let sounding = part.open.entry((channel, key)).or_default();
                    // What was ended as it began is ended by nothing else. (Where the first is, all
                    // that sound are.)
                    let is_over = sounding.first().is_some_and(|note| note.touched);
                    let over = if is_over {
                        std::mem::take(sounding)
                    } else {
                        Vec::new()
                    };
                    sounding.push(Open {
                        start: tick,
                        velocity,
                        touched: false,
                    });
                    self.add_notes(&part, (channel, key), over, None);
                }
                EventKind::NoteOff { channel, key } => {
                    let notes = part.open.remove(&(channel, key)).unwrap_or_default();
                    if notes
                        .first()
                        .is_some_and(|note| note.touched && note.start == tick)
                    {
                        part.open.insert((channel, key), notes);
                        continue;
                    }
                    let (mut own, ended): (Vec<_>, Vec<_>) =
                        notes.into_iter().partition(|note| note.start == tick);
                    if ended.is_empty() && !as_played {
                        continue;
                    }
                    if ended.is_empty() && own.is_empty() {
                        let unused = self.unused_offs.entry((channel, key));
                        unused.or_default().push(tick);
                        continue;
                    }
                    own.iter_mut()
                        .for_each(|note| note.touched = ended.is_empty());
                    self.add_notes(&part, (channel, key), ended, Some(tick));
                    if !own.is_empty() {
                        part.open.insert((channel, key), own);
                    }
                }
                EventKind::Control {
                    channel,
                    number,
                    value,
                } => {
                    // All sound off, all notes off, and the modes that mean it.
                    if as_played && matches!(number, 120 | 123..=127) {
                        for (key, ended) in part.silence(channel, tick) {
                            self.add_notes(&part, (channel, key), ended, Some(tick));
                        }
                    }
                    let movements = self.movements(part.place(channel, tick));
                    movements.controls.push((tick, number, value));
                }
                EventKind::PitchBend { channel, bend } => {
                    let movements = self.movements(part.place(channel, tick));
                    movements.bends.push((tick, bend));
                }
                EventKind::Tempo(_)
                | EventKind::TimeSignature(..)
                | EventKind::KeySignature(..)
                | EventKind::SystemExclusive(_) => {}
            }
        }
        if as_played {
            let open = std::mem::take(&mut part.open).into_iter();
            let mut open: Vec<_> = open
                .flat_map(|(key, notes)| notes.into_iter().map(move |note| (key, note)))
                .collect();
            open.sort_by_key(|(_, note)| note.start);
            for (key, note) in open {
                self.add_notes(&part, key, vec![note], None);
            }
        }
    }

    /// Gives notes of one channel and key that end together to their instrument.
    fn add_notes(
        &mut self,
        part: &TrackState,
        (channel, key): (u8, u8),
        notes: Vec<Open>,
        end: Option<u64>,
    ) {
        for note in notes {
            let instrument = self.instrument(part.place(channel, note.start), part);
            self.instruments[instrument].notes.push(Stroke {
                key,
                velocity: note.velocity,
                start: note.start,
                end,
            });
        }
    }

    /// The instrument's place; it takes a seat when it has none.
    fn instrument(&mut self, place: Place, part: &TrackState) -> usize {
        if let Some(found) = self.places.get(&place) {
            return *found;
        }
        let (program, channel, track, says) = place;
        let movements = match self.waiting.get(&(channel, track)) {
            Some(list) => *list,
            None => self.new_movements(),
        };
        self.instruments.push(Instrument {
            program,
            channel,
            track,
            says,
            is_drum: false,
            name: part.name.clone(),
            instrument_name: part.instrument_name.clone(),
            notes: Vec::new(),
            movements,
        });
        self.places.insert(place, self.instruments.len() - 1);
        self.instruments.len() - 1
    }

    fn new_movements(&mut self) -> usize {
        self.movements.push(Movements::default());
        self.movements.len() - 1
    }

    fn movements(&mut self, place: Place) -> &mut Movements {
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

    /// Which instruments are drums. A track's name describes everything that it plays, so it counts
    /// only for a track that plays on one channel.
    fn drum_parts(&self, tracks: &[Track], rhythm: &Rhythm) -> Vec<bool> {
        let mut channels: Vec<Option<u8>> = vec![None; tracks.len()];
        let mut is_mixed = vec![false; tracks.len()];
        for Instrument { channel, track, .. } in &self.instruments {
            let first = channels[*track].get_or_insert(*channel);
            is_mixed[*track] |= first != channel;
        }
        let part = |instrument: &Instrument| {
            let mut part = Part {
                says: instrument.says,
                has_drum_bank: rhythm.has_drum_bank(instrument.channel),
                is_on_channel_16: instrument.channel == 15,
                program: i32::from(instrument.program),
                ..Part::default()
            };
            if !is_mixed[instrument.track] {
                part.name = format!("{} {}", instrument.name, instrument.instrument_name);
            }
            for note in &instrument.notes {
                part.count(i32::from(note.key));
            }
            part
        };
        let parts: Vec<Part> = self.instruments.iter().map(part).collect();
        drum_part::which(&parts)
    }

    /// Gives an end to the notes that have none: a note-off of another track, where there is one that
    /// nothing else needs, or else a length. Returns how many notes of other instruments than drums
    /// were given a length: a drum stroke needs none.
    ///
    /// A stroke is a sixteenth note long. Another note lasts to the next one of its instrument, a
    /// bar at most, or a quarter note where none follows.
    pub fn end_open_notes(&mut self, quarter: u64) -> usize {
        let mut given = 0;
        for offs in self.unused_offs.values_mut() {
            offs.sort_unstable();
        }
        for instrument in &mut self.instruments {
            if instrument.notes.iter().all(|note| note.end.is_some()) {
                continue;
            }
            let mut starts: Vec<u64> = instrument.notes.iter().map(|note| note.start).collect();
            starts.sort_unstable();
            for note in instrument
                .notes
                .iter_mut()
                .filter(|note| note.end.is_none())
            {
                let offs = self.unused_offs.get(&(instrument.channel, note.key));
                let off = offs.and_then(|offs| {
                    let after = offs.partition_point(|off| *off <= note.start);
                    offs.get(after).copied()
                });
                let next = starts[starts.partition_point(|start| *start <= note.start)..].first();
                let length = match (instrument.is_drum, off, next) {
                    (true, ..) => quarter / 4,
                    (false, Some(off), _) => off - note.start,
                    (false, None, Some(next)) => (next - note.start).min(4 * quarter),
                    (false, None, None) => quarter,
                };
                given += usize::from(!instrument.is_drum && off.is_none());
                note.end = Some(note.start.saturating_add(length.max(1)));
            }
        }
        given
    }

    pub fn play_into(self, sequence: &mut NoteSequence, clock: &Clock) {
        for (number, instrument) in self.instruments.into_iter().enumerate() {
            let number = number as i32;
            let program = i32::from(instrument.program);
            let is_drum = instrument.is_drum;
            if !instrument.name.is_empty() {
                let info = InstrumentInfo {
                    instrument: number,
                    name: instrument.name,
                };
                sequence.instrument_infos.push(info);
            }
            for note in instrument.notes {
                // Only what is never ended has no end here, and is dropped.
                let Some(end) = note.end else { continue };
                let end_time = clock.seconds(end);
                sequence.total_time = sequence.total_time.max(end_time);
                sequence.notes.push(Note {
                    pitch: i32::from(note.key),
                    velocity: i32::from(note.velocity),
                    start_time: clock.seconds(note.start),
                    end_time,
                    instrument: number,
                    program,
                    is_drum,
                });
            }
            let movements = &self.movements[instrument.movements];
            sequence
                .pitch_bends
                .extend(movements.bends.iter().map(|&(tick, bend)| PitchBend {
                    time: clock.seconds(tick),
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
                        .map(|&(tick, control_number, control_value)| ControlChange {
                            time: clock.seconds(tick),
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
