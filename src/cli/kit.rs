//! `musicvae-tui kit`: writes the built-in drum kit.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::kit;
use musicvae::music::write_whole_file;

/// Synthesize the built-in drum kit and write it as a SoundFont 2 file.
#[derive(clap::Args)]
pub struct Kit {
    /// File to write; an existing one is replaced.
    #[arg(value_name = "OUT.sf2")]
    pub out: PathBuf,
}

impl Kit {
    pub fn run(self) -> anyhow::Result<()> {
        let bytes = kit::sound_font();
        write_whole_file(&self.out, |out| out.write_all(&bytes)).with_context(|| {
            let out = self.out.display();
            format!("cannot write {out}: check that its folder exists and may be written to")
        })
    }
}
