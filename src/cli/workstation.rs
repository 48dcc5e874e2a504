//! No subcommand: the workstation.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf, absolute};

use clap::{CommandFactory as _, ValueEnum};

use super::UsageError;
use super::compute::DeviceArgs;
use super::settings::Settings;
use super::signals;
use crate::studio::{Opening, config, session};
use crate::tui;
use crate::typed_path::typed_path;
use musicvae::checkpoint::catalogue::Source;

/// Options of the workstation; each overrides the configuration.
#[derive(clap::Args)]
pub struct Workstation {
    /// MIDI files to open: one becomes the groove (you choose its bars by ear), several go into the
    /// library.
    #[arg(value_name = "FILE.mid")]
    files: Vec<PathBuf>,
    /// SoundFont (.sf2 or .sf3) to play with, in place of the built-in kit.
    #[arg(long, value_name = "FILE")]
    soundfont: Option<PathBuf>,
    /// Checkpoint to open, in place of the built-in one: a file, a run's folder (for its best one), or
    /// a name that `checkpoint list` shows.
    #[arg(long, value_name = "CHECKPOINT")]
    checkpoint: Option<PathBuf>,
    /// Session to open, in place of the latest one; a new name starts a new session.
    #[arg(long, value_name = "NAME")]
    session: Option<String>,
    #[command(flatten)]
    device: DeviceArgs,
    /// Whether to use colours.
    #[arg(long, value_enum, value_name = "WHEN")]
    color: Option<When>,
    /// Theme, in place of the configuration's: auto, dark, light, red-green, blue-yellow, terminal, or
    /// one of your own.
    #[arg(long, value_name = "NAME")]
    theme: Option<String>,
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
            (!self.files.is_empty(), "a file"),
            (self.soundfont.is_some(), "--soundfont"),
            (self.checkpoint.is_some(), "--checkpoint"),
            (self.session.is_some(), "--session"),
            (self.device.is_given(), "--device"),
            (self.color.is_some(), "--color"),
            (self.theme.is_some(), "--theme"),
            (self.ascii, "--ascii"),
        ];
        given
            .into_iter()
            .find_map(|(given, option)| given.then_some(option))
    }

    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let files: Vec<PathBuf> = self.files.iter().map(|path| typed_path(path)).collect();
        if let Some(missing) = files.iter().find(|path| !path.exists()) {
            return Err(no_file(missing).into());
        }
        anyhow::ensure!(
            std::io::stdout().is_terminal(),
            "the workstation needs a terminal on standard output: start it in one, or name a command \
             (musicvae-tui --help)"
        );
        let session = self.session.unwrap_or_default();
        if let Some(fault) = session::fault_of(&session).filter(|_| !session.is_empty()) {
            return Err(UsageError(fault).into());
        }
        let opening = Opening {
            session,
            files: files.iter().map(absolute).collect::<Result<_, _>>()?,
            checkpoint_is_named: self.checkpoint.is_some(),
        };
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
        if let Some(theme) = self.theme {
            config.screen.theme = theme;
        }
        config.screen.ascii |= self.ascii;
        // The screen gives the terminal back first.
        signals::end_in_order();
        tui::run(config, opening)
    }
}

/// A word that is neither a file nor a command.
pub(super) fn no_file(path: &Path) -> UsageError {
    let word = path.display().to_string();
    let commands = super::Cli::command();
    let commands = commands
        .get_subcommands()
        .map(|command| command.get_name().to_string());
    let near = |command: &String| strsim::jaro_winkler(command, &word);
    let nearest = commands.max_by(|a, b| near(a).total_cmp(&near(b)));
    let hint = match nearest.filter(|command| near(command) > 0.75) {
        Some(command) => format!("did you mean `{command}`?"),
        None => "see musicvae-tui --help".into(),
    };
    UsageError(format!("there is no file and no command `{word}`: {hint}"))
}
