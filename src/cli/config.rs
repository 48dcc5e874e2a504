//! `musicvae-tui config`: the configuration with every setting explained, to begin a file of one's own.

use super::output;
use crate::studio::config::{DEFAULT_TEXT, SCHEMA};

/// Print the default configuration, with every setting explained. Put what you want to change into a
/// file of your own.
#[derive(clap::Args)]
pub struct ConfigArgs {
    /// Print the JSON schema of the file, with which editors complete and check it.
    #[arg(long)]
    schema: bool,
}

impl ConfigArgs {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let text = match self.schema {
            true => SCHEMA,
            false => DEFAULT_TEXT,
        };
        output::all(text.as_bytes())
    }
}
