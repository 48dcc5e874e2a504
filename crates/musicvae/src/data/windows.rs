//! The windows of a corpus.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Convert, Corpus, DataError, LeftOut, MendedFile, Report, Skipped, Split};
use crate::music::{Groove, LANES};

/// Windows of equal length, with the files they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows<W = Groove> {
    /// In the order of `files`, and of time within a file.
    pub windows: Vec<W>,
    /// For each window, its place in `files`.
    pub origin: Vec<usize>,
    /// Names within the corpus, sorted; only files that yielded windows.
    pub files: Vec<String>,
    /// Files that yielded none.
    pub skipped: Vec<Skipped>,
    /// Other warnings for the user, one sentence each.
    pub warnings: Vec<String>,
    /// Notes left out because their pitch is none of the nine lanes'.
    pub unknown_notes: usize,
    /// Files that break the rules but were read.
    pub mended: Vec<MendedFile>,
    /// What was left out of the music, or changed.
    pub left_out: LeftOut,
}

/// Reads the corpus at `path` (see [`Corpus::open`]) and cuts the files of `split`, or all, into
/// windows, on every core. The result does not depend on the number of cores.
///
/// # Errors
///
/// What [`Corpus::open`] says, and [`DataError::NoWindows`] with the reasons when not one file
/// yields a window.
pub fn load_windows<C: Convert>(
    path: &Path,
    split: Option<Split>,
    converter: &C,
) -> Result<Windows<C::Window>, DataError> {
    let corpus = Corpus::open(path)?;
    let chosen = corpus.of_split(split);
    let converted = corpus.map_read(&chosen, converter.reading(), |_, read| match read {
        Ok(read) => {
            let converted = converter.convert(&read.sequence);
            let converted = converted.map_err(|reason| reason.to_string());
            (converted, read.mended.to_string())
        }
        Err(reason) => (Err(reason), String::new()),
    });
    let mut windows = Windows {
        warnings: corpus.warnings().to_vec(),
        skipped: corpus.skipped().to_vec(),
        ..Windows::default()
    };
    for (entry, (result, mended)) in chosen.into_iter().zip(converted) {
        let file = corpus.entries()[entry].name.clone();
        if result.is_ok() && !mended.is_empty() {
            windows.mended.push(MendedFile {
                file: file.clone(),
                what: mended,
            });
        }
        match result {
            Ok(converted) => {
                let place = windows.files.len();
                windows
                    .origin
                    .extend(converted.windows.iter().map(|_| place));
                windows.windows.extend(converted.windows);
                windows.unknown_notes += converted.unknown_notes;
                windows.left_out.add(&converted.left_out);
                windows.files.push(file);
            }
            Err(reason) => windows.skipped.push(Skipped { file, reason }),
        }
    }
    if windows.windows.is_empty() {
        let is_empty = windows.skipped.len() == corpus.skipped().len();
        let reasons = summary(&windows.skipped, split, is_empty);
        return Err(DataError::NoWindows {
            path: path.to_path_buf(),
            reasons,
        });
    }
    Ok(windows)
}

/// The commonest reasons in one line.
fn summary(skipped: &[Skipped], split: Option<Split>, is_empty: bool) -> String {
    let of_split = split.map_or(String::new(), |split| format!(" of the {split} split"));
    let nothing = format!("there are no MIDI files{of_split}");
    if is_empty && skipped.is_empty() {
        return nothing;
    }
    let mut counts: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for Skipped { file, reason } in skipped {
        counts.entry(reason).or_insert((0, file)).0 += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    let shown = counts
        .iter()
        .take(3)
        .map(|(reason, (count, file))| match count {
            1 => format!("`{file}` because {reason}"),
            count => format!("{count} files like `{file}` because {reason}"),
        });
    let mut text = shown.collect::<Vec<_>>().join("; ");
    if counts.len() > 3 {
        text += &format!("; and {} more", counts.len() - 3);
    }
    if is_empty {
        return format!("{nothing} (left out: {text})");
    }
    text
}

impl<W> Default for Windows<W> {
    fn default() -> Windows<W> {
        Windows {
            windows: Vec::new(),
            origin: Vec::new(),
            files: Vec::new(),
            skipped: Vec::new(),
            warnings: Vec::new(),
            unknown_notes: 0,
            mended: Vec::new(),
            left_out: LeftOut::default(),
        }
    }
}

impl<W> Windows<W> {
    /// What was used of the corpus, and what was not.
    pub fn report(&self) -> Report {
        Report {
            used: self.files.len(),
            skipped: self.skipped.clone(),
            mended: self.mended.clone(),
            unknown_notes: self.unknown_notes,
            left_out: self.left_out.clone(),
            warnings: self.warnings.clone(),
        }
    }
}

impl Windows {
    /// The mean microtiming of every lane over all its hits, in steps, positive = early; 0 for a
    /// lane that is never hit. This is the "mean offset" baseline of a humanizer.
    pub fn mean_offsets(&self) -> [f32; LANES] {
        let mut sums = [(0.0_f64, 0_u64); LANES];
        for (_, lane, hit) in self.windows.iter().flat_map(Groove::hits) {
            let (sum, count) = &mut sums[lane.index()];
            *sum += f64::from(hit.offset);
            *count += 1;
        }
        sums.map(|(sum, count)| {
            if count == 0 {
                0.0
            } else {
                (sum / count as f64) as f32
            }
        })
    }
}
