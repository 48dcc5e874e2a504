//! The subcommands, one small file each.

mod checkpoint;
mod workstation;
mod prepare;
mod train;
mod devices;
mod kit;
mod render;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

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
    Checkpoint(checkpoint::CheckpointArgs),
    Prepare(prepare::Prepare),
    Train(train::Train),
    Devices(devices::Devices),
    Kit(kit::Kit),
    Render(render::Render),
}

impl Cli {
    /// Runs the chosen command.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            None => self.workstation.run(self.config.as_deref()),
            Some(Command::Checkpoint(checkpoint)) => checkpoint.run(),
            Some(Command::Prepare(prepare)) => prepare.run(),
            Some(Command::Train(train)) => train.run(),
            Some(Command::Devices(devices)) => devices.run(),
            Some(Command::Kit(kit)) => kit.run(),
            Some(Command::Render(render)) => render.run(),
        }
    }
}
