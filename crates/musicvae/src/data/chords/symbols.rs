//! Chord symbols ("F#m7", "Bb/D") to the triads that models are told, and back.

use std::collections::BTreeMap;

/// A chord as a model is told it, 0..[`CHORD_CLASSES`](crate::music::CHORD_CLASSES): 0 is no chord,
/// then major, minor, augmented and diminished triads, each on twelve roots from C up.
pub type ChordClass = u8;

/// The symbol of no chord.
pub(super) const NO_CHORD: &str = "N.C.";

/// Pitch classes as chords spell them.
pub(super) const ROOTS: [&str; 12] = [
    "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B",
];

/// Kinds of chords: their abbreviations, and their degrees as (degree, alteration in semitones; a
/// seventh counts from the major one).
type Kind = (&'static [&'static str], &'static [(u8, i32)]);
const KINDS: [Kind; 29] = [
    (&["", "maj", "M"], &[(1, 0), (3, 0), (5, 0)]),
    (&["m", "min", "-"], &[(1, 0), (3, -1), (5, 0)]),
    (&["+", "aug"], &[(1, 0), (3, 0), (5, 1)]),
    (&["o", "dim"], &[(1, 0), (3, -1), (5, -1)]),
    (&["7"], &[(1, 0), (3, 0), (5, 0), (7, -1)]),
    (&["maj7", "M7"], &[(1, 0), (3, 0), (5, 0), (7, 0)]),
    (&["m7", "min7", "-7"], &[(1, 0), (3, -1), (5, 0), (7, -1)]),
    (&["o7", "dim7"], &[(1, 0), (3, -1), (5, -1), (7, -2)]),
    (&["+7", "aug7"], &[(1, 0), (3, 0), (5, 1), (7, -1)]),
    (
        &["m7b5", "-7b5", "/o", "/o7"],
        &[(1, 0), (3, -1), (5, -1), (7, -1)],
    ),
    (
        &[
            "mmaj7",
            "mM7",
            "minmaj7",
            "minM7",
            "-maj7",
            "-M7",
            "m(maj7)",
            "m(M7)",
            "min(maj7)",
            "min(M7)",
            "-(maj7)",
            "-(M7)",
        ],
        &[(1, 0), (3, -1), (5, 0), (7, 0)],
    ),
    (&["6"], &[(1, 0), (3, 0), (5, 0), (6, 0)]),
    (&["m6", "min6", "-6"], &[(1, 0), (3, -1), (5, 0), (6, 0)]),
    (&["9"], &[(1, 0), (3, 0), (5, 0), (7, -1), (9, 0)]),
    (&["maj9", "M9"], &[(1, 0), (3, 0), (5, 0), (7, 0), (9, 0)]),
    (
        &["m9", "min9", "-9"],
        &[(1, 0), (3, -1), (5, 0), (7, -1), (9, 0)],
    ),
    (&["+9", "aug9"], &[(1, 0), (3, 0), (5, 1), (7, -1), (9, 0)]),
    (&["6/9"], &[(1, 0), (3, 0), (5, 0), (6, 0), (9, 0)]),
    (&["11"], &[(1, 0), (3, 0), (5, 0), (7, -1), (9, 0), (11, 0)]),
    (
        &["maj11", "M11"],
        &[(1, 0), (3, 0), (5, 0), (7, 0), (9, 0), (11, 0)],
    ),
    (
        &["m11", "min11", "-11"],
        &[(1, 0), (3, -1), (5, 0), (7, -1), (9, 0), (11, 0)],
    ),
    (
        &["13"],
        &[(1, 0), (3, 0), (5, 0), (7, -1), (9, 0), (11, 0), (13, 0)],
    ),
    (
        &["maj13", "M13"],
        &[(1, 0), (3, 0), (5, 0), (7, 0), (9, 0), (11, 0), (13, 0)],
    ),
    (
        &["m13", "min13", "-13"],
        &[(1, 0), (3, -1), (5, 0), (7, -1), (9, 0), (11, 0), (13, 0)],
    ),
    (&["sus2"], &[(1, 0), (2, 0), (5, 0)]),
    (&["sus", "sus4"], &[(1, 0), (4, 0), (5, 0)]),
    (&["sus7", "7sus"], &[(1, 0), (4, 0), (5, 0), (7, -1)]),
    (&["ped"], &[(1, 0)]),
    (&["5"], &[(1, 0), (5, 0)]),
];

/// A change to one degree of a chord.
#[derive(Clone, Copy)]
enum Change {
    Add(i32),
    Leave,
    Alter(i32),
}

/// What changes are called; of two that fit the longer comes first.
const CHANGES: [(&str, Change); 6] = [
    ("add#", Change::Add(1)),
    ("addb", Change::Add(-1)),
    ("add", Change::Add(0)),
    ("no", Change::Leave),
    ("#", Change::Alter(1)),
    ("b", Change::Alter(-1)),
];

/// The triad of a chord symbol, by the reference's reading of it.
///
/// # Errors
/// A sentence that names the symbol, when it cannot be read or its triad is none of the four.
pub(super) fn class_of(symbol: &str) -> Result<ChordClass, String> {
    if symbol == NO_CHORD {
        return Ok(0);
    }
    let unreadable = || format!("`{symbol}` is no chord symbol");
    let (root, rest) = pitch_class(symbol).ok_or_else(unreadable)?;
    let degrees = KINDS
        .iter()
        .flat_map(|(names, degrees)| names.iter().map(move |name| (*name, *degrees)))
        .find_map(|(name, degrees)| {
            let changes = changes(rest.strip_prefix(name)?)?;
            Some((degrees, changes))
        });
    let (degrees, changes) = degrees.ok_or_else(unreadable)?;
    let mut degrees: BTreeMap<u8, i32> = degrees.iter().copied().collect();
    for (change, degree) in changes {
        match (change, degrees.get_mut(&degree)) {
            (Change::Add(alteration), None) => {
                degrees.insert(degree, alteration);
            }
            (Change::Leave, Some(_)) => {
                degrees.remove(&degree);
            }
            (Change::Alter(by), Some(alteration)) => *alteration += by,
            (Change::Alter(by), None) => {
                degrees.insert(degree, by);
            }
            (Change::Add(_), Some(_)) | (Change::Leave, None) => return Err(unreadable()),
        }
    }
    let degree = |degree| degrees.get(&degree).copied();
    let triad = match (degree(1), degree(3), degree(5)) {
        (Some(0), Some(0), Some(0)) => 0,
        (Some(0), Some(-1), Some(0)) => 1,
        (Some(0), Some(0), Some(1)) => 2,
        (Some(0), Some(-1), Some(-1)) => 3,
        _ => {
            return Err(format!(
                "`{symbol}` is no major, minor, augmented or diminished chord"
            ));
        }
    };
    Ok(1 + 12 * triad + root)
}

/// The symbol of a triad.
pub(super) fn name_of(class: ChordClass) -> String {
    let Some(index) = class.checked_sub(1) else {
        return NO_CHORD.into();
    };
    let triad = ["", "m", "aug", "dim"][usize::from(index / 12).min(3)];
    format!("{}{triad}", ROOTS[usize::from(index % 12)])
}

/// A letter with sharps or flats, as a pitch class, and what follows.
fn pitch_class(text: &str) -> Option<(u8, &str)> {
    let mut characters = text.chars();
    let natural = match characters.next()? {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = characters.as_str();
    let sharps = rest.len() - rest.trim_start_matches('#').len();
    let flats = rest.len() - rest.trim_start_matches('b').len();
    let rest = &rest[sharps + flats..];
    if rest.starts_with(['#', 'b']) {
        return None;
    }
    let alteration = sharps as i64 - flats as i64;
    Some(((natural + alteration).rem_euclid(12) as u8, rest))
}

/// The changes that follow a chord's kind, and perhaps a bass; parentheses may be left out.
fn changes(mut text: &str) -> Option<Vec<(Change, u8)>> {
    let mut changes = Vec::new();
    while !text.is_empty() {
        if let Some((_, "")) = text.strip_prefix('/').and_then(pitch_class) {
            break;
        }
        text = text.strip_prefix('(').unwrap_or(text);
        let (change, rest) = CHANGES
            .iter()
            .find_map(|(name, change)| Some((*change, text.strip_prefix(name)?)))?;
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let degree: u8 = rest[..digits].parse().ok()?;
        let adjusted = match change {
            // An added seventh is the minor one.
            Change::Add(alteration) if degree == 7 => Change::Add(alteration - 1),
            other => other,
        };
        changes.push((adjusted, degree));
        text = &rest[digits..];
        text = text.strip_prefix(')').unwrap_or(text);
    }
    Some(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::CHORD_CLASSES;

    #[test]
    fn triads_of_symbols() {
        let table = [
            ("N.C.", 0),
            ("C", 1),
            ("B", 12),
            ("Am", 13 + 9),
            ("Bb7", 1 + 10),
            ("F#-7", 13 + 6),
            ("E+", 25 + 4),
            ("Gaug7", 25 + 7),
            ("Ddim", 37 + 2),
            ("Eo7", 37 + 4),
            ("Cm7b5", 37),
            ("C/o", 37),
            ("Cm(b5)", 37),
            ("C7#5", 25),
            ("C(add9)", 1),
            ("Dbmaj13/F", 1 + 1),
            ("Cb", 12),
            ("F##m", 13 + 7),
            ("Amin(maj7)", 13 + 9),
            ("C6/9", 1),
            ("Cm7b5#5", 13),
        ];
        for (symbol, class) in table {
            assert_eq!(class_of(symbol), Ok(class), "{symbol}");
        }
    }

    #[test]
    fn what_is_no_triad_or_no_symbol_is_said() {
        for symbol in ["Csus4", "D5", "Cno3", "Gped", "Cb5"] {
            let reason = class_of(symbol).unwrap_err();
            assert!(reason.ends_with("diminished chord"), "{reason}");
        }
        for symbol in [
            "", "H", "C#b5", "C7add3", "Cno7", "Cfoo", "c", "C/", "C(b)", "Cb999",
        ] {
            let reason = class_of(symbol).unwrap_err();
            assert!(reason.ends_with("is no chord symbol"), "{symbol}: {reason}");
        }
    }

    #[test]
    fn every_class_has_a_name() {
        for class in 0..CHORD_CLASSES as u8 {
            assert_eq!(class_of(&name_of(class)), Ok(class));
        }
    }
}
