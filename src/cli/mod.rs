//! The subcommands, one small file each.

mod arguments;
mod attributes;
mod checkpoint;
mod completions;
mod compute;
mod config;
mod corpus;
mod data;
mod devices;
mod doctor;
mod eval;
mod experiment;
mod figures;
mod grooves;
mod input;
mod interpolate;
mod kind;
mod kit;
mod latents;
mod log;
mod man;
mod maps;
mod output;
mod pace;
mod pieces;
mod play;
mod prepare;
mod presets;
mod reconstruct;
mod render;
mod rework;
mod sample;
mod settings;
mod signals;
mod target;
mod train;
mod version;
mod workstation;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::preset_name;
use musicvae::Rework;
use musicvae::model::Preset;
use settings::Settings;

/// A drummer that lives in your terminal.
#[derive(Parser)]
#[command(name = "musicvae-tui", version, long_version = version::long(), about, long_about = None)]
pub struct Cli {
    /// Configuration file; options override its settings [default: $MUSICVAE_TUI_CONFIG, or config.toml
    /// in the platform's configuration folder]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    workstation: workstation::Workstation,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do; the workstation opens when nothing is named.
#[derive(Subcommand)]
pub enum Command {
    Sample(sample::Sample),
    Encode(latents::Encode),
    Decode(latents::Decode),
    Interpolate(interpolate::Interpolate),
    Reconstruct(reconstruct::Reconstruct),
    /// Keep the strokes of a drum file, and play them with a drummer's dynamics and timing.
    ///
    /// The result is as long as the file, at its tempo, with at most one stroke per lane and sixteenth.
    /// With a temperature over 0, every seed gives another performance.
    Humanize(rework::Common),
    /// Treat a drum file as a tapped rhythm, and play a whole groove to it.
    ///
    /// The result is as long as the file, at its tempo.
    Drumify(rework::Common),
    /// Replace the closed hats of a drum file with hats that fit the rest of it.
    ///
    /// Everything else stays as it is, with at most one stroke per lane and sixteenth.
    AddHats(rework::Common),
    Variations(rework::Variations),
    Continue(rework::Continue),
    Render(render::Render),
    Prepare(prepare::Prepare),
    Train(train::Train),
    Log(log::LogArgs),
    Eval(eval::Eval),
    Experiment(experiment::Experiment),
    Checkpoint(checkpoint::CheckpointArgs),
    Presets(presets::Presets),
    Attributes(attributes::AttributesArgs),
    Data(data::Data),
    Devices(devices::Devices),
    Maps(maps::Maps),
    Kit(kit::Kit),
    Play(play::Play),
    Doctor(doctor::Doctor),
    Config(config::ConfigArgs),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// Whether it works, whatever is wrong with the configuration.
    fn needs_no_settings(&self) -> bool {
        use Command::{Completions, Config, Doctor, Man};
        matches!(self, Doctor(_) | Config(_) | Completions(_) | Man(_))
    }
}

/// A usage error, whatever the files hold: exit code 2, as for a wrong option.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// The exit status that a signal asked for while the program ran.
pub fn status_of_signal() -> Option<u8> {
    signals::asked()
}

/// The preset that an option names.
fn preset_of_name(name: &str) -> Result<Preset, UsageError> {
    preset_name::preset_of_name(name).map_err(UsageError)
}

impl Cli {
    /// Runs the chosen command.
    pub fn run(self) -> anyhow::Result<()> {
        signals::listen().context("can't listen for signals")?;
        if let (Some(_), Some(option)) = (&self.command, self.workstation.given()) {
            return Err(UsageError(format!(
                "{option} before a command is for the workstation: put it behind the command, if \
                 that takes it"
            ))
            .into());
        }
        let (settings, fault) = match Settings::find(self.config.as_deref()) {
            Ok(settings) => (settings, None),
            Err(error)
                if self
                    .command
                    .as_ref()
                    .is_some_and(Command::needs_no_settings) =>
            {
                (Settings::default(), Some(error.to_string()))
            }
            Err(error) => return Err(error.into()),
        };
        let settings = &settings;
        match self.command {
            None => self.workstation.run(settings),
            Some(Command::Sample(command)) => command.run(settings),
            Some(Command::Encode(command)) => command.run(settings),
            Some(Command::Decode(command)) => command.run(settings),
            Some(Command::Interpolate(command)) => command.run(settings),
            Some(Command::Reconstruct(command)) => command.run(settings),
            Some(Command::Humanize(command)) => command.run(Rework::Humanize, settings),
            Some(Command::Drumify(command)) => command.run(Rework::Drumify, settings),
            Some(Command::AddHats(command)) => command.run(Rework::AddHats, settings),
            Some(Command::Variations(command)) => command.run(settings),
            Some(Command::Continue(command)) => command.run(settings),
            Some(Command::Render(command)) => command.run(settings),
            Some(Command::Prepare(command)) => command.run(settings),
            Some(Command::Train(command)) => command.run(settings),
            Some(Command::Log(command)) => command.run(settings),
            Some(Command::Eval(command)) => command.run(settings),
            Some(Command::Experiment(command)) => command.run(settings),
            Some(Command::Checkpoint(command)) => command.run(settings),
            Some(Command::Presets(command)) => command.run(settings),
            Some(Command::Attributes(command)) => command.run(settings),
            Some(Command::Data(command)) => command.run(settings),
            Some(Command::Devices(command)) => command.run(settings),
            Some(Command::Maps(command)) => command.run(settings),
            Some(Command::Kit(command)) => command.run(settings),
            Some(Command::Play(command)) => command.run(settings),
            Some(Command::Doctor(command)) => command.run(settings, fault.as_deref()),
            Some(Command::Config(command)) => command.run(),
            Some(Command::Completions(command)) => command.run(),
            Some(Command::Man(command)) => command.run(),
        }
    }
}
