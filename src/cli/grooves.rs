//! Arguments that the commands which run a model share: which model, and how it draws.

use std::path::PathBuf;

use clap::Args;
use rand::Rng;

use super::output::note;
use crate::embedded;
use musicvae::Drummer;
use musicvae::checkpoint::Checkpoint;
use musicvae::checkpoint::catalogue::Source;
use musicvae::model::Decoding;

/// Which model to run.
#[derive(Args)]
pub struct ModelArgs {
    /// Checkpoint file, or the name of one inside the program [default: `embedded`].
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

impl ModelArgs {
    pub fn checkpoint(&self) -> anyhow::Result<Checkpoint> {
        Ok(Checkpoint::open(&self.source())?)
    }

    /// Where the model lies.
    pub fn source(&self) -> Source {
        let named = self.checkpoint.as_deref().map(embedded::named);
        named.unwrap_or_else(embedded::first)
    }

    pub fn drummer(&self) -> anyhow::Result<Drummer> {
        Ok(Drummer::of(&self.checkpoint()?)?)
    }
}

/// How new music is drawn.
#[derive(Args)]
pub struct DrawArgs {
    /// Spread of what is drawn: 0 takes the likeliest, 1 is the model's own spread.
    #[arg(long, default_value_t = 0.5, value_parser = temperature)]
    pub temperature: f32,
    /// Seed of the random numbers [default: another one each time, said on stderr].
    #[arg(long)]
    seed: Option<u64>,
    /// Tempo written into the files, quarter notes a minute.
    #[arg(long, default_value_t = 120.0, value_parser = tempo)]
    pub tempo: f64,
}

impl DrawArgs {
    /// The seed asked for, or a new one that is said, so that good music can be had again.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(|| {
            let seed = u64::from(rand::rng().next_u32());
            note!("seed {seed}");
            seed
        })
    }
}

/// How music is drawn that stands for given music: likeliest and repeatable unless told otherwise.
#[derive(Args)]
pub struct RedrawArgs {
    /// Spread of what is drawn: 0 takes the likeliest.
    #[arg(long, default_value_t = 0.0, value_parser = temperature)]
    temperature: f32,
    /// Seed of the random numbers, the same for every piece.
    #[arg(long, default_value_t = 0)]
    seed: u64,
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

/// Parses a tempo.
fn tempo(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (20.0..=300.0).contains(&value) => Ok(value),
        _ => Err("a tempo is a number from 20 to 300".into()),
    }
}
