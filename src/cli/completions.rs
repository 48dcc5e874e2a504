//! `musicvae-tui completions`: the completion scripts of shells.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, output};

/// Print the completion script of a shell: bash, zsh, fish, elvish or powershell.
///
/// `make install` and packages install them. By hand, for your user:
///
///   musicvae-tui completions bash > ~/.local/share/bash-completion/completions/musicvae-tui
///
///   musicvae-tui completions fish > ~/.config/fish/completions/musicvae-tui.fish
///
///   musicvae-tui completions zsh > FOLDER/_musicvae-tui (a folder of `$fpath`)
#[derive(clap::Args)]
pub struct Completions {
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "musicvae-tui", &mut text);
        output::all(&text)
    }
}
