//! `interpolate`: from one piece of music to another through latent space.

use std::path::PathBuf;

use clap::Args;

use super::attributes::AttributeArgs;
use super::grooves::{ModelArgs, RedrawArgs};
use super::pieces;
use musicvae::Drummer;

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
        let drummer = Drummer::of(&checkpoint)?;
        let mut ends = Vec::new();
        for path in [&self.from, &self.to] {
            ends.extend(pieces::read(&drummer, path)?.into_iter().next());
        }
        let [from, to] = &ends[..] else {
            anyhow::bail!("a file holds no window")
        };
        let drummer = self.attributes.steer(drummer, &self.model, &checkpoint)?;
        let (steps, how) = (usize::from(self.steps), self.redraw.decoding());
        let played = drummer.interpolate(from, to, steps, how)?;
        pieces::write(&drummer, &played, &self.out)
    }
}
