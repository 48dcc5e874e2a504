//! `reconstruct`: a performance through the latent space and back.

use std::path::PathBuf;

use clap::Args;

use super::grooves::{ModelArgs, read_windows, temperature, write_grooves};
use crate::model::Decoding;

/// Encode a MIDI file window by window and decode it again.
#[derive(Args)]
pub struct Reconstruct {
    #[arg(value_name = "IN.mid")]
    input: PathBuf,
    /// Spread of the hits: 0 takes the likeliest.
    #[arg(long, default_value_t = 0.0, value_parser = temperature)]
    temperature: f32,
    /// Seed of the random numbers.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    model: ModelArgs,
    /// A `.mid` file for the whole, or a folder for the single windows.
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
}

impl Reconstruct {
    pub fn run(self) -> anyhow::Result<()> {
        let model = self.model.model()?;
        let windows = read_windows(&self.input, &model)?;
        let means: Vec<_> = model
            .encode(&windows)?
            .into_iter()
            .map(|posterior| posterior.mu)
            .collect();
        let how = Decoding {
            temperature: self.temperature,
            seed: self.seed,
        };
        let mut grooves = model.decode(&means, how)?;
        for (groove, window) in grooves.iter_mut().zip(&windows) {
            groove.qpm = window.qpm;
        }
        write_grooves(&grooves, &self.out)
    }
}
