//! `interpolate`: from one piece of music to another through latent space.

use std::path::PathBuf;

use clap::Args;

use super::attributes::AttributeArgs;
use super::grooves::{ModelArgs, RedrawArgs};
use super::player::Player;
use musicvae::model::latent::slerp;

/// Spherical interpolation between the first windows of two MIDI files.
#[derive(Args)]
pub struct Interpolate {
    /// MIDI file to start from.
    #[arg(value_name = "A.mid")]
    from: PathBuf,
    /// MIDI file to arrive at.
    #[arg(value_name = "B.mid")]
    to: PathBuf,
    /// Pieces to write, the two ends among them.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..))]
    steps: u16,
    #[command(flatten)]
    redraw: RedrawArgs,
    #[command(flatten)]
    attributes: AttributeArgs,
    #[command(flatten)]
    model: ModelArgs,
    /// A folder, or a `.mid` file that takes the pieces one after the other.
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
}

impl Interpolate {
    pub fn run(self) -> anyhow::Result<()> {
        let checkpoint = self.model.checkpoint()?;
        let player = Player::of(&checkpoint)?;
        let mut ends = Vec::new();
        for path in [&self.from, &self.to] {
            ends.extend(player.windows(path)?.into_iter().next());
        }
        let posteriors = player.encode(&ends)?;
        let [from, to] = &posteriors[..] else {
            anyhow::bail!("a file holds no window")
        };
        let last = f32::from(self.steps - 1);
        let positions: Vec<f32> = (0..self.steps).map(|step| f32::from(step) / last).collect();
        let mut latents: Vec<_> = positions
            .iter()
            .map(|&t| slerp(&from.mu, &to.mu, t))
            .collect();
        self.attributes
            .apply(&self.model, &checkpoint, &mut latents)?;
        // What has to be told is told of the first: a pattern does not slide into another.
        let controls = player.controls(&ends[..1]);
        let (first, last) = (ends[0].qpm(), ends[1].qpm());
        let tempos = positions
            .iter()
            .map(|&t| first + (last - first) * f64::from(t));
        let pieces = player.decode(&latents, self.redraw.decoding(), &controls, tempos)?;
        player.write(&pieces, &self.out)
    }
}
