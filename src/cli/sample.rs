//! `sample`: new grooves out of the prior.

use std::path::PathBuf;

use clap::Args;

use super::attributes::AttributeArgs;
use super::grooves::{DrawArgs, ModelArgs, check_room, write_grooves};
use crate::model::{Decoding, latent::sample_prior};

/// Sample new grooves as MIDI files.
#[derive(Args)]
pub struct Sample {
    /// How many.
    #[arg(short = 'n', long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    number: u32,
    #[command(flatten)]
    draw: DrawArgs,
    #[command(flatten)]
    attributes: AttributeArgs,
    #[command(flatten)]
    model: ModelArgs,
    /// A folder, or a `.mid` file for one groove.
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
}

impl Sample {
    pub fn run(self) -> anyhow::Result<()> {
        check_room(&self.out, self.number as usize)?;
        let checkpoint = self.model.checkpoint()?;
        let model = checkpoint.model()?;
        let seed = self.draw.seed();
        let z_size = model.preset().z_size;
        let seeds = || (seed..).take(self.number as usize);
        let mut latents: Vec<_> = seeds().map(|seed| sample_prior(z_size, seed)).collect();
        self.attributes
            .apply(&self.model, &checkpoint, &mut latents)?;
        let mut grooves = Vec::new();
        for (seed, z) in seeds().zip(latents) {
            let how = Decoding {
                temperature: self.draw.temperature,
                seed,
            };
            grooves.extend(model.decode(&[z], how)?);
        }
        grooves
            .iter_mut()
            .for_each(|groove| groove.qpm = self.draw.tempo);
        write_grooves(&grooves, &self.out)
    }
}
