//! `reconstruct`: a performance through the latent space and back.

use std::path::PathBuf;

use clap::Args;

use super::attributes::AttributeArgs;
use super::grooves::{ModelArgs, RedrawArgs};
use super::pieces;
use musicvae::Drummer;

/// Encode a MIDI file window by window and decode it again.
///
/// The last window is filled with silence; a piece that is shorter than a window and fills it when it
/// is repeated is repeated. What was left out is said.
///
/// A model that is shown less than it makes plays what is missing: with a checkpoint of
/// groovae_2bar_humanize a straight pattern is played as by a drummer, with one of
/// groovae_2bar_tap_fixed_velocity a tapped rhythm becomes a groove, and with one of
/// groovae_2bar_add_closed_hh drums get hats. All that is heard is then the model's own, the given
/// hits too; the workstation's commands for the same keep what was given.
#[derive(Args)]
pub struct Reconstruct {
    /// MIDI file.
    #[arg(value_name = "IN.mid")]
    input: PathBuf,
    #[command(flatten)]
    redraw: RedrawArgs,
    #[command(flatten)]
    attributes: AttributeArgs,
    #[command(flatten)]
    model: ModelArgs,
    /// A `.mid` file for the whole, or a folder for the single windows.
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
}

impl Reconstruct {
    pub fn run(self) -> anyhow::Result<()> {
        let checkpoint = self.model.checkpoint()?;
        let drummer = Drummer::of(&checkpoint)?;
        let windows = pieces::read(&drummer, &self.input)?;
        let drummer = self.attributes.steer(drummer, &self.model, &checkpoint)?;
        let played = drummer.reconstruct(&windows, self.redraw.decoding())?;
        pieces::write(&drummer, &played, &self.out)
    }
}
