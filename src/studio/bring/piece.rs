//! What can be taken from a MIDI file: a window that starts at each bar.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::studio::ground::{MOST_BARS, Slot};
use musicvae::data::{Converter, GrooveConverter, Report, Window};
use musicvae::music::{Grid, Groove, GrooveOptions, Reading, Representation, midi_file};

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
    /// One that starts at each bar; a piece that is shorter than a window is one by itself.
    pub windows: Vec<Groove>,
    /// What was left out or repaired, one sentence each.
    pub remarks: Vec<String>,
    /// What its steps are taken for.
    pub grid: Grid,
    /// Its windows are of one stretch, so that the first bar of each is its place.
    is_one_stretch: bool,
    /// All bars of it that can be played, one after the other.
    all: Groove,
}

impl Piece {
    /// Reads a file, for windows of `bars` bars, on the grid that its strokes seem to have been played on.
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
        if is_one_stretch {
            // Silence that fills up the last window does not count as a bar of the piece. A window
            // is full where the piece is long enough.
            let full = converted.windows.len().saturating_sub(silent).max(1);
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
        let mut windows: Vec<Groove> = windows.collect();
        if let ([only], true) = (&mut windows[..], is_one_stretch && silent < bars) {
            let steps = (bars - silent) * only.steps_per_bar();
            only.steps.truncate(steps);
        }
        let all = match is_one_stretch {
            true => joined(&windows),
            false => {
                let whole = GrooveConverter::whole(&read.sequence, Reading::Played);
                whole.map_or_else(
                    |_| joined(windows.get(..1).unwrap_or_default()),
                    |whole| joined(&whole.windows),
                )
            }
        };
        let mut remarks = report.lines(true);
        let grid = all.likely_grid();
        if grid == Grid::Triplets {
            remarks.push("its strokes lie on triplets, which the models have not learned".into());
        }
        let piece = Piece {
            path: path.into(),
            name,
            bars,
            windows,
            all,
            remarks,
            grid: Grid::Sixteenths,
            is_one_stretch,
        };
        Ok(piece.on(grid))
    }

    /// The piece on another grid.
    #[must_use]
    pub fn on(self, grid: Grid) -> Piece {
        let all = self.all.on(grid).groove;
        let window = |(place, window): (usize, Groove)| {
            let steps = window.bars() * all.steps_per_bar();
            let first = place * all.steps_per_bar();
            match (self.is_one_stretch, all.steps.get(first..first + steps)) {
                // A stroke may be on the other side of a bar line then.
                (true, Some(steps)) => Groove {
                    grid,
                    steps: steps.to_vec(),
                    ..window
                },
                _ => window.on(grid).groove,
            }
        };
        Piece {
            windows: self.windows.into_iter().enumerate().map(window).collect(),
            all,
            grid,
            ..self
        }
    }

    /// Bars of the whole piece.
    pub fn length(&self) -> usize {
        let window = self.windows.last().map_or(0, Groove::bars);
        (self.windows.len() + window).saturating_sub(1)
    }

    /// What a window is called: `take.mid 5-8`.
    pub fn window_name(&self, window: usize) -> String {
        match self.windows.len() {
            1 => self.stem(),
            _ => format!("{} {}", self.stem(), self.place(window)),
        }
    }

    /// `5-8`: its bars; of a piece in several meters which window it is, `5th`.
    pub fn place(&self, window: usize) -> String {
        match self.is_one_stretch {
            true => {
                let bars = self.windows.get(window).map_or(self.bars, Groove::bars);
                format!("{}-{}", window + 1, window + bars)
            }
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
            let steps = window.steps_per_bar().max(1);
            let first = (number - number.min(last)) * steps;
            let inside = |step: usize| (first..first + steps).contains(&step);
            window.hits().filter(|(step, ..)| inside(*step)).count()
        };
        (0..self.length()).map(bar).collect()
    }

    /// All of it as one groove. Of a piece that is too long for one, what follows from a window on.
    pub fn whole(&self, from: usize) -> Slot {
        match self.all.bars() {
            ..=MOST_BARS => self.stretch(0),
            _ => self.stretch(from),
        }
    }

    /// All of it as grooves one after the other, each as long as it can be.
    pub fn end_to_end(&self) -> Vec<Slot> {
        let starts = (0..self.all.bars()).step_by(MOST_BARS);
        starts.map(|bar| self.stretch(bar)).collect()
    }

    /// The piece from a bar on, as much of it as a groove holds.
    fn stretch(&self, first: usize) -> Slot {
        let (all, bar) = (self.all.bars(), self.all.steps_per_bar());
        let end = all.min(first + MOST_BARS);
        let steps = self.all.steps.iter().skip(first * bar);
        let groove = Groove {
            steps: steps.take(MOST_BARS * bar).copied().collect(),
            ..self.all
        };
        let name = match end - first.min(end) == all {
            true => self.stem(),
            false => format!("{} {}-{end}", self.stem(), first + 1),
        };
        Slot::new(groove, name)
    }

    fn stem(&self) -> String {
        let stem = Path::new(&self.name).file_stem();
        stem.map_or(self.name.clone(), |stem| {
            stem.to_string_lossy().into_owned()
        })
    }

    /// Windows that have all of it between them, with their names: one after the other, and the last.
    pub fn in_a_row(&self) -> impl Iterator<Item = (String, &Groove)> {
        let last = self.windows.len().saturating_sub(1);
        let windows = self.windows.iter().enumerate();
        let windows = windows.filter(move |(place, _)| place % self.bars == 0 || *place == last);
        windows.map(|(place, groove)| (self.window_name(place), groove))
    }
}

/// Windows of which each begins a bar after the one before, as one groove at their mean tempo.
fn joined(windows: &[Groove]) -> Groove {
    let Some((first, rest)) = windows.split_first() else {
        return Groove::empty(0);
    };
    let mut all = first.clone();
    for window in rest {
        let last = window.steps.len() - window.steps_per_bar().min(window.steps.len());
        all.steps.extend_from_slice(&window.steps[last..]);
    }
    let slowness: f64 = windows.iter().map(|window| 1.0 / window.qpm).sum();
    all.qpm = windows.len() as f64 / slowness;
    all
}
