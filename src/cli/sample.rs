//! `sample`: new music out of the prior.

use std::path::PathBuf;

use clap::Args;

use super::attributes::AttributeArgs;
use super::grooves::{DrawArgs, ModelArgs};
use super::player::{Player, check_room};
use musicvae::model::Decoding;

/// Sample new music as MIDI files: grooves, or what the checkpoint makes.
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
    /// A folder, or a `.mid` file for one piece.
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
}

impl Sample {
    pub fn run(self) -> anyhow::Result<()> {
        check_room(&self.out, self.number as usize)?;
        let checkpoint = self.model.checkpoint()?;
        let player = Player::of(&checkpoint)?;
        let seed = self.draw.seed();
        let z_size = player.model.preset().z_size;
        let seeds = || (seed..).take(self.number as usize);
        let mut latents: Vec<_> = seeds()
            .map(|seed| checkpoint.prior.sample(z_size, seed))
            .collect();
        self.attributes
            .apply(&self.model, &checkpoint, &mut latents)?;
        let mut pieces = Vec::new();
        for (seed, z) in seeds().zip(latents) {
            let how = Decoding {
                temperature: self.draw.temperature,
                seed,
            };
            pieces.extend(player.decode(&[z], how, &[], [self.draw.tempo])?);
        }
        player.write(&pieces, &self.out)
    }
}
