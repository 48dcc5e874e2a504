//! Which notes of a piece are drums: one rule for every command and the screen.
//!
//! 1. What is on channel 10, and what a part message makes a rhythm part, is drums; so is, beside
//!    these, a part that is named like drums and plays mostly the pitches of a drum kit.
//! 2. In a piece that has neither, the parts that are named like drums (and, where the name speaks of
//!    another instrument too, as "Drums & Bass" does, play mostly the pitches of a drum kit). A bank
//!    that XG has for drums is such a name, where nothing says which standard the file follows; so is
//!    channel 16, the drums' of the first multimedia PCs, for a part that plays as a drum kit does.
//! 3. In a piece that has none of all these, every part that plays as a drum kit does, unless it is
//!    named like, or has the program of, another instrument.
//!
//! What the rule finds stands in [`Note::is_drum`](super::Note::is_drum), so that all who read a note
//! sequence agree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Lane, Note, NoteSequence};

/// What is known of the notes that one player plays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// Whether channel or part message make it drums; `None` if nothing says so or denies it.
    pub says: Option<bool>,
    pub name: String,
    /// Whether its bank is one of drums by a standard that the file doesn't name.
    pub has_drum_bank: bool,
    pub is_on_channel_16: bool,
    /// The program, where it is not the first one (which is also that of a part that names none).
    pub program: i32,
    pub notes: usize,
    /// Notes of kicks, snares, hats, rides and other cymbals.
    pub of_kit: [usize; 5],
}

impl Part {
    pub fn count(&mut self, pitch: i32) {
        self.notes += 1;
        if let Some(family) = family(pitch) {
            self.of_kit[family] += 1;
        }
    }

    /// Whether most of its notes are on the pitches of a drum kit.
    fn leans_to_a_kit(&self) -> bool {
        2 * self.of_kit.iter().sum::<usize>() > self.notes
    }

    /// Whether it can only be a drum kit. The pitches of a kit are also those of a bass and of a
    /// piano's left hand, in some keys most of what they play. But these play other notes as well, or
    /// leave out one of kick, snare and hat.
    fn plays_a_kit(&self) -> bool {
        let [kicks, snares, hats, rides, crashes] = self.of_kit;
        let is_whole = kicks > 0 && snares > 0 && hats + rides > 0;
        let low = kicks + snares + hats;
        let is_nothing_else = low + rides + crashes == self.notes && 4 * low >= self.notes;
        self.leans_to_a_kit() && (is_whole || is_nothing_else)
    }

    fn is_another_instrument(&self) -> bool {
        self.says == Some(false) || self.program != 0 || is_named_otherwise(&self.name)
    }
}

/// The drums that nearly every kit has, by their place in `of_kit`. Toms are no evidence, because
/// basses and pianos play the same pitches; nor are the congas and bells from middle C on.
fn family(pitch: i32) -> Option<usize> {
    match pitch {
        35 | 36 => Some(0),
        37..=40 => Some(1),
        22 | 26 | 42 | 44 | 46 => Some(2),
        51 | 53 | 59 => Some(3),
        49 | 52 | 55 | 57 => Some(4),
        _ => None,
    }
}

/// How words begin that name drums, in the languages of the programs that write them.
const DRUMS: [&str; 20] = [
    "drum",
    "percus",
    "perkus",
    "snare",
    "hihat",
    "cymbal",
    "schlagz",
    "trommel",
    "trommer",
    "trummor",
    "slagv",
    "slagw",
    "batter",
    "bater",
    "tambour",
    "rummut",
    "bicí",
    "davul",
    "удар",
    "барабан",
];

/// What stands for drums anywhere in a word of languages that put no space between words.
const DRUM_SIGNS: [&str; 7] = [
    "ドラム",
    "パーカッション",
    "打楽器",
    "打击乐",
    "鼓",
    "드럼",
    "타악기",
];

/// Short words that name drums as a whole.
const DRUM_WORDS: [&str; 14] = [
    "perc", "kit", "kick", "hat", "hats", "tom", "toms", "crash", "ride", "beat", "beats", "bd",
    "sd", "hh",
];

/// How words begin that name other instruments. (A "bass drum" is a drum all the same.)
const OTHERS: [&str; 26] = [
    "bass", "piano", "keys", "keyboard", "guitar", "gtr", "organ", "string", "synth", "lead",
    "pad", "vocal", "vox", "voice", "melod", "chord", "brass", "sax", "flute", "violin", "cello",
    "choir", "harp", "steel", "bell", "marimba",
];

fn has_word(name: &str, is_it: impl Fn(&str) -> bool) -> bool {
    let name = name.to_lowercase().replace("hi-hat", "hihat");
    name.split(|letter: char| !letter.is_alphabetic())
        .any(is_it)
}

/// Whether a name mentions drums.
pub(crate) fn is_named_drums(name: &str) -> bool {
    let is_drum = |word: &str| {
        DRUM_WORDS.contains(&word)
            || DRUMS.iter().any(|start| word.starts_with(start))
            || DRUM_SIGNS.iter().any(|sign| word.contains(sign))
    };
    has_word(name, is_drum) && !has_word(name, |word| word == "steel")
}

fn is_named_otherwise(name: &str) -> bool {
    has_word(name, |word| {
        OTHERS.iter().any(|start| word.starts_with(start))
    })
}

/// Which of the parts are drums.
pub(crate) fn which(parts: &[Part]) -> Vec<bool> {
    let said = |part: &Part| part.says == Some(true) && part.notes > 0;
    let named = |part: &Part| {
        let is_clear = is_named_drums(&part.name) && !is_named_otherwise(&part.name);
        let may_be = part.has_drum_bank || is_named_drums(&part.name);
        let is_named = is_clear || may_be && part.leans_to_a_kit();
        part.says.is_none() && is_named && part.notes > 0
    };
    if parts.iter().any(said) {
        let also = |part: &Part| named(part) && part.leans_to_a_kit();
        return parts.iter().map(|part| said(part) || also(part)).collect();
    }
    let told = |part: &Part| {
        let is_first_pcs = part.is_on_channel_16 && part.says.is_none() && part.plays_a_kit();
        named(part) || is_first_pcs
    };
    if parts.iter().any(told) {
        return parts.iter().map(told).collect();
    }
    let plays = |part: &Part| part.plays_a_kit() && !part.is_another_instrument();
    parts.iter().map(plays).collect()
}

/// `sequence` with its drums marked, for one that comes from a reader of other rules: as it is when
/// any note is marked already.
pub(crate) fn marked(sequence: &NoteSequence) -> Cow<'_, NoteSequence> {
    if sequence.notes.is_empty() || sequence.notes.iter().any(|note| note.is_drum) {
        return Cow::Borrowed(sequence);
    }
    let mut parts: BTreeMap<i32, Part> = BTreeMap::new();
    for note in &sequence.notes {
        let part = parts.entry(note.instrument).or_default();
        part.count(note.pitch);
        part.program = note.program;
    }
    for info in &sequence.instrument_infos {
        if let Some(part) = parts.get_mut(&info.instrument) {
            part.name = info.name.clone();
        }
    }
    let (numbers, parts): (Vec<i32>, Vec<Part>) = parts.into_iter().unzip();
    let drums: BTreeMap<i32, bool> = numbers.into_iter().zip(which(&parts)).collect();
    let is_drum = |instrument: i32| drums.get(&instrument).copied().unwrap_or_default();
    let mut marked = sequence.clone();
    for note in &mut marked.notes {
        note.is_drum = is_drum(note.instrument);
    }
    for control in &mut marked.control_changes {
        control.is_drum = is_drum(control.instrument);
    }
    for bend in &mut marked.pitch_bends {
        bend.is_drum = is_drum(bend.instrument);
    }
    Cow::Owned(marked)
}

/// Why a piece of music has no drums.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDrums {
    /// There is no note at all.
    #[error("it has no notes")]
    NoNotes,
    /// Of so many notes.
    #[error(
        "it has no drums: none of its {0} notes is on channel 10, no track is named like drums, and \
         no part plays as a drum kit does; put the drums on channel 10, or name their \
         track `Drums`"
    )]
    NoPart(usize),
    /// Of so many notes.
    #[error("none of its {0} notes is a drum of the nine lanes")]
    NoLane(usize),
}

/// The drums of a note sequence.
pub struct Drums<'a> {
    /// Those of the nine lanes, in the sequence's order.
    pub strokes: Vec<(Lane, &'a Note)>,
    /// How many other notes there are.
    pub others: usize,
}

impl NoteSequence {
    /// The notes that are drums of the nine lanes.
    ///
    /// # Errors
    /// Why there are none.
    pub fn drums(&self) -> Result<Drums<'_>, NoDrums> {
        let lane = |note: &Note| u8::try_from(note.pitch).ok().and_then(Lane::of_pitch);
        let drums = self.notes.iter().filter(|note| note.is_drum);
        let strokes: Vec<_> = drums.filter_map(|note| Some((lane(note)?, note))).collect();
        let all = self.notes.len();
        match strokes.len() {
            0 if all == 0 => Err(NoDrums::NoNotes),
            0 if self.notes.iter().any(|note| note.is_drum) => Err(NoDrums::NoLane(all)),
            0 => Err(NoDrums::NoPart(all)),
            count => Ok(Drums {
                strokes,
                others: all - count,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(says: Option<bool>, name: &str, program: i32, pitches: &[i32]) -> Part {
        let mut part = Part {
            says,
            name: name.into(),
            program,
            ..Part::default()
        };
        pitches.iter().for_each(|pitch| part.count(*pitch));
        part
    }

    const KIT: [i32; 4] = [36, 38, 42, 45];
    const BASS: [i32; 5] = [28, 43, 43, 45, 41];
    const PIANO: [i32; 4] = [60, 64, 67, 72];

    #[test]
    fn the_first_of_three_signs_counts() {
        let on_ten = part(Some(true), "", 0, &PIANO);
        let bass = part(None, "Bass", 0, &KIT);
        let kit = part(None, "", 0, &KIT);
        let named = part(None, "My Drums 1", 24, &KIT);
        let (unlike, piano) = (part(None, "drum", 0, &PIANO), part(None, "", 0, &PIANO));
        assert_eq!(
            which(&[on_ten, kit.clone(), named.clone(), unlike.clone()]),
            [true, false, true, false]
        );
        assert_eq!(
            which(&[kit.clone(), named, unlike, bass.clone()]),
            [false, true, true, false]
        );
        assert_eq!(which(&[kit, bass, piano]), [true, false, false]);
        // Channel 10 without a note says nothing.
        let silent = part(Some(true), "", 0, &[]);
        assert_eq!(which(&[silent, part(None, "", 0, &KIT)]), [false, true]);
    }

    #[test]
    fn other_instruments_are_no_drums() {
        assert_eq!(which(&[part(None, "", 0, &BASS)]), [false]);
        assert_eq!(which(&[part(None, "", 33, &KIT)]), [false]);
        assert_eq!(which(&[part(Some(false), "", 0, &KIT)]), [false]);
        assert_eq!(which(&[part(None, "E-Piano", 0, &KIT)]), [false]);
        assert_eq!(which(&[part(None, "Steel Drums", 0, &KIT)]), [false]);
        assert_eq!(which(&[part(None, "Bass Drum", 0, &KIT)]), [true]);
        assert_eq!(which(&[part(None, "Hi-Hat", 0, &PIANO)]), [true]);
        assert_eq!(which(&[part(None, "Drum & Bass 2", 0, &BASS)]), [false]);
        assert_eq!(which(&[part(None, "Ride Bell", 0, &[53, 53])]), [true]);
        for name in [
            "Schlagzeug",
            "BATERÍA",
            "Perkusja",
            "Ударные",
            "アコースティックドラム",
            "架子鼓",
        ] {
            assert_eq!(which(&[part(None, name, 0, &PIANO)]), [true], "{name}");
        }
    }

    /// Without a name and a program: lines whose pitches are mostly those of a kit.
    #[test]
    fn a_bass_or_a_left_hand_is_no_kit() {
        let a_minor = [33, 36, 38, 40, 36, 38, 40, 43];
        let c_major = [48, 52, 55, 53, 57, 59, 52, 55];
        let f_major = [52, 53, 55, 57, 52, 53, 55, 57];
        for line in [&a_minor[..], &c_major, &f_major] {
            assert_eq!(which(&[part(None, "", 0, line)]), [false], "{line:?}");
        }
        let kick_and_snare = [36, 38, 36, 40];
        let ride = [36, 53, 38, 53, 59, 53];
        let toms = [36, 42, 38, 42, 36, 42, 38, 45, 43, 41];
        for drums in [&kick_and_snare[..], &ride, &toms] {
            assert_eq!(which(&[part(None, "", 0, drums)]), [true], "{drums:?}");
        }
    }
}
