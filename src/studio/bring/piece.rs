//! A MIDI file as what can be brought in of it: a window of some bars from every bar on.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use musicvae::data::{Converter, Report, Window};
use musicvae::music::{Groove, GrooveOptions, Reading, Representation, midi_file};

/// Largest file that is read: music is a thousand times smaller.
const LARGEST: u64 = 64 << 20;

/// A piece of music out of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub path: PathBuf,
    /// The file's name.
    pub name: String,
    /// Bars of a window.
    pub bars: usize,
    /// One from every bar on; a piece that is shorter than one is filled up with silence.
    pub windows: Vec<Groove>,
    /// What was left out or mended, one sentence each.
    pub remarks: Vec<String>,
    /// Its windows are of one stretch, so that the first bar of each is its place.
    is_one_stretch: bool,
}

impl Piece {
    /// Reads a file, for windows of `bars` bars.
    ///
    /// # Errors
    /// A file that can't be read, or holds nothing that could be played on drums; one sentence that
    /// names it.
    pub fn read(path: &Path, bars: usize) -> anyhow::Result<Piece> {
        let shown = path.display();
        let about = path
            .metadata()
            .with_context(|| format!("{shown} can't be read"))?;
        anyhow::ensure!(about.is_file(), "{shown} is no file");
        anyhow::ensure!(
            about.len() <= LARGEST,
            "{shown} is too large for a MIDI file"
        );
        let read = midi_file::read_path_as(path, Reading::Played)?;
        let representation = Representation::Groove(GrooveOptions::default());
        let mut converter = Converter::new(representation, bars)?;
        converter.hop = Some(1);
        let mut converted = converter
            .convert_whole(&read.sequence)
            .map_err(|reason| anyhow::anyhow!("{shown} holds nothing to play: {reason}"))?;
        let is_one_stretch = converted.left_out.meters.is_empty();
        let silent = converted.left_out.silent_bars;
        if is_one_stretch && silent < converted.windows.len() {
            // The last bars stand in windows that are full.
            let full = converted.windows.len() - silent;
            converted.windows.truncate(full);
            converted.left_out.silent_bars = 0;
        }
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let report = Report::of_file(&name, &read.mended, &converted);
        let windows = converted.windows.into_iter();
        let windows = windows.filter_map(|window| match window {
            Window::Groove(groove) => Some(groove),
            _ => None,
        });
        Ok(Piece {
            path: path.into(),
            name,
            bars,
            windows: windows.collect(),
            remarks: report.lines(true),
            is_one_stretch,
        })
    }

    /// Bars of the whole piece.
    pub fn length(&self) -> usize {
        (self.windows.len() + self.bars).saturating_sub(1)
    }

    /// What a window is called: `take.mid 5-8`.
    pub fn window_name(&self, window: usize) -> String {
        let stem = Path::new(&self.name).file_stem();
        let stem = stem.map_or(self.name.clone(), |stem| {
            stem.to_string_lossy().into_owned()
        });
        match self.windows.len() {
            1 => stem,
            _ => format!("{stem} {}", self.place(window)),
        }
    }

    /// `5-8`: its bars; of a piece in several meters which window it is, `5th`.
    pub fn place(&self, window: usize) -> String {
        match self.is_one_stretch {
            true => format!("{}-{}", window + 1, window + self.bars),
            false => format!("window {}", window + 1),
        }
    }

    /// Strokes in each bar.
    pub fn strokes(&self) -> Vec<usize> {
        let Some(last) = self.windows.len().checked_sub(1) else {
            return Vec::new();
        };
        let bar = |number: usize| {
            let window = &self.windows[number.min(last)];
            let steps = window.meter.steps_per_bar().max(1);
            let first = (number - number.min(last)) * steps;
            let inside = |step: usize| (first..first + steps).contains(&step);
            window.hits().filter(|(step, ..)| inside(*step)).count()
        };
        (0..self.length()).map(bar).collect()
    }

    /// All of it, cut into windows that don't overlap, with their names; the last may be shorter.
    pub fn end_to_end(&self) -> impl Iterator<Item = (String, Groove)> {
        let full = self.windows.iter().enumerate().step_by(self.bars);
        let pieces = full.map(|(place, groove)| (self.window_name(place), groove.clone()));
        let told = self.windows.len().div_ceil(self.bars) * self.bars;
        let rest = self.length().saturating_sub(told);
        let rest = self.windows.last().filter(|_| rest > 0).map(|last| {
            let mut groove = last.clone();
            let steps = rest * groove.meter.steps_per_bar();
            groove
                .steps
                .drain(..groove.steps.len().saturating_sub(steps));
            (self.window_name(self.windows.len() - 1), groove)
        });
        pieces.chain(rest)
    }

    /// Windows that have all of it between them, with their names: one after the other, and the last.
    pub fn in_a_row(&self) -> impl Iterator<Item = (String, &Groove)> {
        let last = self.windows.len().saturating_sub(1);
        let windows = self.windows.iter().enumerate();
        let windows = windows.filter(move |(place, _)| place % self.bars == 0 || *place == last);
        windows.map(|(place, groove)| (self.window_name(place), groove))
    }
}
