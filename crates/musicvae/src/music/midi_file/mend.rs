//! What was wrong with a file, and how it was read anyway.

use std::collections::BTreeMap;
use std::fmt;

/// One way in which a file may break the rules, and what is done then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mend {
    /// It is wrapped in a RIFF file (RMID).
    Wrapped,
    /// Bytes stand before its `MThd`.
    BytesBefore,
    /// The header says a length that is not its own.
    HeaderLength,
    /// The header announces another number of tracks than there are.
    TrackCount,
    /// A track says a length that is not its own.
    TrackLength,
    /// The last track ends early.
    Truncated,
    /// Bytes that belong to nothing stand between or behind the tracks.
    BytesAfter,
    /// Type 2: patterns are played one after the other.
    Patterns,
    /// Times in seconds (SMPTE), not in beats.
    Smpte,
    /// A status goes on across a system exclusive event.
    RunningStatus,
    /// Bytes that are no event.
    StrayBytes,
    /// System messages that belong on a cable, not into a file.
    SystemMessage,
    /// A value over 127 is taken for 127.
    Over127,
    /// A length or time of more than four bytes.
    LongQuantity,
    /// A tempo of 0, or one that is cut short, is passed over.
    Tempo,
    /// So is a meter of 0 beats.
    Meter,
    /// So is a key of more than seven sharps or flats.
    Key,
    /// Notes of an instrument that never end, or end as they begin, are given a length.
    NoEnd,
}

impl Mend {
    fn say(self, count: usize) -> String {
        let many = |one: &str, several: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {several}"),
        };
        match self {
            Mend::Wrapped => "it was inside a RIFF file (RMID)".into(),
            Mend::BytesBefore => {
                format!("{} before its beginning ignored", many("byte", "bytes"))
            }
            Mend::HeaderLength => "its header gives another length than it has".into(),
            Mend::TrackCount => "its header gives another number of tracks than it has".into(),
            Mend::TrackLength => {
                format!(
                    "{} found by its end, not by its length",
                    many("track", "tracks")
                )
            }
            Mend::Truncated => "its last track is cut short: what is there was read".into(),
            Mend::BytesAfter => {
                format!("{} that belong to no track ignored", many("byte", "bytes"))
            }
            Mend::Patterns => format!(
                "its {} (type 2) put one after the other",
                many("pattern", "patterns")
            ),
            Mend::Smpte => "its times are in seconds (SMPTE): its beats follow its tempo".into(),
            Mend::RunningStatus => format!(
                "{} without a status after a system exclusive one",
                many("event", "events")
            ),
            Mend::StrayBytes => format!("{} that are no event", many("byte", "bytes")),
            Mend::SystemMessage => format!(
                "{} that belong on a cable ignored",
                many("system message", "system messages")
            ),
            Mend::Over127 => format!("{} over 127 taken for 127", many("value", "values")),
            Mend::LongQuantity => format!("{} of more than four bytes", many("time", "times")),
            Mend::Tempo => format!("{} that can't be played ignored", many("tempo", "tempos")),
            Mend::Meter => format!("{} that can't be counted ignored", many("meter", "meters")),
            Mend::Key => format!("{} of more than 7 signs ignored", many("key", "keys")),
            Mend::NoEnd => format!("{} without an end given one", many("note", "notes")),
        }
    }
}

/// Everything that was repaired in one file. As text it is one line; empty if nothing was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended(BTreeMap<Mend, usize>);

impl Mended {
    pub(super) fn note(&mut self, mend: Mend, count: usize) {
        if count > 0 {
            *self.0.entry(mend).or_default() += count;
        }
    }

    pub(super) fn add(&mut self, other: Mended) {
        for (mend, count) in other.0 {
            self.note(mend, count);
        }
    }

    /// How often something was repaired.
    pub fn count(&self, mend: Mend) -> usize {
        self.0.get(&mend).copied().unwrap_or_default()
    }

    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Mended {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let said: Vec<String> = self
            .0
            .iter()
            .map(|(mend, count)| mend.say(*count))
            .collect();
        f.write_str(&said.join("; "))
    }
}
