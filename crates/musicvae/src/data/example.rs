//! Windows as the numbers that a model hears, and the numbers that it makes as windows.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::converter::Converter;
use super::performance::Performance;
use super::trio::Trio;
use super::window::Window;
use super::{chords, drums, groove, melody};
use crate::music::Representation;

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

impl Example {
    /// What is read and made alike, without controls.
    fn plain(output: Vec<f32>, length: usize, qpm: f64) -> Example {
        Example {
            input: output.clone(),
            output,
            control: Vec::new(),
            length,
            segments: Vec::new(),
            qpm,
        }
    }
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
        let representation = self.representation();
        match (representation, window) {
            (Representation::Groove(options), Window::Groove(groove)) => {
                let shown = options.apply(groove, seed);
                let output = groove::rows::write(groove, options);
                Example {
                    input: groove::rows::write(&shown, options),
                    control: groove::rows::controls(groove, options),
                    length: output.len() / representation.output_depth(),
                    output,
                    segments: Vec::new(),
                    qpm: groove.qpm,
                }
            }
            (Representation::Drums(options), Window::Drums { steps, qpm, .. }) => {
                let rows = |as_roll, depth| drums::write(steps, options.classes, as_roll, depth);
                Example {
                    input: rows(options.roll_input, representation.input_depth()),
                    ..Example::plain(
                        rows(options.roll_output, representation.output_depth()),
                        steps.len(),
                        *qpm,
                    )
                }
            }
            (
                Representation::Melody(_),
                Window::Melody {
                    events,
                    chords,
                    qpm,
                },
            ) => Example {
                control: chords::write(chords.iter().copied()),
                ..Example::plain(melody::write(events), events.len(), *qpm)
            },
            (Representation::Trio, Window::Trio { trio, qpm }) => {
                Example::plain(trio.write(), trio.drums.len(), *qpm)
            }
            (
                Representation::MultiPerformance(options),
                Window::Performance {
                    performance, qpm, ..
                },
            ) => {
                let (output, segments) = performance.write(options);
                let length = representation.max_steps(performance.bars.len());
                Example {
                    control: performance.controls(),
                    segments,
                    ..Example::plain(output, length, *qpm)
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
                Window::Groove(groove::rows::read(output, options, qpm))
            }
            Representation::Drums(options) => Window::Drums {
                classes: options.classes,
                steps: rows
                    .map(|row| drums::read(row, options.roll_output))
                    .collect(),
                qpm,
            },
            Representation::Melody(options) => Window::Melody {
                events: rows.map(melody::read_event).collect(),
                chords: match options.chords {
                    true => chords::read(control).collect(),
                    false => Vec::new(),
                },
                qpm,
            },
            Representation::Trio => Window::Trio {
                trio: Trio::read(rows),
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
