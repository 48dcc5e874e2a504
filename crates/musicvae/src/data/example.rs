//! Windows as the numbers that a model hears, and the numbers that it makes as windows.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::chord_symbols::ChordClass;
use super::drum_track::{self, DrumSet};
use super::performance::Performance;
use super::trio::Trio;
use super::window::Window;
use super::{Converter, groove_rows, melody};
use crate::music::{CHORD_CLASSES, MELODY_CLASSES, Representation};

/// A window in numbers: rows one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// What the encoder reads: rows of [`Representation::input_depth`].
    pub input: Vec<f32>,
    /// What the decoder is to make: as many rows of [`Representation::output_depth`].
    pub output: Vec<f32>,
    /// What both are given: as many rows of [`Representation::control_depth`], none if that is 0.
    pub control: Vec<f32>,
    /// Rows that count.
    pub length: usize,
    /// Of a performance, whose tracks are segments of equal length, the rows that count in each;
    /// otherwise empty.
    pub segments: Vec<usize>,
    /// Quarter notes a minute.
    pub qpm: f64,
}

impl Converter {
    /// The numbers of a window. What is left to chance is a function of `seed`: strokes left out of
    /// what a groove model is shown; and, in training ([`Converter::seed`]), the semitones of the
    /// representation's range that music is transposed by.
    ///
    /// (The reference transposes whole sequences, and drops notes that leave MIDI's pitches. Here
    /// no note is lost: a window is moved as far as it has room.)
    ///
    /// # Panics
    /// When the window is not one of this converter's representation.
    pub fn example(&self, window: &Window, seed: u64) -> Example {
        let transposed = self.transposed(window, seed);
        let window = transposed.as_ref().unwrap_or(window);
        match (self.representation(), window) {
            (Representation::Groove(options), Window::Groove(groove)) => {
                let shown = options.apply(groove, seed);
                let output = groove_rows::write(groove, options);
                Example {
                    input: groove_rows::write(&shown, options),
                    control: groove_rows::controls(groove, options),
                    length: output.len() / self.representation().output_depth(),
                    output,
                    segments: Vec::new(),
                    qpm: groove.qpm,
                }
            }
            (Representation::Drums(options), Window::Drums { steps, qpm, .. }) => {
                let rows = |roll: bool, depth| {
                    if roll {
                        drum_track::rolls(steps, options.classes.count(), depth)
                    } else {
                        one_hot(steps.iter().map(|drums| *drums as usize), depth)
                    }
                };
                let input = rows(options.roll_input, self.representation().input_depth());
                let output = rows(options.roll_output, self.representation().output_depth());
                Example {
                    length: steps.len(),
                    input,
                    output,
                    control: Vec::new(),
                    segments: Vec::new(),
                    qpm: *qpm,
                }
            }
            (
                Representation::Melody(_),
                Window::Melody {
                    events,
                    chords,
                    qpm,
                },
            ) => {
                let rows = |classes: &[u8], depth| {
                    one_hot(classes.iter().map(|class| usize::from(*class)), depth)
                };
                let output = rows(events, MELODY_CLASSES);
                Example {
                    input: output.clone(),
                    output,
                    control: rows(chords, CHORD_CLASSES),
                    length: events.len(),
                    segments: Vec::new(),
                    qpm: *qpm,
                }
            }
            (Representation::Trio, Window::Trio { trio, qpm }) => {
                let output = trio.write();
                Example {
                    input: output.clone(),
                    output,
                    control: Vec::new(),
                    length: trio.drums.len(),
                    segments: Vec::new(),
                    qpm: *qpm,
                }
            }
            (
                Representation::MultiPerformance(options),
                Window::Performance {
                    performance, qpm, ..
                },
            ) => {
                let (output, segments) = performance.write(options);
                Example {
                    input: output.clone(),
                    length: self.representation().max_steps(performance.bars.len()),
                    output,
                    control: performance.controls(),
                    segments,
                    qpm: *qpm,
                }
            }
            (representation, window) => {
                panic!("{window:?} is no window of {representation:?}")
            }
        }
    }

    fn transposed(&self, window: &Window, seed: u64) -> Option<Window> {
        self.seed?;
        let room = window.room(self.representation().transpose()?);
        if room.min > room.max {
            return None;
        }
        let semitones = ChaCha8Rng::seed_from_u64(seed).random_range(room.min..=room.max);
        Some(window.transposed(semitones))
    }

    /// The music that rows of [`Representation::output_depth`] columns stand for, as the reference's
    /// `from_tensors` reads them, with the chords that rows of control say, if there are any. A last
    /// row that is not whole is ignored.
    ///
    /// (The reference takes diminished chords for none, by a slip.)
    pub fn read(&self, output: &[f32], control: &[f32], qpm: f64) -> Window {
        let rows = output.chunks_exact(self.representation().output_depth());
        match self.representation() {
            Representation::Groove(options) => {
                Window::Groove(groove_rows::read(output, options, qpm))
            }
            Representation::Drums(options) => Window::Drums {
                classes: options.classes,
                steps: if options.roll_output {
                    rows.map(drum_track::read_roll).collect()
                } else {
                    rows.map(|row| greatest(row) as DrumSet).collect()
                },
                qpm,
            },
            Representation::Trio => Window::Trio {
                trio: Trio::read(rows),
                qpm,
            },
            Representation::Melody(options) => Window::Melody {
                events: rows.map(melody::read_event).collect(),
                chords: match options.chords {
                    true => {
                        let rows = control.chunks_exact(CHORD_CLASSES);
                        rows.map(|row| greatest(row) as ChordClass).collect()
                    }
                    false => Vec::new(),
                },
                qpm,
            },
            Representation::MultiPerformance(options) => Window::Performance {
                performance: Performance::read(output, control, options),
                options: options.clone(),
                qpm,
            },
        }
    }
}

/// A row for each class, 1 in its column and 0 elsewhere.
pub(super) fn one_hot(classes: impl ExactSizeIterator<Item = usize>, depth: usize) -> Vec<f32> {
    let mut rows = vec![0.0; classes.len() * depth];
    for (row, class) in rows.chunks_exact_mut(depth).zip(classes) {
        row[class] = 1.0;
    }
    rows
}

/// The first of the greatest columns of a row.
pub(super) fn greatest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, column| {
        if row[column] > row[best] {
            column
        } else {
            best
        }
    })
}
