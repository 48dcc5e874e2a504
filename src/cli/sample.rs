//! `sample`: new music out of the prior.

use std::path::PathBuf;

use clap::Args;

use super::attributes::AttributeArgs;
use super::grooves::{DrawArgs, ModelArgs};
use super::pieces;
use musicvae::Drummer;
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
        pieces::check_room(&self.out, self.number as usize)?;
        let checkpoint = self.model.checkpoint()?;
        let drummer = Drummer::of(&checkpoint)?;
        let first = self.draw.seed();
        let drummer = self.attributes.steer(drummer, &self.model, &checkpoint)?;
        let piece = |seed| {
            let how = Decoding {
                temperature: self.draw.temperature,
                seed,
            };
            drummer.sample(how, self.draw.tempo)
        };
        let seeds = (first..).take(self.number as usize);
        let played = seeds.map(piece).collect::<Result<Vec<_>, _>>()?;
        pieces::write(&drummer, &played, &self.out)
    }
}
