//! `data fetch`: a public corpus from its official address.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::{note, say};
use super::settings::Settings;
use super::target::Force;
use crate::folders;
use musicvae::data::{GROOVE, Remote, fetch};

/// Get a public corpus to train on.
#[derive(Args)]
pub struct Data {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Fetch(Fetch),
}

/// Download a corpus, verify it, and say what to do with it.
///
/// If the download breaks off, run the same command again to continue it. Nothing else in this
/// program downloads anything.
#[derive(Args)]
struct Fetch {
    /// Which one: groove is the Groove MIDI Dataset 1.0.0 with 13.6 hours of drums (3.3 MB, CC BY 4.0).
    #[arg(value_name = "CORPUS")]
    corpus: Known,
    /// Folder to put it into [default: the platform's data folder].
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Another address of the same file; the download is verified all the same.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    #[command(flatten)]
    force: Force,
}

#[derive(Clone, Copy, ValueEnum)]
enum Known {
    Groove,
}

impl Known {
    fn remote(self) -> Remote {
        match self {
            Known::Groove => GROOVE,
        }
    }
}

impl Data {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let Command::Fetch(fetch) = self.command;
        fetch.run(settings)
    }
}

impl Fetch {
    fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let remote = self.corpus.remote();
        let folder = match self.to {
            Some(folder) => folder,
            None => folders::in_data("data")
                .context("this system has no data folder for programs: name one with --to")?,
        };
        let path = folder.join(remote.file);
        if path.exists() && !remote.is_at(&path) {
            // Another file of that name.
            self.force.reading(settings.file.clone()).file(&path)?;
        }
        let bar = progress_bar(remote.bytes);
        let fetched = fetch(&remote, self.from.as_deref(), &folder, &mut |bytes| {
            bar.set_position(bytes)
        });
        bar.finish_and_clear();
        let fetched = fetched?;
        if fetched.was_there {
            note!("note: it was already there");
        }
        let path = fetched.path.display();
        say!("{path}")?;
        say!("to train on it: musicvae-tui train --data \"{path}\" --out run")
    }
}

/// A bar on stderr when that is a terminal, nothing otherwise.
fn progress_bar(bytes: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
