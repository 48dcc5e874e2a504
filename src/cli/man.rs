//! `musicvae-tui man`: the manual pages.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_mangen::Man as Page;

use super::output::say;
use super::target::make_folder;
use super::{Cli, output};

/// Print the manual page, or write one for each command into a folder.
///
/// To read it now: `musicvae-tui man | man -l -`. `make install` and packages install the pages.
#[derive(clap::Args)]
pub struct Man {
    /// Folder for musicvae-tui.1, musicvae-tui-sample.1 and so on. Existing pages are replaced.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Man {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        // Of the version the number alone: the rest is another one in each build.
        let command = Cli::command().long_version(None::<&str>);
        let Some(folder) = self.out else {
            let mut text = Vec::new();
            Page::new(command).render(&mut text)?;
            return output::all(&text);
        };
        make_folder(&folder)?;
        clap_mangen::generate_to(command, &folder)
            .with_context(|| format!("{}: the pages can't be written", folder.display()))?;
        say!("{}", folder.display())
    }
}
