//! `sample`: new music out of the prior.

use clap::Args;

use super::attributes::AttributeArgs;
use super::grooves::{DrawArgs, ModelArgs, StrokesArgs};
use super::pieces::OutArgs;
use super::settings::Settings;
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
    strokes: StrokesArgs,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    out: OutArgs,
}

impl Sample {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        self.out.check_room(self.number as usize)?;
        let chosen = self.strokes.of(self.model.open(settings)?);
        let score = self.out.score(settings, chosen.files())?;
        let how = self.draw.decoding(settings);
        let qpm = self.draw.tempo.of(None, settings);
        let drummer = self.attributes.steer(chosen.drummer()?, &chosen)?;
        let seeds = (how.seed..).take(self.number as usize);
        let played = seeds.map(|seed| drummer.sample(Decoding { seed, ..how }, qpm));
        let played = played.collect::<Result<Vec<_>, _>>()?;
        score.write(&drummer, &played)
    }
}
