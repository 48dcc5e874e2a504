//! `musicvae-tui kit`: writes the built-in drum kits.

use std::path::PathBuf;

use super::kind;
use super::settings::Settings;
use super::target::Force;
use crate::kit;

/// Synthesize the built-in drum kits (studio and analog) and write them as a SoundFont 2 file.
#[derive(clap::Args)]
pub struct Kit {
    /// File to write, or - for standard output.
    #[arg(value_name = "OUT.sf2")]
    out: PathBuf,
    #[command(flatten)]
    force: Force,
}

impl Kit {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let target = self.force.reading(settings.file.clone()).file(&self.out)?;
        kind::check(&self.out, "a SoundFont", "sf2")?;
        target.write(&kit::sound_font())
    }
}
