//! Melody, bass and drums side by side: the reference's `TrioConverter`.

use std::collections::BTreeMap;

use super::cut::Cut;
use super::drums::{self, DrumSet};
use super::grid::{NoWindows, Quantized, STEPS_PER_BAR};
use super::melody::{self, MELODY_PROGRAMS, MelodyEvent, Rules};
use super::rows::greatest;
use crate::music::{DrumClasses, Note, NoteSequence, Representation, STEPS_PER_QUARTER};

/// Programs of General MIDI that count as bass.
const BASS_PROGRAMS: std::ops::Range<i32> = 32..40;
/// The program that a bass gets in what a model makes: electric bass, fingered.
const ELECTRIC_BASS: i32 = 33;

/// Silent bars around its notes in which an instrument still counts as playing.
const GAP_BARS: usize = 2;
/// Bars of a sequence that are looked at.
const MAX_BARS: usize = 1024;
/// Instruments are numbered 0..128.
const INSTRUMENTS: std::ops::Range<i32> = 0..128;

/// A stretch of three voices.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trio {
    /// The melody's event of every step.
    pub melody: Vec<MelodyEvent>,
    /// The bass's event of every step.
    pub bass: Vec<MelodyEvent>,
    /// The drums of every step.
    pub drums: Vec<DrumSet>,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Melody,
    Bass,
    Drums,
}

/// One instrument: its part, `None` when it plays several or none; and in which bars it plays.
struct Player {
    part: Option<Part>,
    plays: Vec<bool>,
}

fn part_of(note: &Note) -> Option<Part> {
    match note.program {
        _ if note.is_drum => Some(Part::Drums),
        program if MELODY_PROGRAMS.contains(&program) => Some(Part::Melody),
        program if BASS_PROGRAMS.contains(&program) => Some(Part::Bass),
        _ => None,
    }
}

/// Every stretch of `bars` bars, `hop` bars apart, of every combination of a melody, a bass and a
/// drum instrument, in which each of the three plays, give or take two bars. `sequence` has one
/// tempo and meter, which comes along.
pub(super) fn windows(
    sequence: &NoteSequence,
    Cut { bars, hop }: Cut,
) -> Result<(Vec<Trio>, f64), NoWindows> {
    let quantized = Quantized::of(sequence, STEPS_PER_QUARTER)?;
    let total = quantized.steps.div_ceil(STEPS_PER_BAR).min(MAX_BARS);
    let mut players = players(&quantized, total);
    let found = |part, name| {
        let numbers = players
            .iter()
            .filter(|(_, player)| player.part == Some(part));
        let numbers: Vec<i32> = numbers.map(|(number, _)| *number).collect();
        if numbers.is_empty() {
            return Err(NoWindows::NoTrio(name));
        }
        Ok(numbers)
    };
    let melodies = found(Part::Melody, "melody (programs 1 to 32)")?;
    let basses = found(Part::Bass, "bass (programs 33 to 40)")?;
    let drums = found(Part::Drums, "drums")?;
    if total < bars {
        let window = bars;
        return Err(NoWindows::TooShort {
            bars: total,
            window,
        });
    }

    let steps = total * STEPS_PER_BAR;
    let mut voices: BTreeMap<i32, Vec<MelodyEvent>> = BTreeMap::new();
    let mut beats: BTreeMap<i32, Vec<DrumSet>> = BTreeMap::new();
    for (number, player) in &mut players {
        let alone = of_instrument(&quantized, *number);
        let written = match player.part {
            Some(Part::Drums) => whole_drums(&alone, steps)
                .map(|drums| beats.insert(*number, drums))
                .is_some(),
            Some(_) => whole_melody(&alone, steps)
                .map(|voice| voices.insert(*number, voice))
                .is_some(),
            None => continue,
        };
        if !written {
            player.plays.fill(false);
        }
        player.plays = with_gaps(&player.plays);
    }

    let mut trios = Vec::new();
    for melody in &melodies {
        for bass in &basses {
            for drum in &drums {
                let (Some(voice), Some(low), Some(beat)) =
                    (voices.get(melody), voices.get(bass), beats.get(drum))
                else {
                    continue;
                };
                let covered =
                    together([melody, bass, drum].map(|number| &players[number].plays[..]));
                for first in (0..=total - bars).step_by(hop) {
                    if covered[first..first + bars].iter().all(|bar| *bar) {
                        let steps = first * STEPS_PER_BAR..(first + bars) * STEPS_PER_BAR;
                        trios.push(Trio {
                            melody: voice[steps.clone()].to_vec(),
                            bass: low[steps.clone()].to_vec(),
                            drums: beat[steps].to_vec(),
                        });
                    }
                }
            }
        }
    }
    if trios.is_empty() {
        return Err(NoWindows::NotTogether(bars));
    }
    Ok((trios, quantized.qpm))
}

fn players(quantized: &Quantized, total: usize) -> BTreeMap<i32, Player> {
    let mut players: BTreeMap<i32, Player> = BTreeMap::new();
    for on_grid in &quantized.notes {
        let number = on_grid.note.instrument;
        if !INSTRUMENTS.contains(&number) {
            continue;
        }
        let part = part_of(on_grid.note);
        let player = players.entry(number).or_insert_with(|| Player {
            part,
            plays: vec![false; total],
        });
        if player.part != part {
            player.part = None;
        }
        let first = on_grid.start / STEPS_PER_BAR;
        let end = on_grid.end.div_ceil(STEPS_PER_BAR).min(total);
        if first < end {
            player.plays[first..end].fill(true);
        }
    }
    players
}

fn of_instrument<'a>(quantized: &Quantized<'a>, number: i32) -> Quantized<'a> {
    let notes = quantized.notes.iter().copied();
    Quantized {
        qpm: quantized.qpm,
        notes: notes
            .filter(|on_grid| on_grid.note.instrument == number)
            .collect(),
        chords: Vec::new(),
        steps: quantized.steps,
    }
}

/// All of an instrument as one melody, from step 0 on; the highest of simultaneous notes counts.
fn whole_melody(quantized: &Quantized, steps: usize) -> Option<Vec<MelodyEvent>> {
    let rules = Rules {
        melody_programs_only: false,
        skip_polyphony: false,
        gap: None,
        max_steps: None,
    };
    let melody = rules.melodies(quantized).into_iter().next()?;
    let mut events = vec![0; melody.start];
    events.extend(melody.events);
    melody::set_length(&mut events, steps);
    Some(events)
}

fn whole_drums(quantized: &Quantized, steps: usize) -> Option<Vec<DrumSet>> {
    let tracks = drums::tracks(quantized, DrumClasses::Reduced, None);
    let (start, track) = tracks.into_iter().next()?;
    let mut drums = vec![0; start];
    drums.extend(track);
    drums.resize(steps, 0);
    Some(drums)
}

/// Bars with a played bar no more than [`GAP_BARS`] away.
fn with_gaps(plays: &[bool]) -> Vec<bool> {
    (0..plays.len())
        .map(|bar| {
            let end = plays.len().min(bar + GAP_BARS + 1);
            plays[bar.saturating_sub(GAP_BARS)..end].contains(&true)
        })
        .collect()
}

/// Bars in which all play. At both ends it is enough that one of them does in one of the first (or
/// last) two bars.
fn together(plays: [&[bool]; 3]) -> Vec<bool> {
    let total = plays[0].len();
    let mut covered: Vec<bool> = (0..total)
        .map(|bar| plays.iter().all(|player| player[bar]))
        .collect();
    let edge = GAP_BARS.min(total);
    for bars in [0..edge, total - edge..total] {
        let any = plays
            .iter()
            .any(|player| player[bars.clone()].contains(&true));
        covered[bars].fill(any);
    }
    covered
}

impl Trio {
    /// The rows of the trio: melody, bass and drums side by side, each one-hot.
    pub(super) fn write(&self) -> Vec<f32> {
        let depth: usize = Representation::TRIO_DEPTHS.iter().sum();
        let [voice, _, _] = Representation::TRIO_DEPTHS;
        let mut rows = vec![0.0; self.drums.len() * depth];
        for (step, row) in rows.chunks_exact_mut(depth).enumerate() {
            row[usize::from(self.melody[step])] = 1.0;
            row[voice + usize::from(self.bass[step])] = 1.0;
            row[2 * voice + self.drums[step] as usize] = 1.0;
        }
        rows
    }

    /// The trio that such rows stand for: of each part the greatest column.
    pub(super) fn read<'a>(rows: impl Iterator<Item = &'a [f32]>) -> Trio {
        let [voice, _, _] = Representation::TRIO_DEPTHS;
        let mut trio = Trio {
            melody: Vec::new(),
            bass: Vec::new(),
            drums: Vec::new(),
        };
        for row in rows {
            trio.melody.push(melody::read_event(&row[..voice]));
            trio.bass.push(melody::read_event(&row[voice..2 * voice]));
            trio.drums.push(greatest(&row[2 * voice..]) as DrumSet);
        }
        trio
    }

    /// The notes of the three voices: melody as instrument 0, bass as 1, drums as 9.
    pub(super) fn notes(&self, step_seconds: f64) -> Vec<Note> {
        let mut notes = melody::notes(self.melody.iter().copied(), step_seconds);
        for note in melody::notes(self.bass.iter().copied(), step_seconds) {
            notes.push(Note {
                instrument: 1,
                program: ELECTRIC_BASS,
                ..note
            });
        }
        let drums = self.drums.iter().copied();
        notes.extend(drums::notes(drums, DrumClasses::Reduced, step_seconds));
        notes
    }
}
