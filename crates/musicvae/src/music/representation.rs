//! What a window of music becomes for a model: the description that presets hold, checkpoints
//! store and converters work from.
//!
//! Every variant and number is that of the reference's configuration map and of the converters it
//! names (magenta 2.1.4, `models/music_vae/{configs,data,data_hierarchical}.py`).

use serde::{Deserialize, Serialize};

use super::{LANES, Lane, Meter};

/// Events of a melody: no event, note off, and the 88 pitches of a piano (21..=108).
pub const MELODY_CLASSES: usize = 2 + 88;

/// A chord as the models are told it: none, and major, minor, augmented and diminished triads on
/// every root.
pub const CHORD_CLASSES: usize = 1 + 4 * 12;

/// Instruments of one multi-instrument performance, and events of each, its program and its end
/// among them.
pub const PERFORMANCE_INSTRUMENTS: usize = 8;
/// Events of one instrument, its program and its end among them.
pub const PERFORMANCE_EVENTS: usize = 64;

/// Steps of a quarter note in a multi-instrument performance, finer than the grid of sixteenths.
pub const PERFORMANCE_STEPS_PER_QUARTER: usize = 24;

/// What music a model hears and makes, and as which numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Representation {
    /// Drums as performed: hits, velocities and microtiming of nine lanes.
    Groove(GrooveOptions),
    /// Drums on the grid, without dynamics.
    Drums(DrumsOptions),
    /// One voice on the grid.
    Melody(MelodyOptions),
    /// Melody, bass and drums side by side: `90 + 90 + 512` columns, each part one-hot.
    Trio,
    /// Up to eight instruments as performed, each a row of events.
    MultiPerformance(PerformanceOptions),
}

/// The plain groove: what a checkpoint holds that says nothing of its representation.
impl Default for Representation {
    fn default() -> Representation {
        Representation::Groove(GrooveOptions::default())
    }
}

/// What a groove model is shown in place of the groove that it is to make.
///
/// The default is the plain groove: shown and made are the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrooveOptions {
    /// Shown without velocities and microtiming.
    pub humanize: bool,
    /// Shown as taps: the loudest stroke of each step, on the lane of the open hi-hat.
    pub tapify: bool,
    /// Shown without velocities.
    pub fixed_velocities: bool,
    /// Shown without these lanes, which the model learns to add.
    pub add_instruments: Vec<Lane>,
    /// Strokes are left out of what is shown, soft ones sooner, with a probability that is drawn
    /// for each sequence from 0 to this.
    pub max_note_dropout: f64,
    /// The hits are given to encoder and decoder: the model makes velocities and microtiming only.
    pub hits_as_controls: bool,
    /// Nine steps of one lane each for every step of the grid; a control says which lane it is.
    pub split_instruments: bool,
    /// Velocities and microtiming as one-hot classes instead of numbers.
    pub bins: Option<GrooveBins>,
}

/// Classes that velocities (0..=1) and doubled offsets (-1..=1) are divided into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrooveBins {
    /// Classes of velocities.
    pub velocity: usize,
    /// Classes of offsets.
    pub offset: usize,
}

/// How drums on the grid are written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DrumsOptions {
    /// Which drums are told apart.
    pub classes: DrumClasses,
    /// Shown as a column a class and one that says "nothing", instead of one-hot over every
    /// combination of classes.
    pub roll_input: bool,
    /// Made as a column a class, instead of one-hot over every combination of classes.
    pub roll_output: bool,
}

/// Which drums are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrumClasses {
    /// The nine lanes.
    #[default]
    Reduced,
    /// Every pitch of General MIDI's drums, 61 of them.
    Full,
}

/// Which melodies are taken, and as what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MelodyOptions {
    /// Only programs 0..=31 (piano, chromatic percussion, organ, guitar) count as melody.
    pub melody_programs_only: bool,
    /// An instrument that plays two notes at once is left out; otherwise its highest note counts.
    pub skip_polyphony: bool,
    /// The chord of every step is given to encoder and decoder.
    pub chords: bool,
    /// In training a sequence is transposed by a number of semitones drawn from this range.
    pub transpose: Option<Transpose>,
}

/// How multi-instrument performances are written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerformanceOptions {
    /// Classes of velocity; 0 for none.
    pub velocity_bins: usize,
    /// The chord at every event is given to encoder and decoder.
    pub chords: bool,
    /// In training a sequence is transposed by a number of semitones drawn from this range.
    pub transpose: Option<Transpose>,
}

impl Default for PerformanceOptions {
    fn default() -> PerformanceOptions {
        PerformanceOptions {
            velocity_bins: 8,
            chords: false,
            transpose: None,
        }
    }
}

/// Semitones from `min` to `max`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transpose {
    /// The furthest down.
    pub min: i32,
    /// The furthest up.
    pub max: i32,
}

impl Representation {
    /// Columns of a row that the encoder reads.
    pub fn input_depth(&self) -> usize {
        match self {
            Representation::Drums(options) if options.roll_input => options.classes.count() + 1,
            Representation::Drums(options) => options.classes.one_hot_depth(),
            _ => self.output_depth(),
        }
    }

    /// Columns of a row that the decoder makes (and reads back).
    pub fn output_depth(&self) -> usize {
        match self {
            Representation::Groove(options) => options.output_depth(),
            Representation::Drums(options) if options.roll_output => options.classes.count(),
            Representation::Drums(options) => options.classes.one_hot_depth(),
            Representation::Melody(_) => MELODY_CLASSES,
            Representation::Trio => Representation::TRIO_DEPTHS.iter().sum(),
            Representation::MultiPerformance(options) => options.depth(),
        }
    }

    /// Columns of a row that encoder and decoder are both given; 0 where there are none.
    pub fn control_depth(&self) -> usize {
        match self {
            Representation::Groove(options) => options.control_depth(),
            Representation::Melody(MelodyOptions { chords: true, .. })
            | Representation::MultiPerformance(PerformanceOptions { chords: true, .. }) => {
                CHORD_CLASSES
            }
            _ => 0,
        }
    }

    /// Rows of the longest window of `bars` bars.
    pub fn max_steps(&self, bars: usize) -> usize {
        let grid = bars * Meter::COMMON.sixteenths();
        match self {
            Representation::Groove(options) if options.split_instruments => grid * LANES,
            Representation::MultiPerformance(_) => {
                bars * PERFORMANCE_INSTRUMENTS * PERFORMANCE_EVENTS
            }
            _ => grid,
        }
    }

    /// What one window of it is called, as in the names of files.
    pub fn noun(&self) -> &'static str {
        match self {
            Representation::Groove(_) => "groove",
            Representation::Drums(_) => "drums",
            Representation::Melody(_) => "melody",
            Representation::Trio => "trio",
            Representation::MultiPerformance(_) => "performance",
        }
    }

    /// What music it is, in a few words.
    pub fn makes(&self) -> &'static str {
        match self {
            Representation::Groove(options) if options.hits_as_controls => {
                "the feel of drums whose hits are given"
            }
            Representation::Groove(options) if options.humanize => {
                "drums as performed, from a score"
            }
            Representation::Groove(options) if options.tapify && options.max_note_dropout > 0.0 => {
                "drums as performed, from taps with gaps"
            }
            Representation::Groove(options) if options.tapify => "drums as performed, from taps",
            Representation::Groove(options) if !options.add_instruments.is_empty() => {
                "drums as performed, with lanes added"
            }
            Representation::Groove(_) => "drums as performed",
            Representation::Drums(options) if options.classes == DrumClasses::Full => {
                "drums on the grid, all 61"
            }
            Representation::Drums(_) => "drums on the grid",
            Representation::Melody(options) if options.chords => "a melody on chords",
            Representation::Melody(_) => "a melody",
            Representation::Trio => "melody, bass and drums",
            Representation::MultiPerformance(options) if options.chords => {
                "up to 8 instruments as performed, on chords"
            }
            Representation::MultiPerformance(_) => "up to 8 instruments as performed",
        }
    }

    /// Columns of each part of a trio: melody, bass and drums.
    pub const TRIO_DEPTHS: [usize; 3] = [MELODY_CLASSES, MELODY_CLASSES, 1 << LANES];

    /// Which of its numbers means nothing, as a clause.
    pub fn out_of_range(&self) -> Option<String> {
        if let Some(Transpose { min, max }) = self.transpose()
            && !(-127..=max).contains(&min) | (max > 127)
        {
            return Some(format!(
                "it can't be transposed by {min} to {max} semitones"
            ));
        }
        match self {
            Representation::Groove(GrooveOptions {
                bins: Some(bins), ..
            }) if !(1..=128).contains(&bins.velocity) || !(1..=128).contains(&bins.offset) => {
                Some("its bins are 1 to 128 each".into())
            }
            Representation::Groove(options) if !(0.0..=1.0).contains(&options.max_note_dropout) => {
                Some("`max_note_dropout` takes a number of 0 to 1".into())
            }
            Representation::MultiPerformance(options) if options.velocity_bins > 127 => {
                Some("`velocity_bins` takes a number of 0 to 127".into())
            }
            _ => None,
        }
    }

    /// The range of the random transposition that the reference trains with.
    pub fn transpose(&self) -> Option<Transpose> {
        match self {
            Representation::Melody(options) => options.transpose,
            Representation::MultiPerformance(options) => options.transpose,
            _ => None,
        }
    }
}

impl GrooveOptions {
    /// Whether the model is shown and makes the same, without controls.
    pub fn is_plain(&self) -> bool {
        *self == GrooveOptions::default()
    }

    /// Lanes in one row.
    fn lanes_per_row(&self) -> usize {
        if self.split_instruments { 1 } else { LANES }
    }

    fn output_depth(&self) -> usize {
        let numbers = match self.bins {
            None => 3,
            Some(bins) => 1 + bins.velocity + bins.offset,
        };
        self.lanes_per_row() * numbers
    }

    fn control_depth(&self) -> usize {
        let hits = if self.hits_as_controls {
            self.lanes_per_row()
        } else {
            0
        };
        let lane = if self.split_instruments { LANES } else { 0 };
        hits + lane
    }
}

impl DrumClasses {
    /// How many drums are told apart.
    pub fn count(self) -> usize {
        match self {
            DrumClasses::Reduced => LANES,
            DrumClasses::Full => 61,
        }
    }

    /// Combinations of drums. With the full set they cannot be counted out: such a model must have
    /// rolls on both sides, and the number here is as good as infinite.
    fn one_hot_depth(self) -> usize {
        1 << self.count()
    }
}

impl PerformanceOptions {
    /// Note-ons and note-offs of 128 pitches, shifts of up to four quarter notes and velocities;
    /// then 128 programs and one for drums; then the end.
    fn depth(&self) -> usize {
        self.events() + 129 + 1
    }

    /// Kinds of events within a track.
    pub fn events(&self) -> usize {
        2 * 128 + 4 * PERFORMANCE_STEPS_PER_QUARTER + self.velocity_bins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groove(options: GrooveOptions) -> Representation {
        Representation::Groove(options)
    }

    /// (representation, input, output and control depth, rows of two bars), as the reference's
    /// converters report them.
    #[test]
    fn depths_are_the_references() {
        let plain = GrooveOptions::default();
        let bins = Some(GrooveBins {
            velocity: 8,
            offset: 5,
        });
        let drums = |classes, roll_input, roll_output| {
            Representation::Drums(DrumsOptions {
                classes,
                roll_input,
                roll_output,
            })
        };
        let chords = MelodyOptions {
            chords: true,
            ..MelodyOptions::default()
        };
        let performed = |chords| {
            Representation::MultiPerformance(PerformanceOptions {
                chords,
                ..PerformanceOptions::default()
            })
        };
        let table = [
            (Representation::default(), 27, 27, 0, 32),
            (
                groove(GrooveOptions {
                    hits_as_controls: true,
                    ..plain.clone()
                }),
                27,
                27,
                9,
                32,
            ),
            (
                groove(GrooveOptions {
                    split_instruments: true,
                    ..plain.clone()
                }),
                3,
                3,
                9,
                288,
            ),
            (
                groove(GrooveOptions {
                    split_instruments: true,
                    hits_as_controls: true,
                    bins,
                    ..plain.clone()
                }),
                14,
                14,
                10,
                288,
            ),
            (groove(GrooveOptions { bins, ..plain }), 126, 126, 0, 32),
            (drums(DrumClasses::Reduced, false, false), 512, 512, 0, 32),
            (drums(DrumClasses::Reduced, true, false), 10, 512, 0, 32),
            (drums(DrumClasses::Reduced, true, true), 10, 9, 0, 32),
            (drums(DrumClasses::Full, true, true), 62, 61, 0, 32),
            (
                Representation::Melody(MelodyOptions::default()),
                90,
                90,
                0,
                32,
            ),
            (Representation::Melody(chords), 90, 90, 49, 32),
            (Representation::Trio, 692, 692, 0, 32),
            (performed(false), 490, 490, 0, 1024),
            (performed(true), 490, 490, 49, 1024),
        ];
        for (representation, input, output, control, steps) in table {
            let found = (
                representation.input_depth(),
                representation.output_depth(),
                representation.control_depth(),
                representation.max_steps(2),
            );
            assert_eq!(found, (input, output, control, steps), "{representation:?}");
        }
    }

    #[test]
    fn written_down_it_is_short_and_reads_back() {
        let add_hats = groove(GrooveOptions {
            add_instruments: vec![Lane::ClosedHat],
            ..GrooveOptions::default()
        });
        for representation in [Representation::default(), add_hats, Representation::Trio] {
            let text = serde_json::to_string(&representation).unwrap();
            let read: Representation = serde_json::from_str(&text).unwrap();
            assert_eq!(read, representation, "{text}");
        }
        let read: Representation = serde_json::from_str(r#"{"groove":{"tapify":true}}"#).unwrap();
        let tapify = GrooveOptions {
            tapify: true,
            ..GrooveOptions::default()
        };
        assert_eq!(read, groove(tapify));
        assert_eq!(
            serde_json::to_string(&Representation::Trio).unwrap(),
            r#""trio""#
        );
        // An option of a later version must not be passed over in silence.
        let unknown = r#"{"groove":{"swing":true}}"#;
        assert!(serde_json::from_str::<Representation>(unknown).is_err());
    }
}
