//! The subcommands, one small file each.

mod attributes;
mod checkpoint;
mod data;
mod devices;
mod eval;
mod experiment;
mod grooves;
mod interpolate;
mod kit;
mod latents;
mod log;
mod maps;
mod output;
mod pieces;
mod prepare;
mod presets;
mod reconstruct;
mod render;
mod sample;
mod train;
mod workstation;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use musicvae::model::Preset;

/// A drummer that lives in your terminal.
#[derive(Parser)]
#[command(name = "musicvae-tui", version, about, long_about = None)]
pub struct Cli {
    /// Configuration file (default: the platform's configuration folder, or $MUSICVAE_TUI_CONFIG).
    #[arg(long, global = true, value_name = "FILE")]
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
}

/// A request that makes no sense whatever the files hold: exit code 2, as for a wrong option.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// The preset that an option names.
fn preset_of_name(name: &str) -> Result<Preset, UsageError> {
    Preset::by_name(name).ok_or_else(|| {
        let names = Preset::all().into_iter().map(|preset| preset.name);
        let nearest = names
            .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
        UsageError(format!(
            "there is no preset `{name}`: try {}, or another that `musicvae-tui presets` lists",
            nearest.unwrap_or_default()
        ))
    })
}

impl Cli {
    /// Runs the chosen command.
    pub fn run(self) -> anyhow::Result<()> {
        if let (Some(_), Some(option)) = (&self.command, self.workstation.given()) {
            return Err(UsageError(format!(
                "{option} before a command is for the workstation: put it behind the command, if \
                 that takes it"
            ))
            .into());
        }
        match self.command {
            None => self.workstation.run(self.config.as_deref()),
            Some(Command::Sample(command)) => command.run(),
            Some(Command::Encode(command)) => command.run(),
            Some(Command::Decode(command)) => command.run(),
            Some(Command::Interpolate(command)) => command.run(),
            Some(Command::Reconstruct(command)) => command.run(),
            Some(Command::Render(command)) => command.run(),
            Some(Command::Prepare(command)) => command.run(),
            Some(Command::Train(command)) => command.run(),
            Some(Command::Log(command)) => command.run(),
            Some(Command::Eval(command)) => command.run(),
            Some(Command::Experiment(command)) => command.run(),
            Some(Command::Checkpoint(command)) => command.run(),
            Some(Command::Presets(command)) => command.run(),
            Some(Command::Attributes(command)) => command.run(),
            Some(Command::Data(command)) => command.run(),
            Some(Command::Devices(command)) => command.run(),
            Some(Command::Maps(command)) => command.run(self.config.as_deref()),
            Some(Command::Kit(command)) => command.run(),
        }
    }
}
