//! `interpolate`: from one piece of music to another through latent space.

use std::path::PathBuf;

use clap::Args;

use super::UsageError;
use super::attributes::AttributeArgs;
use super::compute::DeviceArgs;
use super::corpus::ReadingArgs;
use super::grooves::{ModelArgs, RedrawArgs, StrokesArgs};
use super::input::is_standard;
use super::pieces::{self, OutArgs};
use super::settings::Settings;

/// Spherical interpolation between the first windows of two MIDI files.
#[derive(Args)]
pub struct Interpolate {
    /// MIDI file to start from, or - for standard input.
    #[arg(value_name = "A.mid")]
    from: PathBuf,
    /// MIDI file to arrive at, or - for standard input.
    #[arg(value_name = "B.mid")]
    to: PathBuf,
    /// Pieces to write, including the two ends.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..))]
    steps: u16,
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

impl Interpolate {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        if is_standard(&self.from) && is_standard(&self.to) {
            return Err(UsageError("standard input can be read only once".into()).into());
        }
        let chosen = self.strokes.of(self.model.open(settings)?);
        let given = [self.from.clone(), self.to.clone()];
        let inputs = chosen.files().into_iter().chain(given);
        let score = self.out.score(settings, inputs)?;
        let compute = self.device.open(settings)?;
        let drummer = chosen.drummer(&compute)?.reading(self.reading.reading());
        let mut ends = Vec::new();
        for path in [&self.from, &self.to] {
            ends.extend(pieces::read(&drummer, path)?.windows.into_iter().next());
        }
        let [from, to] = &ends[..] else {
            anyhow::bail!("one of the files has no window")
        };
        let drummer = self.attributes.steer(drummer, &chosen)?;
        let (steps, how) = (usize::from(self.steps), self.redraw.decoding());
        let played = drummer.interpolate(from, to, steps, how)?;
        self.device.tell(&compute, steps);
        score.write(&drummer, &self.redraw.tempo.apply(played))
    }
}
