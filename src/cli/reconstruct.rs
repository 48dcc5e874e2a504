//! `reconstruct`: a performance through the latent space and back.

use std::path::PathBuf;

use clap::Args;

use super::attributes::AttributeArgs;
use super::compute::DeviceArgs;
use super::corpus::ReadingArgs;
use super::grooves::{ModelArgs, RedrawArgs, StrokesArgs};
use super::pieces::{self, OutArgs};
use super::settings::Settings;
use musicvae::data::Window;
use musicvae::music::LANES;

/// Encode a MIDI file window by window and decode it again.
///
/// The last window is filled up with silence, where the model hears the music go round. A loop that is
/// shorter than a window (one or two bars of four) is repeated to fill it. The command says what it left out.
///
/// A model that is shown less than it makes adds what is missing: a checkpoint of
/// groovae_2bar_humanize plays a straight pattern like a drummer, one of
/// groovae_2bar_tap_fixed_velocity turns a tapped rhythm into a groove, and one of
/// groovae_2bar_add_closed_hh adds hats. Here the model plays everything itself, the given hits too;
/// `humanize` and `add-hats` keep what they are given, and `drumify` strikes nowhere but at taps.
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
        let heard = pieces::read(&drummer, &self.input)?;
        let drummer = self.attributes.steer(drummer, &chosen)?;
        let mut played = drummer.reconstruct(&heard.windows, self.redraw.decoding())?;
        self.device.tell(&compute, played.len());
        // What the file does not have stays silent.
        if let Some(Window::Groove(last)) = played.last_mut() {
            let added = heard.added_bars * last.steps_per_bar();
            let music = last.steps.len().saturating_sub(added);
            last.steps[music..].fill([None; LANES]);
        }
        score.write(&drummer, &self.redraw.tempo.apply(played))
    }
}
