//! No subcommand: the workstation.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::ValueEnum;

use super::compute::DeviceArgs;
use super::settings::Settings;
use super::signals;
use crate::studio::config;
use crate::tui;
use musicvae::checkpoint::catalogue::Source;

/// Options of the workstation; each stands above the configuration.
#[derive(clap::Args)]
pub struct Workstation {
    /// SoundFont 2 file to play with, in place of the built-in kit.
    #[arg(long, value_name = "FILE")]
    soundfont: Option<PathBuf>,
    /// Checkpoint to open, in place of the built-in one: a file, a run's folder (for its best), or a
    /// name that `checkpoint list` shows.
    #[arg(long, value_name = "CHECKPOINT")]
    checkpoint: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArgs,
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
            (self.device.is_given(), "--device"),
            (self.color.is_some(), "--color"),
            (self.ascii, "--ascii"),
        ];
        given
            .into_iter()
            .find_map(|(given, option)| given.then_some(option))
    }

    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        anyhow::ensure!(
            std::io::stdout().is_terminal(),
            "the workstation needs a terminal on standard output: start it in one, or name a command \
             (musicvae-tui --help)"
        );
        // One meaning of names, here as in the commands.
        let source = settings.checkpoint(self.checkpoint.as_deref())?;
        let mut config = settings.config.clone();
        config.checkpoints.open = match source {
            Source::File(path) => path,
            Source::Embedded(embedded) => embedded.name.into(),
        };
        if let Some(path) = self.soundfont {
            config.soundfont.path = path;
        }
        config.compute.device = self.device.choice(settings);
        if let Some(when) = self.color {
            config.screen.color = match when {
                When::Auto => config::Color::Auto,
                When::Always => config::Color::Always,
                When::Never => config::Color::Never,
            };
        }
        config.screen.ascii |= self.ascii;
        // The screen gives the terminal back first.
        signals::end_in_order();
        tui::run(config)
    }
}
