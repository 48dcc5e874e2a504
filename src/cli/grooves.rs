//! Arguments that the commands which run a model share: which model, and how it draws.

use std::path::{Path, PathBuf};

use clap::Args;
use rand::Rng;

use super::output::note;
use super::settings::{Settings, file_of};
use musicvae::Drummer;
use musicvae::checkpoint::Checkpoint;
use musicvae::checkpoint::attributes::Attributes;
use musicvae::checkpoint::catalogue::Source;
use musicvae::data::Window;
use musicvae::model::{Compute, Decoding, Strokes};

/// Which model to run.
#[derive(Args)]
pub struct ModelArgs {
    /// Checkpoint: a file, a run's folder (for its best one), or a name that `checkpoint list` shows
    /// [default: the configured one, else `embedded`].
    #[arg(long, value_name = "CHECKPOINT")]
    checkpoint: Option<PathBuf>,
}

/// A checkpoint that was named and read.
pub struct Chosen {
    pub source: Source,
    pub checkpoint: Checkpoint,
}

impl ModelArgs {
    pub fn open(&self, settings: &Settings) -> anyhow::Result<Chosen> {
        let source = settings.checkpoint(self.checkpoint.as_deref())?;
        Chosen::read(source)
    }

    /// The model that was named, else `other`: of a command that only models of one kind can do.
    pub fn open_or(&self, other: Source, settings: &Settings) -> anyhow::Result<Chosen> {
        match &self.checkpoint {
            Some(name) => Chosen::read(settings.checkpoint(Some(name))?),
            None => Chosen::read(other),
        }
    }
}

impl Chosen {
    fn read(source: Source) -> anyhow::Result<Chosen> {
        let checkpoint = Checkpoint::open(&source)?;
        Ok(Chosen { source, checkpoint })
    }

    /// The files that it is read from.
    pub fn files(&self) -> Vec<PathBuf> {
        let file = |path: &Path| vec![path.to_path_buf(), Attributes::path_for(path)];
        file_of(&self.source).map_or_else(Vec::new, file)
    }

    pub fn drummer(&self, compute: &Compute) -> anyhow::Result<Drummer> {
        Ok(Drummer::on(compute, &self.checkpoint)?)
    }
}

/// How velocities and offsets are read.
#[derive(Args)]
pub struct StrokesArgs {
    /// How the decoder's velocities and offsets are read: played (corrected for the silent cells that
    /// they were also learned from) or magenta (as they are) [default: as the checkpoint says; imported
    /// ones say magenta].
    #[arg(long, value_name = "HOW")]
    strokes: Option<Strokes>,
}

impl StrokesArgs {
    /// The checkpoint, read as was asked.
    pub fn of(&self, mut chosen: Chosen) -> Chosen {
        if let Some(strokes) = self.strokes {
            chosen.checkpoint.metadata.strokes = strokes;
        }
        chosen
    }
}

/// How new music is drawn.
#[derive(Args)]
pub struct DrawArgs {
    /// How freely the music is drawn: 0 plays the likeliest at the point that each seed draws, 0.5 as a good
    /// drummer plays, 2 is wild [default: 0.5, or as configured].
    #[arg(long, value_parser = temperature)]
    temperature: Option<f32>,
    /// Seed of the random numbers [default: a new one each time, printed on stderr, or as configured].
    #[arg(long, value_parser = seed)]
    seed: Option<u64>,
    #[command(flatten)]
    pub tempo: TempoArgs,
}

impl DrawArgs {
    /// How to draw: with the given seed, or a new one that is printed, so that good music can be made
    /// again.
    pub fn decoding(&self, settings: &Settings) -> Decoding {
        let seed = self.seed.or(settings.seed).unwrap_or_else(|| {
            let seed = u64::from(rand::rng().next_u32());
            note!("seed {seed}");
            seed
        });
        let configured = settings.config.sampling.temperature;
        Decoding {
            temperature: self.temperature.unwrap_or(configured),
            seed,
        }
    }
}

/// How fast music is written.
#[derive(Args)]
pub struct TempoArgs {
    /// Tempo written into the files, in quarter notes per minute [default: that of the given music; for
    /// new music 120, or as configured].
    #[arg(long, value_parser = tempo)]
    tempo: Option<f64>,
}

impl TempoArgs {
    /// The tempo of music that has none of its own, or has the one `given`.
    pub fn of(&self, given: Option<f64>, settings: &Settings) -> f64 {
        self.tempo
            .or(given)
            .unwrap_or(settings.config.playing.tempo)
    }

    /// Whether a tempo was asked for.
    pub fn is_given(&self) -> bool {
        self.tempo.is_some()
    }

    /// The windows at the tempo asked for, if one is.
    pub fn apply(&self, windows: Vec<Window>) -> Vec<Window> {
        match self.tempo {
            None => windows,
            Some(qpm) => windows.into_iter().map(|it| it.at_tempo(qpm)).collect(),
        }
    }
}

/// How music is drawn that stands for given music: likeliest and repeatable unless told otherwise.
#[derive(Args)]
pub struct RedrawArgs {
    /// How freely the music is drawn: 0 leaves nothing to chance.
    #[arg(long, default_value_t = 0.0, value_parser = temperature)]
    temperature: f32,
    /// Seed of the random numbers, the same for every piece.
    #[arg(long, default_value_t = 0, value_parser = seed)]
    seed: u64,
    #[command(flatten)]
    pub tempo: TempoArgs,
}

impl RedrawArgs {
    pub fn decoding(&self) -> Decoding {
        Decoding {
            temperature: self.temperature,
            seed: self.seed,
        }
    }
}

/// Parses a temperature.
fn temperature(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (0.0..=10.0).contains(&value) => Ok(value),
        _ => Err("a temperature is a number from 0 to 10".into()),
    }
}

/// Parses a seed.
pub fn seed(text: &str) -> Result<u64, String> {
    let seed = text.parse();
    seed.map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// Parses a tempo.
fn tempo(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (20.0..=300.0).contains(&value) => Ok(value),
        _ => Err("a tempo is a number from 20 to 300".into()),
    }
}
