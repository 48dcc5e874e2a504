//! The nine drum lanes of GrooVAE and the one table that maps MIDI pitches onto them.

use serde::{Deserialize, Serialize};

/// Number of drum lanes in every groove.
pub const LANES: usize = 9;

/// One of the nine drum classes of *Learning to Groove* (Gillick et al. 2019), in tensor order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Lane {
    /// Bass drum.
    Kick,
    /// Snare drum.
    Snare,
    /// Closed hi-hat.
    ClosedHat,
    /// Open hi-hat.
    OpenHat,
    /// Low tom.
    LowTom,
    /// Middle tom.
    MidTom,
    /// High tom.
    HighTom,
    /// Crash cymbal.
    Crash,
    /// Ride cymbal.
    Ride,
}

impl Lane {
    /// Every lane, in tensor order: `Lane::ALL[i] as usize == i`.
    pub const ALL: [Lane; LANES] = [
        Lane::Kick,
        Lane::Snare,
        Lane::ClosedHat,
        Lane::OpenHat,
        Lane::LowTom,
        Lane::MidTom,
        Lane::HighTom,
        Lane::Crash,
        Lane::Ride,
    ];

    /// Position in a step and in a tensor, 0..9.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The General MIDI pitch that stands for the lane in files and on GM sound sources: the
    /// first pitch of the lane's class in the reference's table.
    pub fn pitch(self) -> u8 {
        match self {
            Lane::Kick => 36,
            Lane::Snare => 38,
            Lane::ClosedHat => 42,
            Lane::OpenHat => 46,
            Lane::LowTom => 43,
            Lane::MidTom => 47,
            Lane::HighTom => 50,
            Lane::Crash => 49,
            Lane::Ride => 51,
        }
    }

    /// The lane that a drum pitch belongs to, or `None` for a pitch that is no drum of ours.
    ///
    /// The 22 pitches of the Roland TD-11 follow the reference's *training* classes; every other
    /// General MIDI drum follows its *inference* classes. (The reference's two tables contradict
    /// each other on 45, 47, 48 and 58; the training classes win, because a model learns from
    /// them.)
    pub fn of_pitch(pitch: u8) -> Option<Lane> {
        Some(match pitch {
            35 | 36 => Lane::Kick,
            27 | 28 | 31..=34 | 37..=40 | 56 | 65 | 66 | 75 | 85 => Lane::Snare,
            22 | 42 | 44 | 54 | 68..=71 | 73 | 78 | 80 => Lane::ClosedHat,
            26 | 46 | 67 | 72 | 74 | 79 | 81 => Lane::OpenHat,
            29 | 41 | 43 | 58 | 61 | 64 | 84 => Lane::LowTom,
            45 | 47 | 60 | 63 | 77 | 86 | 87 => Lane::MidTom,
            30 | 48 | 50 | 62 | 76 | 83 => Lane::HighTom,
            49 | 52 | 55 | 57 => Lane::Crash,
            51 | 53 | 59 | 82 => Lane::Ride,
            _ => return None,
        })
    }

    /// Whether a pitch is a drum of a kit, as those of the Roland TD-11 and General MIDI's kit are. Other
    /// percussion that [`Lane::of_pitch`] knows (claps, tambourine, cowbell, congas) only stands near its
    /// lane.
    pub fn is_of_a_kit(pitch: u8) -> bool {
        matches!(pitch, 22 | 26 | 35..=38 | 40..=53 | 55 | 57..=59)
    }

    /// The lane that the reference gives a drum pitch where it does not train on performances: General
    /// MIDI's idea of the toms, which differs from [`Lane::of_pitch`] on three pitches.
    pub fn of_general_midi(pitch: u8) -> Option<Lane> {
        match pitch {
            45 => Some(Lane::LowTom),
            48 => Some(Lane::MidTom),
            58 => Some(Lane::Crash),
            pitch => Lane::of_pitch(pitch),
        }
    }

    /// Short name for a narrow label, at most five columns.
    pub fn short_name(self) -> &'static str {
        match self {
            Lane::Kick => "Kick",
            Lane::Snare => "Snare",
            Lane::ClosedHat => "CHat",
            Lane::OpenHat => "OHat",
            Lane::LowTom => "LTom",
            Lane::MidTom => "MTom",
            Lane::HighTom => "HTom",
            Lane::Crash => "Crash",
            Lane::Ride => "Ride",
        }
    }
}
