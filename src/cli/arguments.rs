//! What this program was started with.

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use super::{Cli, UsageError, workstation};

impl Cli {
    /// What this program was started with. Ends it where that asks for help, or is wrong.
    ///
    /// # Errors
    /// A word that is neither a file nor a command, with options behind it.
    pub fn of_arguments() -> Result<Cli, UsageError> {
        let words: Vec<OsString> = std::env::args_os().collect();
        let command = with_negative_numbers(Cli::command());
        let known: Vec<String> = command
            .get_subcommands()
            .map(|it| it.get_name().to_string())
            .collect();
        let read = command.try_get_matches_from(&words);
        let error = match read.and_then(|read| Cli::from_arg_matches(&read)) {
            Ok(cli) => return Ok(cli),
            Err(error) => error,
        };
        // The option isn't what is unknown.
        let is_mistyped = |word: &&OsString| {
            let text = word.to_string_lossy();
            let is_known = text == "help" || known.iter().any(|command| *command == text);
            !text.starts_with('-') && !is_known && !Path::new(word).exists()
        };
        match words.get(1).filter(is_mistyped) {
            Some(word) if error.kind() == ErrorKind::UnknownArgument => {
                Err(workstation::no_file(Path::new(word)))
            }
            _ => error.exit(),
        }
    }
}

/// Every command takes a negative number for a value, so that an option can say what is wrong with it.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    let names = command
        .get_subcommands()
        .map(|it| it.get_name().to_string());
    let names: Vec<String> = names.collect();
    let command = command.allow_negative_numbers(true);
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, with_negative_numbers)
    })
}
