//! `reconstruct`: a performance through the latent space and back.

use std::path::PathBuf;

use clap::Args;

use super::attributes::AttributeArgs;
use super::compute::DeviceArgs;
use super::corpus::ReadingArgs;
use super::grooves::{ModelArgs, RedrawArgs, StrokesArgs};
use super::pieces::{self, OutArgs};
use super::settings::Settings;

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
    /// MIDI file, or - for standard input.
    #[arg(value_name = "IN.mid")]
    input: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    redraw: RedrawArgs,
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

impl Reconstruct {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let chosen = self.strokes.of(self.model.open(settings)?);
        let inputs = chosen.files().into_iter().chain([self.input.clone()]);
        let score = self.out.score(settings, inputs)?;
        let compute = self.device.open(settings)?;
        let drummer = chosen.drummer(&compute)?.reading(self.reading.reading());
        let windows = pieces::read(&drummer, &self.input)?;
        let drummer = self.attributes.steer(drummer, &chosen)?;
        let played = drummer.reconstruct(&windows, self.redraw.decoding())?;
        self.device.tell(&compute, windows.len());
        score.write(&drummer, &self.redraw.tempo.apply(played))
    }
}
