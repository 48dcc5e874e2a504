//! `sample`: new music out of the prior.

use clap::Args;

use super::attributes::AttributeArgs;
use super::compute::DeviceArgs;
use super::grooves::{DrawArgs, ModelArgs, StrokesArgs};
use super::pieces::{MOST_PIECES, OutArgs};
use super::settings::Settings;

/// Sample new music as MIDI files: grooves, or whatever the checkpoint makes.
#[derive(Args)]
pub struct Sample {
    /// How many.
    #[arg(short = 'n', long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=MOST_PIECES))]
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
    device: DeviceArgs,
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
        let compute = self.device.open(settings)?;
        let drummer = self.attributes.steer(chosen.drummer(&compute)?, &chosen)?;
        let number = self.number as usize;
        let played = drummer.samples(number, how, qpm)?;
        self.device.tell(&compute, number);
        score.write(&drummer, &played)
    }
}
