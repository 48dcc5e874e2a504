//! No subcommand: the workstation.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::studio::{Config, config};
use crate::tui;

/// Options of the workstation; each stands above the configuration.
#[derive(clap::Args)]
pub struct Workstation {
    /// SoundFont 2 file to play with, in place of the built-in kit.
    #[arg(long, value_name = "FILE")]
    soundfont: Option<PathBuf>,
    /// Checkpoint to open, in place of the built-in one.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Whether to use colours.
    #[arg(long, value_enum, value_name = "WHEN")]
    color: Option<When>,
    /// Draw with ASCII characters only.
    #[arg(long)]
    ascii: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

impl Workstation {
    /// The first of these options that was given.
    pub fn given(&self) -> Option<&'static str> {
        let given = [
            (self.soundfont.is_some(), "--soundfont"),
            (self.checkpoint.is_some(), "--checkpoint"),
            (self.color.is_some(), "--color"),
            (self.ascii, "--ascii"),
        ];
        given
            .into_iter()
            .find_map(|(given, option)| given.then_some(option))
    }

    pub fn run(self, config: Option<&Path>) -> anyhow::Result<()> {
        let mut config = Config::find(config)?;
        if let Some(path) = self.soundfont {
            config.soundfont.path = path;
        }
        if let Some(path) = self.checkpoint {
            config.checkpoints.open = path;
        }
        if let Some(when) = self.color {
            config.screen.color = match when {
                When::Auto => config::Color::Auto,
                When::Always => config::Color::Always,
                When::Never => config::Color::Never,
            };
        }
        config.screen.ascii |= self.ascii;
        tui::run(config)
    }
}
