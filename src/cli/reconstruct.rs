//! `reconstruct`: a performance through the latent space and back.

use std::path::PathBuf;

use clap::Args;

use super::attributes::AttributeArgs;
use super::grooves::{ModelArgs, RedrawArgs, read_windows, write_grooves};

/// Encode a MIDI file window by window and decode it again.
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
        let model = checkpoint.model()?;
        let windows = read_windows(&self.input, &model)?;
        let mut means: Vec<_> = model
            .encode(&windows)?
            .into_iter()
            .map(|posterior| posterior.mu)
            .collect();
        self.attributes
            .apply(&self.model, &checkpoint, &mut means)?;
        let mut grooves = model.decode(&means, self.redraw.decoding())?;
        for (groove, window) in grooves.iter_mut().zip(&windows) {
            groove.qpm = window.qpm;
        }
        write_grooves(&grooves, &self.out)
    }
}
