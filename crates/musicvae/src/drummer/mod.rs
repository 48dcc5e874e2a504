//! A drummer: a model joined with the music that it hears and makes.
//!
//! Everything that plays goes through it: the shell, the workstation and users of the library ask a
//! [`Drummer`], and nothing else turns music into rows for a model. It may use `checkpoint`,
//! `data`, `model` and `music`.

mod grooves;
mod relatives;
mod rework;
mod taps;
mod windows;

use std::borrow::Cow;
use std::path::Path;

pub use relatives::{Fill, Variation};
pub use rework::Rework;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::data::{Converted, Converter, Example, NoWindows, NotConvertible, Window};
use crate::model::{
    Compute, Decoding, Guide, Latent, ModelError, MusicVae, Posterior, Preset, Prior, Rows, Shown,
    latent,
};
use crate::music::{
    GrooveOptions, Note, NoteSequence, Reading, Representation, Tempo, TextAnnotation,
};

/// A model ready to play, and the way from music to its latent space and back.
///
/// Music goes in as [`Window`]s, stretches of as many bars as the model's preset says. What is made
/// comes out as windows too, and a window becomes notes by [`Window::to_note_sequence`].
///
/// ```
/// use musicvae::model::Decoding;
/// # use musicvae::{Checkpoint, Preset};
/// # let checkpoint = Checkpoint::untrained(
/// #     Preset { encoder: vec![8], decoder: vec![8], z_size: 4, ..Preset::groovae_4bar() },
/// #     1,
/// # )?;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("groovae_4bar.safetensors");
/// # checkpoint.save(&path, musicvae::checkpoint::Precision::Full)?;
/// let drummer = musicvae::Drummer::open(&path)?;
/// let how = Decoding { temperature: 0.5, seed: 59 };
/// let groove = drummer.sample(how, 120.0)?;
/// let notes = groove.to_note_sequence();
/// # assert_eq!(notes.tempos[0].qpm, 120.0);
/// let heard = drummer.encode(&[groove])?;
/// assert_eq!(heard[0].mu.len(), drummer.preset().z_size);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Drummer {
    model: MusicVae,
    prior: Prior,
    converter: Converter,
    /// Directions that every latent is moved along before it is decoded, and how far.
    moves: Vec<(Latent, f32)>,
}

/// Why a checkpoint can't be played.
#[derive(Debug, thiserror::Error)]
pub enum DrummerError {
    /// The file can't be read, or its weights are not the preset's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// There is no way from note sequences to what the model hears.
    #[error("preset {preset} can't be run on MIDI files: {reason}")]
    NotConvertible {
        /// The checkpoint's preset.
        preset: String,
        /// What the representation lacks.
        reason: NotConvertible,
    },
}

impl Drummer {
    /// Opens a checkpoint file.
    ///
    /// # Errors
    /// A file that is no sound checkpoint, and those of [`Drummer::of`].
    pub fn open(path: impl AsRef<Path>) -> Result<Drummer, DrummerError> {
        Drummer::of(&Checkpoint::load(path.as_ref())?)
    }

    /// The drummer of a checkpoint.
    ///
    /// # Errors
    /// Music that can't be converted, or weights of which the preset's model can't be built.
    pub fn of(checkpoint: &Checkpoint) -> Result<Drummer, DrummerError> {
        Drummer::on(&Compute::CPU, checkpoint)
    }

    /// [`Drummer::of`], with a model that is run by `compute`.
    ///
    /// # Errors
    /// Those of [`Drummer::of`], and a device without room for the weights.
    pub fn on(compute: &Compute, checkpoint: &Checkpoint) -> Result<Drummer, DrummerError> {
        let preset = &checkpoint.preset;
        let representation = match &preset.representation {
            // That is for training: here nothing is left out of what is asked about.
            Representation::Groove(options) => Representation::Groove(GrooveOptions {
                max_note_dropout: 0.0,
                ..options.clone()
            }),
            other => other.clone(),
        };
        let mut converter = Converter::new(representation, preset.bars).map_err(|reason| {
            DrummerError::NotConvertible {
                preset: preset.name.clone(),
                reason,
            }
        })?;
        // One after the other, and all of them.
        converter.hop = Some(preset.bars);
        converter.max_windows = None;
        Ok(Drummer {
            model: checkpoint.model_on(compute)?,
            prior: checkpoint.prior.clone(),
            converter,
            moves: Vec::new(),
        })
    }

    /// The drummer that moves every latent before it is decoded: along each direction (of
    /// [`Preset::z_size`] numbers) by its amount, one after the other. Attribute vectors are such
    /// directions.
    #[must_use]
    pub fn steered(self, moves: Vec<(Latent, f32)>) -> Drummer {
        Drummer { moves, ..self }
    }

    /// The model's preset.
    pub fn preset(&self) -> &Preset {
        self.model.preset()
    }

    /// What plays or reads `count` pieces at once, as options name it.
    pub fn device(&self, count: usize) -> String {
        self.model.device(count)
    }

    /// How it cuts music into windows: all of them, one after the other.
    pub fn converter(&self) -> &Converter {
        &self.converter
    }

    /// The drummer that reads music as `reading` says; as played by default.
    #[must_use]
    pub fn reading(mut self, reading: Reading) -> Drummer {
        self.converter.reading = reading;
        self
    }

    /// The windows of a piece of music that the model takes: the whole of it, the last one filled up.
    ///
    /// # Errors
    /// Why there are none.
    pub fn windows(&self, sequence: &NoteSequence) -> Result<Converted<Window>, NoWindows> {
        self.converter.convert_whole(sequence)
    }

    fn example(&self, window: &Window) -> Example {
        // Without strokes left out nothing depends on the seed.
        self.converter.example(window, 0)
    }

    /// The posterior of each window in [`Preset::z_size`] dimensions.
    ///
    /// # Errors
    /// Windows that are not of the model's length.
    ///
    /// # Panics
    /// When a window is not of the model's kind of music.
    pub fn encode(&self, windows: &[Window]) -> Result<Vec<Posterior>, ModelError> {
        let examples: Vec<_> = windows.iter().map(|window| self.example(window)).collect();
        let shown = examples.iter().map(|example| Shown {
            input: &example.input,
            controls: &example.control,
            lengths: &example.segments,
        });
        self.model.encode_rows(&shown.collect::<Vec<_>>())
    }

    /// The music of latents, each at its number of quarter notes a minute; as many windows as there
    /// are latents and tempos.
    ///
    /// Some models must be told more than a latent (the chords of a melody, the hits of a groove).
    /// They are told those of the windows in whose place they play, `instead_of`: one for each
    /// latent, or one for all. Others need none.
    ///
    /// # Errors
    /// A latent that is not [`Preset::z_size`] numbers long, or windows to play instead of that are
    /// missing or too few.
    pub fn decode(
        &self,
        z: &[Latent],
        how: Decoding,
        instead_of: &[Window],
        tempos: impl IntoIterator<Item = f64>,
    ) -> Result<Vec<Window>, ModelError> {
        let controls = self.controls(instead_of);
        let guide = Guide {
            controls: &controls,
            ..Guide::default()
        };
        self.play(z, how, &guide, tempos)
    }

    /// The music of latents, played as `guide` says.
    fn play(
        &self,
        z: &[Latent],
        how: Decoding,
        guide: &Guide,
        tempos: impl IntoIterator<Item = f64>,
    ) -> Result<Vec<Window>, ModelError> {
        let played = self.model.play(&self.moved(z), how, guide)?;
        let told = |place: usize| {
            let rows = guide.controls.get(place).or(guide.controls.first());
            rows.map_or(&[][..], |rows| &rows.values)
        };
        let music = played.iter().zip(tempos).enumerate();
        Ok(music
            .map(|(place, (rows, qpm))| self.converter.read(rows, told(place), qpm))
            .collect())
    }

    /// What the model hears besides latents when it plays in the place of `windows`: nothing, of
    /// most models.
    fn controls(&self, windows: &[Window]) -> Vec<Rows> {
        let preset = self.preset();
        let depth = preset.representation.control_depth();
        if depth == 0 {
            return Vec::new();
        }
        let rows = |window: &Window| Rows {
            steps: preset.steps(),
            depth,
            values: self.example(window).control,
        };
        windows.iter().map(rows).collect()
    }

    fn moved<'z>(&self, z: &'z [Latent]) -> Cow<'z, [Latent]> {
        if self.moves.is_empty() {
            return Cow::Borrowed(z);
        }
        let along =
            |z: Latent, (direction, amount): &(Latent, f32)| latent::moved(&z, direction, *amount);
        let moved = |z: &Latent| self.moves.iter().fold(z.clone(), along);
        z.iter().map(moved).collect()
    }

    /// New music at `qpm` quarter notes a minute: a draw from the checkpoint's prior, decoded. The
    /// same seed gives the same piece.
    ///
    /// # Errors
    /// A model that must be told more than a latent.
    pub fn sample(&self, how: Decoding, qpm: f64) -> Result<Window, ModelError> {
        Ok(self.samples(1, how, qpm)?.remove(0))
    }

    /// `number` pieces of new music: those of [`Drummer::sample`] with the seed of `how` and the seeds
    /// after it, computed side by side.
    ///
    /// # Errors
    /// A model that must be told more than a latent.
    pub fn samples(
        &self,
        number: usize,
        how: Decoding,
        qpm: f64,
    ) -> Result<Vec<Window>, ModelError> {
        let seeds: Vec<u64> = (0..number as u64)
            .map(|one| how.seed.wrapping_add(one))
            .collect();
        let preset = self.preset();
        let heat = preset.head.heat_of_latents(how.temperature);
        let draw = |seed: &u64| self.prior.sample(preset.z_size, *seed, heat);
        let z: Vec<Latent> = seeds.iter().map(draw).collect();
        let guide = Guide {
            seeds: &seeds,
            ..Guide::default()
        };
        self.play(&z, how, &guide, std::iter::repeat(qpm))
    }

    /// Each window through the latent space and back (by its posterior's mean), at its own tempo.
    /// A model that is shown less than it makes plays what is missing.
    ///
    /// # Errors
    /// Those of [`Drummer::encode`].
    pub fn reconstruct(
        &self,
        windows: &[Window],
        how: Decoding,
    ) -> Result<Vec<Window>, ModelError> {
        let means: Vec<_> = self.encode(windows)?.into_iter().map(|it| it.mu).collect();
        self.decode(&means, how, windows, windows.iter().map(Window::qpm))
    }

    /// So many `pieces` on the way from one window to another, including the two ends
    /// (reconstructed): latents by [`latent::slerp`], tempos in equal steps. Controls that the model
    /// needs are those of the first window, because a pattern does not slide into another.
    ///
    /// # Errors
    /// Those of [`Drummer::encode`].
    pub fn interpolate(
        &self,
        from: &Window,
        to: &Window,
        pieces: usize,
        how: Decoding,
    ) -> Result<Vec<Window>, ModelError> {
        let ends = [from.clone(), to.clone()];
        let posteriors = self.encode(&ends)?;
        let [first, last] = [0, 1].map(|end| &posteriors[end].mu);
        let steps = pieces.saturating_sub(1).max(1) as f32;
        let way: Vec<f32> = (0..pieces).map(|step| step as f32 / steps).collect();
        let latents: Vec<_> = way.iter().map(|&t| latent::slerp(first, last, t)).collect();
        let tempos = way
            .iter()
            .map(|&t| from.qpm() + (to.qpm() - from.qpm()) * f64::from(t));
        self.decode(&latents, how, &ends[..1], tempos)
    }

    /// Windows one after the other as one piece of music, each at its own tempo.
    pub fn in_a_row(&self, windows: &[Window]) -> NoteSequence {
        let Some((first, rest)) = windows.split_first() else {
            return NoteSequence::default();
        };
        let length = |qpm: f64| self.preset().bars as f64 * 4.0 * 60.0 / qpm;
        let mut whole = first.to_note_sequence();
        let mut before = first.qpm();
        let mut start = length(before);
        for window in rest {
            let qpm = window.qpm();
            let next = window.to_note_sequence();
            if qpm != before {
                whole.tempos.push(Tempo { time: start, qpm });
            }
            // What comes before its own first beat is still in the tempo before.
            let at = |time: f64| {
                start
                    + if time < 0.0 {
                        time * qpm / before
                    } else {
                        time
                    }
            };
            whole.notes.extend(next.notes.into_iter().map(|note| Note {
                start_time: at(note.start_time),
                end_time: at(note.end_time),
                ..note
            }));
            let texts = next.text_annotations.into_iter();
            whole
                .text_annotations
                .extend(texts.map(|text| TextAnnotation {
                    time: at(text.time),
                    ..text
                }));
            start += length(qpm);
            before = qpm;
        }
        let ends = whole.notes.iter().map(|note| note.end_time);
        whole.total_time = ends.fold(start, f64::max);
        whole
    }
}
