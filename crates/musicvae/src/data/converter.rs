//! From note sequences to what a model hears and makes, and back, for every [`Representation`].
//!
//! There are two stages. A note sequence is cut into [`Window`]s, which are music; a window becomes
//! an [`Example`](super::Example), which is rows of numbers. Everything random in the second stage
//! is a pure function of a seed, so a window need not be stored as numbers.

use std::borrow::Cow;
use std::collections::HashSet;

use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;

use super::cut::{Converted, Cut, CutAs};
use super::grid::NoWindows;
use super::groove::GrooveConverter;
use super::window::Window;
use super::{drums, melody, performance, pieces, split, trio};
use crate::music::{DrumClasses, DrumsOptions, Groove, NoteSequence, Reading, Representation};

/// Windows taken of one sequence, where there are more (the reference's
/// `max_tensors_per_notesequence`; its groove converter never applies its own limit).
const MAX_WINDOWS: usize = 5;

/// Anything that cuts note sequences into windows.
pub trait Convert: Sync {
    /// What a window is.
    type Window: Send;

    /// The windows of `sequence`.
    ///
    /// # Errors
    /// Why there are none.
    fn convert(&self, sequence: &NoteSequence) -> Result<Converted<Self::Window>, NoWindows>;

    /// How files are to be read for it.
    fn reading(&self) -> Reading {
        Reading::Played
    }
}

impl Convert for GrooveConverter {
    type Window = Groove;

    fn convert(&self, sequence: &NoteSequence) -> Result<Converted<Groove>, NoWindows> {
        GrooveConverter::convert(self, sequence)
    }
}

/// Cuts note sequences into grooves as the reference does in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsMagenta(pub GrooveConverter);

impl Convert for AsMagenta {
    type Window = Groove;

    fn convert(&self, sequence: &NoteSequence) -> Result<Converted<Groove>, NoWindows> {
        self.0.convert_as_magenta(sequence)
    }

    fn reading(&self) -> Reading {
        Reading::Magenta
    }
}

/// Cuts note sequences into windows of a [`Representation`], writes windows as numbers and reads
/// them back, each as the reference's converters do.
///
/// Two things differ, because Python leaves them to chance: windows of a sequence stand in order of
/// time, and of several equal ones the first is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Converter {
    representation: Representation,
    bars: usize,
    /// Bars from the start of one window to the next; `None` is the reference's way: grooves do not
    /// overlap, everything else begins at every bar.
    pub hop: Option<usize>,
    /// Windows kept of a sequence, at most; `None` keeps all. The reference keeps 5 of drums,
    /// melodies and trios.
    pub max_windows: Option<usize>,
    /// `None` is for evaluation: of too many windows the first are kept, and none is transposed. A
    /// seed is for training: of too many windows some are drawn. The same seed and sequence (its
    /// file name and id tell sequences apart) give the same windows, in any corpus. And
    /// [`Converter::example`] transposes.
    pub seed: Option<u64>,
    /// How files and sequences are read.
    pub reading: Reading,
}

/// Why there is no converter for a representation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
pub enum NotConvertible {
    #[error("a window must have at least one bar")]
    NoBars,
    #[error(
        "{0} different drums have too many combinations to be one-hot; they need rolls on both sides"
    )]
    OneHotDrums(usize),
    #[error("velocities and offsets need at least two bins each")]
    Bins,
    #[error("a probability of leaving out strokes of {0} is not from 0 to 1")]
    Dropout(f64),
    #[error("{0} classes of velocity are more than the 127 that MIDI tells apart")]
    VelocityBins(usize),
}

impl Converter {
    /// A converter to windows of `bars` bars, set as for evaluation.
    pub fn new(representation: Representation, bars: usize) -> Result<Converter, NotConvertible> {
        if bars == 0 {
            return Err(NotConvertible::NoBars);
        }
        let mut max_windows = Some(MAX_WINDOWS);
        match &representation {
            Representation::Groove(options) => {
                max_windows = None;
                if !(0.0..=1.0).contains(&options.max_note_dropout) {
                    return Err(NotConvertible::Dropout(options.max_note_dropout));
                }
                if options
                    .bins
                    .is_some_and(|bins| bins.velocity < 2 || bins.offset < 2)
                {
                    return Err(NotConvertible::Bins);
                }
            }
            Representation::Drums(options) => {
                let rolls = options.roll_input && options.roll_output;
                if options.classes == DrumClasses::Full && !rolls {
                    return Err(NotConvertible::OneHotDrums(options.classes.count()));
                }
            }
            Representation::Melody(_) | Representation::Trio => {}
            Representation::MultiPerformance(options) => {
                max_windows = None;
                if options.velocity_bins > 127 {
                    return Err(NotConvertible::VelocityBins(options.velocity_bins));
                }
            }
        }
        Ok(Converter {
            representation,
            bars,
            hop: None,
            max_windows,
            seed: None,
            reading: Reading::Played,
        })
    }

    /// What its windows become for a model.
    pub fn representation(&self) -> &Representation {
        &self.representation
    }

    /// Length of a window in bars.
    pub fn bars(&self) -> usize {
        self.bars
    }

    /// Whether windows stand one after the other from the start of a piece. (Melodies and drums on
    /// the grid begin where something is played, and equal ones count once.)
    pub fn is_gapless(&self) -> bool {
        matches!(self.representation, Representation::Groove(_))
    }

    /// Every window of a part of one tempo and meter, or why there is none; and the number of notes
    /// that are no drums of ours.
    fn of_part(&self, part: &NoteSequence, cut_as: CutAs) -> Result<Converted<Window>, NoWindows> {
        let cut = Cut {
            bars: self.bars,
            hop: self.hop.unwrap_or(1).max(1),
        };
        match &self.representation {
            Representation::Groove(_) => {
                let (bars, hop) = (self.bars, self.hop);
                let converted = GrooveConverter { bars, hop }.cut(part, cut_as)?;
                Ok(converted.map(Window::Groove))
            }
            Representation::Drums(DrumsOptions { classes, .. }) => {
                let (converted, qpm) = drums::windows(part, *classes, cut, cut_as)?;
                Ok(converted.map(|steps| Window::Drums {
                    classes: *classes,
                    steps,
                    qpm,
                }))
            }
            Representation::Melody(options) => {
                let (converted, qpm) = melody::windows(part, options, cut, cut_as)?;
                Ok(converted.map(|(events, chords)| Window::Melody {
                    events,
                    chords,
                    qpm,
                }))
            }
            Representation::Trio => {
                let (windows, qpm) = trio::windows(part, cut)?;
                Ok(Converted::whole(windows).map(|trio| Window::Trio { trio, qpm }))
            }
            Representation::MultiPerformance(options) => {
                let (windows, qpm) = performance::windows(part, options, self.bars)?;
                let converted = Converted::whole(windows);
                Ok(converted.map(|performance| Window::Performance {
                    performance,
                    options: options.clone(),
                    qpm,
                }))
            }
        }
    }
}

impl Convert for Converter {
    type Window = Window;

    fn convert(&self, sequence: &NoteSequence) -> Result<Converted<Window>, NoWindows> {
        let cut_as = match (self.reading, self.seed) {
            (Reading::Played, _) => CutAs::Played,
            (Reading::Magenta, Some(_)) => CutAs::MagentaTraining,
            (Reading::Magenta, None) => CutAs::Magenta,
        };
        self.windows(sequence, cut_as)
    }

    fn reading(&self) -> Reading {
        self.reading
    }
}

impl Converter {
    /// The windows of one piece of music that is to be used to its end: as [`Convert::convert`], and
    /// silence fills the last window of a groove or a melody.
    ///
    /// # Errors
    /// Why there are none.
    pub fn convert_whole(&self, sequence: &NoteSequence) -> Result<Converted<Window>, NoWindows> {
        match self.reading {
            Reading::Played => self.windows(sequence, CutAs::Filled),
            Reading::Magenta => self.convert(sequence),
        }
    }

    fn windows(
        &self,
        sequence: &NoteSequence,
        cut_as: CutAs,
    ) -> Result<Converted<Window>, NoWindows> {
        let mut rng = self.rng(sequence);
        if let Representation::Groove(_) = self.representation {
            let mut converted = self.of_part(sequence, cut_as)?;
            converted.windows = self.choose(converted.windows, &mut rng);
            return Ok(converted);
        }
        let mut all = Converted::whole(Vec::new());
        let parts: Vec<Cow<NoteSequence>> = match self.reading {
            Reading::Played => {
                let (pieces, left_out) = pieces::of(sequence, self.bars)?;
                all.left_out = left_out;
                pieces.into_iter().map(|piece| piece.sequence).collect()
            }
            Reading::Magenta => {
                let parts = split::on_time_changes(sequence)?;
                parts.into_iter().map(Cow::Owned).collect()
            }
        };
        let mut first_reason = None;
        for part in &parts {
            match self.of_part(part, cut_as) {
                Ok(converted) => {
                    all.windows.extend(self.choose(converted.windows, &mut rng));
                    all.unknown_notes += converted.unknown_notes;
                    all.left_out.add(&converted.left_out);
                }
                Err(reason) => {
                    first_reason.get_or_insert(reason);
                }
            }
        }
        if !all.windows.is_empty() {
            all.windows = self.choose(all.windows, &mut rng);
            return Ok(all);
        }
        Err(match (parts.len(), first_reason) {
            (1, Some(reason)) => reason,
            (parts, Some(reason)) => NoWindows::Parts {
                parts,
                reason: Box::new(reason),
            },
            (_, None) if sequence.notes.is_empty() => NoWindows::NoNotes,
            (_, None) => NoWindows::NoLength,
        })
    }

    /// The random numbers of one sequence.
    fn rng(&self, sequence: &NoteSequence) -> Option<ChaCha8Rng> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed?);
        let name = format!("{}\0{}", sequence.filename, sequence.id);
        let hash = sha1_smol::Sha1::from(name).digest().bytes();
        let stream = hash[..8]
            .iter()
            .fold(0, |stream, byte| stream << 8 | u64::from(*byte));
        rng.set_stream(stream);
        Some(rng)
    }

    /// No more than `max_windows` of them, in their order.
    fn choose(&self, windows: Vec<Window>, rng: &mut Option<ChaCha8Rng>) -> Vec<Window> {
        let Some(max) = self.max_windows.filter(|max| *max < windows.len()) else {
            return windows;
        };
        let Some(rng) = rng else {
            return windows.into_iter().take(max).collect();
        };
        let chosen: HashSet<usize> = index::sample(rng, windows.len(), max).into_iter().collect();
        let mut place = 0..;
        windows
            .into_iter()
            .filter(|_| place.next().is_some_and(|place| chosen.contains(&place)))
            .collect()
    }
}
