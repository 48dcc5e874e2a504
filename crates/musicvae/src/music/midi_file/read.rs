//! Timed MIDI events to a note sequence.

use super::band::Band;
use super::chunks::parse;
use super::clock::Clock;
use super::events::EventKind;
use super::mend::{Mend, Mended};
use super::rhythm::Rhythm;
use super::{MidiFileError, maps, patterns};
use crate::music::{KeySignature, NoteSequence, Reading, SourceInfo, TimeSignature};

/// `SourceInfo::encoding_type` of MIDI and `SourceInfo::parser` of pretty_midi, whose rules we keep.
const SOURCE: SourceInfo = SourceInfo {
    encoding_type: 3,
    parser: 2,
};

/// What a MIDI file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Its notes, tempos and meters.
    pub sequence: NoteSequence,
    /// What was wrong with the file, and how it was read anyway.
    pub mended: Mended,
}

/// The notes of a Standard MIDI file, read the way the player meant them: see [`read_as`] with
/// [`Reading::Played`].
///
/// # Errors
/// As [`read_as`].
pub fn read(bytes: &[u8]) -> Result<NoteSequence, MidiFileError> {
    read_as(bytes, Reading::Played).map(|read| read.sequence)
}

/// Reads a Standard MIDI file of any type into a note sequence. A file that breaks the rules is
/// repaired the way players do it, and the repairs are reported.
///
/// In both readings an instrument is one program on one channel of one track, numbered by its first
/// ended note; a note-off ends every open note of its channel and pitch, except those that start at
/// its own tick; notes stand in the order in which they end; and times are float64 seconds, computed
/// with the reference's operations in its order. As they are [played](Reading::Played),
///
/// - tempo, meter and key are those of all tracks;
/// - a note that has no end is given one, and a drum stroke needs none;
/// - drums are marked by the rule of `drum_part`;
/// - the sequence lasts to the End of Track;
/// - the patterns of a file of type 2 stand one after the other.
///
/// As [`Reading::Magenta`] reads it, tempo, meter and key count on the first track only, a note that
/// never ends is dropped, drums are channel 10, and the sequence lasts to the end of its last note.
///
/// # Errors
/// [`MidiFileError::Malformed`] for what can't be understood, with the byte where it goes wrong.
pub fn read_as(bytes: &[u8], reading: Reading) -> Result<Read, MidiFileError> {
    let mut mended = Mended::default();
    let mut smf = parse(bytes, &mut mended)?;
    let as_played = reading == Reading::Played;
    if smf.are_patterns && as_played {
        patterns::in_a_row(&mut smf);
        mended.note(Mend::Patterns, smf.tracks.len());
    }
    let of_maps = match reading {
        Reading::Played => &smf.tracks[..],
        Reading::Magenta => &smf.tracks[..smf.tracks.len().min(1)],
    };
    let tempos = maps::of_tracks(of_maps, |kind| match kind {
        EventKind::Tempo(microseconds) => Some(*microseconds),
        _ => None,
    });
    let meters = maps::of_tracks(of_maps, |kind| match kind {
        EventKind::TimeSignature(numerator, denominator) => Some((*numerator, *denominator)),
        _ => None,
    });
    let keys = maps::of_tracks(of_maps, |kind| match kind {
        EventKind::KeySignature(sharps, minor) => Some((*sharps, *minor)),
        _ => None,
    });
    let clock = Clock::of(smf.division, &tempos);
    let mut sequence = NoteSequence {
        ticks_per_quarter: clock.ticks_per_quarter(),
        source_info: Some(SOURCE),
        tempos: clock.tempos(),
        ..NoteSequence::default()
    };
    for meter in meters {
        let (numerator, denominator) = meter.value;
        sequence.time_signatures.push(TimeSignature {
            time: clock.seconds(meter.tick),
            numerator: i32::from(numerator),
            denominator,
        });
    }
    for event in keys {
        // A fifth up for every sharp; the relative minor lies nine semitones up.
        let (sharps, minor) = event.value;
        let tonic = 7 * i32::from(sharps) + if minor { 9 } else { 0 };
        sequence.key_signatures.push(KeySignature {
            time: clock.seconds(event.tick),
            key: tonic.rem_euclid(12),
            mode: i32::from(minor),
        });
    }
    let rhythm = match reading {
        Reading::Played => Rhythm::of(&smf.tracks),
        Reading::Magenta => Rhythm::default(),
    };
    let mut band = Band::of(&smf.tracks, &rhythm, reading);
    if as_played {
        let given = band.end_open_notes(clock.quarter());
        mended.note(Mend::NoEnd, given);
    }
    band.play_into(&mut sequence, &clock);
    if as_played {
        let ends = smf.tracks.iter().map(|track| track.end);
        let end = clock.seconds(ends.max().unwrap_or_default());
        sequence.total_time = sequence.total_time.max(end);
    }
    Ok(Read { sequence, mended })
}
